#include <algorithm>
#include <charconv>

#include "http/codec.h"

namespace http {
namespace {

void appendNumber(std::string& out, std::uint64_t number) {
  char digits[20];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

bool breaksLine(char c) { return c == '\r' || c == '\n' || c == '\0'; }

void appendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  std::size_t from = out.size();
  out.append(value);
  // A value that came from outside must not be able to end its line (response splitting).
  std::replace_if(out.begin() + std::ptrdiff_t(from), out.end(), breaksLine, ' ');
  out.append("\r\n");
}

// The fields that say how the message is framed: only the writer knows.
bool isFraming(std::string_view name) {
  switch (name.size()) {
    case 10: return sameName(name, "connection") || sameName(name, "keep-alive");
    case 14: return sameName(name, "content-length");
    case 17: return sameName(name, "transfer-encoding");
    default: return false;
  }
}

}  // namespace

bool mayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

void appendResponseHead(std::string& out, const Response& response, AnswerFraming framing) {
  out.append("HTTP/1.1 ");
  appendNumber(out, std::uint64_t(response.status));
  out.append(" ").append(reasonPhrase(response.status)).append("\r\n");
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    auto [name, value] = response.headers.at(i);
    if (isToken(name) && !isFraming(name)) appendField(out, name, value);
  }
  auto own = framing.toHead ? response.headers.find("content-length") : std::nullopt;
  if (own && parseContentLength(*own)) {
    appendField(out, "Content-Length", *own);
  } else if (mayHaveBody(response.status)) {
    out.append("Content-Length: ");
    appendNumber(out, response.body.size());
    out.append("\r\n");
  }
  if (framing.close) {
    out.append("Connection: close\r\n");
  } else if (framing.sayKeepAlive) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

base::Result<void> appendRequestHead(std::string& out, const Request& request, std::string_view target,
                                     std::string_view authority) {
  if (!isToken(request.method)) return base::invalid("\"" + request.method + "\" is no HTTP method");
  if (target.empty() || !std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return base::invalid("\"" + std::string(target) +
                         "\" is no request target: blanks and bytes beyond ASCII must be percent-encoded");
  out.append(request.method).append(" ").append(target).append(" HTTP/1.1\r\n");
  if (!request.headers.find("host")) appendField(out, "Host", authority);
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    auto [name, value] = request.headers.at(i);
    if (!isToken(name) || std::any_of(value.begin(), value.end(), breaksLine))
      return base::invalid("the header field \"" + std::string(name) +
                           "\" can't be sent: its name or value has characters that would end the line");
    if (!isFraming(name)) appendField(out, name, value);
  }
  bool usuallyHasBody = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (usuallyHasBody || !request.body.empty()) {
    out.append("Content-Length: ");
    appendNumber(out, request.body.size());
    out.append("\r\n");
  }
  out.append("\r\n");
  return {};
}

}  // namespace http
