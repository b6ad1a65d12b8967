// JSON texts, against simdjson.
// Covers: src/text/json_reader.cpp src/text/json_reader.h
#include "text/json_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "fuzz/support/json_mutator.h"
#include "fuzz/target.h"
#include "support/json_walk.h"

namespace {

using fuzz::require;
using text::JsonReader;
using Element = simdjson::dom::element;

bool isSame(std::string_view number, Element other) {
  std::int64_t whole = 0, otherWhole = 0;
  std::uint64_t large = 0, otherLarge = 0;
  double real = 0, otherReal = 0;
  auto reads = [&](auto& out) {
    auto [end, error] = std::from_chars(number.begin(), number.end(), out);
    return error == std::errc() && end == number.end();
  };
  if (other.is_int64()) return other.get(otherWhole) == simdjson::SUCCESS && reads(whole) && whole == otherWhole;
  if (other.is_uint64()) return other.get(otherLarge) == simdjson::SUCCESS && reads(large) && large == otherLarge;
  if (other.get(otherReal) != simdjson::SUCCESS) return false;
  return reads(real) ? real == otherReal : std::abs(otherReal) < std::numeric_limits<double>::min();  // 1e-999
}

// Reads the value that comes next and finds in it what simdjson found.
void requireSame(JsonReader& json, Element other);

void requireSameObject(JsonReader& json, simdjson::dom::object other) {
  auto member = other.begin();
  json.object([&](std::string_view name) {
    require(member != other.end() && name == member.key(), "an object has the same members", name);
    requireSame(json, member.value());
    ++member;
  });
  require(!(member != other.end()), "an object has as many members");
}

void requireSameArray(JsonReader& json, simdjson::dom::array other) {
  auto element = other.begin();
  json.array([&] {
    require(element != other.end(), "an array has no more elements");
    requireSame(json, *element);
    ++element;
  });
  require(!(element != other.end()), "an array has as many elements");
}

void requireSame(JsonReader& json, Element other) {
  switch (json.peek()) {
    case JsonReader::Kind::Object: return requireSameObject(json, other.get_object());
    case JsonReader::Kind::Array: return requireSameArray(json, other.get_array());
    case JsonReader::Kind::String: {
      std::string_view expected;
      const std::string_view string = json.string();
      return require(other.get(expected) == simdjson::SUCCESS && string == expected, "a string is the same", string);
    }
    case JsonReader::Kind::Number: return require(isSame(json.number(), other), "a number is the same");
    case JsonReader::Kind::Boolean: {
      bool expected = false;
      return require(other.get(expected) == simdjson::SUCCESS && json.boolean() == expected, "a boolean is the same");
    }
    case JsonReader::Kind::Null: return require(json.null() && other.is_null(), "a null is one");
    case JsonReader::Kind::Failed: return require(false, "what simdjson reads is read");
  }
}

// As a whole number, which most of the values are not.
void requireWhole(std::string_view text) {
  std::int64_t expected = 0;
  JsonReader json;
  json.open(text);
  const std::int64_t value = json.integer();
  if (!json.finish()) return;
  const std::size_t begin = text.find_first_of("-0123456789"), end = text.find_last_of("0123456789") + 1;
  auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, expected);
  require(error == std::errc() && stop == text.data() + end && value == expected, "an integer is one");
}

// After a failure every call returns at once, with nothing.
void requireSilent(JsonReader& json, std::string_view text) {
  require(json.failed() && json.failedAt() <= text.size() && !json.error().message.empty(), "a failure has its place");
  const std::size_t failedAt = json.failedAt();
  const std::string_view reason = json.reason();
  json.object([](std::string_view) { require(false, "no member is passed on after a failure"); });
  json.array([] { require(false, "no element is passed on after a failure"); });
  require(json.string().empty() && json.number().empty() && json.raw().empty(), "nothing is read after a failure");
  require(json.integer() == 0 && !json.boolean() && !json.null() && !json.finish(), "nothing is true after a failure");
  require(json.peek() == JsonReader::Kind::Failed, "nothing comes after a failure");
  json.refuse("another reason");
  require(json.failedAt() == failedAt && json.reason() == reason, "the first failure is the one that is told");
}

void requireSameRuns(std::string_view text) {
  const char *begin = text.data(), *end = begin + text.size();
  const text::OrdinaryRun bytes = text::passOrdinaryBytes(begin, end);
  for (const text::OrdinaryRun& run : {text::passOrdinaryWords(begin, end), text::passOrdinary(begin, end)})
    require(run.end == bytes.end && run.ascii == bytes.ascii, "all ways to pass ordinary bytes stop alike");
}

bool mayNestTooDeep(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }) > JsonReader::kDeepest;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize,
                                               unsigned seed) {
  return fuzz::mutateJson(data, size, maxSize, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::textOf(data, size);
  requireSameRuns(text);
  requireWhole(text);
  JsonReader json;
  json.open(text);
  const std::string_view raw = json.raw();
  const bool isJson = json.finish();
  if (!isJson) requireSilent(json, text);
  require(support::walkJson(text, [](const support::JsonSpan&) {}) == isJson, "a value is skipped as strictly as read");

  static simdjson::dom::parser parser;
  Element element;
  const simdjson::error_code error = parser.parse(data, size).get(element);
  if (error == simdjson::SUCCESS) {
    if (!isJson) return require(mayNestTooDeep(text), "what simdjson takes is taken", json.reason()), 0;
    json.open(text);
    requireSame(json, element);
    require(json.finish(), "what simdjson takes is taken");
  } else if (isJson) {
    require(error == simdjson::NUMBER_ERROR && support::hasHugeNumber(text), "what simdjson refuses is refused",
            simdjson::error_message(error));
  }
  if (isJson) require(text.find(raw) != std::string_view::npos && !raw.empty(), "a value's bytes are the text's");
  return 0;
}
