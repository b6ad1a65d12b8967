#include "kube/client.h"

#include "http/url.h"
#include "text/uri.h"

namespace kube {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPage = "limit=500";
constexpr std::size_t kExcerpt = 200;  // bytes of a foreign answer that an error message quotes

base::ErrorKind kindOf(int status, std::string_view reason) {
  switch (status) {
    case 401:
    case 403: return base::ErrorKind::Denied;
    case 404: return base::ErrorKind::NotFound;
    case 409: return reason == "AlreadyExists" ? base::ErrorKind::AlreadyExists : base::ErrorKind::Conflict;
    case 410: return base::ErrorKind::Conflict;
    case 429: return base::ErrorKind::Unavailable;
    default: return status >= 500 ? base::ErrorKind::Unavailable : base::ErrorKind::Invalid;
  }
}

std::string hintOf(int status) {
  if (status == 401) return "the credentials were not accepted: renew the kubeconfig's token or certificate";
  if (status == 403) return "ask for the missing permission, or use a kubeconfig context that has it";
  return "";
}

std::string parameter(const std::string& path, std::string_view field) {
  return path + (path.find('?') == std::string::npos ? '?' : '&') + std::string(field);
}

void appendItems(text::Json page, std::vector<text::Json>& items) {
  std::string kind = text::stringAt(page, "kind");
  if (kind.ends_with("List")) kind.resize(kind.size() - 4);
  const std::string version = text::stringAt(page, "apiVersion");
  if (!text::at(page, "items").is_array()) return;
  for (text::Json& item : page["items"]) {
    if (!item.contains("apiVersion")) item["apiVersion"] = version;
    if (!item.contains("kind")) item["kind"] = kind;
    items.push_back(std::move(item));
  }
}

}  // namespace

base::Error errorOf(const http::Response& response, std::string_view doing) {
  base::Result<text::Json> parsed = text::parseJson(response.body);
  const text::Json status = parsed ? *parsed : text::Json();
  std::string reason = text::stringAt(status, "reason");
  std::string message = text::stringAt(status, "message");
  if (message.empty()) message = response.body.substr(0, kExcerpt);
  if (response.status == 410) reason = "Expired";  // "Gone" is its other name
  if (reason.empty() && response.status == 401) reason = "Unauthorized";
  if (reason.empty() && response.status == 403) reason = "Forbidden";
  std::string sentence = std::string(doing) + ": HTTP " + std::to_string(response.status) + " " +
                         (reason.empty() ? std::string(http::reasonPhrase(response.status)) : reason);
  if (!message.empty()) sentence += ": " + message;
  return {kindOf(response.status, reason), std::move(reason), std::move(sentence), hintOf(response.status)};
}

Client::Client(http::Client& http, std::string server, TokenSource token, std::string userAgent)
    : http_(http), server_(std::move(server)), token_(std::move(token)), userAgent_(std::move(userAgent)) {
  base::Result<http::Url> url = http::parseUrl(server_);
  if (!url) return;  // send() of the HTTP client names what is wrong with the origin
  server_ = url->origin();
  prefix_ = url->target;
  while (prefix_.ends_with('/')) prefix_.pop_back();
}

base::Result<void> Client::complete(http::Request& request) const {
  request.origin = server_;
  request.target.insert(0, prefix_);
  if (!request.headers.find("Accept")) request.headers.add("Accept", kJson);
  if (!request.headers.find("User-Agent")) request.headers.add("User-Agent", userAgent_);
  if (!token_) return {};
  std::string token = TRY(token_());
  if (!token.empty()) request.headers.set("Authorization", "Bearer " + token);
  return {};
}

base::Result<http::Response> Client::send(http::Request request) const {
  TRY(complete(request));
  return http_.send(request);
}

base::Result<http::Response> Client::stream(http::Request request, const http::Sink& sink) const {
  TRY(complete(request));
  return http_.stream(request, sink);
}

base::Result<std::string> Client::exchange(http::Request request) const {
  const std::string doing = request.method + " " + request.target;
  base::Result<http::Response> response = send(std::move(request));
  if (!response) return std::move(response).error().during(doing);
  if (response->status >= 300) return errorOf(*response, doing);
  return std::move(response->body);
}

base::Result<text::Json> Client::exchangeJson(std::string_view method, const std::string& target,
                                              const text::Json* body, std::string_view contentType) const {
  http::Request request{.method = std::string(method), .target = target};
  if (body) {
    request.body = text::compact(*body);
    request.headers.add("Content-Type", contentType);
  }
  const std::string answer = TRY(exchange(std::move(request)));
  base::Result<text::Json> json = text::parseJson(answer);
  if (!json) return std::move(json).error().during("the answer to " + std::string(method) + " " + target);
  return json;
}

base::Result<text::Json> Client::get(const std::string& path) const { return exchangeJson("GET", path, nullptr, ""); }

base::Result<std::vector<text::Json>> Client::list(const std::string& path) const {
  std::vector<text::Json> items;
  std::string target = parameter(path, kPage);
  while (true) {
    base::Result<text::Json> page = get(target);
    if (!page && page.error().code == "Expired" && !items.empty()) {
      items.clear();  // the list took longer than etcd remembers: once more, in one piece
      target = path;
      continue;
    }
    if (!page) return std::move(page).error();
    const std::string next = text::stringAt(text::at(*page, "metadata"), "continue");
    appendItems(*std::move(page), items);
    if (next.empty()) return items;
    target = parameter(path, kPage) + "&continue=" + text::percentEncode(next);
  }
}

base::Result<std::string> Client::getText(const std::string& path) const {
  http::Request request{.method = "GET", .target = path};
  request.headers.add("Accept", "*/*");
  return exchange(std::move(request));
}

base::Result<text::Json> Client::create(const std::string& path, const text::Json& object) const {
  return exchangeJson("POST", path, &object, kJson);
}

base::Result<text::Json> Client::update(const std::string& path, const text::Json& object) const {
  return exchangeJson("PUT", path, &object, kJson);
}

base::Result<text::Json> Client::apply(const std::string& path, const text::Json& object, bool force) const {
  std::string target = parameter(path, "fieldManager=irsa");
  if (force) target += "&force=true";
  return exchangeJson("PATCH", target, &object, "application/apply-patch+yaml");  // JSON is YAML
}

base::Result<text::Json> Client::patch(const std::string& path, const text::Json& patch,
                                       std::string_view contentType) const {
  return exchangeJson("PATCH", path, &patch, contentType);
}

base::Result<void> Client::remove(const std::string& path, std::string_view propagation) const {
  http::Request request{.method = "DELETE", .target = parameter(path, "propagationPolicy=" + std::string(propagation))};
  base::Result<std::string> answer = exchange(std::move(request));
  if (!answer && answer.error().kind != base::ErrorKind::NotFound) return std::move(answer).error();
  return {};
}

}  // namespace kube
