// irsa.yaml: what the user wants, checked to the last key. Nothing is looked up here but the files it names.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "crypto/key.h"
#include "oidc/jwks.h"

namespace setup {

inline constexpr std::string_view kAudience = "sts.amazonaws.com";
// The image that holds both programs, as `script/package` names it.
inline constexpr std::string_view kDefaultImage = "irsa-anywhere:0.1.0";

using Tags = std::map<std::string, std::string>;

// Whose services the endpoints are. Ceph: its Object Gateway, which answers in AWS's words but for what
// docs/guide/ceph.md lists.
enum class Dialect { Aws, Ceph };

struct AwsSettings {
  Dialect dialect = Dialect::Aws;
  std::string region = {};
  std::string profile = {}, accountId = {};  // empty: not given. Ceph: the tenant or account that ARNs name
  std::string s3Endpoint = {}, iamEndpoint = {}, stsEndpoint = {},
              cloudFrontEndpoint = {};  // origins; empty: AWS's own. `endpoint` fills all four
  std::string caFile = {};              // roots for these endpoints; path
  std::string roots = {};               // what caFile holds; read only with IssuerSettings::republish

  bool isCeph() const { return dialect == Dialect::Ceph; }
};

struct ClusterSettings {
  std::string kubeconfig = {};  // path; empty: KUBECONFIG or ~/.kube/config. A leading ~/ is left to the program
  std::string context = {};     // empty: the current one
  std::string distribution = "auto";
};

// S3: public objects of a bucket. CloudFront: a private bucket that one distribution reads. Directory: files that the
// user copies to an HTTPS host. Existing: somebody else publishes the documents; nothing is written.
inline constexpr std::size_t kMostThumbprints = 5;  // that IAM takes of an OIDC provider

enum class Hosting { S3, CloudFront, Directory, Existing };

struct IssuerSettings {
  Hosting hosting = Hosting::S3;
  std::string bucket = {};  // S3, CloudFront; empty: named by us
  bool isAccountRegional =
      false;  // S3, CloudFront: the name lies in the account's own namespace of the Region, and ends in -an
  std::string prefix = {};       // S3, CloudFront: of the keys in the bucket, without slashes at its ends
  std::string url = {};          // empty: https://BUCKET.s3.REGION.SUFFIX[/PREFIX]; never so but with S3
  std::string domain = {};       // CloudFront: the issuer's own host name; empty: the distribution's
  std::string certificate = {};  // CloudFront: ARN of the domain's certificate in ACM, in us-east-1
  std::string directory = {};    // Directory: path of the folder that stands for the URL
  bool republish = false;        // S3, CloudFront: a pod of ours keeps the published keys equal to the API servers'
  std::vector<std::string> thumbprints =
      {};  // SHA-1 in hex, of a private authority's certificates; empty: IAM's choice. Ceph: beside those of x5c
};

enum class KeySource { Cluster, Generate, Files };

struct KeySettings {
  KeySource source = KeySource::Cluster;
  crypto::Algorithm algorithm = crypto::Algorithm::Rs256;  // Generate: RS256 or ES256
  int bits = 2048;                                         // Generate, RS256
  std::string directory = "keys";                          // Generate: path
  oidc::Jwks published = {};                               // Files: what keys.publicKeys hold
  std::string secretNamespace = {}, secretName = {};       // Files: a Secret of Cluster API; empty: none
  std::string kubeconfig = {}, context = {};  // of the cluster that holds the Secret; both empty: that of `cluster`
  bool x5c = false;                           // a certificate in each entry of the JWKS

  bool hasOwnCluster() const { return !kubeconfig.empty() || !context.empty(); }
};

struct WebhookSettings {
  std::string nameSpace = "irsa-system";
  std::string image{kDefaultImage};
  int replicas = 2;
  std::string failurePolicy = "Ignore";
  bool guard = true;
};

struct RoleSettings {
  std::string name, path = "/";
  std::vector<std::string> policies = {};  // ARNs of managed policies
  std::string inlinePolicy = {};           // compact JSON; empty: none
  std::string boundary = {};               // ARN; empty: none
  std::chrono::seconds maxSessionDuration{3600};
  Tags tags = {};
  bool operator==(const RoleSettings&) const = default;
};

struct Binding {
  std::string nameSpace, serviceAccount;  // the latter may hold * and ?
  RoleSettings role = {};
  // Added for issuer.republish. What the role may follows from names that are not known yet: desire() says it.
  bool isRepublishers = false;

  bool isPattern() const { return serviceAccount.find_first_of("*?") != std::string::npos; }
  // Whether the account is to name its role. The republisher's pod does so itself.
  bool isAnnotated() const { return !isPattern() && !isRepublishers; }
  std::string subject() const { return "system:serviceaccount:" + nameSpace + ":" + serviceAccount; }
};

struct Configuration {
  std::string name = {};
  AwsSettings aws = {};
  std::optional<ClusterSettings> cluster = {};  // absent: day 0
  IssuerSettings issuer = {};
  KeySettings keys = {};
  WebhookSettings webhook = {};
  std::vector<Binding> bindings = {};
  Tags tags = {};
};

// `file` is the path the document was read from: relative paths are relative to its folder, and every fault is reported
// as "file:line:column: ..." on a line of its own, all of them at once (Invalid).
base::Result<Configuration> parseConfiguration(std::string_view document, std::string_view file,
                                               const base::Files& files);

}  // namespace setup
