#include "support/json_walk.h"

#include <charconv>

namespace support {
namespace {

using Kind = text::JsonReader::Kind;

constexpr std::size_t kNoMember = std::string_view::npos;

void walk(text::JsonReader& json, std::size_t item, const std::function<void(const JsonSpan&)>& onValue) {
  const Kind kind = json.peek();
  const std::size_t begin = json.offset();
  switch (kind) {
    case Kind::Object: json.object([&](std::string_view) { walk(json, json.stringOffset(), onValue); }); break;
    case Kind::Array: json.array([&] { walk(json, kNoMember, onValue); }); break;
    case Kind::String: json.string(); break;
    case Kind::Number: json.number(); break;
    case Kind::Boolean: json.boolean(); break;
    case Kind::Null: json.null(); break;
    case Kind::Failed: break;
  }
  if (!json.failed()) onValue({kind, item == kNoMember ? begin : item, begin, json.offset()});
}

}  // namespace

bool walkJson(std::string_view text, const std::function<void(const JsonSpan&)>& onValue) {
  text::JsonReader json;
  json.open(text);
  walk(json, kNoMember, onValue);
  return json.finish();
}

bool hasHugeNumber(std::string_view text) {
  bool huge = false;
  walkJson(text, [&](const JsonSpan& span) {
    if (span.kind != Kind::Number) return;
    const std::string_view number = text.substr(span.begin, span.end - span.begin);
    std::int64_t whole = 0;
    std::uint64_t large = 0;
    double real = 0;
    auto fits = [&](auto& out) { return std::from_chars(number.begin(), number.end(), out).ec == std::errc(); };
    const bool isWhole = number.find_first_of(".eE") == std::string_view::npos;
    huge = huge || (isWhole ? !fits(whole) && !fits(large) : !fits(real));
  });
  return huge;
}

}  // namespace support
