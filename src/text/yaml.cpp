#include "text/yaml.h"

#include <libfyaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "text/utf8.h"
#include "text/yaml_scalar.h"

namespace text {
namespace {

constexpr std::size_t kMostNodes = 100000;
constexpr int kDeepest = 64;
constexpr std::size_t kNone = std::string_view::npos;

struct Free {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};

// YAML 1.2 section 5.1: what a text may hold. libfyaml takes some of the rest, and ends in silence at bad UTF-8.
std::size_t forbidden(std::string_view text) {
  auto refused = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  };
  auto control = std::find_if(text.begin(), text.end(), refused);
  std::size_t offset = control == text.end() ? kNone : std::size_t(control - text.begin());
  return std::min(offset, badUtf8(text));
}

bool isNull(std::string_view plain) {
  return plain.empty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL";
}

class Builder {
 public:
  explicit Builder(std::string_view text) : text_(text), locator_(text) {
    fy_diag_cfg quiet{};
    fy_diag_cfg_default(&quiet);
    quiet.fp = nullptr;
    quiet.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
    diag_.reset(fy_diag_create(&quiet));
    fy_diag_set_collect_errors(diag_.get(), true);
    fy_parse_cfg config{};
    // A bracket that closes where its key stands is what Go's and Python's readers take too.
    config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_SLOPPY_FLOW_INDENTATION);
    config.diag = diag_.get();
    parser_.reset(fy_parser_create(&config));
  }

  base::Result<std::vector<YamlNode>> documents() {
    if (std::size_t bad = forbidden(text_); bad != kNone)
      return wrong(bad, "a control character or bytes that are no UTF-8");
    std::vector<YamlNode> found;
    if (text_.empty()) return found;
    if (!diag_ || !parser_ || fy_parser_set_string(parser_.get(), text_.data(), text_.size()) != 0)
      return base::internal("the YAML parser could not start");
    while (true) {
      Event event = TRY(next());
      switch (event.type) {
        case FYET_STREAM_START:
        case FYET_DOCUMENT_END: break;
        case FYET_DOCUMENT_START: {
          anchors_.clear();
          Event first = TRY(next());
          found.push_back(TRY(node(first, Role::Root, 1)));
          break;
        }
        case FYET_STREAM_END:
          if (event.end != kNone && event.end < text_.size())
            return wrong(event.end, "the text can't be read from here on");
          return found;
        default: return wrong(last_, "the document is broken");
      }
    }
  }

 private:
  // What we keep of one of libfyaml's events: its pieces, and where they really stand.
  struct Event {
    fy_event_type type = FYET_NONE;
    fy_node_style style = FYNS_ANY;
    std::string text, anchor, tag;           // text: an alias's name
    bool written = false;                    // it has a token of its own
    std::size_t start = kNone, end = kNone;  // of the token, as libfyaml sees it: without quotes
  };
  enum class Role { Root, Key, Value, Item };

  base::Error wrong(std::size_t offset, std::string_view why) {
    return base::invalid(place(locator_.at(offset)) + ": " + std::string(why));
  }

  base::Error syntaxError() {
    void* at = nullptr;
    fy_diag_error* error = fy_diag_errors_iterate(diag_.get(), &at);
    if (!error || error->line <= 0) return wrong(last_, "this is no YAML");
    // libfyaml counts a line more at the end of a text that doesn't end with one.
    Position end = locator_.at(text_.size());
    Position position{std::size_t(error->line), std::size_t(std::max(error->column, 1)), 0};
    if (position.line > end.line) position = end;
    return base::invalid(place(position) + ": " + error->msg);
  }

  std::string_view slice(fy_token* token) {
    const fy_mark* start = token ? fy_token_start_mark(token) : nullptr;
    const fy_mark* end = token ? fy_token_end_mark(token) : nullptr;
    if (!start || !end || end->input_pos > text_.size() || start->input_pos > end->input_pos) return {};
    propertiesEnd_ = std::max(propertiesEnd_, end->input_pos);
    return text_.substr(start->input_pos, end->input_pos - start->input_pos);
  }

  base::Result<Event> next() {
    fy_event* raw = fy_parser_parse(parser_.get());
    if (!raw) return syntaxError();
    Event event{raw->type, fy_event_get_node_style(raw), {}, {}, {}};
    propertiesEnd_ = 0;
    event.anchor = slice(fy_event_get_anchor_token(raw));
    event.tag = slice(fy_event_get_tag_token(raw));
    if (const fy_mark* mark = fy_event_start_mark(raw)) event.start = std::min(mark->input_pos, text_.size());
    if (const fy_mark* mark = fy_event_end_mark(raw)) event.end = std::min(mark->input_pos, text_.size());
    fy_token* token = fy_event_get_token(raw);
    event.written = token != nullptr && event.start != kNone && event.end != kNone;
    if (event.written && event.type == FYET_ALIAS) event.text = text_.substr(event.start, event.end - event.start);
    fy_parser_event_free(parser_.get(), raw);
    if (event.type == FYET_DOCUMENT_START && event.written) last_ = event.end;
    return event;
  }

  base::Result<YamlNode> node(const Event& event, Role role, int depth) {
    bool opens = event.type == FYET_SEQUENCE_START || event.type == FYET_MAPPING_START;
    if (opens && depth > kDeepest) return wrong(event.start, "nested deeper than 64 levels");
    if (++nodes_ > kMostNodes) return wrong(last_, "more than 100,000 nodes");
    if (event.type == FYET_ALIAS) return alias(event);
    YamlNode made;
    std::size_t before = nodes_;
    switch (event.type) {
      case FYET_SCALAR:
        TRY(checkBlockIndent(event));
        made = scalar(event, role);
        break;
      case FYET_SEQUENCE_START: made = TRY(sequence(event, depth)); break;
      case FYET_MAPPING_START: made = TRY(mapping(event, depth)); break;
      default: return wrong(last_, "the document is broken");
    }
    if (!event.anchor.empty()) anchors_[event.anchor] = {made, nodes_ - before + 1};
    return made;
  }

  base::Result<YamlNode> alias(const Event& event) {
    std::size_t start = event.start > 0 ? event.start - 1 : 0;  // the '*'
    auto found = anchors_.find(event.text);
    if (found == anchors_.end()) return wrong(start, "the alias *" + event.text + " has no anchor before it");
    nodes_ += found->second.size;
    if (nodes_ > kMostNodes) return wrong(start, "the aliases expand to more than 100,000 nodes");
    YamlNode copy = found->second.node;
    copy.start = locator_.at(start);
    copy.end = locator_.at(last_ = event.end);
    return copy;
  }

  // Section 8.1.1.1: deeper than the collection around it, which libfyaml doesn't insist on.
  base::Result<void> checkBlockIndent(const Event& event) {
    if (!event.written || (event.style != FYNS_LITERAL && event.style != FYNS_FOLDED)) return {};
    std::size_t content = text_.find_first_not_of(" \t\r\n", event.start);
    if (content >= event.end || int(locator_.at(content).column) - 1 > indent_) return {};
    return wrong(content, "the lines of a block scalar must be indented deeper than what they belong to");
  }

  YamlNode scalar(const Event& event, Role role) {
    YamlNode made;
    std::size_t start = event.start, end = event.end;
    std::string_view source = event.written ? text_.substr(start, end - start) : std::string_view();
    switch (event.written ? event.style : FYNS_ANY) {
      case FYNS_SINGLE_QUOTED:
      case FYNS_DOUBLE_QUOTED:
        made.quoted = true;
        made.scalar = event.style == FYNS_SINGLE_QUOTED ? singleQuotedText(source) : doubleQuotedText(source);
        start = start > 0 ? start - 1 : 0;
        end = std::min(end + 1, text_.size());
        break;
      case FYNS_LITERAL:
      case FYNS_FOLDED:
        made.quoted = true;
        start = blockScalarStart(start);
        made.scalar = blockText(text_.substr(start, end - start), std::size_t(std::max(indent_, 0)));
        end = blockScalarEnd(start, end);
        break;
      case FYNS_PLAIN: made.scalar = plainText(source); break;
      default: start = end = placeOfNothing(role);
    }
    bool asString = made.quoted || event.tag == "!!str" || event.tag == "!" || event.tag == "!<tag:yaml.org,2002:str>";
    made.quoted = asString;
    made.kind = !asString && isNull(made.scalar) ? YamlNode::Kind::Null : YamlNode::Kind::Scalar;
    made.start = locator_.at(start);
    made.end = locator_.at(last_ = end);
    return made;
  }

  base::Result<YamlNode> sequence(const Event& opening, int depth) {
    YamlNode made;
    made.kind = YamlNode::Kind::Sequence;
    made.flow = opening.style == FYNS_FLOW;
    made.start = locator_.at(opening.start);
    int outerIndent = indent_;
    if (!made.flow) indent_ = int(made.start.column) - 1;
    last_ = std::max(last_, opening.end);
    while (true) {
      Event event = TRY(next());
      if (event.type == FYET_SEQUENCE_END) {
        close(made, event);
        indent_ = outerIndent;
        return made;
      }
      made.items.push_back(TRY(node(event, made.flow ? Role::Root : Role::Item, depth + 1)));
    }
  }

  base::Result<YamlNode> mapping(const Event& opening, int depth) {
    YamlNode made;
    made.kind = YamlNode::Kind::Mapping;
    made.flow = opening.style == FYNS_FLOW;
    made.start = locator_.at(opening.start);
    int outerIndent = indent_;
    if (!made.flow) indent_ = int(made.start.column) - 1;
    last_ = std::max(last_, opening.end);
    std::set<std::string> names;
    while (true) {
      Event event = TRY(next());
      if (event.type == FYET_MAPPING_END) {
        close(made, event);
        indent_ = outerIndent;
        return made;
      }
      YamlNode key = TRY(node(event, Role::Key, depth + 1));
      if (key.kind != YamlNode::Kind::Scalar) return wrong(key.start.offset, "a key must be a text");
      if (!names.insert(key.scalar).second)
        return wrong(key.start.offset, "the key \"" + key.scalar + "\" occurs twice in one mapping");
      Event after = TRY(next());
      YamlNode value = TRY(node(after, Role::Value, depth + 1));
      made.members.push_back({std::move(key), std::move(value)});
    }
  }

  void close(YamlNode& made, const Event& closing) {
    if (made.flow && closing.end != kNone) last_ = closing.end;
    made.end = locator_.at(last_);
  }

  // The first byte at or behind `at` that is neither blank nor part of a comment.
  std::size_t passGap(std::size_t at) const {
    while (at < text_.size()) {
      bool blank = std::string_view(" \t\r\n").find(text_[at]) != kNone;
      bool comment = text_[at] == '#' && (at == 0 || std::string_view(" \t\r\n").find(text_[at - 1]) != kNone);
      if (!blank && !comment) break;
      at = comment ? std::min(text_.find_first_of("\r\n", at), text_.size()) : at + 1;
    }
    return at;
  }

  std::size_t placeOfNothing(Role role) const {
    std::size_t from = std::max(last_, propertiesEnd_);
    if (propertiesEnd_ > last_ || role == Role::Root || role == Role::Key) return from;
    std::size_t at = passGap(from);
    char indicator = role == Role::Item ? '-' : ':';
    return at < text_.size() && text_[at] == indicator ? at + 1 : from;
  }

  // libfyaml's mark is the first line of the contents; the node begins with its '|' or '>'.
  std::size_t blockScalarStart(std::size_t mark) const {
    std::size_t at = passGap(std::max(last_, propertiesEnd_));
    while (at < mark && std::string_view(":-?").find(text_[at]) != kNone) at = passGap(at + 1);
    return at < mark && (text_[at] == '|' || text_[at] == '>') ? at : mark;
  }

  std::size_t blockScalarEnd(std::size_t start, std::size_t mark) const {
    std::size_t last = mark == 0 ? kNone : text_.find_last_not_of(" \t\r\n", mark - 1);
    if (last == kNone || last < start) return mark;
    return std::min(text_.find_first_of("\r\n", last), mark);
  }

  struct Anchored {
    YamlNode node;
    std::size_t size = 0;  // nodes in it
  };

  std::string_view text_;
  Locator locator_;
  std::unique_ptr<fy_diag, Free> diag_;
  std::unique_ptr<fy_parser, Free> parser_;
  std::map<std::string, Anchored> anchors_;
  std::size_t nodes_ = 0;
  int indent_ = -1;                // columns before the innermost block collection; -1: there is none
  std::size_t last_ = 0;           // where the piece that was read last ends
  std::size_t propertiesEnd_ = 0;  // where the current event's anchor and tag end, or 0
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : members)
    if (name.scalar == key) return &value;
  return nullptr;
}

base::Result<std::vector<YamlNode>> parseYamlDocuments(std::string_view documents) {
  return Builder(documents).documents();
}

base::Result<YamlNode> parseYaml(std::string_view document) {
  std::vector<YamlNode> found = TRY(parseYamlDocuments(document));
  if (found.empty()) return base::invalid("line 1, column 1: the text holds no YAML document");
  if (found.size() > 1)
    return base::invalid(place(found[1].start) + ": a second YAML document begins where one is wanted");
  return std::move(found.front());
}

Json toJson(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Null: return nullptr;
    case YamlNode::Kind::Sequence: {
      Json items = Json::array();
      for (const YamlNode& item : node.items) items.push_back(toJson(item));
      return items;
    }
    case YamlNode::Kind::Mapping: {
      Json::object_t members;
      for (const auto& [key, value] : node.members) members.emplace_back(key.scalar, toJson(value));
      return members;
    }
    case YamlNode::Kind::Scalar: break;
  }
  if (node.quoted) return node.scalar;
  if (node.scalar == "true" || node.scalar == "false") return node.scalar == "true";
  if (node.scalar.find_first_of("-0123456789") == 0) {
    base::Result<Json> number = parseJson(node.scalar);
    if (number && number->is_number()) return *number;
  }
  return node.scalar;
}

}  // namespace text
