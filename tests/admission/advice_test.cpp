#include "admission/advice.h"

#include <gmock/gmock.h>

namespace {

using admission::adviceOnAccount;
using admission::adviceOnPod;
using admission::mayConcernUs;
using admission::Settings;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Advice, NamesTheAnnotationOfAnAccountThatWasMeant) {
  for (const char* key : {"eks.amazonaws.com/role_arn", "eks.amazonaws.com/roleArn", "eks.amazonaws.com/role-arm",
                          "eks.amazonaws.com/role", "eks.amazonaws.com/iam-role", "eks.amazon.com/role-arn",
                          "eks.amazonaws.co/role-arn", "eks.amazonws.com/role-arn"}) {
    EXPECT_THAT(adviceOnAccount(key, {}), HasSubstr("did you mean eks.amazonaws.com/role-arn?")) << key;
    EXPECT_TRUE(mayConcernUs(key, {})) << key;
  }
  EXPECT_THAT(adviceOnAccount("eks.amazonaws.com/sts-regional-endpoint", {}), HasSubstr("sts-regional-endpoints?"));
  EXPECT_THAT(adviceOnAccount("eks.amazonaws.com/tokenExpiration", {}), HasSubstr("token-expiration?"));
}

TEST(Advice, SaysNothingOfWhatIsRightOrSomebodyElses) {
  for (const char* key :
       {"eks.amazonaws.com/role-arn", "eks.amazonaws.com/audience", "eks.amazonaws.com/token-expiration",
        "eks.amazonaws.com/sts-regional-endpoints", "meta.helm.sh/release-name", "role-arn",
        "kubectl.kubernetes.io/last-applied-configuration", "iam.gke.io/gcp-service-account",
        "eks.amazonaws.com/compute-type", "eks.amazon.com/nodegroup"})
    EXPECT_THAT(adviceOnAccount(key, {}), IsEmpty()) << key;
  EXPECT_FALSE(mayConcernUs("meta.helm.sh/release-name", {}));
  EXPECT_FALSE(mayConcernUs("kubectl.kubernetes.io/last-applied-configuration", {}));
}

TEST(Advice, SaysOnWhichObjectAnAnnotationBelongs) {
  EXPECT_THAT(adviceOnAccount("eks.amazonaws.com/skip-containers", {}), HasSubstr("belongs on the pod"));
  EXPECT_THAT(adviceOnPod("role-arn", {}), HasSubstr("belongs on the service account"));
  EXPECT_THAT(adviceOnPod("audience", {}), HasSubstr("belongs on the service account"));
  EXPECT_THAT(adviceOnPod("skip_containers", {}), HasSubstr("did you mean"));
  EXPECT_THAT(adviceOnPod("role_arn", {}), HasSubstr("service account"));
  EXPECT_THAT(adviceOnPod("skip-containers", {}), IsEmpty());
  EXPECT_THAT(adviceOnPod("something-of-aws", {}), IsEmpty());
}

TEST(Advice, KnowsThePrefixThatWasAskedFor) {
  Settings settings;
  settings.annotationPrefix = "irsa.example.org";
  EXPECT_THAT(adviceOnAccount("irsa.example.org/role-arn", settings), IsEmpty());
  EXPECT_THAT(adviceOnAccount("irsa.example.com/role-arn", settings), HasSubstr("irsa.example.org/role-arn"));
  EXPECT_THAT(adviceOnAccount("eks.amazonaws.com/role-arn", settings), HasSubstr("irsa.example.org/role-arn"));
}

}  // namespace
