// Points in time as policies write them. For this room only.
#pragma once
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace policy {

// Seconds since 1970, or one of W3C's forms of ISO 8601: a month (2026-11), a day, or a day with a time to the minute,
// the second or a fraction of it and an offset from UTC. A number alone is seconds, never a year.
// https://www.w3.org/TR/NOTE-datetime
std::optional<base::Time> parseDate(std::string_view text);

}  // namespace policy
