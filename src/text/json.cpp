#include "text/json.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "text/json_reader.h"
#include "text/position.h"

namespace text {
namespace {

constexpr std::size_t kFew = 16;  // members of an object

// Builds a document on the reader's grammar, and adds the one rule that RFC 8259 section 4 leaves open.
class Builder {
 public:
  explicit Builder(std::string_view document) { in_.open(document); }

  base::Result<Json> build(std::string_view document) {
    Json json = value();
    if (in_.finish()) return json;
    std::string reason = twice_ ? "the member \"" + *twice_ + "\" occurs twice in one object" : in_.reason();
    std::size_t offset = twice_ ? in_.stringOffset() : in_.failedAt();
    return base::invalid(place(Locator(document).at(offset)) + ": " + reason);
  }

 private:
  Json value() {
    switch (in_.peek()) {
      case JsonReader::Kind::Object: return object();
      case JsonReader::Kind::Array: {
        Json::array_t items;
        in_.array([&] { items.push_back(value()); });
        return items;
      }
      case JsonReader::Kind::String: return std::string(in_.string());
      case JsonReader::Kind::Number: return number(in_.number());
      case JsonReader::Kind::Boolean: return in_.boolean();
      case JsonReader::Kind::Null: in_.null(); return nullptr;
      case JsonReader::Kind::Failed: break;
    }
    return nullptr;
  }

  Json object() {
    Json::object_t members;
    std::set<std::string, std::less<>> names;  // empty as long as looking through the members is quicker
    auto isTwice = [&](std::string_view name) {
      if (members.size() < kFew)
        return std::ranges::any_of(members, [&](const auto& one) { return one.first == name; });
      if (names.empty())
        for (const auto& [known, _] : members) names.insert(known);
      return !names.emplace(name).second;
    };
    in_.object([&](std::string_view name) {
      if (isTwice(name)) {
        twice_ = name;
        return in_.refuse("a member name twice");
      }
      std::string kept(name);
      members.emplace_back(std::move(kept), value());
    });
    return members;
  }

  Json number(std::string_view digits) {
    auto reads = [&](auto& out) {
      auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      return error == std::errc() && end == digits.data() + digits.size();
    };
    std::int64_t whole = 0;
    std::uint64_t large = 0;
    double real = 0;
    if (reads(whole)) return whole;
    if (reads(large)) return large;
    if (!reads(real)) in_.refuse("a number that is out of range");
    return real;
  }

  JsonReader in_;
  std::optional<std::string> twice_;
};

}  // namespace

base::Result<Json> parseJson(std::string_view document) { return Builder(document).build(document); }

std::string compact(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string pretty(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::vector<std::string> stringsIn(const Json& json) {
  if (json.is_string()) return {json.get<std::string>()};
  std::vector<std::string> strings;
  if (!json.is_array()) return strings;
  for (const Json& item : json)
    if (item.is_string()) strings.push_back(item.get<std::string>());
  return strings;
}

const Json& at(const Json& json, std::string_view member) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  auto found = json.find(member);
  return found == json.end() ? kNull : *found;
}

std::string stringAt(const Json& json, std::string_view member, std::string_view fallback) {
  const Json& value = at(json, member);
  return value.is_string() ? value.get_ref<const std::string&>() : std::string(fallback);
}

std::int64_t intAt(const Json& json, std::string_view member, std::int64_t fallback) {
  const Json& value = at(json, member);
  return value.is_number_integer() ? value.get<std::int64_t>() : fallback;
}

}  // namespace text
