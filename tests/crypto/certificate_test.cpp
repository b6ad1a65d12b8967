#include "crypto/certificate.h"

#include <gmock/gmock.h>

#include "base/time.h"
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

}  // namespace
}  // namespace crypto
