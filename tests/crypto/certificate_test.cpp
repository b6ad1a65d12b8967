#include "crypto/certificate.h"

#include <gmock/gmock.h>

#include "base/time.h"
#include "support/seeded.h"
#include "text/encoding.h"

namespace crypto {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const base::Time kNow = base::fromUnixSeconds(1795521600);  // 2026-11-24T12:00:00Z
const Validity kYear{kNow - hours(1), kNow + hours(24 * 365)};

base::RandomBytes counting() {
  return [next = 0](std::size_t count) mutable { return std::string(count, char(++next)); };
}

base::RandomBytes allOnes() {
  return [](std::size_t count) { return std::string(count, '\xff'); };
}

const CertifiedKey& authority() {
  static const CertifiedKey made = makeAuthority("irsa-webhook CA", kYear, counting()).value();
  return made;
}

CertifiedKey leafFor(const std::vector<std::string>& names, Validity validity = kYear) {
  return makeServerLeaf(authority(), names, validity, counting()).value();
}

Certificate described(const std::string& pem) { return certificatesFromPem(pem).value().front(); }

TEST(Authority, SignsItselfAndNothingBelowItsLeaves) {
  Certificate root = described(authority().certificatePem);
  EXPECT_TRUE(root.isAuthority);
  EXPECT_EQ(root.subject, "CN=irsa-webhook CA");
  EXPECT_EQ(root.issuer, root.subject);
  EXPECT_EQ(root.notBefore, kYear.notBefore);
  EXPECT_EQ(root.notAfter, kYear.notAfter);
  EXPECT_THAT(root.names, IsEmpty());
}

TEST(Authority, TakesItsSerialFromTheGivenRandomness) {
  EXPECT_EQ(described(authority().certificatePem).serial, "41" + std::string("010101010101010101010101010101"));
  auto other = makeAuthority("CA", kYear, allOnes()).value();
  EXPECT_EQ(described(other.certificatePem).serial, "7f" + std::string(30, 'f')) << "positive, 16 bytes";
}

TEST(Authority, NeedsANameAndAnEndAfterItsBeginning) {
  EXPECT_FALSE(makeAuthority("", kYear, counting()));
  EXPECT_FALSE(makeAuthority(std::string(65, 'x'), kYear, counting()));
  EXPECT_FALSE(makeAuthority("CA", {kNow, kNow}, counting()));
}

TEST(ServerLeaf, CarriesHostNamesAndAddresses) {
  auto leaf = leafFor({"irsa-webhook.irsa-system.svc", "*.example.com", "192.0.2.7", "2001:db8::1:0:0:1", "::1", "::"});
  Certificate read = described(leaf.certificatePem);
  EXPECT_THAT(read.names, ElementsAre("irsa-webhook.irsa-system.svc", "*.example.com", "192.0.2.7", "2001:db8::1:0:0:1",
                                      "::1", "::"));
  EXPECT_EQ(read.subject, "");
  EXPECT_EQ(read.issuer, "CN=irsa-webhook CA");
  EXPECT_FALSE(read.isAuthority);
  EXPECT_TRUE(SigningKey::fromPem(leaf.keyPem));
}

TEST(ServerLeaf, RefusesNamesThatAreNone) {
  for (const char* name : {"", "a b", "a,DNS:evil.example.com", "a..b", ".a", "a.", "https://a", "*.*.a", "a\nb"})
    EXPECT_FALSE(makeServerLeaf(authority(), {name}, kYear, counting())) << name;
  EXPECT_FALSE(makeServerLeaf(authority(), {}, kYear, counting()));
}

TEST(ServerLeaf, NeedsTheAuthoritysOwnKey) {
  auto other = makeAuthority("other", kYear, counting()).value();
  EXPECT_FALSE(makeServerLeaf({authority().certificatePem, other.keyPem}, {"a"}, kYear, counting()));
}

TEST(VerifyServer, AcceptsALeafOfTheAuthority) {
  auto leaf = leafFor({"webhook.default.svc", "127.0.0.1", "*.example.com"});
  for (const char* name : {"webhook.default.svc", "WEBHOOK.default.svc", "127.0.0.1", "a.example.com"}) {
    auto verified = verifyServer(leaf.certificatePem, authority().certificatePem, name, kNow);
    EXPECT_TRUE(verified) << name << ": " << verified.error().message;
  }
}

TEST(VerifyServer, SaysWhyNot) {
  auto leaf = leafFor({"webhook.default.svc"}).certificatePem;
  auto stranger = makeAuthority("irsa-webhook CA", kYear, counting()).value().certificatePem;
  const std::tuple<std::string, std::string, base::Time, const char*> cases[] = {
      {authority().certificatePem, "other.default.svc", kNow, "hostname mismatch"},
      {authority().certificatePem, "192.0.2.1", kNow, "IP address mismatch"},
      {authority().certificatePem, "webhook.default.svc", kYear.notAfter + hours(1), "expired"},
      {authority().certificatePem, "webhook.default.svc", kYear.notBefore - hours(1), "not yet valid"},
      {stranger, "webhook.default.svc", kNow, "unable to get local issuer certificate"},
  };
  for (const auto& [roots, name, now, reason] : cases) {
    auto verified = verifyServer(leaf, roots, name, now);
    ASSERT_FALSE(verified) << reason;
    EXPECT_EQ(verified.error().kind, base::ErrorKind::Denied);
    EXPECT_THAT(verified.error().message, HasSubstr(reason));
    EXPECT_THAT(verified.error().message, HasSubstr("webhook.default.svc"));
  }
}

TEST(VerifyServer, TakesNoCommonNameForAName) {
  EXPECT_FALSE(verifyServer(authority().certificatePem, authority().certificatePem, "irsa-webhook CA", kNow));
}

TEST(VerifyServer, NeedsCertificatesOnBothSides) {
  auto leaf = leafFor({"a"}).certificatePem;
  EXPECT_FALSE(verifyServer("", authority().certificatePem, "a", kNow));
  EXPECT_FALSE(verifyServer(leaf, "", "a", kNow));
  EXPECT_TRUE(verifyServer(leaf, leafFor({"b"}).certificatePem + authority().certificatePem, "a", kNow));
}

TEST(Certificates, AreReadFromABundleThatHoldsOtherThingsToo) {
  auto leaf = leafFor({"a"});
  auto read = certificatesFromPem(leaf.keyPem + leaf.certificatePem + "text\n" + authority().certificatePem);
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, SizeIs(2));
  EXPECT_FALSE(certificatesFromPem(""));
  EXPECT_FALSE(certificatesFromPem(leaf.keyPem));
  EXPECT_FALSE(certificatesFromPem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

TEST(SelfSigned, HoldsTheKeyItIsMadeFor) {
  auto key = SigningKey::generateEc("P-256").value();
  auto der = selfSignedDer(key, "sts", kYear);
  ASSERT_TRUE(der);
  std::string pem = "-----BEGIN CERTIFICATE-----\n" + text::base64(*der) + "\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(PublicKey::fromPem(pem)->spki(), key.publicKey().spki());
  Certificate read = described(pem);
  EXPECT_EQ(read.subject, "CN=sts");
  EXPECT_EQ(read.der, *der);
}

TEST(SelfSigned, OrByAKeyThatNobodyKeepsWhereOnlyThePublicHalfIsThere) {
  auto key = SigningKey::generateEc("P-384").value().publicKey();
  auto first = certifiedDer(key, "sts", kYear), second = certifiedDer(key, "sts", kYear);
  ASSERT_TRUE(first && second);
  std::string pem = "-----BEGIN CERTIFICATE-----\n" + text::base64(*first) + "\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(PublicKey::fromPem(pem)->spki(), key.spki());
  EXPECT_FALSE(described(pem).isAuthority);
  EXPECT_NE(*first, *second);
  EXPECT_FALSE(certifiedDer(key, "", kYear));
}

TEST(CheckServerLeaf, C05_WantsNamesAndWhatClientsOfTodayAccept) {
  EXPECT_TRUE(checkServerLeaf(leafFor({"a.svc"}).certificatePem));
  EXPECT_FALSE(checkServerLeaf(""));
  EXPECT_THAT(checkServerLeaf(authority().certificatePem).error().message, HasSubstr("no subject alternative names"));
}

// Every cut and many wounds: read, or refused with a reason; never anything else.
TEST(Pem, J06_IsReadOrRefusedHoweverItIsWounded) {
  const CertifiedKey leaf = leafFor({"a.svc", "127.0.0.1"});
  support::Seeded random(20261124);
  auto look = [](const std::string& text) {
    auto certificates = certificatesFromPem(text);
    EXPECT_TRUE(certificates || !certificates.error().message.empty());
    auto key = SigningKey::fromPem(text);
    EXPECT_TRUE(key || !key.error().message.empty());
    auto publicKey = PublicKey::fromPem(text);
    EXPECT_TRUE(publicKey || !publicKey.error().message.empty());
  };
  for (const std::string& good : {leaf.certificatePem, leaf.keyPem, leaf.certificatePem + leaf.keyPem}) {
    for (std::size_t cut = 0; cut < good.size(); cut += 7) look(good.substr(0, cut));
    for (int i = 0; i < 1000; ++i) look(random.mutated(good, "-ABMI=\n"));
  }
  // DER within PEM: lengths that lie, nesting without end, numbers without end.
  for (const std::string& der :
       {std::string("\x30\x80\x00\x00", 4), std::string("\x30\x84\xff\xff\xff\xff", 6), std::string(20'000, '\x30'),
        "\x02\x83\x01\x00\x00" + std::string(65'536, '\x7f'), std::string("\x30\x00\x30\x00", 4)})
    for (const char* kind :
         {"CERTIFICATE", "PRIVATE KEY", "PUBLIC KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"})
      look(std::string("-----BEGIN ") + kind + "-----\n" + text::base64(der) + "\n-----END " + kind + "-----\n");
}

}  // namespace
}  // namespace crypto
