// Points in time as the protocols write them, always UTC. A Time reaches from 1677 to 2262; what lies beyond, such as
// the year 9999 of credentials that never expire, is read as the first or the last moment of that, so that comparisons
// hold.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace base {

std::string rfc3339(Time time);                    // 2026-11-23T20:00:00Z
std::string iso8601Basic(Time time);               // 20261123T200000Z, as SigV4 writes it
std::string httpDate(Time time);                   // Mon, 23 Nov 2026 20:00:00 GMT (RFC 9110, section 5.6.7)
Result<Time> parseRfc3339(std::string_view text);  // fractions are accepted and cut to microseconds; any UTC offset
Result<Time> parseIso8601Basic(std::string_view text);
Result<Time> parseHttpDate(std::string_view text);

std::int64_t unixSeconds(Time time);
Time fromUnixSeconds(std::int64_t seconds);

}  // namespace base
