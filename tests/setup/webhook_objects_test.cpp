#include "setup/webhook_objects.h"

#include <gmock/gmock.h>

#include "base/time.h"
#include "setup/two_worlds.h"

namespace setup {
namespace {

using text::Json;

const base::Time kNow = base::fromUnixSeconds(1795521600);

TEST(WebhookObjects, TheCertificateServesEveryNameOfTheService) {
  auto made = makeServingCertificate("irsa-system", kNow, seededBytes());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(isGood(*made, "irsa-system", kNow));
  EXPECT_FALSE(isGood(*made, "elsewhere", kNow));
  EXPECT_TRUE(isGood(*made, "irsa-system", kNow + std::chrono::hours(24 * 480)));
  EXPECT_FALSE(isGood(*made, "irsa-system", kNow + std::chrono::hours(24 * 500)));
}

TEST(WebhookObjects, AForeignKeyOrAuthorityIsNoGoodCertificate) {
  auto one = makeServingCertificate("irsa-system", kNow, seededBytes());
  auto other = makeServingCertificate("irsa-system", kNow, seededBytes());
  ASSERT_TRUE(one && other);
  EXPECT_FALSE(isGood({one->authorityPem, one->leafPem, other->keyPem}, "irsa-system", kNow));
  EXPECT_FALSE(isGood({other->authorityPem, one->leafPem, one->keyPem}, "irsa-system", kNow));
  EXPECT_FALSE(isGood({}, "irsa-system", kNow));
}

TEST(WebhookObjects, TheSecretGivesBackWhatWasPutIn) {
  auto made = makeServingCertificate("irsa-system", kNow, seededBytes());
  ASSERT_TRUE(made);
  for (const KubernetesObject& object : webhookObjects({.name = "a"}, *made)) {
    if (object.path != webhookSecretPath("irsa-system")) continue;
    ServingCertificate read = servingCertificateIn(object.object);
    EXPECT_EQ(read.authorityPem, made->authorityPem);
    EXPECT_EQ(read.leafPem, made->leafPem);
    EXPECT_EQ(read.keyPem, made->keyPem);
    return;
  }
  FAIL() << "there is no Secret";
}

TEST(WebhookObjects, EveryObjectCarriesOurLabelsAndItsOwnPath) {
  for (const KubernetesObject& object : webhookObjects({.name = "edge"}, {})) {
    SCOPED_TRACE(object.target);
    const Json& metadata = object.object["metadata"];
    EXPECT_EQ(metadata["labels"]["app.kubernetes.io/managed-by"], "irsa");
    EXPECT_EQ(metadata["labels"]["irsa-anywhere/name"], "edge");
    EXPECT_TRUE(object.path.ends_with("/" + metadata["name"].get<std::string>()));
    bool isInNamespace = object.path.find("/namespaces/irsa-system/") != std::string::npos;
    EXPECT_EQ(metadata.contains("namespace"), isInNamespace);
  }
}

TEST(WebhookObjects, ThePodObeysTheRestrictedPodSecurityStandard) {
  for (const KubernetesObject& object : webhookObjects({.name = "edge"}, {})) {
    if (object.object["kind"] != "Deployment") continue;
    const Json& pod = object.object["spec"]["template"]["spec"];
    EXPECT_EQ(pod["securityContext"]["runAsNonRoot"], true);
    EXPECT_EQ(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    const Json& container = pod["containers"][0];
    EXPECT_EQ(container["securityContext"]["allowPrivilegeEscalation"], false);
    EXPECT_EQ(container["securityContext"]["capabilities"]["drop"], Json::array({"ALL"}));
    EXPECT_TRUE(pod["volumes"].is_array());
    EXPECT_EQ(pod["volumes"].size(), 2u);
    EXPECT_TRUE(container["volumeMounts"][0].is_object());
    return;
  }
  FAIL() << "there is no Deployment";
}

TEST(WebhookObjects, FieldsThatTheApiServerAddsAreNoDrift) {
  Json wanted = Json::parse(R"({"a":{"b":[{"c":1}]},"d":"x"})");
  EXPECT_TRUE(holds(Json::parse(R"({"a":{"b":[{"c":1,"extra":2}],"more":0},"d":"x","e":[]})"), wanted));
  EXPECT_FALSE(holds(Json::parse(R"({"a":{"b":[{"c":2}]},"d":"x"})"), wanted));
  EXPECT_FALSE(holds(Json::parse(R"({"a":{"b":[{"c":1},{"c":1}]},"d":"x"})"), wanted));
  EXPECT_FALSE(holds(Json::parse(R"({"a":{"b":[{"c":1}]}})"), wanted));
  EXPECT_FALSE(holds(Json(nullptr), wanted));
}

}  // namespace
}  // namespace setup
