#include <charconv>

#include "http/codec.h"

namespace http {

Progress ResponseReader::refuse(Refusal refusal) {
  refusal_ = refusal;
  keepAlive_ = false;
  return Progress::Refused;
}

Progress ResponseReader::read(std::string_view& input, Response& response) {
  if (refusal_) return Progress::Refused;
  while (stage_ != Stage::Body) {
    std::string_view line;
    switch (lines_.next(input, line)) {
      case LineReader::Outcome::NeedMore: return Progress::NeedMore;
      case LineReader::Outcome::BareLineFeed: return refuse({502, "a line of the answer's head does not end in CRLF"});
      case LineReader::Outcome::TooLong: return refuse({502, "the answer's head is too long"});
      case LineReader::Outcome::Line: break;
    }
    if (stage_ == Stage::Start) {
      if (Refusal refusal = statusLine(line, response)) return refuse(refusal);
      stage_ = Stage::Fields;
    } else if (!line.empty()) {
      FieldLine field = parseFieldLine(line);
      if (field.refusal) return refuse({502, field.refusal.why});
      if (response.headers.size() >= limits_.fields) return refuse({502, "the answer has too many header fields"});
      response.headers.add(field.name, field.value);
    } else if (response.status < 200) {
      response.headers.clear();
      stage_ = Stage::Start;
    } else {
      if (Refusal refusal = endOfHead(response)) return refuse(refusal);
      stage_ = Stage::Body;
      return Progress::Head;
    }
  }
  if (body_.read(input, response.body, limits_.body)) return Progress::Done;
  if (body_.refusal().status == 413) return refuse({502, "the answer's body is too large"});
  return body_.refusal() ? refuse({502, body_.refusal().why}) : Progress::NeedMore;
}

Progress ResponseReader::end() {
  if (stage_ == Stage::Body && body_.endsWithConnection() && !refusal_) return Progress::Done;
  return refuse({502, started() ? "the connection was closed in the middle of the answer"
                                : "the connection was closed without an answer"});
}

Refusal ResponseReader::statusLine(std::string_view line, Response& response) {
  std::size_t blank = line.find(' ');
  auto version = parseVersion(line.substr(0, blank));
  if (!version || version->first != 1 || blank == std::string_view::npos) return {502, "the answer is not HTTP/1.1"};
  std::string_view rest = line.substr(blank + 1);
  int status = 0;
  auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), status);
  if (error != std::errc() || at - rest.data() != 3 || status < 100 || (rest.size() > 3 && rest[3] != ' '))
    return {502, "the answer has no status"};
  // Section 6.1 of RFC 9110's 101: nothing asked for an upgrade.
  if (status == 101) return {502, "the answer switches protocols unasked"};
  response.status = status;
  isOldVersion_ = version->second == 0;
  return {};
}

// RFC 9112, section 6.3: how long the body is.
Refusal ResponseReader::endOfHead(Response& response) {
  const Headers& headers = response.headers;
  keepAlive_ = staysOpen(headers, !isOldVersion_);
  if (toHead_ || !mayHaveBody(response.status)) {
    body_.beginCounted(0);
    return {};
  }
  auto length = headers.find("content-length");
  if (auto coding = headers.find("transfer-encoding")) {
    if (length || headers.count("transfer-encoding") != 1 || !sameName(*coding, "chunked"))
      return {502, "the answer's framing is ambiguous"};
    body_.beginChunked(limits_.head, limits_.fields);
    return {};
  }
  if (!length) {
    keepAlive_ = false;
    body_.beginUntilClose();
    return {};
  }
  auto bytes = parseContentLength(*length);
  if (!bytes || headers.count("content-length") != 1)
    return {502, "the answer's Content-Length is not one decimal number"};
  body_.beginCounted(*bytes);
  return {};
}

}  // namespace http
