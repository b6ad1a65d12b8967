// What a warmed-up server costs: no memory from the allocator, however many requests come.
#include <gmock/gmock.h>

#include <cstdlib>
#include <new>

#include "http/codec.h"
#include "io/site.h"
#include "io/wire.h"

namespace {
thread_local std::size_t allocationsOfThisThread = 0;
}

void* operator new(std::size_t size) {
  ++allocationsOfThisThread;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// The three that a sanitizer would otherwise pair with its own.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace io {
namespace {

constexpr std::size_t kRequests = 10'000, kWarmUp = 10;

// Counts on the loop's own thread. Answers with a body of a review's size.
class CountingHandler final : public http::Handler {
 public:
  http::Answer handle(const http::Request& request, http::Response& response) override {
    if (++requests_ == kWarmUp) before_ = allocationsOfThisThread;
    if (requests_ == kRequests) during_ = allocationsOfThisThread - before_;
    response.headers.add("Content-Type", request.headers.get("content-type"));
    response.body.assign(request.body, 0, 1500);
    co_return;
  }
  std::size_t allocations() const { return during_; }
  std::size_t requests() const { return requests_; }

 private:
  std::size_t requests_ = 0, before_ = 0, during_ = ~std::size_t(0);
};

TEST(SteadyState, AllocatesNothingOverTenThousandRequestsThroughTls) {
  CountingHandler handler;
  TestServer server(withTls(), handler);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  http::TlsClientSettings trusting;
  trusting.rootsPem = TestCertificates::get().authority.certificatePem;
  auto wire = Wire::connect("127.0.0.1", server.port(), deadline).value();
  ASSERT_TRUE(wire->startTls(newClientContext(trusting, "").value(), "127.0.0.1", true, deadline));
  std::string request =
      "POST /mutate?timeout=10s HTTP/1.1\r\nHost: pod-identity-webhook.irsa-system.svc:443\r\n"
      "User-Agent: kube-apiserver-admission\r\nContent-Length: 5297\r\nAccept: application/json, */*\r\n"
      "Content-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n" +
      std::string(5297, 'x');
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(wire->write(request, deadline));
    http::ResponseReader reader({}, false);
    http::Response response;
    for (auto progress = http::Progress::NeedMore; progress != http::Progress::Done;) {
      auto input = wire->read(deadline);
      ASSERT_TRUE(input) << input.error().message;
      while ((progress = reader.read(*input, response)) == http::Progress::Head) {
      }
      ASSERT_NE(progress, http::Progress::Refused);
    }
    ASSERT_EQ(response.body.size(), 1500u);
  }
  EXPECT_EQ(handler.requests(), kRequests);
  EXPECT_EQ(handler.allocations(), 0u);
}

}  // namespace
}  // namespace io
