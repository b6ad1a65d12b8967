#include "http/client.h"

#include "http/url.h"

namespace http {
namespace {

class DirectClient final : public Client {
 public:
  explicit DirectClient(Handler& handler) : handler_(handler) {}

  base::Result<Response> send(const Request& asked) override {
    Request request = asked;
    if (!request.headers.find("host")) {
      Url url = TRY(parseUrl(asked.origin.empty() ? "http://localhost" : asked.origin));
      request.headers.add("Host", url.authority());
    }
    Response response;
    Answer answer = handler_.handle(request, response);
    if (!answer.done()) return base::internal(request.method + " " + request.target + ": the handler suspended");
    try {
      answer.finish();
    } catch (...) {  // as the server does
      response.clear();
      response.status = 500;
    }
    return response;
  }

  base::Result<Response> stream(const Request& request, const Sink& sink) override {
    Response response = TRY(send(request));
    if (response.status / 100 == 2) {
      if (sink("") && !response.body.empty()) sink(response.body);
      response.body.clear();
    }
    return response;
  }

 private:
  Handler& handler_;
};

}  // namespace

std::unique_ptr<Client> clientOf(Handler& handler) { return std::make_unique<DirectClient>(handler); }

}  // namespace http
