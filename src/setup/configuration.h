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

namespace setup {

inline constexpr std::string_view kAudience = "sts.amazonaws.com";
// The image that holds both programs, as `script/package` names it.
inline constexpr std::string_view kDefaultImage = "irsa-anywhere:0.1.0";

using Tags = std::map<std::string, std::string>;

struct AwsSettings {
  std::string region = {};
  std::string profile = {}, accountId = {};  // empty: not given
  std::string s3Endpoint = {}, iamEndpoint = {},
              stsEndpoint = {};  // origins; empty: AWS's own. `endpoint` fills all three
  std::string caFile = {};       // roots for these endpoints; path
};

struct ClusterSettings {
  std::string kubeconfig = {};  // path; empty: KUBECONFIG or ~/.kube/config. A leading ~/ is left to the program
  std::string context = {};     // empty: the current one
  std::string distribution = "auto";
};

struct IssuerSettings {
  std::string bucket = {};  // empty: named by us
  std::string prefix = {};  // of the keys in the bucket, without slashes at its ends
  std::string url = {};     // empty: https://BUCKET.s3.REGION.SUFFIX[/PREFIX]
};

enum class KeySource { Cluster, Generate };

struct KeySettings {
  KeySource source = KeySource::Cluster;
  crypto::Algorithm algorithm = crypto::Algorithm::Rs256;  // RS256 or ES256
  std::string directory = "keys";                          // path
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

  bool isPattern() const { return serviceAccount.find_first_of("*?") != std::string::npos; }
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
