#include "setup/configuration.h"

#include <array>

#include "http/url.h"
#include "oidc/discovery.h"
#include "policy/policy_document.h"
#include "setup/fault_collector.h"
#include "setup/value_checks.h"
#include "text/json.h"

namespace setup {
namespace {

using text::YamlNode;

constexpr std::array<std::string_view, 9> kTop{"apiVersion", "name",    "aws",      "cluster", "issuer",
                                               "keys",       "webhook", "bindings", "tags"};
constexpr std::array<std::string_view, 6> kAws{"region", "profile", "accountId", "endpoint", "endpoints", "caFile"};
constexpr std::array<std::string_view, 3> kEndpoints{"s3", "iam", "sts"};
constexpr std::array<std::string_view, 3> kCluster{"kubeconfig", "context", "distribution"};
constexpr std::array<std::string_view, 7> kIssuer{"hosting", "bucket",    "prefix",   "url",
                                                  "domain",  "directory", "republish"};
constexpr std::array<std::string_view, 5> kKeys{"source", "algorithm", "directory", "publicKeys", "x5c"};
constexpr std::array<std::string_view, 5> kWebhook{"namespace", "image", "replicas", "failurePolicy", "guard"};
constexpr std::array<std::string_view, 2> kBinding{"serviceAccount", "role"};
constexpr std::array<std::string_view, 7> kRole{"name", "path", "policies", "inline", "boundary", "maxSessionDuration",
                                                "tags"};
constexpr std::string_view kNotYet = " is not in this version of irsa";

class Reader {
 public:
  Reader(std::string_view file, const base::Files& files) : faults_(std::string(file)), files_(files) {
    std::size_t slash = file.rfind('/');
    if (slash != std::string_view::npos) folder_ = file.substr(0, slash + 1);
  }

  base::Result<Configuration> read(const YamlNode& root) {
    if (faults_.isMapping(root, "irsa.yaml", kTop)) {
      faults_.required(root, "apiVersion", oneOf({"irsa-anywhere/v1"}));
      wish_.name = faults_.required(root, "name", checkName);
      if (const YamlNode* aws = root.find("aws"))
        readAws(*aws);
      else
        faults_.fault(root.start, "aws.region is missing");
      if (const YamlNode* cluster = root.find("cluster")) readCluster(*cluster);
      if (const YamlNode* issuer = root.find("issuer")) readIssuer(*issuer);
      wish_.keys.source = wish_.cluster ? KeySource::Cluster : KeySource::Generate;
      wish_.keys.directory = resolved(wish_.keys.directory);
      if (const YamlNode* keys = root.find("keys")) readKeys(*keys);
      if (const YamlNode* webhook = root.find("webhook")) readWebhook(*webhook);
      if (const YamlNode* bindings = root.find("bindings")) readBindings(*bindings);
      wish_.tags = faults_.stringMap(root, "tags", checkTagKey);
    }
    TRY(std::move(faults_).verdict());
    return std::move(wish_);
  }

 private:
  std::string resolved(const std::string& path) const {
    bool isWhole = path.empty() || path.starts_with('/') || path.starts_with("~/");
    return isWhole ? path : folder_ + path;
  }

  static std::string originOf(const std::string& url) {
    auto parsed = http::parseUrl(url);
    return parsed ? parsed->origin() : "";
  }

  void readAws(const YamlNode& node) {
    if (!faults_.isMapping(node, "aws", kAws)) return;
    AwsSettings& aws = wish_.aws;
    aws.region = faults_.required(node, "aws.region", checkRegion);
    aws.profile = faults_.string(node, "aws.profile");
    aws.accountId = faults_.string(node, "aws.accountId", "", checkAccountId);
    aws.caFile = resolved(faults_.string(node, "aws.caFile"));
    std::string endpoint = originOf(faults_.string(node, "aws.endpoint", "", checkEndpoint));
    aws.s3Endpoint = aws.iamEndpoint = aws.stsEndpoint = endpoint;
    const YamlNode* endpoints = node.find("endpoints");
    if (!endpoints || !faults_.isMapping(*endpoints, "aws.endpoints", kEndpoints)) return;
    aws.s3Endpoint = originOf(faults_.string(*endpoints, "aws.endpoints.s3", endpoint, checkEndpoint));
    aws.iamEndpoint = originOf(faults_.string(*endpoints, "aws.endpoints.iam", endpoint, checkEndpoint));
    aws.stsEndpoint = originOf(faults_.string(*endpoints, "aws.endpoints.sts", endpoint, checkEndpoint));
  }

  void readCluster(const YamlNode& node) {
    wish_.cluster.emplace();
    if (!faults_.isMapping(node, "cluster", kCluster)) return;
    wish_.cluster->kubeconfig = resolved(faults_.string(node, "cluster.kubeconfig"));
    wish_.cluster->context = faults_.string(node, "cluster.context");
    wish_.cluster->distribution = faults_.string(node, "cluster.distribution", "auto");
  }

  void refuse(const YamlNode& parent, std::string_view section, std::string_view key) {
    if (const YamlNode* node = parent.find(key))
      faults_.fault(node->start, std::string(section) + "." + std::string(key) + std::string(kNotYet));
  }

  // A known word that this version does not act on yet.
  void refuseValue(const YamlNode& parent, std::string_view name, std::string_view key, std::string_view supported,
                   std::string_view alternatives) {
    const YamlNode* node = parent.find(key);
    if (!node || node->kind != YamlNode::Kind::Scalar) return;
    if (alternatives.find(" " + node->scalar + " ") == std::string_view::npos) return;
    if (supported.find(" " + node->scalar + " ") != std::string_view::npos) return;
    faults_.fault(node->start, std::string(name) + " \"" + node->scalar + "\"" + std::string(kNotYet));
  }

  void readIssuer(const YamlNode& node) {
    if (!faults_.isMapping(node, "issuer", kIssuer)) return;
    faults_.string(node, "issuer.hosting", "s3", oneOf({"s3", "cloudfront", "directory", "existing"}));
    refuseValue(node, "issuer.hosting", "hosting", " s3 ", " s3 cloudfront directory existing ");
    for (std::string_view key : {"domain", "directory", "republish"}) refuse(node, "issuer", key);
    bool hasUrl = node.find("url") != nullptr;
    wish_.issuer.bucket = faults_.string(node, "issuer.bucket", "", hasUrl ? Check() : Check(checkBucket));
    wish_.issuer.prefix = faults_.string(node, "issuer.prefix", "", checkPrefix);
    wish_.issuer.url = faults_.string(node, "issuer.url", "", [](std::string_view url) {
      auto checked = oidc::checkIssuer(url);
      return checked ? std::string() : "is no issuer: " + checked.error().message;
    });
  }

  void readKeys(const YamlNode& node) {
    if (!faults_.isMapping(node, "keys", kKeys)) return;
    std::string fallback = wish_.cluster ? "cluster" : "generate";
    std::string source = faults_.string(node, "keys.source", fallback, oneOf({"cluster", "generate", "files"}));
    refuseValue(node, "keys.source", "source", " cluster generate ", " cluster generate files ");
    refuse(node, "keys", "publicKeys");
    if (faults_.boolean(node, "keys.x5c", false)) refuse(node, "keys", "x5c");
    if (source == "cluster" && !wish_.cluster)
      faults_.fault(node.find("source")->start, "keys.source \"cluster\" needs the section cluster: as well");
    wish_.keys.source = source == "cluster" ? KeySource::Cluster : KeySource::Generate;
    std::string algorithm = faults_.string(node, "keys.algorithm", "RS256", oneOf({"RS256", "ES256"}));
    wish_.keys.algorithm = algorithm == "ES256" ? crypto::Algorithm::Es256 : crypto::Algorithm::Rs256;
    wish_.keys.directory = resolved(faults_.string(node, "keys.directory", "keys"));
  }

  void readWebhook(const YamlNode& node) {
    if (!faults_.isMapping(node, "webhook", kWebhook)) return;
    WebhookSettings& webhook = wish_.webhook;
    webhook.nameSpace = faults_.string(node, "webhook.namespace", webhook.nameSpace, checkNamespace);
    webhook.image = faults_.string(node, "webhook.image", webhook.image, checkImage);
    webhook.replicas = faults_.integer(node, "webhook.replicas", webhook.replicas, 1, 10);
    webhook.failurePolicy = faults_.string(node, "webhook.failurePolicy", "Ignore", oneOf({"Ignore", "Fail"}));
    webhook.guard = faults_.boolean(node, "webhook.guard", webhook.guard);
  }

  void readBindings(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::Sequence) return faults_.fault(node.start, "bindings must be a list");
    for (const YamlNode& item : node.items) {
      if (!faults_.isMapping(item, "bindings[]", kBinding)) continue;
      Binding binding;
      std::string account = faults_.required(item, "bindings[].serviceAccount", checkServiceAccount);
      std::size_t slash = std::min(account.find('/'), account.size());
      binding.nameSpace = account.substr(0, slash);
      binding.serviceAccount = account.substr(std::min(slash + 1, account.size()));
      if (const YamlNode* role = item.find("role"))
        binding.role = readRole(*role);
      else
        faults_.fault(item.start, "bindings[].role is missing");
      refuseContradiction(item, binding);
      wish_.bindings.push_back(std::move(binding));
    }
  }

  RoleSettings readRole(const YamlNode& node) {
    RoleSettings role;
    if (!faults_.isMapping(node, "role", kRole)) return role;
    role.name = faults_.required(node, "role.name", checkRoleName);
    role.path = faults_.string(node, "role.path", "/", checkRolePath);
    role.policies = faults_.strings(node, "role.policies", checkPolicyArn);
    role.boundary = faults_.string(node, "role.boundary", "", checkPolicyArn);
    role.tags = faults_.stringMap(node, "role.tags", checkTagKey);
    std::string duration = faults_.string(node, "role.maxSessionDuration", "1h", checkDuration);
    role.maxSessionDuration = parseDuration(duration).value_or(role.maxSessionDuration);
    if (const YamlNode* file = node.find("inline")) role.inlinePolicy = readInlinePolicy(*file);
    return role;
  }

  std::string readInlinePolicy(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::Scalar) {
      faults_.fault(node.start, "role.inline must name a JSON file");
      return "";
    }
    auto document = files_.read(resolved(node.scalar));
    if (!document) {
      faults_.fault(node.start, "role.inline: " + document.error().message);
      return "";
    }
    auto policy = policy::parsePolicy(*document, policy::PolicyKind::Identity);
    auto json = text::parseJson(*document);
    if (json && policy) return text::compact(*json);
    faults_.fault(node.start, "role.inline: " + node.scalar +
                                  " is no identity policy: " + (json ? policy.error().message : json.error().message));
    return "";
  }

  // One service account has one role; one role is described once, or the same way each time.
  void refuseContradiction(const YamlNode& item, const Binding& binding) {
    for (const Binding& other : wish_.bindings) {
      if (other.subject() == binding.subject() && other.role.name != binding.role.name)
        faults_.fault(item.start, binding.nameSpace + "/" + binding.serviceAccount + " has the role " +
                                      other.role.name + " already: a service account has one role");
      if (other.role.name == binding.role.name && other.role != binding.role)
        faults_.fault(item.start, "role " + binding.role.name + " is described differently above");
    }
  }

  FaultCollector faults_;
  const base::Files& files_;
  std::string folder_;
  Configuration wish_;
};

}  // namespace

base::Result<Configuration> parseConfiguration(std::string_view document, std::string_view file,
                                               const base::Files& files) {
  auto root = text::parseYaml(document);
  if (!root) return std::move(root).error().during(file);
  return Reader(file, files).read(*root);
}

}  // namespace setup
