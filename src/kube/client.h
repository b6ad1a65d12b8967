// The Kubernetes API as the product uses it: plain objects as Json, addressed by path. Thread-safe.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "text/json.h"

namespace kube {

// Gives the bearer token for the next request; empty: none (client certificates).
using TokenSource = std::function<base::Result<std::string>()>;

// Errors carry the API server's Status: code = its reason ("NotFound", "AlreadyExists", "Conflict", "Forbidden",
// "Unauthorized", "Expired", ...), message = its message; kind follows the HTTP status (404 NotFound, 409 Conflict or
// AlreadyExists, 401 and 403 Denied, 410 Conflict with code "Expired", 429 and 5xx Unavailable, others Invalid).
class Client {
 public:
  Client(http::Client& http, std::string server, TokenSource token, std::string userAgent);

  base::Result<text::Json> get(const std::string& path) const;  // path such as /api/v1/namespaces/default/pods?limit=5
  // All items of a list, page by page, each with the kind and apiVersion that the API server leaves to the list.
  base::Result<std::vector<text::Json>> list(const std::string& path) const;
  base::Result<std::string> getText(const std::string& path) const;  // as it came (/readyz, /openid/v1/jwks)
  base::Result<text::Json> create(const std::string& path, const text::Json& object) const;
  base::Result<text::Json> update(const std::string& path, const text::Json& object) const;
  // Server-side apply under the field manager "irsa"; `force` takes fields from other managers.
  base::Result<text::Json> apply(const std::string& path, const text::Json& object, bool force) const;
  base::Result<text::Json> patch(const std::string& path, const text::Json& patch, std::string_view contentType) const;
  base::Result<void> remove(const std::string& path,
                            std::string_view propagation = "Background") const;  // absent is fine
  // The raw request of a watch or anything else; authentication is added.
  base::Result<http::Response> send(http::Request request) const;
  base::Result<http::Response> stream(http::Request request, const http::Sink& sink) const;

 private:
  base::Result<void> complete(http::Request& request) const;        // origin, prefix, Accept, User-Agent, Authorization
  base::Result<std::string> exchange(http::Request request) const;  // the body of a 2xx answer
  base::Result<text::Json> exchangeJson(std::string_view method, const std::string& target, const text::Json* body,
                                        std::string_view contentType) const;

  http::Client& http_;
  std::string server_;  // origin
  std::string prefix_;
  TokenSource token_;
  std::string userAgent_;
};

// Turns an answer of 400 or more into the Error described above.
base::Error errorOf(const http::Response& response, std::string_view doing);

}  // namespace kube
