#include "setup/configuration.h"

#include <gmock/gmock.h>

#include "crypto/certificate.h"
#include "support/memory_files.h"

namespace setup {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string kHead = "apiVersion: irsa-anywhere/v1\nname: edge-prod\naws: {region: us-west-2}\n";

base::Result<Configuration> parse(const std::string& document, const support::MemoryFiles& files = {}) {
  return parseConfiguration(document, "irsa.yaml", files);
}

std::string faultsOf(const std::string& document, const support::MemoryFiles& files = {}) {
  auto parsed = parse(document, files);
  return parsed ? "(none)" : parsed.error().message;
}

TEST(Configuration, TheSmallestFileHasEveryDefault) {
  auto wish = parse(kHead + "bindings:\n- serviceAccount: default/s3-echoer\n  role: {name: s3-echoer}\n");
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_FALSE(wish->cluster);
  EXPECT_EQ(wish->keys.source, KeySource::Generate);
  EXPECT_EQ(wish->keys.directory, "keys");
  EXPECT_EQ(wish->webhook.nameSpace, "irsa-system");
  EXPECT_EQ(wish->webhook.replicas, 2);
  EXPECT_EQ(wish->webhook.failurePolicy, "Ignore");
  EXPECT_EQ(wish->bindings.at(0).role.path, "/");
  EXPECT_EQ(wish->bindings.at(0).role.maxSessionDuration, std::chrono::hours(1));
  EXPECT_EQ(wish->bindings.at(0).subject(), "system:serviceaccount:default:s3-echoer");
}

TEST(Configuration, WithAClusterTheKeysAreTheClusters) {
  auto wish = parse(kHead + "cluster: {context: edge}\n");
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->keys.source, KeySource::Cluster);
}

TEST(Configuration, OneEndpointServesAllAndSingleOnesWin) {
  auto wish = parse(
      "apiVersion: irsa-anywhere/v1\nname: a\naws:\n  region: us-west-2\n  endpoint: http://127.0.0.1:9000/\n"
      "  endpoints: {sts: https://sts.test}\n");
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->aws.s3Endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(wish->aws.iamEndpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(wish->aws.stsEndpoint, "https://sts.test");
}

TEST(Configuration, RelativePathsAreRelativeToTheFile) {
  support::MemoryFiles files;
  files.files["set/up/policy.json"].contents =
      R"({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}})";
  auto wish = parseConfiguration(
      "apiVersion: irsa-anywhere/v1\nname: a\naws: {region: us-west-2, caFile: ca.pem}\n"
      "cluster: {kubeconfig: ~/.kube/config}\nkeys: {source: generate, directory: /srv/keys}\n"
      "bindings: [{serviceAccount: a/b, role: {name: r, inline: policy.json}}]\n",
      "set/up/irsa.yaml", files);
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->aws.caFile, "set/up/ca.pem");
  EXPECT_EQ(wish->cluster->kubeconfig, "~/.kube/config");
  EXPECT_EQ(wish->keys.directory, "/srv/keys");
  EXPECT_TRUE(wish->bindings[0].role.inlinePolicy.starts_with(R"({"Version":"2012-10-17")"));
}

TEST(Configuration, EveryFaultIsToldAtOnceInTheFilesOrder) {
  EXPECT_EQ(
      faultsOf("apiVersion: irsa-anywhere/v1\nname: Edge\naws:\n  regoin: us-west-2\nwebhook: {replicas: many}\n"),
      "irsa.yaml:2:7: name \"Edge\" must be at most 50 lower-case letters, digits and inner dashes\n"
      "irsa.yaml:4:3: unknown key \"regoin\": did you mean \"region\"?\n"
      "irsa.yaml:4:3: aws.region is missing\n"
      "irsa.yaml:5:21: webhook.replicas must be a number from 1 to 10");
}

struct Fault {
  std::string document, place, says;
};

TEST(Configuration, EachFaultHasItsPlaceAndItsReason) {
  const std::string binding = kHead + "bindings:\n- serviceAccount: ";
  const std::string role = "\n  role: {name: r}\n";
  for (const Fault& fault : std::vector<Fault>{
           {"- a\n", ":1:1", "must be a mapping, not a list"},
           {"apiVersion: v2\nname: a\naws: {region: us-west-2}\n", ":1:13", "irsa-anywhere/v1"},
           {"apiVersion: irsa-anywhere/v1\nname: a\naws: {region: uswest2}\n", ":3:15", "no AWS region"},
           {"apiVersion: irsa-anywhere/v1\nname: a\naws: {region: [us-west-2]}\n", ":3:15", "not a list"},
           {"apiVersion: irsa-anywhere/v1\nname: a\naws: {region: us-west-2, accountId: 12}\n", ":3:37", "12 digits"},
           {"apiVersion: irsa-anywhere/v1\nname: a\naws: {region: us-west-2, endpoint: ftp://x}\n", ":3:36", "URL"},
           {"apiVersion: irsa-anywhere/v1\nname: a\n", ":1:1", "aws.region is missing"},
           {kHead + "clutser: {}\n", ":4:1", "did you mean \"cluster\"?"},
           {kHead + "issuer: {hosting: cloudfront, url: \"https://a.test\"}\n", ":4:36", "issuer.domain"},
           {kHead + "issuer: {hosting: s4}\n", ":4:19", "is none of"},
           {kHead + "issuer: {domain: oidc.test}\n", ":4:18", "goes with hosting cloudfront"},
           {kHead + "issuer: {bucket: my.bucket}\n", ":4:18", "has a dot"},
           {kHead + "issuer: {url: \"https://a.test/\"}\n", ":4:15", "is no issuer"},
           {kHead + "keys: {source: files}\n", ":4:7", "needs keys.publicKeys or keys.secret"},
           {kHead + "keys: {source: cluster}\n", ":4:16", "needs the section cluster"},
           {kHead + "keys: {source: generate, algorithm: RS512}\n", ":4:37", "is none of"},
           {kHead + "webhook: {failurePolicy: ignore}\n", ":4:26", "did you mean \"Ignore\"?"},
           {kHead + "webhook: {guard: yes}\n", ":4:18", "true or false"},
           {kHead + "tags: {\"aws:x\": y}\n", ":4:8", "AWS keeps for itself"},
           {kHead + "tags: {irsa-anywhere/name: y}\n", ":4:8", "irsa keeps for itself"},
           {binding + "s3-echoer" + role, ":5:19", "must be namespace/name"},
           {binding + "\"team-*/app\"" + role, ":5:19", "pattern in the namespace"},
           {binding + "\"team/*\"" + role, ":5:19", "every service account"},
           {binding + "a/b\n", ":5:3", "role is missing"},
           {binding + "a/b\n  role: {name: \"has blank\"}\n", ":6:16", "is no role name"},
           {binding + "a/b\n  role: {name: r, path: team}\n", ":6:25", "start and end with a slash"},
           {binding + "a/b\n  role: {name: r, policies: [AdministratorAccess]}\n", ":6:30", "is no ARN"},
           {binding + "a/b\n  role: {name: r, maxSessionDuration: 13h}\n", ":6:39", "between 1h and 12h"},
           {binding + "a/b\n  role: {name: r, maxSessionDuration: soon}\n", ":6:39", "is no duration"},
           {binding + "a/b\n  role: {name: r, inline: none.json}\n", ":6:27", "none.json"},
           {binding + "a/b\n  role: {name: r}\n- serviceAccount: a/b\n  role: {name: q}\n", ":7:3", "one role"},
           {binding + "a/b\n  role: {name: r}\n- serviceAccount: a/c\n  role: {name: r, path: /x/}\n", ":7:3",
            "differently"}}) {
    SCOPED_TRACE(fault.document);
    EXPECT_THAT(faultsOf(fault.document), AllOf(HasSubstr("irsa.yaml" + fault.place + ": "), HasSubstr(fault.says)));
  }
}

const std::string kCeph =
    "apiVersion: irsa-anywhere/v1\nname: edge\naws: {region: us-east-1, dialect: ceph, endpoint: "
    "\"https://rgw.test:8443\"}\n";

TEST(Configuration, CephHasCertificatesInItsKeysTenantsForAccountsAndPortsInIssuers) {
  auto wish = parse(kCeph);
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->aws.dialect, Dialect::Ceph);
  EXPECT_TRUE(wish->keys.x5c);
  wish = parse(kCeph + "issuer: {url: \"https://rgw.test:8443/b\"}\nkeys: {source: generate}\n");
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->issuer.url, "https://rgw.test:8443/b");
  EXPECT_TRUE(wish->keys.x5c);
  std::string tenant = kCeph;
  wish = parse(tenant.insert(tenant.find("dialect"), "accountId: team_a, "));
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->aws.accountId, "team_a");
}

TEST(Configuration, WhatCephDoesNotHaveIsAFault) {
  const std::string head = "apiVersion: irsa-anywhere/v1\nname: edge\naws: {region: us-east-1, dialect: ceph";
  const std::string role = "bindings: [{serviceAccount: a/b, role: {name: r, ";
  for (const Fault& fault : std::vector<Fault>{
           {head + "}\n", ":3:35", "needs aws.endpoint"},
           {head + ", endpoint: \"http://rgw.test\"}\n", ":3:35", "below http://rgw.test, which is not https"},
           {head + ", accountId: \"a-b\"}\n", ":3:52", "neither a tenant nor an account"},
           {kCeph + "keys: {x5c: false}\n", ":3:35", "without a thumbprint"},
           {kCeph + "issuer: {hosting: existing, url: \"https://a.test\"}\n", ":3:35", "without a thumbprint"},
           {kCeph + "issuer: {bucketNamespace: account-regional}\n", ":3:35", "is not there in Ceph"},
           {kCeph + "issuer: {url: \"https://a.test:x\"}\n", ":4:15", "has a port that is no number"},
           {kCeph + role + "policies: [\"arn:aws:iam::aws:policy/P\"]}}]\n", ":4:60", "role.inline only"},
           {kCeph + role + "boundary: \"arn:aws:iam::1:policy/P\"}}]\n", ":4:60", "role.inline only"}}) {
    SCOPED_TRACE(fault.document);
    EXPECT_THAT(faultsOf(fault.document), AllOf(HasSubstr("irsa.yaml" + fault.place + ": "), HasSubstr(fault.says)));
  }
}

TEST(Configuration, AnInlineFileMustBeAPolicy) {
  support::MemoryFiles files;
  const std::string wish = kHead + "bindings: [{serviceAccount: a/b, role: {name: r, inline: p.json}}]\n";
  for (const char* contents : {"{", "[]", "{}", R"({"Version":"2012-10-17","Statement":{"Effect":"Maybe"}})"}) {
    files.files["p.json"].contents = contents;
    EXPECT_THAT(faultsOf(wish, files), HasSubstr("p.json is no identity policy")) << contents;
  }
}

TEST(Configuration, SeveralAccountsMayShareARoleAndAPatternMayStandInTheName) {
  auto wish = parse(
      kHead + "bindings:\n- {serviceAccount: a/b, role: {name: r}}\n- {serviceAccount: \"a/c-*\", role: {name: r}}\n");
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_FALSE(wish->bindings[0].isPattern());
  EXPECT_TRUE(wish->bindings[1].isPattern());
}

TEST(Configuration, ABindingMayListAccountsOfAnyNamespaces) {
  auto wish = parse(kHead + "bindings:\n- {serviceAccounts: [a/b, \"c/d-*\"], role: {name: r}}\n");
  ASSERT_TRUE(wish) << wish.error().message;
  ASSERT_EQ(wish->bindings.size(), 2u);
  EXPECT_EQ(wish->bindings[0].subject(), "system:serviceaccount:a:b");
  EXPECT_EQ(wish->bindings[1].subject(), "system:serviceaccount:c:d-*");
  EXPECT_EQ(wish->bindings[1].role.name, "r");
}

TEST(Configuration, HostingsAndKeySourcesAreReadWithTheirFiles) {
  support::MemoryFiles files;
  auto key = crypto::SigningKey::generateEc("P-256").value();
  files.files["set/sa.pub"].contents = key.publicKey().pem();
  auto wish = parseConfiguration(
      kHead +
          "issuer: {hosting: directory, url: \"https://id.test/edge\"}\n"
          "keys: {source: files, publicKeys: [sa.pub], secret: eksa-system/edge-sa, kubeconfig: m.yaml}\n",
      "set/irsa.yaml", files);
  ASSERT_TRUE(wish) << wish.error().message;
  EXPECT_EQ(wish->issuer.hosting, Hosting::Directory);
  EXPECT_EQ(wish->issuer.directory, "set/issuer");
  EXPECT_EQ(wish->keys.source, KeySource::Files);
  ASSERT_EQ(wish->keys.published.keys.size(), 1u);
  EXPECT_EQ(wish->keys.published.keys[0].kid, key.publicKey().keyId());
  EXPECT_EQ(wish->keys.secretName, "edge-sa");
  EXPECT_EQ(wish->keys.kubeconfig, "set/m.yaml");
}

TEST(Configuration, ThumbprintsAreThoseOfTheAuthoritiesInTheFile) {
  support::MemoryFiles files;
  base::Time now = base::Time(std::chrono::hours(24 * 365 * 56));
  auto bytes = [](std::size_t count) { return std::string(count, 'x'); };
  auto authority = crypto::makeAuthority("test", {now, now + std::chrono::hours(1)}, bytes).value();
  files.files["ca.pem"].contents = authority.certificatePem;
  auto wish = parse(kHead + "issuer: {hosting: existing, url: \"https://id.test\", caFile: ca.pem}\n", files);
  ASSERT_TRUE(wish) << wish.error().message;
  ASSERT_EQ(wish->issuer.thumbprints.size(), 1u);
  EXPECT_EQ(wish->issuer.thumbprints[0].size(), 40u);
  auto leaf = crypto::makeServerLeaf(authority, {"id.test"}, {now, now + std::chrono::hours(1)}, bytes).value();
  files.files["ca.pem"].contents = leaf.certificatePem;
  EXPECT_THAT(faultsOf(kHead + "issuer: {hosting: existing, url: \"https://id.test\", caFile: ca.pem}\n", files),
              HasSubstr("holds no authority's certificate"));
}

}  // namespace
}  // namespace setup
