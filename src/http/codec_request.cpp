#include <algorithm>

#include "http/codec.h"

namespace http {
namespace {

bool isVisibleAscii(char c) { return c > 0x20 && c < 0x7f; }

constexpr ByteSet kNoAuthorityBytes = [] {
  ByteSet table{};
  for (std::size_t c = 0; c < table.size(); ++c)
    table[c] = c <= 0x20 || c >= 0x7f || std::string_view("/?#@\\,\"<>").find(char(c)) != std::string_view::npos;
  return table;
}();

// RFC 9110, section 4.2.3: user information in an authority is to be treated as an error.
bool isAuthority(std::string_view text) { return !text.empty() && !hasOneOf(text, kNoAuthorityBytes); }

std::size_t schemeLength(std::string_view target) {
  for (std::string_view scheme : {"http://", "https://"})
    if (target.size() > scheme.size() && sameName(target.substr(0, scheme.size()), scheme)) return scheme.size();
  return 0;
}

Refusal refusalOfLongHead(bool inStartLine, std::string_view unfinished) {
  if (!inStartLine) return {431, "the header fields are too long"};
  // RFC 9112, section 3: 501 for a method longer than any that is implemented, 414 for a target.
  if (unfinished.find(' ') == std::string_view::npos) return {501, "the method is not known"};
  return {414, "the request target is too long"};
}

}  // namespace

void RequestReader::reset() {
  lines_.reset();
  stage_ = Stage::Start;
  keepAlive_ = true;
  isHead_ = isOldVersion_ = wantsContinue_ = hostFromTarget_ = skippedBlank_ = false;
  refusal_ = {};
}

Progress RequestReader::refuse(Refusal refusal) {
  refusal_ = refusal;
  keepAlive_ = false;
  return Progress::Refused;
}

Progress RequestReader::read(std::string_view& input, Request& request) {
  if (refusal_) return Progress::Refused;
  if (stage_ != Stage::Body) return readHead(input, request);
  if (body_.read(input, request.body, limits_.body)) return Progress::Done;
  return body_.refusal() ? refuse(body_.refusal()) : Progress::NeedMore;
}

Progress RequestReader::readHead(std::string_view& input, Request& request) {
  while (true) {
    std::string_view line;
    switch (lines_.next(input, line)) {
      case LineReader::Outcome::NeedMore: return Progress::NeedMore;
      case LineReader::Outcome::BareLineFeed: return refuse({400, "a line of the head does not end in CRLF"});
      case LineReader::Outcome::TooLong: return refuse(refusalOfLongHead(stage_ == Stage::Start, lines_.unfinished()));
      case LineReader::Outcome::Line: break;
    }
    Refusal refusal;
    bool isEnd = stage_ == Stage::Fields && line.empty();
    if (stage_ == Stage::Start) {
      // RFC 9112, section 2.2: at least one empty line before the request line is to be ignored.
      if (line.empty() && !std::exchange(skippedBlank_, true)) continue;
      refusal = startLine(line, request);
      stage_ = Stage::Fields;
    } else {
      refusal = isEnd ? endOfHead(request) : fieldLine(line, request);
    }
    if (refusal) return refuse(refusal);
    if (!isEnd) continue;
    stage_ = Stage::Body;
    return Progress::Head;
  }
}

Refusal RequestReader::startLine(std::string_view line, Request& request) {
  std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return {400, "the request line is not METHOD TARGET VERSION"};
  std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1);
  auto version = parseVersion(line.substr(last + 1));
  if (!isToken(method)) return {400, "the method has characters that it can't have"};
  if (!version) return {400, "the request line does not end in an HTTP version"};
  if (version->first != 1) return {505, "only HTTP/1.1 is spoken here"};
  if (target.size() > limits_.target) return {414, "the request target is too long"};
  isOldVersion_ = version->second == 0;
  isHead_ = method == "HEAD";
  request.method.assign(method);
  return targetOf(target, request);
}

// RFC 9112, section 3.2: the four forms of a target.
Refusal RequestReader::targetOf(std::string_view target, Request& request) {
  if (target.empty() || !std::all_of(target.begin(), target.end(), isVisibleAscii) ||
      target.find('#') != std::string_view::npos)
    return {400, "the request target has characters that must be percent-encoded"};
  if (request.method == "CONNECT") return {501, "this is no proxy"};
  if (target.front() == '/' || (target == "*" && request.method == "OPTIONS")) {
    request.target.assign(target);
    return {};
  }
  std::size_t scheme = schemeLength(target);
  if (scheme == 0) return {400, "the request target does not start with /"};
  std::string_view rest = target.substr(scheme);
  std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (!isAuthority(rest.substr(0, end))) return {400, "the request target has a bad authority"};
  request.headers.add("Host", rest.substr(0, end));
  hostFromTarget_ = true;
  request.target.assign(end < rest.size() && rest[end] == '/' ? "" : "/").append(rest.substr(end));
  return {};
}

Refusal RequestReader::fieldLine(std::string_view line, Request& request) {
  FieldLine field = parseFieldLine(line);
  if (field.refusal) return field.refusal;
  if (request.headers.size() >= limits_.fields) return {431, "there are too many header fields"};
  // Section 3.2.2: the authority of an absolute target wins over Host.
  if (hostFromTarget_ && sameName(field.name, "host")) return {};
  request.headers.add(field.name, field.value);
  return {};
}

Refusal RequestReader::endOfHead(Request& request) {
  const Headers& headers = request.headers;
  std::size_t hosts = headers.count("host");
  if (hosts > 1 || (hosts == 0 && !isOldVersion_)) return {400, "there must be one Host field"};
  if (hosts == 1 && !headers.get("host").empty() && !isAuthority(headers.get("host")))
    return {400, "the Host field is no host"};

  keepAlive_ = staysOpen(headers, !isOldVersion_);
  auto coding = headers.find("transfer-encoding");
  auto length = headers.find("content-length");
  // Section 6.1 lets a server refuse what smugglers use: both at once, codings but chunked, any coding in HTTP/1.0.
  if (coding && length) return {400, "Transfer-Encoding and Content-Length contradict each other"};
  if (coding && (isOldVersion_ || headers.count("transfer-encoding") != 1 || !sameName(*coding, "chunked")))
    return {400, "the only Transfer-Encoding understood is chunked"};
  if (length && (headers.count("content-length") != 1 || !parseContentLength(*length)))
    return {400, "Content-Length is not one decimal number"};

  if (auto expect = headers.find("expect"); expect && !isOldVersion_) {
    if (!sameName(*expect, "100-continue")) return {417, "the only expectation understood is 100-continue"};
    wantsContinue_ = true;
  }
  if (coding) {
    body_.beginChunked(limits_.head - lines_.total(), limits_.fields - headers.size());
    return {};
  }
  std::uint64_t bytes = length ? *parseContentLength(*length) : 0;
  if (bytes > limits_.body) return {413, "the body is too large"};
  if (!length) wantsContinue_ = false;
  body_.beginCounted(bytes);
  return {};
}

}  // namespace http
