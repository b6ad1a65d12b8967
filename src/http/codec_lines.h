// The lines a message's head is made of (RFC 9112, sections 2 to 5).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

namespace http {

// Why a message can't be accepted. status 0: it can. `why` is a sentence's end with static storage.
struct Refusal {
  int status = 0;
  std::string_view why = {};
  explicit operator bool() const { return status != 0; }
};

// Cuts lines ended by CRLF out of input that comes in pieces.
class LineReader {
 public:
  explicit LineReader(std::size_t limit) : limit_(limit) {}

  enum class Outcome { Line, NeedMore, BareLineFeed, TooLong };
  // On Line, `line` has no CRLF; it lives until the next call or until `input`'s bytes go.
  Outcome next(std::string_view& input, std::string_view& line);

  std::size_t total() const { return total_; }              // bytes taken since the last reset
  std::string_view unfinished() const { return partial_; }  // what of the current line has come
  void reset();
  void forgetTotal() { total_ = 0; }  // the limit counts anew; the last line stays valid

 private:
  std::size_t limit_, total_ = 0;
  std::string partial_;
  bool handedOut_ = false;  // partial_ was given to the caller as a whole line
};

// A field line taken apart, or a Refusal. Values have no blanks around them.
struct FieldLine {
  std::string_view name, value;
  Refusal refusal;
};
FieldLine parseFieldLine(std::string_view line);

using ByteSet = std::array<bool, 256>;
bool hasOneOf(std::string_view text, const ByteSet& bytes);

bool isToken(std::string_view text);                               // RFC 9110, section 5.6.2
bool listContains(std::string_view list, std::string_view token);  // a comma-separated list, case-insensitive

// Whether the connection outlives the message (RFC 9112, section 9.3); `usually` is what its version says by itself.
bool staysOpen(const Headers& headers, bool usually);

// Digits only, at most 2^63-1.
std::optional<std::uint64_t> parseContentLength(std::string_view value);

// {major, minor} of "HTTP/1.1"; absent when it is no HTTP version at all.
std::optional<std::pair<int, int>> parseVersion(std::string_view text);

}  // namespace http
