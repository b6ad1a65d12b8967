// A server that has run out of descriptors: who is in is served, who is not waits, nothing spins.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <ctime>

#include "io/raw_connection.h"
#include "io/site.h"

namespace io {
namespace {

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// Lowers the limit so that no further descriptor can be opened, until it goes.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    Descriptor lowestFree(::dup(0));
    const rlimit none{rlim_t(lowestFree.number()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

double processorSeconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return double(used.tv_sec) + double(used.tv_nsec) / 1e9;
}

TEST(Exhaustion, H10_PausesAcceptingUntilDescriptorsAreThereAgain) {
  TestServer server;
  RawConnection inside(server.port());
  ASSERT_TRUE(inside.say(kRequest));
  ASSERT_EQ(inside.readAnswer().status, 200);
  Descriptor waiting(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    NoMoreDescriptors now;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(waiting.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::send(waiting.number(), kRequest.data(), kRequest.size(), 0), ssize_t(kRequest.size()));
    const double before = processorSeconds();
    const timeval meanwhile{0, 150'000};
    ::setsockopt(waiting.number(), SOL_SOCKET, SO_RCVTIMEO, &meanwhile, sizeof meanwhile);
    char byte = 0;
    EXPECT_EQ(::recv(waiting.number(), &byte, 1, 0), -1);
    EXPECT_LT(processorSeconds() - before, 0.1);
    ASSERT_TRUE(inside.say(kRequest));
    EXPECT_EQ(inside.readAnswer().status, 200);
    EXPECT_EQ(server->connections(), 1u);
  }
  const timeval patient{20, 0};
  ::setsockopt(waiting.number(), SOL_SOCKET, SO_RCVTIMEO, &patient, sizeof patient);
  char byte = 0;
  EXPECT_EQ(::recv(waiting.number(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'H');
}

}  // namespace
}  // namespace io
