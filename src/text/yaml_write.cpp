#include <algorithm>

#include "text/words.h"
#include "text/yaml.h"

namespace text {
namespace {

// What YAML 1.1 or 1.2 readers take for a boolean, a null, a merge key or a number, even in part: dates, 1_000, 1:30,
// 0x1f.
bool looksLikeSomethingElse(std::string_view text) {
  constexpr std::string_view kWords[] = {"y",    "yes", "n",  "no", "on",   "off",  "true",  "false",
                                         "null", "~",   "<<", "=",  ".inf", ".nan", "+.inf", "-.inf"};
  if (std::ranges::find(kWords, lowerCase(text)) != std::end(kWords)) return true;
  bool numeric = text.find_first_of("0123456789") != std::string_view::npos &&
                 std::string_view("0123456789+-.").find(text[0]) != std::string_view::npos;
  return numeric && text.find_first_not_of("0123456789abcdefABCDEFxXoOtTzZ_.,:+- ") == std::string_view::npos;
}

// Code points that YAML 1.2 section 5.1 wants escaped, or that editors swallow: DEL, C1, U+2028, U+2029, U+FEFF.
std::size_t invisible(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at);
  if (rest[0] == '\x7f') return 1;
  if (rest[0] == '\xc2' && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xa0) return 2;
  if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9") || rest.starts_with("\xef\xbb\xbf"))
    return 3;
  return 0;
}

bool hasInvisible(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (invisible(text, i) > 0) return true;
  return false;
}

bool hasControl(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// JSON's form of a string is YAML's double-quoted one, but for the invisible.
std::string doubleQuoted(std::string_view text) {
  std::string json = compact(Json(std::string(text))), out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    std::size_t size = invisible(json, i);
    if (size == 0)
      out += json[i];
    else if (size == 1)
      out += "\\x7F";
    else if (size == 2)
      out += std::string("\\u00") + (json[i + 1] < '\x90' ? "8" : "9") + "0123456789ABCDEF"[json[i + 1] & 15];
    else
      out += json[i] == '\xef' ? "\\uFEFF" : json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
    if (size > 1) i += size - 1;
  }
  return out;
}

bool canBePlain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::string_view("?:,[]{}#&*!|>'\"%@`").find(text[0]) != std::string_view::npos) return false;
  if (text[0] == '-' && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  return !hasControl(text) && !hasInvisible(text) && !looksLikeSomethingElse(text);
}

// A text of several lines reads best as it is; those whose first line begins with a blank would need an indicator.
bool canBeLiteral(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.find_first_of(" \n\t") == 0 || hasInvisible(text)) return false;
  return std::ranges::none_of(text,
                              [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; });
}

class Writer {
 public:
  std::string write(const Json& json) {
    if (isBlock(json))
      block(json, 0, false);
    else
      leaf(json, 0);
    return std::move(out_);
  }

 private:
  static bool isBlock(const Json& json) { return json.is_structured() && !json.empty(); }

  void block(const Json& json, std::size_t indent, bool lineBegun) {
    for (auto member = json.begin(); member != json.end(); ++member) {
      if (!lineBegun) out_.append(indent, ' ');
      lineBegun = false;
      if (json.is_array())
        item(*member, indent);
      else
        this->member(member.key(), *member, indent);
    }
  }

  void item(const Json& value, std::size_t indent) {
    out_ += "- ";
    if (isBlock(value))
      block(value, indent + 2, true);
    else
      leaf(value, indent + 2);
  }

  void member(const std::string& name, const Json& value, std::size_t indent) {
    out_ += (canBePlain(name) ? name : doubleQuoted(name)) + ":";
    if (!isBlock(value)) {
      out_ += ' ';
      leaf(value, indent + 2);
      return;
    }
    out_ += '\n';
    block(value, value.is_array() ? indent : indent + 2, false);  // a list stands under its key, as kubectl writes it
  }

  void leaf(const Json& value, std::size_t indent) {
    if (!value.is_string()) {
      out_ += compact(value) + "\n";
      return;
    }
    const std::string& text = value.get_ref<const std::string&>();
    if (canBePlain(text))
      out_ += text + "\n";
    else if (canBeLiteral(text))
      literal(text, std::max<std::size_t>(indent, 2));
    else
      out_ += doubleQuoted(text) + "\n";
  }

  void literal(std::string_view text, std::size_t indent) {
    bool ends = text.ends_with('\n'), endsTwice = text.ends_with("\n\n");
    out_ += endsTwice ? "|+\n" : ends ? "|\n" : "|-\n";
    if (ends) text.remove_suffix(1);
    for (std::size_t from = 0; from <= text.size();) {
      std::size_t end = std::min(text.find('\n', from), text.size());
      if (end > from) out_.append(indent, ' ').append(text.substr(from, end - from));
      out_ += '\n';
      from = end + 1;
    }
  }

  std::string out_;
};

}  // namespace

std::string writeYaml(const Json& json) { return Writer().write(json); }

}  // namespace text
