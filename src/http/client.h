// Asks. One of the product's four interfaces; io has the real one, clientOf() makes one from any handler.
#pragma once
#include <functional>
#include <memory>

#include "base/result.h"
#include "http/handler.h"
#include "http/message.h"

namespace http {

// Takes the next piece of a body; false ends the exchange early.
using Sink = std::function<bool(std::string_view piece)>;

// A status of 400 or more is a Response; an Error (Unavailable, or Denied for TLS trust) means that no answer came.
// Redirects are not followed. Thread-safe.
class Client {
 public:
  virtual ~Client() = default;

  virtual base::Result<Response> send(const Request& request) = 0;

  // For watches: the body of a 2xx answer goes to `sink` piece by piece as it arrives, and Response::body stays empty.
  // An empty piece comes first, with the head of the answer: the server has accepted, and may be silent for long.
  // Other answers come back whole. An Error after the first piece means the stream broke.
  virtual base::Result<Response> stream(const Request& request, const Sink& sink) = 0;
};

// Calls the handler directly, in the caller's thread, without any network. The handler must outlive the client and must
// not suspend. Sets Host from the origin when the request has none.
std::unique_ptr<Client> clientOf(Handler& handler);

}  // namespace http
