// The document face of JSON: everything but the webhook's hot path (docs/decisions/0005-two-faces-of-json.md).
// The other face is text/json_reader.h.
// A guard, not #pragma once: this header is precompiled, and a cached copy may stem from another folder or comment.
#ifndef IRSA_TEXT_JSON_H
#define IRSA_TEXT_JSON_H
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace text {

// Keeps the order in which members were added, so documents come out as they were written.
using Json = nlohmann::ordered_json;

// RFC 8259, strict: UTF-8 only, no comments, depth at most 64, and no member name twice in one object (Invalid, with
// line and column).
base::Result<Json> parseJson(std::string_view document);

std::string compact(const Json& json);  // no white space; the form that AWS's quotas count
std::string pretty(const Json& json);   // two blanks a level, ends with a newline

// The member if `json` is an object that has it and it is of the asked kind, else the fallback. Never throws.
std::string stringAt(const Json& json, std::string_view member, std::string_view fallback = "");
std::int64_t intAt(const Json& json, std::string_view member, std::int64_t fallback = 0);
const Json& at(const Json& json, std::string_view member);  // a null value when absent
std::vector<std::string> stringsIn(const Json& json);       // of one string or a list of them; others are left out

}  // namespace text

#endif  // IRSA_TEXT_JSON_H
