#include "io/server.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <coroutine>
#include <mutex>

#include "io/raw_connection.h"
#include "io/site.h"
#include "io/wire.h"

namespace io {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// Answers when it is told to, as a handler does that waits for somebody else.
class Parking final : public http::Handler {
 public:
  http::Answer handle(const http::Request& request, http::Response& response) override {
    const std::string asked = request.target;  // shows a lost frame to the sanitizers
    struct Place {
      Parking& parking;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> waiter) const { parking.park(waiter); }
      void await_resume() const noexcept {}
    };
    co_await Place{*this};
    if (request.path() == "/throw") throw std::runtime_error("late");
    response.body = asked;
  }

  std::coroutine_handle<> next() {
    std::unique_lock lock(mutex_);
    parked_.wait(lock, [this] { return !waiters_.empty(); });
    std::coroutine_handle<> waiter = waiters_.back();
    waiters_.pop_back();
    return waiter;
  }

 private:
  void park(std::coroutine_handle<> waiter) {
    std::lock_guard lock(mutex_);
    waiters_.push_back(waiter);
    parked_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable parked_;
  std::vector<std::coroutine_handle<>> waiters_;
};

TEST(Server, ResumesASuspendedHandlerThroughPost) {
  Parking parking;
  TestServer server({}, parking);
  RawConnection client(server.port());
  ASSERT_TRUE(client.say("GET /waits HTTP/1.1\r\nHost: h\r\n\r\nGET /throw HTTP/1.1\r\nHost: h\r\n\r\n"));
  server->post(0, [waiter = parking.next()] { waiter.resume(); });
  EXPECT_EQ(client.readAnswer().body, "/waits");
  server->post(0, [waiter = parking.next()] { waiter.resume(); });
  EXPECT_EQ(client.readAnswer().status, 500);
}

TEST(Server, AnswersOthersWhileOneHandlerWaits) {
  Parking parking;
  TestServer server({}, parking);
  RawConnection first(server.port()), second(server.port());
  ASSERT_TRUE(first.say("GET /first HTTP/1.1\r\nHost: h\r\n\r\n"));
  auto firstWaits = parking.next();
  ASSERT_TRUE(second.say("GET /second HTTP/1.1\r\nHost: h\r\n\r\n"));
  server->post(0, [waiter = parking.next()] { waiter.resume(); });
  EXPECT_EQ(second.readAnswer().body, "/second");
  server->post(0, [firstWaits] { firstWaits.resume(); });
  EXPECT_EQ(first.readAnswer().body, "/first");
}

TEST(Server, OutlivesAClientThatLeavesWhileTheHandlerWaits) {
  for (bool tls : {false, true}) {
    Parking parking;
    TestServer server(tls ? withTls() : ServerOptions{}, parking);
    auto wire = Wire::connect("127.0.0.1", server.port(), std::chrono::steady_clock::now() + std::chrono::seconds(20));
    ASSERT_TRUE(wire);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    if (tls) {
      ASSERT_TRUE((*wire)->startTls(newClientContext(trusting(), "").value(), "127.0.0.1", true, deadline));
    }
    ASSERT_TRUE((*wire)->write(kGet, deadline));
    auto waiter = parking.next();
    wire->reset();
    server.settle();
    EXPECT_EQ(server->connections(), 1u) << "the handler still has the request";
    server->post(0, [waiter] { waiter.resume(); });
    EXPECT_TRUE(server.becomesEmpty());
  }
}

TEST(Server, H11_OutlivesAClientThatResetsWhileTheHandlerWaits) {
  Parking parking;
  TestServer server({}, parking);
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(kGet + kGet));
  auto waiter = parking.next();
  client.reset();
  server.settle();
  server->post(0, [waiter] { waiter.resume(); });
  EXPECT_TRUE(server.becomesEmpty());
}

TEST(Server, H12_AnswersAHalfClosedClientAfterTheHandlerWaited) {
  Parking parking;
  TestServer server({}, parking);
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(kGet));
  client.endSaying();
  auto waiter = parking.next();
  server.settle();
  server->post(0, [waiter] { waiter.resume(); });
  EXPECT_THAT(client.readToEnd(), StartsWith("HTTP/1.1 200 OK"));
}

TEST(Server, StopsWhileAHandlerWaits) {
  Parking parking;
  TestServer server({}, parking);
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(kGet));
  parking.next();
  server->stop();
  EXPECT_EQ(client.readToEnd(), "");
  EXPECT_EQ(server->connections(), 0u);
  server->stop();
}

bool isAnswered(RawConnection& client) { return client.say(kGet) && client.readAnswer().status == 200; }

TEST(Server, O05_KeepsToItsConnectionCapByClosingTheOldestOfThePeerThatHasTheMost) {
  ServerOptions options;
  options.maxConnections = 3;
  TestServer server(options);
  RawConnection quiet(server.port());
  RawConnection first(server.port(), 0, 2), second(server.port(), 0, 2);
  for (RawConnection* client : {&quiet, &first, &second}) ASSERT_TRUE(isAnswered(*client));
  RawConnection third(server.port(), 0, 2);
  EXPECT_TRUE(isAnswered(third));
  EXPECT_TRUE(first.isAtEnd());
  EXPECT_TRUE(isAnswered(quiet));
  EXPECT_TRUE(isAnswered(second));
  EXPECT_TRUE(server.eventually([&] { return server->connections() == 3; }));
}

TEST(Server, LetsConnectionsWaitAtTheDoorWhileAllOthersAreBeingAnswered) {
  Parking parking;
  ServerOptions options;
  options.maxConnections = 1;
  TestServer server(options, parking);
  RawConnection busy(server.port());
  ASSERT_TRUE(busy.say(kGet));
  auto waiter = parking.next();
  RawConnection next(server.port());
  ASSERT_TRUE(next.say(kGet));
  server.settle();
  EXPECT_EQ(server->connections(), 1u);
  server->post(0, [waiter] { waiter.resume(); });
  EXPECT_EQ(busy.readAnswer().status, 200);
  auto nextWaiter = parking.next();
  server->post(0, [nextWaiter] { nextWaiter.resume(); });
  EXPECT_EQ(next.readAnswer().status, 200);
}

TEST(Server, LetsAnotherTakeOverItsPort) {
  ServerOptions options;
  options.reusePort = true;
  TestServer old(options);
  RawConnection kept(old.port());
  ASSERT_TRUE(isAnswered(kept));
  options.port = old.port();
  TestServer young(options);
  old->drain();
  old.settle();
  for (int i = 0; i < 50; ++i) {
    RawConnection client(young.port());
    EXPECT_TRUE(isAnswered(client)) << i;
  }
  EXPECT_TRUE(isAnswered(kept));  // whoever is inside is served to the end
  EXPECT_TRUE(kept.isAtEnd());
}

TEST(Server, O04_RefusesTheLargestBodyWhenTooMuchIsBeingSentAtOnce) {
  ServerOptions options;
  options.maxBodies = 300'000;
  TestServer server(options);
  auto head = [](std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  RawConnection large(server.port()), small(server.port()), whole(server.port());
  ASSERT_TRUE(large.say(head(1'000'000) + std::string(150'000, 'x')));
  ASSERT_TRUE(small.say(head(60'000) + std::string(50'000, 'x')));
  EXPECT_TRUE(server.eventually([&] { return server->connections() == 3; }));
  server.settle();
  std::size_t said = 150'000;
  while (said < 600'000 && large.say(std::string(10'000, 'x'))) said += 10'000;
  EXPECT_THAT(large.readToEnd(), StartsWith("HTTP/1.1 503 "));
  ASSERT_TRUE(small.say(std::string(10'000, 'x')));
  EXPECT_EQ(small.readAnswer().status, 200);
  ASSERT_TRUE(whole.say(head(290'000) + std::string(290'000, 'x')));  // there is room again
  EXPECT_EQ(whole.readAnswer().status, 200);
}

TEST(Server, O04_LetsASmallBodyInByRefusingALargeOne) {
  ServerOptions options;
  options.maxBodies = 300'000;
  TestServer server(options);
  RawConnection large(server.port());
  ASSERT_TRUE(large.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(200'000, 'x')));
  std::vector<std::unique_ptr<RawConnection>> others;
  for (int i = 0; i < 30; ++i) {
    others.push_back(std::make_unique<RawConnection>(server.port()));
    ASSERT_TRUE(
        others.back()->say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000\r\n\r\n" + std::string(7999, 'x')));
  }
  EXPECT_THAT(large.readToEnd(), StartsWith("HTTP/1.1 503 "));
  for (auto& other : others) {
    ASSERT_TRUE(other->say("x"));
    EXPECT_EQ(other->readAnswer().status, 200);
  }
}

TEST(Server, O04_RefusesLargeAnswersWhenTooManyAreNotTaken) {
  constexpr std::size_t kLarge = 32u << 20;
  ServerOptions options;
  options.maxAnswers = 3 * kLarge;
  TestServer server(options, [](const http::Request&, http::Response& response) { response.body.assign(kLarge, 'x'); });
  std::vector<std::unique_ptr<RawConnection>> lazy;
  auto next = [&] {
    lazy.push_back(std::make_unique<RawConnection>(server.port(), 4096));
    EXPECT_TRUE(lazy.back()->say(kGet));
    return lazy.back()->readUntil("\r\n\r\n");
  };
  for (int i = 0; i < 3; ++i) EXPECT_THAT(next(), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(next(), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Connection: close")));
  lazy.front()->reset();
  EXPECT_TRUE(server.eventually([&] { return next().starts_with("HTTP/1.1 200 OK"); }));
}

TEST(Server, DoesNotShareItsPortUnasked) {
  TestServer server;
  ServerOptions options;
  options.port = server.port();
  support::FunctionHandler handler(echo);
  EXPECT_FALSE(Server::start(options, [&](int) -> http::Handler& { return handler; }));
}

TEST(Server, O06_DrainsWithoutCuttingAnybodyOff) {
  Parking parking;
  ServerOptions options;
  options.idleTimeout = milliseconds(20);  // which draining doesn't lengthen
  TestServer server(options, parking);
  RawConnection busy(server.port()), idle(server.port());
  ASSERT_TRUE(busy.say(kGet));
  auto waiter = parking.next();
  server->drain();
  server.settle();
  server->post(0, [waiter] { waiter.resume(); });
  http::Response response = busy.readAnswer();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Connection"), "close");
  EXPECT_TRUE(busy.isAtEnd());
  EXPECT_TRUE(idle.isAtEnd());
  RawConnection late(server.port());
  ASSERT_TRUE(late.say(kGet));
  server->post(0, [next = parking.next()] { next.resume(); });
  EXPECT_THAT(late.readToEnd(), AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("Connection: close\r\n")));
}

TEST(Server, O07_KeepsIdleConnectionsWhileDrainingSinceARequestMayBeOnItsWay) {
  TestServer server;
  RawConnection idle(server.port());
  ASSERT_TRUE(isAnswered(idle));
  const std::uint64_t heard = server->heard();
  server->drain();
  server.settle();
  EXPECT_EQ(server->connections(), 1u);
  EXPECT_EQ(server->heard(), heard);
  ASSERT_TRUE(idle.say(kGet));
  EXPECT_THAT(idle.readToEnd(), AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("Connection: close\r\n")));
  EXPECT_GT(server->heard(), heard);
}

TEST(Server, RunsEachTaskOnTheLoopItIsFor) {
  ServerOptions options;
  options.loops = 2;
  TestServer server(options);
  ASSERT_EQ(server->loops(), 2);
  std::promise<std::thread::id> ran[3];
  for (int i = 0; i < 3; ++i) server->post(i % 2, [&own = ran[i]] { own.set_value(std::this_thread::get_id()); });
  std::thread::id first = ran[0].get_future().get(), second = ran[1].get_future().get();
  EXPECT_NE(first, second);
  EXPECT_EQ(ran[2].get_future().get(), first);
}

TEST(Server, GivesEachLoopItsHandler) {
  support::FunctionHandler handler(echo);
  std::vector<int> asked;
  ServerOptions options;
  options.loops = 3;
  auto server = Server::start(options, [&](int loop) -> http::Handler& {
    asked.push_back(loop);
    return handler;
  });
  ASSERT_TRUE(server);
  EXPECT_THAT(asked, testing::ElementsAre(0, 1, 2));
  for (int i = 0; i < 20; ++i) {
    RawConnection client((*server)->port());
    ASSERT_TRUE(client.say(kGet));
    EXPECT_EQ(client.readAnswer().status, 200);
  }
}

TEST(Server, ListensOnBothFamilies) {
  ServerOptions options;
  options.address = "::";
  TestServer server(options);
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(kGet));
  EXPECT_EQ(client.readAnswer().status, 200);
}

TEST(Server, SaysWhyItCanNotStart) {
  struct Case {
    std::string what;
    ServerOptions options;
    std::string why;
  };
  TestServer other;
  Case taken{"port", {}, "Address already in use"}, name{"address", {}, "listening on 192.0.2.1:0: Cannot assign"},
      version{"TLS 1.1", withTls(), "TLS 1.1 is no minimum version"}, key{"key", withTls(), "does not belong"},
      half{"no key", withTls(), "not an unencrypted PEM key"}, suites{"suites", withTls(), "\"NOPE\" are not known"},
      loops{"loops", {}, "at least one loop"};
  taken.options.port = other.port();
  name.options.address = "192.0.2.1";
  version.options.minTlsVersion = "1.1";
  key.options.keyPem = TestCertificates::get().authority.keyPem;
  half.options.keyPem = "";
  suites.options.cipherSuites = "NOPE";
  loops.options.loops = 0;
  support::FunctionHandler handler(echo);
  for (const Case& c : {taken, name, version, key, half, suites, loops}) {
    auto server = Server::start(c.options, [&](int) -> http::Handler& { return handler; });
    ASSERT_FALSE(server) << c.what;
    EXPECT_THAT(server.error().message, HasSubstr(c.why)) << c.what;
  }
}

}  // namespace
}  // namespace io
