// HTTP/1.1 on the wire (RFC 9112), read and written without doing any input or output: io's server and io's client feed
// these readers with whatever bytes have arrived. Strict, because a reader more lenient than its neighbour is how
// requests are smuggled: a line ends in CRLF, nothing is folded, a length is said once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/codec_body.h"
#include "http/codec_lines.h"
#include "http/message.h"

namespace http {

struct Limits {
  std::size_t head = 16u << 10;   // bytes of start line, fields and trailers; more is 431, or 414 in a request line
  std::size_t target = 8u << 10;  // bytes; more is 414
  std::size_t fields = 100;       // more is 431
  std::size_t body = 8u << 20;    // bytes after decoding; more is 413
};

enum class Progress {
  NeedMore,  // everything was consumed
  Head,      // said once, when the head is whole and before any of the body is looked at
  Done,      // the message is whole; what is left of the input belongs to the next one
  Refused    // refusal() says why; the connection can't be used any more
};

// Reads one request after another. Allocates nothing once its buffers and the Request's have grown.
class RequestReader {
 public:
  explicit RequestReader(Limits limits = {}) : limits_(limits), lines_(limits.head) {}

  // Consumes from the front of `input` into `request`, which must be cleared before the first call and stay the same
  // one until Done. A target in absolute form is reduced to origin form and its authority becomes the Host field.
  Progress read(std::string_view& input, Request& request);
  void reset();  // before the next request

  bool started() const { return lines_.total() > 0; }
  bool keepAlive() const { return keepAlive_; }        // meaningful from Head on
  bool isHead() const { return isHead_; }              // the answer must have no body
  bool isOldVersion() const { return isOldVersion_; }  // HTTP/1.0: keep-alive must be said
  bool wantsContinue() const { return wantsContinue_; }
  const Refusal& refusal() const { return refusal_; }

 private:
  enum class Stage { Start, Fields, Body };
  Progress readHead(std::string_view& input, Request& request);
  Refusal startLine(std::string_view line, Request& request);
  Refusal targetOf(std::string_view target, Request& request);
  Refusal fieldLine(std::string_view line, Request& request);
  Refusal endOfHead(Request& request);
  Progress refuse(Refusal refusal);

  Limits limits_;
  LineReader lines_;
  BodyReader body_;
  Stage stage_ = Stage::Start;
  bool keepAlive_ = true, isHead_ = false, isOldVersion_ = false, wantsContinue_ = false, hostFromTarget_ = false;
  bool skippedBlank_ = false;
  Refusal refusal_;
};

// Reads the answer to one request. Interim answers (1xx) are skipped.
class ResponseReader {
 public:
  // `toHead`: the request was HEAD, so the answer has no body whatever it says.
  ResponseReader(Limits limits, bool toHead) : limits_(limits), lines_(limits.head), toHead_(toHead) {}

  // Appends to response.body, which the caller may empty between two calls.
  Progress read(std::string_view& input, Response& response);
  // The connection has ended: Done when that is what ends the body, else Refused.
  Progress end();

  void setBodyLimit(std::size_t bytes) { limits_.body = bytes; }  // between Head and the next call
  bool started() const { return lines_.total() > 0; }
  bool keepAlive() const { return keepAlive_; }  // meaningful from Head on
  const Refusal& refusal() const { return refusal_; }

 private:
  enum class Stage { Start, Fields, Body };
  Refusal statusLine(std::string_view line, Response& response);
  Refusal endOfHead(Response& response);
  Progress refuse(Refusal refusal);

  Limits limits_;
  LineReader lines_;
  BodyReader body_;
  Stage stage_ = Stage::Start;
  bool toHead_, keepAlive_ = true, isOldVersion_ = false;
  Refusal refusal_;
};

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

struct AnswerFraming {
  bool close = false;         // say `Connection: close`
  bool sayKeepAlive = false;  // HTTP/1.0 clients want to hear it
  bool toHead = false;        // the handler's own Content-Length is kept
};

// Appends status line, fields and the blank line. Content-Length is the body's, except as above; the handler's
// Connection, Transfer-Encoding and Keep-Alive fields are left out. A line break in a value becomes a blank.
void appendResponseHead(std::string& out, const Response& response, AnswerFraming framing);
bool mayHaveBody(int status);  // not 1xx, 204 and 304

// Appends the head of a request whose body follows as it is. `target` is what to write in the request line (origin
// form, or absolute form towards a proxy). Host is set from `authority` unless the request has one. Invalid when
// method, target or a field could not be written without changing the message (blanks, line breaks).
base::Result<void> appendRequestHead(std::string& out, const Request& request, std::string_view target,
                                     std::string_view authority);

}  // namespace http
