#include "kube/kubeconfig.h"

#include <gmock/gmock.h>

#include "support/memory_files.h"

namespace {

using kube::readKubeconfig;
using testing::HasSubstr;

constexpr const char* kConfig = R"(apiVersion: v1
kind: Config
current-context: edge
clusters:
- name: c1
  cluster:
    server: https://10.0.0.1:6443/
    certificate-authority: pki/ca.crt
    tls-server-name: kubernetes
    proxy-url: http://proxy:3128
- name: c2
  cluster: {server: "https://10.0.0.2", insecure-skip-tls-verify: true}
users:
- name: u1
  user:
    client-certificate-data: Q0VSVA==
    client-key: /keys/client.key
- name: u2
  user:
    token: 0123456
    tokenFile: token
- name: u3
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./bin/login
      args: [get, "token"]
      env: [{name: A, value: b}]
      installHint: get it
contexts:
- name: edge
  context: {cluster: c1, user: u1, namespace: team}
- name: two
  context: {cluster: c2, user: u2}
- name: three
  context: {cluster: c2, user: u3}
- name: lost
  context: {cluster: nowhere, user: u1}
)";

class Kubeconfig : public testing::Test {
 protected:
  Kubeconfig() {
    files.files["/home/me/.kube/config"] = {kConfig};
    files.files["/home/me/.kube/pki/ca.crt"] = {"CA"};
    files.files["/keys/client.key"] = {"KEY"};
  }
  base::Result<kube::ClusterAccess> read(const std::string& context = "") {
    return readKubeconfig(files, {"/home/me/.kube/config"}, context);
  }
  support::MemoryFiles files;
};

TEST_F(Kubeconfig, ReadsTheCurrentContext) {
  auto access = read();
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->contextName, "edge");
  EXPECT_EQ(access->clusterName, "c1");
  EXPECT_EQ(access->nameSpace, "team");
  EXPECT_EQ(access->server, "https://10.0.0.1:6443");
  EXPECT_EQ(access->tls.rootsPem, "CA");
  EXPECT_EQ(access->tls.serverName, "kubernetes");
  EXPECT_EQ(access->tls.certificatePem, "CERT");
  EXPECT_EQ(access->tls.keyPem, "KEY");
  EXPECT_EQ(access->proxyUrl, "http://proxy:3128");
  EXPECT_FALSE(access->tls.insecureSkipVerify);
}

TEST_F(Kubeconfig, KeepsATokenThatLooksLikeANumber) {
  auto access = read("two");
  ASSERT_TRUE(access);
  EXPECT_EQ(access->token, "0123456");
  EXPECT_EQ(access->tokenFile, "/home/me/.kube/token");
  EXPECT_TRUE(access->tls.insecureSkipVerify);
}

TEST_F(Kubeconfig, DescribesAnExecPluginWithoutRunningIt) {
  auto access = read("three");
  ASSERT_TRUE(access);
  ASSERT_TRUE(access->exec);
  EXPECT_EQ(access->exec->command, "/home/me/.kube/./bin/login");
  EXPECT_THAT(access->exec->args, testing::ElementsAre("get", "token"));
  EXPECT_THAT(access->exec->env, testing::ElementsAre(std::pair("A", "b")));
  EXPECT_EQ(access->exec->installHint, "get it");
}

TEST_F(Kubeconfig, ReadsJsonEvenIndentedWithTabs) {
  files.files["/json"] = {
      "{\n\t\"current-context\": \"x\",\n\t\"clusters\": [{\"name\":\"c\",\"cluster\":{\"server\":\"https://h:1\"}}],\n"
      "\t\"contexts\": [{\"name\":\"x\",\"context\":{\"cluster\":\"c\"}}]}"};
  auto access = readKubeconfig(files, {"/json"}, "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server, "https://h:1");
}

TEST_F(Kubeconfig, MergesFilesFirstOneWins) {
  files.files["/first"] = {"current-context: two\nclusters:\n- name: c2\n  cluster: {server: \"https://first\"}\n"};
  auto access = readKubeconfig(files, {"", "/missing", "/first", "/home/me/.kube/config"}, "");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server, "https://first");
  EXPECT_EQ(access->token, "0123456");
}

TEST_F(Kubeconfig, SaysWhatIsMissing) {
  EXPECT_EQ(readKubeconfig(files, {"/nowhere"}, "").error().kind, base::ErrorKind::NotFound);
  EXPECT_THAT(readKubeconfig(files, {"/nowhere"}, "").error().message, HasSubstr("/nowhere"));
  EXPECT_THAT(read("edgy").error().message, HasSubstr("no context \"edgy\""));
  EXPECT_THAT(read("edgy").error().hint, HasSubstr("edge, two, three, lost"));
  EXPECT_THAT(read("lost").error().message, HasSubstr("\"nowhere\", which is not there"));
  files.files.erase("/keys/client.key");
  EXPECT_THAT(read().error().message, HasSubstr("client-key"));
}

TEST_F(Kubeconfig, RefusesWhatItCantDo) {
  std::string config = kConfig;
  config.replace(config.find("token: 0123456"), 14, "as: someone   ");
  files.files["/home/me/.kube/config"] = {config};
  EXPECT_THAT(read("two").error().message, HasSubstr("impersonation"));
  files.files["/home/me/.kube/config"] = {"current-context: [\n"};
  EXPECT_THAT(read().error().message, HasSubstr("kubeconfig /home/me/.kube/config"));
}

TEST(InClusterAccess, UsesThePodsOwnAccount) {
  support::MemoryFiles files;
  const std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
  files.files[folder + "ca.crt"] = {"CA"};
  files.files[folder + "token"] = {"tok\n"};
  files.files[folder + "namespace"] = {"irsa-system"};
  auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "KUBERNETES_SERVICE_HOST") return "fd00::1";
    if (name == "KUBERNETES_SERVICE_PORT") return "443";
    return std::nullopt;
  };
  auto access = kube::inClusterAccess(files, environment);
  ASSERT_TRUE(access);
  EXPECT_EQ(access->server, "https://[fd00::1]:443");
  EXPECT_EQ(access->token, "tok");
  EXPECT_EQ(access->tokenFile, folder + "token");
  EXPECT_EQ(access->tls.rootsPem, "CA");
  EXPECT_EQ(access->nameSpace, "irsa-system");
  EXPECT_EQ(kube::inClusterAccess(files, [](const std::string&) { return std::nullopt; }).error().kind,
            base::ErrorKind::NotFound);
}

}  // namespace
