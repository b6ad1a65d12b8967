// Walks a JSON text with the pull reader, value by value, the way callers read one.
#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include "text/json_reader.h"

namespace support {

// A value's place in the text, in bytes.
struct JsonSpan {
  text::JsonReader::Kind kind;
  std::size_t item;        // where its member's name begins, or its own beginning when it is no member
  std::size_t begin, end;  // end: behind its last byte
};

// Each value of `text`, an inner one before the one that holds it; absent values, `false`, when it is no JSON.
bool walkJson(std::string_view text, const std::function<void(const JsonSpan&)>& onValue);

// Whether a number is beyond what a 64-bit integer or a double holds: RFC 8259's grammar takes it, simdjson does not.
bool hasHugeNumber(std::string_view text);

}  // namespace support
