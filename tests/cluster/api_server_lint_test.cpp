#include "cluster/api_server_lint.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace fs = std::filesystem;

std::string contentsOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// "CODE line:column" of each finding, the worst first.
std::vector<std::string> told(const text::Findings& findings) {
  std::vector<std::string> lines;
  for (const text::Finding& finding : findings)
    lines.push_back(finding.code + " " + std::to_string(finding.line) + ":" + std::to_string(finding.column));
  return lines;
}

std::vector<std::string> lint(const std::string& file, const LintWish& wish = {}) {
  return told(lintApiServer("f", {file, ""}, wish));
}

std::string server(const std::string& flags, const std::string& more = "") {
  return "kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    command:\n    - kube-apiserver\n" + flags +
         more;
}

const std::string kIssuers = "    - --service-account-issuer=https://kubernetes.default.svc.cluster.local\n";

TEST(ApiServerLint, FindsInEachFixtureWhatItsListSays) {
  int cases = 0;
  for (const auto& entry : fs::directory_iterator("lint")) {
    SCOPED_TRACE(entry.path().filename().string());
    std::vector<ManifestFile> files;
    text::Findings found;
    for (const auto& file : fs::directory_iterator(entry.path())) {
      const std::string name = file.path().filename();
      if (name == "findings") continue;
      files.push_back({name, contentsOf(file.path())});
      if (name.ends_with(".yaml"))
        std::ranges::move(lintApiServer(name, {files.back().contents, ""}), std::back_inserter(found));
    }
    std::ranges::move(lintManifests("", files), std::back_inserter(found));
    text::sortFindings(found);
    std::string lines;
    for (const text::Finding& finding : found) {
      lines += finding.place.substr(finding.place.find_first_not_of('/')) + ":" + std::to_string(finding.line) + ":" +
               std::to_string(finding.column) + " " + std::string(text::nameOf(finding.severity)) + " " + finding.code +
               "\n";
    }
    EXPECT_EQ(lines, contentsOf(entry.path() / "findings"));
    ++cases;
  }
  EXPECT_GE(cases, 5);
}

TEST(ApiServerLint, HasNothingToSayOfWhatKubeadmWritesAndOfWhatWeWrite) {
  EXPECT_THAT(lint(contentsOf("data/kubeadm/before.yaml")), IsEmpty());
  EXPECT_THAT(lint(contentsOf("data/kubeadm/after.yaml")), IsEmpty());
  for (const auto& folder : fs::directory_iterator("flavours")) {
    for (const char* name : {"accept", "switch", "finish"}) {
      if (!fs::exists(folder.path() / name)) continue;
      SCOPED_TRACE(folder.path().filename().string() + " " + name);
      const text::Findings found = lintApiServer(
          "f", {contentsOf(folder.path() / name), contentsOf(folder.path() / (std::string(name) + ".patch"))});
      EXPECT_TRUE(text::isClean(found)) << text::describe(found);
    }
  }
}

TEST(ApiServerLint, FindsWrongIssuersWhereTheyStand) {
  EXPECT_THAT(lint(server("    - --service-account-issuer=https://a.example.com/\n")),
              ElementsAre("ISSUER_SLASH 7:7", "ISSUER_ALONE 7:7"));
  EXPECT_THAT(lint(server(kIssuers + "    - '--service-account-issuer=https://a,https://b'\n")),
              ElementsAre("ISSUER_JOINED 8:7", "ISSUER_ORDER 7:7"));
  EXPECT_THAT(lint(server(kIssuers + kIssuers)), testing::Contains("ISSUER_TWICE 8:7"));
  EXPECT_THAT(lint(server("    - --service-account-issuer=http://a?b\n")), testing::Contains("ISSUER_FORM 7:7"));
  EXPECT_THAT(lint(server("    - --service-account-issuer='https://a.example.com'\n")),
              testing::Contains("ISSUER_FORM 7:7"));
  EXPECT_THAT(lint(server("")), ElementsAre("ISSUER_MISSING 4:5"));
}

TEST(ApiServerLint, HoldsTheOrderAgainstTheIssuerThatIsToSign) {
  const std::string both = kIssuers + "    - --service-account-issuer\n    - https://new.example.com\n";
  const LintWish wish{nullptr, "https://new.example.com", ""};
  EXPECT_THAT(lint(server(both), wish), ElementsAre("ISSUER_ORDER 7:7"));
  EXPECT_EQ(lintApiServer("f", {server(both), ""}, wish)[0].severity, text::Severity::Error);
  EXPECT_EQ(lintApiServer("f", {server(both), ""})[0].severity, text::Severity::Note);
  EXPECT_THAT(lint(server("    - --service-account-issuer=https://new.example.com\n" + kIssuers), wish), IsEmpty());
}

TEST(ApiServerLint, FindsTheBoundaryThatAnStsAudienceBreaks) {
  EXPECT_THAT(lint(server("    - --api-audiences=sts.amazonaws.com\n" + kIssuers)),
              ElementsAre("AUDIENCE_BOUNDARY 7:7", "AUDIENCE_MISSING 7:7"));
  EXPECT_THAT(lint("kube-apiserver-arg:\n- api-audiences+=sts.amazonaws.com\n"), ElementsAre("AUDIENCE_BOUNDARY 2:3"));
}

TEST(ApiServerLint, FindsKeysThatReplaceTheClustersOwn) {
  const std::string key = "    - --service-account-key-file=/keys/new.pub\n";
  EXPECT_THAT(lint(server(kIssuers + key)), ElementsAre("KEY_REPLACED 8:7"));
  EXPECT_THAT(lint(server(kIssuers + key + "    - --service-account-key-file=/etc/kubernetes/pki/sa.pub\n")),
              IsEmpty());
  const std::string pki = "    - --service-account-key-file=/etc/kubernetes/pki/",
                    signing = "    - --service-account-signing-key-file=/etc/kubernetes/pki/sa.key\n";
  EXPECT_THAT(lint(server(kIssuers + pki + "oidc.pub\n" + signing)), ElementsAre("KEY_REPLACED 8:7"));
  EXPECT_THAT(lint(server(kIssuers + pki + "oidc.pub\n" + pki + "sa.pub\n" + signing)), IsEmpty());
  EXPECT_THAT(lint(server(kIssuers + pki + "sa-20261127T170000Z-abc.pub\n")), IsEmpty());
  EXPECT_THAT(lint(server(kIssuers + "    - --service-account-key-file=/etc/kubernetes/manifests/a.pub\n")),
              ElementsAre("KEY_IN_MANIFESTS 8:7", "KEY_REPLACED 8:7"));
}

TEST(ApiServerLint, TakesTheKeysForTheClustersOwnThatLieWithItsAuthority) {
  const auto keys = [](const std::string& authority, const std::string& key) {
    return lint(
        server(kIssuers + "    - --client-ca-file=" + authority + "\n    - --service-account-key-file=" + key + "\n"));
  };
  const std::string rke2 = "/var/lib/rancher/rke2/server/tls/";
  EXPECT_THAT(keys(rke2 + "client-ca.crt", rke2 + "service.key"), IsEmpty());
  EXPECT_THAT(keys("/srv/kubernetes/ca.crt", "/srv/kubernetes/kube-apiserver/service-account.pub"), IsEmpty());
  EXPECT_THAT(keys("/var/lib/kubeadm/pki/ca.crt", "/var/lib/kubeadm/pki/sa.pub"), IsEmpty());
  EXPECT_THAT(keys("/var/lib/kubeadm/pki/ca.crt", "/keys/new.pub"), ElementsAre("KEY_REPLACED 9:7"));
  EXPECT_THAT(keys("/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/oidc.pub"), ElementsAre("KEY_REPLACED 9:7"));
  const std::string configured =
      "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\ncertificatesDir: /var/lib/kubeadm/pki\n"
      "apiServer:\n  extraArgs:\n  - {name: service-account-key-file, value: ";
  EXPECT_THAT(lint(configured + "/var/lib/kubeadm/pki/sa.pub}\n"), IsEmpty());
  EXPECT_THAT(lint(configured + "/keys/new.pub}\n"), ElementsAre("KEY_REPLACED 6:45"));
  const std::string k3s = "data-dir: /srv/k3s\nkube-apiserver-arg:\n- service-account-key-file=";
  EXPECT_THAT(lint(k3s + "/srv/k3s/server/tls/service.key\n"), IsEmpty());
  EXPECT_THAT(lint(k3s + "/keys/new.pub\n"), ElementsAre("KEY_REPLACED 3:3"));
}

TEST(ApiServerLint, HoldsTheJwksUriAgainstTheIssuers) {
  const std::string flag = "    - --service-account-jwks-uri=";
  const auto uri = [&](const std::string& value) {
    return lint(
        server("    - --service-account-issuer=https://new.example.com\n"
               "    - --service-account-issuer=https://old.example.com\n" +
               flag + value + "\n"));
  };
  EXPECT_THAT(uri("https://new.example.com/keys.json"), IsEmpty());
  EXPECT_THAT(uri("https://kubernetes.default.svc/openid/v1/jwks"), IsEmpty());
  EXPECT_THAT(uri("https://old.example.com/keys.json"), ElementsAre("JWKS_URI 9:7"));
  EXPECT_THAT(uri("http://new.example.com/keys.json"), ElementsAre("JWKS_URI 9:7"));
  EXPECT_TRUE(text::isClean(lintApiServer("f", {server(kIssuers + flag + "https://cdn.example.com/k\n"), ""})));
  EXPECT_THAT(lint("apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n  kubeAPIServer:\n"
                   "    serviceAccountIssuer: https://new.example.com\n"
                   "    additionalServiceAccountIssuers: [https://old.example.com]\n"
                   "    serviceAccountJWKSURI: https://old.example.com/openid/v1/jwks\n"),
              ElementsAre("JWKS_URI 7:28"));
  EXPECT_THAT(lint("--service-account-issuer=https://new.example.com\n--service-account-jwks-uri=ftp://a\n"),
              testing::Contains("JWKS_URI 2:1"));
}

TEST(ApiServerLint, FindsVolumesOfAnUnknownShape) {
  const std::string flags = kIssuers;
  EXPECT_THAT(lint(server(flags, "    volumeMounts:\n    - mountPath: /k\n      name: keys\n")),
              ElementsAre("VOLUME_MISSING 10:13"));
  EXPECT_THAT(lint(server(flags, "  volumes:\n  - hostPath: {path: /k, name: keys}\n")),
              ElementsAre("VOLUME_SHAPE 9:26"));
  EXPECT_THAT(lint(server(flags, "  volumes:\n  - emptyDir: {}\n")), ElementsAre("VOLUME_SHAPE 9:5"));
  EXPECT_THAT(lint(server(flags, "    env:\n    - name: GODEBUG\n      value: \"x509ignoreCN=0\"\n")),
              ElementsAre("GODEBUG_X509 10:14"));
}

TEST(ApiServerLint, SaysWhereATextThatIsNoYamlBreaksAndLooksThroughTheRest) {
  EXPECT_THAT(lint("kind: Pod\nspec:\n\tcontainers:\n"), ElementsAre(testing::StartsWith("YAML_SYNTAX 3:")));
  EXPECT_THAT(lint("a: [\n- --api-audiences=sts.amazonaws.com\n"), testing::Contains("AUDIENCE_BOUNDARY 2:3"));
  EXPECT_THAT(lint("a: 1\na: 2\n"), ElementsAre("YAML_SYNTAX 2:1"));
  EXPECT_THAT(lint("\xef\xbb\xbf" + server("    - --service-account-issuer=https://a/\n")),
              testing::Contains("ISSUER_SLASH 7:7"));
  EXPECT_THAT(lint("hello: world\n"), ElementsAre("FILE_UNKNOWN 1:1"));
}

TEST(ApiServerLint, FindsWhatAFlavourAloneGetsWrong) {
  EXPECT_THAT(
      lint("apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KubeadmControlPlane\nspec:\n  kubeadmConfigSpec:\n"
           "    clusterConfiguration:\n      apiServer:\n        extraArgs:\n"
           "        - {name: service-account-issuer, value: https://a}\n"
           "        - {name: service-account-issuer, value: https://b}\n"),
      ElementsAre("ARGS_TWICE 9:49"));
  EXPECT_THAT(lint("apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n"
                   "    service-account-issuer: https://a\n"),
              ElementsAre("ARGS_SHAPE 5:5"));
  EXPECT_THAT(lint("machine: {}\ncluster:\n  apiServer:\n    extraArgs:\n      service-account-key-file: /k\n"),
              ElementsAre("KEY_REPLACED 5:33"));
}

TEST(ApiServerLint, FindsAKeyThatMachinesGetAmongTheManifests) {
  const auto plane = [](const std::string& path, const std::string& content) {
    return "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: KubeadmControlPlane\nspec:\n  kubeadmConfigSpec:\n"
           "    files:\n    - path: " +
           path + "\n      content: " + content + "\n";
  };
  EXPECT_THAT(lint(plane("/etc/kubernetes/manifests/sa.key", "x")), ElementsAre("KEY_IN_MANIFESTS 6:13"));
  EXPECT_THAT(lint(plane("/etc/kubernetes/manifests/a.yaml", "'-----BEGIN PRIVATE KEY-----'")),
              ElementsAre("KEY_IN_MANIFESTS 6:13"));
  EXPECT_THAT(lint(plane("/etc/kubernetes/manifests/kube-vip.yaml", "'kind: Pod'")), IsEmpty());
}

TEST(ApiServerLint, FindsAPatchThatKindsTemplateDoesNotTake) {
  const std::string file =
      "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nkubeadmConfigPatches:\n- |\n  kind: ClusterConfiguration\n"
      "  apiServer:\n    extraArgs:\n      service-account-issuer: https://a/\n";
  EXPECT_THAT(lint(file, {nullptr, "", "1.36"}), ElementsAre("ARGS_SHAPE 4:3"));
  EXPECT_THAT(lint(file, {nullptr, "", "1.35"}), ElementsAre("ISSUER_SLASH 8:31", "ISSUER_ALONE 8:31"));
}

TEST(ManifestsLint, FindsABackUpThatTheKubeletWouldRun) {
  const ManifestFile real{"kube-apiserver.yaml", server(kIssuers)};
  ManifestFile copy = real;
  copy.name = "kube-apiserver.yaml.bak";
  EXPECT_THAT(told(lintManifests("m", {real, copy})), ElementsAre("BACKUP_IN_MANIFESTS 1:1"));
  EXPECT_EQ(lintManifests("m", {real, copy})[0].place, "m/kube-apiserver.yaml.bak");
  copy.name = ".hidden";
  EXPECT_THAT(lintManifests("m", {real, copy}), IsEmpty());
  EXPECT_THAT(lintManifests("m", {real, {"etcd.yaml", "kind: Pod\n"}}), IsEmpty());
}

}  // namespace
}  // namespace cluster
