#include "cluster/service_account_keys.h"

#include <gmock/gmock.h>

namespace cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kHead = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command:\n";
const std::string kServer = kHead +
                            "    - kube-apiserver\n    - --service-account-key-file=/pki/sa.pub  # the first\n"
                            "    - --service-account-signing-key-file=/pki/sa.key\n    name: kube-apiserver\n";
const std::string kController = kHead +
                                "    - kube-controller-manager\n    - --service-account-private-key-file\n"
                                "    - /pki/sa.key\n    name: kube-controller-manager\n";

TEST(ServiceAccountKeys, AreAddedAfterTheOthersAndTakenAwayAgain) {
  const std::string added = *addVerifyingKey(kServer, "/pki/new.pub");
  EXPECT_THAT(readServiceAccountKeys(added)->verifying, ElementsAre("/pki/sa.pub", "/pki/new.pub"));
  EXPECT_EQ(*addVerifyingKey(added, "/pki/new.pub"), added);
  EXPECT_EQ(*removeVerifyingKey(added, "/pki/new.pub"), kServer);
  EXPECT_EQ(*removeVerifyingKey(kServer, "/pki/new.pub"), kServer);
  EXPECT_THAT(readServiceAccountKeys(*removeVerifyingKey(added, "/pki/sa.pub"))->verifying,
              ElementsAre("/pki/new.pub"));
  EXPECT_THAT(removeVerifyingKey(kServer, "/pki/sa.pub").error().message, HasSubstr("the only key"));
}

TEST(ServiceAccountKeys, TheSigningKeyIsReplacedAndNothingElse) {
  const std::string set = *setSigningKey(kServer, "/pki/new.key");
  EXPECT_EQ(readServiceAccountKeys(set)->signing, "/pki/new.key");
  EXPECT_EQ(*setSigningKey(set, "/pki/sa.key"), kServer);
  EXPECT_FALSE(setSigningKey(kServer + "    args: [--service-account-signing-key-file=x]\n", "/pki/new.key"));
}

TEST(ServiceAccountKeys, TheControllerManagersKeyIsReplacedWhereItHasOne) {
  EXPECT_THAT(*setControllerKey(kController, "/pki/new.key"), HasSubstr("private-key-file\n    - /pki/new.key\n"));
  const std::string none = kHead + "    - kube-controller-manager\n    name: kube-controller-manager\n";
  EXPECT_EQ(*setControllerKey(none, "/pki/new.key"), none);
  EXPECT_FALSE(setControllerKey(kServer, "/pki/new.key"));
}

}  // namespace
}  // namespace cluster
