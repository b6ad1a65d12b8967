// Values as Go reads them (strconv, time): those of AWS's annotations and of its flags.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace admission {

std::optional<bool> parseGoBool(std::string_view text);         // strconv.ParseBool: 1 t T TRUE true True, 0 f F ...
std::optional<std::int64_t> parseGoInt(std::string_view text);  // strconv.ParseInt(text, 10, 64): a sign, digits
// strconv.ParseInt(text, 0, 64), as pflag reads a number: 0x, 0b, 0o and a leading 0 (octal) say the base, and single
// underscores may stand between digits.
std::optional<std::int64_t> parseGoLiteral(std::string_view text);
// time.ParseDuration: "250ms", "1m30s", ".5h", "-1s", "0".
std::optional<std::chrono::nanoseconds> parseGoDuration(std::string_view text);

}  // namespace admission
