#include "io/client.h"

#include <gmock/gmock.h>

#include <thread>

#include "crypto/digest.h"
#include "io/certificates.h"
#include "io/server.h"
#include "io/wire.h"
#include "support/served.h"
#include "text/encoding.h"

namespace io {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

// Answers with what it was asked.
support::FunctionHandler::Function echo = [](const http::Request& request, http::Response& response) {
  if (request.path() == "/missing") response.status = 404;
  response.headers.add("X-Asked",
                       request.method + " " + request.target + " " + std::string(request.headers.get("Host")));
  response.body = request.body;
};

struct Site {
  explicit Site(bool tls = false, support::FunctionHandler::Function function = echo) : handler(std::move(function)) {
    if (tls) {
      options.certificatePem = TestCertificates::get().leaf.certificatePem;
      options.keyPem = TestCertificates::get().leaf.keyPem;
    }
    server = Server::start(options, [this](int) -> http::Handler& { return handler; }).value();
    origin = std::string(tls ? "https" : "http") + "://127.0.0.1:" + std::to_string(server->port());
  }
  support::FunctionHandler handler;
  ServerOptions options;
  std::unique_ptr<Server> server;
  std::string origin;
};

ClientOptions trusting() {
  ClientOptions options;
  options.tls.rootsPem = TestCertificates::get().authority.certificatePem;
  return options;
}

http::Request post(const std::string& origin, std::string body) {
  http::Request request{"POST", origin, "/path?a=b"};
  request.body = std::move(body);
  if (!request.body.empty()) request.headers.add("Content-Length", std::to_string(request.body.size()));
  return request;
}

TEST(Client, SendsAndReceivesOverPlainTcp) {
  Site site;
  auto client = newClient({});
  auto response = client->send(post(site.origin, "hello"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.get("x-asked"), "POST /path?a=b 127.0.0.1:" + std::to_string(site.server->port()));
}

TEST(Client, SendsAndReceivesOverTlsAndKeepsTheConnection) {
  Site site(true);
  auto client = newClient(trusting());
  for (int i = 0; i < 5; ++i) {
    auto response = client->send(post(site.origin, "number " + std::to_string(i)));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "number " + std::to_string(i));
  }
  EXPECT_EQ(site.server->connections(), 1u);
}

TEST(Client, MovesMegabytesBothWays) {
  Site site(true);
  auto client = newClient(trusting());
  std::string body(3u << 20, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = char('a' + i % 26);
  auto response = client->send(post(site.origin, body));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, body);
}

TEST(Client, GivesAnErrorStatusAsAResponse) {
  Site site;
  auto response = newClient({})->send({"GET", site.origin, "/missing"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 404);
}

TEST(Client, StreamsA2xxBodyAndGivesOthersWhole) {
  Site site;
  auto client = newClient({});
  std::string pieces;
  auto sink = [&](std::string_view piece) {
    pieces += piece;
    return true;
  };
  auto response = client->stream(post(site.origin, "streamed"), sink);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(pieces, "streamed");
  EXPECT_EQ(response->body, "");
  http::Request missing = post(site.origin, "not streamed");
  missing.target = "/missing";
  EXPECT_EQ(client->stream(missing, sink)->body, "not streamed");
  EXPECT_EQ(pieces, "streamed");
}

TEST(Client, SaysThatNobodyListens) {
  std::string origin;
  {
    Site site;
    origin = site.origin;
  }
  auto response = newClient({})->send({"GET", origin, "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, base::ErrorKind::Unavailable);
  EXPECT_THAT(response.error().message,
              AllOf(HasSubstr(origin), HasSubstr("connecting"), HasSubstr("Connection refused")));
}

TEST(Client, DoesNotTrustAnUnknownAuthority) {
  Site site(true);
  base::Time now = SystemClock().now();
  ClientOptions options;
  options.tls.rootsPem =
      crypto::makeAuthority("another", {now, now + std::chrono::hours(1)}, kernelRandom())->certificatePem;
  auto response = newClient(options)->send({"GET", site.origin, "/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, base::ErrorKind::Denied);
  EXPECT_THAT(response.error().message, HasSubstr("not trusted"));
  EXPECT_THAT(response.error().hint, HasSubstr("caFile"));
}

std::string thumbprintOf(const crypto::CertifiedKey& key) {
  return text::hex(crypto::sha1(crypto::certificatesFromPem(key.certificatePem)->front().der));
}

TEST(Client, BelievesTheEndOfAChainByItsThumbprint) {
  Site site(true);
  const auto& [authority, leaf] = TestCertificates::get();
  ASSERT_TRUE(site.server->replaceCertificate(leaf.certificatePem + authority.certificatePem, leaf.keyPem));
  base::Time now = SystemClock().now();
  ClientOptions options;
  options.tls.rootsPem =
      crypto::makeAuthority("another", {now, now + std::chrono::hours(1)}, kernelRandom())->certificatePem;
  auto client = newClient(options);
  http::Request request{"GET", site.origin, "/"};
  request.thumbprints = {std::string(40, 'a'), thumbprintOf(authority)};
  EXPECT_TRUE(client->send(request));
  request.thumbprints = {thumbprintOf(leaf)};  // is not the end
  EXPECT_EQ(client->send(request).error().kind, base::ErrorKind::Denied);
  request.thumbprints.clear();
  EXPECT_EQ(client->send(request).error().kind, base::ErrorKind::Denied);

  auto elsewhere = TestCertificates::leafFor(authority, {"elsewhere.example"});
  ASSERT_TRUE(site.server->replaceCertificate(elsewhere.certificatePem + authority.certificatePem, elsewhere.keyPem));
  request.thumbprints = {thumbprintOf(authority)};
  EXPECT_THAT(client->send(request).error().message, HasSubstr("not for 127.0.0.1"));
}

struct BadLeaf {
  std::vector<std::string> names;
  std::chrono::hours from, to;
  std::string why;
};

TEST(Client, NamesWhatIsWrongWithACertificate) {
  using std::chrono::hours;
  for (const BadLeaf& bad :
       {BadLeaf{{"elsewhere.example"}, hours(-1), hours(1), "not for 127.0.0.1 but for elsewhere.example"},
        BadLeaf{{"127.0.0.1"}, hours(-3), hours(-2), "certificate has expired"},
        BadLeaf{{"127.0.0.1"}, hours(2), hours(3), "certificate is not yet valid"}}) {
    Site site(true);
    auto leaf = TestCertificates::leafFor(TestCertificates::get().authority, bad.names, bad.from, bad.to);
    ASSERT_TRUE(site.server->replaceCertificate(leaf.certificatePem, leaf.keyPem));
    auto response = newClient(trusting())->send({"GET", site.origin, "/"});
    ASSERT_FALSE(response) << bad.why;
    EXPECT_EQ(response.error().kind, base::ErrorKind::Denied);
    EXPECT_THAT(response.error().message, HasSubstr(bad.why));
  }
}

TEST(Client, VerifiesTheNameItIsToldTo) {
  Site site(true);
  auto leaf = TestCertificates::leafFor(TestCertificates::get().authority, {"kubernetes.default.svc"});
  ASSERT_TRUE(site.server->replaceCertificate(leaf.certificatePem, leaf.keyPem));
  ClientOptions options = trusting();
  options.tls.serverName = "kubernetes.default.svc";
  EXPECT_TRUE(newClient(options)->send({"GET", site.origin, "/"}));
}

TEST(Client, RefusesAnAnswerOverItsCap) {
  Site site;
  ClientOptions options;
  options.maxBody = 100;
  auto response = newClient(options)->send(post(site.origin, std::string(101, 'x')));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, base::ErrorKind::Unavailable);
}

TEST(Client, GivesUpOnASilentServerInTime) {
  struct Silent final : http::Handler {
    http::Answer handle(const http::Request&, http::Response&) override { co_await std::suspend_always(); }
  } silent;
  auto server = Server::start({}, [&](int) -> http::Handler& { return silent; }).value();
  ClientOptions options;
  options.answerTimeout = milliseconds(30);
  auto response = newClient(options)->send({"GET", "http://127.0.0.1:" + std::to_string(server->port()), "/"});
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("no answer in time"));
}

TEST(Client, TriesAgainOnAConnectionThatWasClosedWhileItIdled) {
  Site site;
  auto client = newClient({});
  ASSERT_TRUE(client->send({"GET", site.origin, "/"}));
  std::uint16_t port = site.server->port();
  site.server->stop();
  ServerOptions again;
  again.port = port;
  auto server = Server::start(again, [&](int) -> http::Handler& { return site.handler; });
  ASSERT_TRUE(server) << server.error().message;
  auto response = client->send({"GET", site.origin, "/"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

TEST(Client, AsksAboutEachAddressAfterTheNameWasLookedUp) {
  int asked = 0;
  Site site(false, [&](const http::Request&, http::Response&) { ++asked; });
  std::vector<std::string> addresses;
  ClientOptions options;
  options.mayConnect = [&](std::string_view address) {
    addresses.emplace_back(address);
    return false;
  };
  auto client = newClient(options);
  const std::string byName = "http://localhost:" + std::to_string(site.server->port());
  for (const std::string& origin : {byName, site.origin}) {
    auto response = client->send(post(origin, ""));
    ASSERT_FALSE(response);
    EXPECT_THAT(response.error().message, HasSubstr("this address is not allowed"));
  }
  EXPECT_EQ(asked, 0);
  EXPECT_THAT(addresses, testing::Contains("127.0.0.1"));
  EXPECT_THAT(addresses, testing::Not(testing::Contains("localhost")));
  options.mayConnect = [](std::string_view address) { return address == "127.0.0.1"; };
  EXPECT_TRUE(newClient(options)->send(post(byName, "")));
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace io
