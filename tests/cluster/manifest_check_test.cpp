#include "cluster/manifest_check.h"

#include <gmock/gmock.h>

namespace cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string manifest(const std::string& flags, const std::string& image = "a") {
  return "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    image: " + image +
         "\n    command:\n    - kube-apiserver\n" + flags;
}

const std::string kOne = "    - --secure-port=6443\n    - --service-account-issuer=https://old\n";
const std::string kTwo = "    - --secure-port=6443\n    - --service-account-issuer\n    - https://new\n";

TEST(ManifestCheck, FlagsThatMayDifferDoAndNothingElse) {
  EXPECT_TRUE(checkOnlyFlagsDiffer(manifest(kOne), manifest(kTwo), {"service-account-issuer"}));
  EXPECT_FALSE(checkOnlyFlagsDiffer(manifest(kOne), manifest(kTwo), {"api-audiences"}));
  EXPECT_FALSE(checkOnlyFlagsDiffer(manifest(kOne), manifest(kOne, "b"), {"service-account-issuer"}));
  EXPECT_FALSE(checkOnlyFlagsDiffer(manifest(kOne), "kind: Pod", {"service-account-issuer"}));
}

TEST(ManifestCheck, ArgumentsAreThoseOfTheProcess) {
  EXPECT_THAT(*argumentsOf(manifest(kTwo)),
              ElementsAre("kube-apiserver", "--secure-port=6443", "--service-account-issuer", "https://new"));
}

TEST(ManifestCheck, KeyFilesAreListedOnce) {
  const ApiServerFlags flags{{{"service-account-key-file", "a"},
                              {"service-account-signing-key-file", "b"},
                              {"service-account-key-file", "a"},
                              {"tls-private-key-file", "c"}}};
  EXPECT_THAT(keyFilesOf(flags), ElementsAre("a", "b"));
}

TEST(ManifestCheck, AFileLiesWhereTheVolumeOfItsFolderIs) {
  const std::string text =
      manifest(kOne) +
      "    volumeMounts:\n    - {mountPath: /etc/kubernetes/pki, name: certs}\n"
      "    - {mountPath: /etc/kubernetes/pki/irsa/, name: keys}\n"
      "    - {mountPath: /run/secret, name: secret}\n  volumes:\n"
      "  - {name: certs, hostPath: {path: /var/lib/kubeadm/pki/}}\n"
      "  - {name: keys, hostPath: {path: /srv/keys}}\n  - {name: secret, secret: {secretName: a}}\n";
  const auto onNode = [&](const std::string& path) { return pathOnNode(text, path).value().value_or("elsewhere"); };
  EXPECT_EQ(onNode("/etc/kubernetes/pki/sa.pub"), "/var/lib/kubeadm/pki/sa.pub");
  EXPECT_EQ(onNode("/etc/kubernetes/pki/irsa/sa.pub"), "/srv/keys/sa.pub");
  EXPECT_EQ(onNode("/etc/kubernetes/pki-old/sa.pub"), "/etc/kubernetes/pki-old/sa.pub");
  EXPECT_EQ(onNode("/run/secret/sa.pub"), "elsewhere");
}

TEST(ManifestCheck, AFlagIsKnownFromHelpOrFromAProcessThatRuns) {
  const std::set<std::string> listed = flagsInHelp(
      "Flags:\n      --secure-port int   The port (--not-one) , see --bind-address.\n  -h, --help   help\n");
  EXPECT_THAT(listed, testing::UnorderedElementsAre("secure-port", "bind-address", "help"));
  EXPECT_THAT(unknownFlags({"kube-apiserver", "--secure_port=1", "--hidden=1"}, listed, {"--hidden=2"}), IsEmpty());
  EXPECT_THAT(unknownFlags({"--no-such=1", "value", "--"}, listed, {}), ElementsAre("--no-such"));
}

}  // namespace
}  // namespace cluster
