#include "http/codec_body.h"

#include <algorithm>
#include <charconv>

namespace http {
namespace {

constexpr std::size_t kExtensions = 16u << 10;     // bytes of chunk extensions in a body; nobody sends any
constexpr std::size_t kExpectedBody = 256u << 10;  // memory that a length alone may make us set aside

}  // namespace

void BodyReader::beginCounted(std::uint64_t bytes) {
  kind_ = Kind::Counted;
  left_ = bytes;
  decoded_ = 0;
  refusal_ = {};
}

void BodyReader::beginChunked(std::size_t trailerBytes, std::size_t trailerFields) {
  kind_ = Kind::Chunked;
  stage_ = Stage::Size;
  left_ = decoded_ = 0;
  extensionBytes_ = 0;
  trailerBytes_ = trailerBytes;
  trailerFields_ = trailerFields;
  lines_.reset();
  refusal_ = {};
}

void BodyReader::beginUntilClose() {
  kind_ = Kind::UntilClose;
  decoded_ = 0;
  refusal_ = {};
}

bool BodyReader::read(std::string_view& input, std::string& body, std::size_t limit) {
  switch (kind_) {
    case Kind::Chunked: return readChunked(input, body, limit);
    case Kind::UntilClose:
      left_ = input.size();
      take(input, body, limit);
      return false;
    case Kind::Counted:
      if (left_ > limit - std::min<std::uint64_t>(limit, decoded_)) return fail(413, "the body is too large");
      if (body.empty() && left_ > input.size()) body.reserve(std::min<std::uint64_t>(left_, kExpectedBody));
      return take(input, body, limit) && left_ == 0;
  }
  return false;
}

// Moves what belongs to this body or chunk; false when that would be more than `limit` in all.
bool BodyReader::take(std::string_view& input, std::string& body, std::size_t limit) {
  std::size_t count = std::min<std::uint64_t>(left_, input.size());
  if (count > limit - std::min<std::uint64_t>(limit, decoded_)) return fail(413, "the body is too large");
  body.append(input.substr(0, count));
  input.remove_prefix(count);
  left_ -= count;
  decoded_ += count;
  return true;
}

bool BodyReader::readChunked(std::string_view& input, std::string& body, std::size_t limit) {
  while (!input.empty()) {
    if (stage_ == Stage::Data) {
      if (!take(input, body, limit)) return false;
      if (left_ > 0) return false;
      stage_ = Stage::DataEnd;
      continue;
    }
    std::string_view line;
    switch (lines_.next(input, line)) {
      case LineReader::Outcome::NeedMore: return false;
      case LineReader::Outcome::BareLineFeed: return fail(400, "a line of the chunked body does not end in CRLF");
      case LineReader::Outcome::TooLong:
        return fail(stage_ == Stage::Trailer ? 431 : 400, "a line of the chunked body is too long");
      case LineReader::Outcome::Line: break;
    }
    lines_.forgetTotal();
    if (chunkLine(line)) return true;
    if (refusal_) return false;
    if (stage_ == Stage::Data && left_ > limit - std::min<std::uint64_t>(limit, decoded_))
      return fail(413, "the body is too large");
  }
  return false;
}

bool BodyReader::chunkLine(std::string_view line) {
  if (stage_ == Stage::Size) return sizeLine(line);
  if (stage_ == Stage::DataEnd) {
    stage_ = Stage::Size;
    return line.empty() ? false : fail(400, "a chunk is longer than it says");
  }
  if (line.empty()) return true;
  // Trailers are checked and dropped: no protocol spoken here has any (RFC 9110, section 6.5.1 allows it).
  if (FieldLine field = parseFieldLine(line); field.refusal) return fail(400, field.refusal.why);
  if (trailerFields_ == 0 || line.size() + 2 > trailerBytes_) return fail(431, "the trailers are too long");
  --trailerFields_;
  trailerBytes_ -= line.size() + 2;
  return false;
}

bool BodyReader::sizeLine(std::string_view line) {
  std::size_t digits = std::min(line.find(';'), line.size());
  std::uint64_t size = 0;
  auto [at, error] = std::from_chars(line.data(), line.data() + digits, size, 16);
  if (digits == 0 || digits > 16 || error != std::errc() || at != line.data() + digits)
    return fail(400, "a chunk's size is no hexadecimal number");
  extensionBytes_ += line.size() - digits;
  if (extensionBytes_ > kExtensions) return fail(400, "the chunk extensions are too long");
  for (char c : line.substr(digits))
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      return fail(400, "a chunk extension has control characters");
  left_ = size;
  stage_ = size == 0 ? Stage::Trailer : Stage::Data;
  return false;
}

bool BodyReader::fail(int status, std::string_view why) {
  refusal_ = {status, why};
  return false;
}

}  // namespace http
