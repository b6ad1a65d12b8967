// A handler made from a function, and certificates for 127.0.0.1, for tests that need a real server.
#pragma once
#include <functional>
#include <string>

#include "http/handler.h"

namespace support {

class FunctionHandler final : public http::Handler {
 public:
  using Function = std::function<void(const http::Request&, http::Response&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  http::Answer handle(const http::Request& request, http::Response& response) override {
    function_(request, response);
    co_return;
  }

 private:
  Function function_;
};

}  // namespace support
