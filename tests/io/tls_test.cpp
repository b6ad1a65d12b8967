#include "io/tls.h"

#include <gmock/gmock.h>

#include "io/raw_connection.h"
#include "io/site.h"
#include "io/wire.h"

namespace io {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(20); }

// A client's side of one TLS connection; `context` may have been made stranger than io's own.
struct Caller {
  Caller(std::uint16_t port, const TlsContext& context) : wire(Wire::connect("127.0.0.1", port, soon()).value()) {
    auto shaken = wire->startTls(context, "127.0.0.1", true, soon());
    if (!shaken) trouble = shaken.error().message;
  }
  // The start of the answer, or why there is none.
  std::string ask() {
    if (!trouble.empty()) return trouble;
    auto written = wire->write(kGet, soon());
    if (!written) return written.error().message;
    auto answer = wire->read(soon());
    return answer ? std::string(*answer) : answer.error().message;
  }
  std::unique_ptr<Wire> wire;
  std::string trouble;
};

TlsContext contextFor(const crypto::CertifiedKey& authority = TestCertificates::get().authority) {
  return newClientContext(trusting(authority), "").value();
}

TEST(Tls, H08_RefusesVersionsBefore12) {
  TestServer server(withTls());
  TlsContext context = contextFor();
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  EXPECT_THAT(Caller(server.port(), context).ask(), HasSubstr("protocol version"));
  EXPECT_TRUE(server.becomesEmpty());
}

TEST(Tls, C01_RefusesEveryConnectionUntilThereIsACertificate) {
  ServerOptions options;
  options.awaitsCertificate = true;
  TestServer server(options);
  EXPECT_FALSE(RawConnection(server.port()).isConnected());
  EXPECT_FALSE(server->replaceCertificate("nonsense", "nonsense"));
  EXPECT_FALSE(RawConnection(server.port()).isConnected());
  const crypto::CertifiedKey& leaf = TestCertificates::get().leaf;
  ASSERT_TRUE(server->replaceCertificate(leaf.certificatePem, leaf.keyPem));
  EXPECT_THAT(Caller(server.port(), contextFor()).ask(), StartsWith("HTTP/1.1 200"));
}

TEST(Tls, C01_ListensOnceNobodyElseDoesWhoWasThereBefore) {
  ServerOptions options;
  options.awaitsCertificate = true;
  auto other = std::make_unique<TestServer>(options);
  options.port = other->port();
  TestServer server(options);  // both are bound, and the first to listen has the port
  const crypto::CertifiedKey& leaf = TestCertificates::get().leaf;
  ASSERT_TRUE((*other)->replaceCertificate(leaf.certificatePem, leaf.keyPem));
  for (int i = 0; i < 2; ++i) {
    auto refused = server->replaceCertificate(leaf.certificatePem, leaf.keyPem);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "listening on port " + std::to_string(options.port) + ": Address already in use");
  }
  other.reset();
  ASSERT_TRUE(server->replaceCertificate(leaf.certificatePem, leaf.keyPem));
  EXPECT_THAT(Caller(server.port(), contextFor()).ask(), StartsWith("HTTP/1.1 200"));
}

TEST(Tls, Speaks12And13AndNo12WhenToldSo) {
  ServerOptions modern = withTls();
  modern.minTlsVersion = "1.3";
  TestServer both(withTls()), only13(modern);
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsContext context = contextFor();
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    EXPECT_THAT(Caller(both.port(), context).ask(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(Caller(only13.port(), context).ask(),
                version == TLS1_3_VERSION ? StartsWith("HTTP/1.1 200") : StartsWith("the TLS handshake: "));
  }
}

TEST(Tls, RefusesCipherSuitesThatWereNotChosen) {
  ServerOptions options = withTls();
  options.cipherSuites = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
  TestServer server(options);
  TlsContext context = contextFor();
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  EXPECT_THAT(Caller(server.port(), context).ask(), StartsWith("HTTP/1.1 200"));
  SSL_CTX_set_cipher_list(context.get(), "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256");
  EXPECT_THAT(Caller(server.port(), context).ask(), HasSubstr("handshake failure"));
}

TEST(Tls, H08_RefusesAClientThatOnlySpeaksHttp2) {
  TestServer server(withTls());
  TlsContext context = contextFor();
  const unsigned char both[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), both, 12);
  EXPECT_THAT(Caller(server.port(), context).ask(), StartsWith("HTTP/1.1 200"));
  SSL_CTX_set_alpn_protos(context.get(), both, 3);
  EXPECT_THAT(Caller(server.port(), context).ask(), HasSubstr("no application protocol"));
}

TEST(Tls, H08_AnswersPlainHttpInPlainWords) {
  TestServer server(withTls());
  RawConnection client(server.port());
  ASSERT_TRUE(client.say(kGet));
  http::Response response = client.readAnswer();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, "an HTTP request was sent to a port that is TLS.\n");
  EXPECT_TRUE(client.isAtEnd());
}

TEST(Tls, H08_ClosesOnGarbageAndOnAHandshakeThatStops) {
  ServerOptions options = withTls();
  options.handshakeTimeout = milliseconds(20);
  TestServer server(options);
  for (std::string said : {std::string(), std::string("\x16\x03\x01\x02", 4), std::string(4000, '\xff')}) {
    RawConnection client(server.port());
    client.say(said);
    client.readToEnd();
    EXPECT_TRUE(client.isAtEnd());
  }
  EXPECT_TRUE(server.becomesEmpty());
}

TEST(Tls, H08_SurvivesHandshakesThatBreakOff) {
  TestServer server(withTls());
  for (int i = 0; i < 50; ++i) {
    RawConnection client(server.port());
    client.say(std::string_view("\x16\x03\x01\x02\x00\x01", 6).substr(0, std::size_t(i % 7)));
    client.reset();
  }
  EXPECT_TRUE(server.becomesEmpty());
  EXPECT_THAT(Caller(server.port(), contextFor()).ask(), StartsWith("HTTP/1.1 200"));
}

TEST(Tls, ReplacesTheCertificateWhileConnectionsLive) {
  base::Time now = SystemClock().now();
  auto authority =
      crypto::makeAuthority("another", {now - std::chrono::hours(1), now + std::chrono::hours(1)}, kernelRandom())
          .value();
  auto leaf = TestCertificates::leafFor(authority, {"127.0.0.1"}, std::chrono::hours(-1), std::chrono::hours(1));
  TestServer server(withTls());
  Caller old(server.port(), contextFor());
  EXPECT_THAT(old.ask(), StartsWith("HTTP/1.1 200"));
  ASSERT_TRUE(server->replaceCertificate(leaf.certificatePem, leaf.keyPem));
  EXPECT_THAT(old.ask(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Caller(server.port(), contextFor(authority)).ask(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Caller(server.port(), contextFor()).ask(), HasSubstr("not trusted"));
}

TEST(Tls, C04_KeepsTheOldCertificateWhenTheNewOneIsBad) {
  TestServer server(withTls());
  const crypto::CertifiedKey &good = TestCertificates::get().leaf, &other = TestCertificates::get().authority;
  for (auto [certificate, key] :
       {std::pair{good.certificatePem, other.keyPem}, std::pair{std::string(), good.keyPem},
        std::pair{good.certificatePem.substr(0, 100), good.keyPem}, std::pair{good.certificatePem, std::string("x")}})
    EXPECT_FALSE(server->replaceCertificate(certificate, key));
  EXPECT_THAT(Caller(server.port(), contextFor()).ask(), StartsWith("HTTP/1.1 200"));
  TestServer plain;
  EXPECT_THAT(plain->replaceCertificate(good.certificatePem, good.keyPem).error().message, HasSubstr("plain HTTP"));
}

TEST(Tls, C02_SwapsCertificatesUnderLoad) {
  ServerOptions options = withTls();
  options.loops = 2;
  TestServer server(options);
  std::atomic<bool> stop = false;
  std::thread swapping([&] {
    const crypto::CertifiedKey& leaf = TestCertificates::get().leaf;
    while (!stop) EXPECT_TRUE(server->replaceCertificate(leaf.certificatePem, leaf.keyPem));
  });
  TlsContext context = contextFor();
  Caller kept(server.port(), context);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(kept.ask(), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(Caller(server.port(), context).ask(), StartsWith("HTTP/1.1 200"));
  }
  stop = true;
  swapping.join();
}

TEST(Tls, H08_RefusesRenegotiation) {
  TestServer server(withTls());
  TlsContext context = contextFor();
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_clear_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  RawConnection socket(server.port());
  std::unique_ptr<SSL, void (*)(SSL*)> tls(SSL_new(context.get()), SSL_free);
  SSL_set_fd(tls.get(), socket.number());
  ASSERT_EQ(SSL_connect(tls.get()), 1);
  ASSERT_EQ(SSL_renegotiate(tls.get()), 1);
  SSL_do_handshake(tls.get());
  char byte = 0;
  EXPECT_LE(SSL_read(tls.get(), &byte, 1), 0);
  EXPECT_THAT(takeTlsError(), HasSubstr("no renegotiation"));
}

}  // namespace
}  // namespace io
