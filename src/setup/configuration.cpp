#include "setup/configuration.h"

#include <algorithm>
#include <array>
#include <set>

#include "aws/partition.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "http/message.h"
#include "http/url.h"
#include "oidc/discovery.h"
#include "policy/arn.h"
#include "policy/policy_document.h"
#include "policy/trust_policy.h"
#include "setup/documents.h"
#include "setup/fault_collector.h"
#include "setup/key_files.h"
#include "setup/names.h"
#include "setup/republisher_objects.h"
#include "setup/value_checks.h"
#include "text/encoding.h"
#include "text/json.h"
#include "text/words.h"

namespace setup {
namespace {

using text::YamlNode;

constexpr std::array<std::string_view, 9> kTop{"apiVersion", "name",    "aws",      "cluster", "issuer",
                                               "keys",       "webhook", "bindings", "tags"};
constexpr std::array<std::string_view, 7> kAws{"dialect",  "region",    "profile", "accountId",
                                               "endpoint", "endpoints", "caFile"};
constexpr std::array<std::string_view, 4> kEndpoints{"s3", "iam", "sts", "cloudfront"};
constexpr std::array<std::string_view, 3> kCluster{"kubeconfig", "context", "distribution"};
constexpr std::array<std::string_view, 10> kIssuer{"hosting", "bucket",      "bucketNamespace", "prefix",    "url",
                                                   "domain",  "certificate", "directory",       "republish", "caFile"};
constexpr std::array<std::string_view, 9> kKeys{"source", "algorithm",  "bits",    "directory", "publicKeys",
                                                "secret", "kubeconfig", "context", "x5c"};
constexpr std::array<std::string_view, 5> kWebhook{"namespace", "image", "replicas", "failurePolicy", "guard"};
constexpr std::array<std::string_view, 3> kBinding{"serviceAccount", "serviceAccounts", "role"};
constexpr std::array<std::string_view, 7> kRole{"name", "path", "policies", "inline", "boundary", "maxSessionDuration",
                                                "tags"};
constexpr std::size_t kMostTags = 48;           // AWS takes 50, two are ours
constexpr std::size_t kMostPolicies = 25;       // that can be attached to a role; 10 unless the quota was raised
constexpr std::size_t kLongestInline = 10'240;  // characters without white space
constexpr std::size_t kLongestBucket = 63;

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
      wish_.keys.x5c = isCeph();
      if (const YamlNode* keys = root.find("keys")) readKeys(*keys, root);
      if (const YamlNode* webhook = root.find("webhook")) readWebhook(*webhook);
      if (const YamlNode* bindings = root.find("bindings")) readBindings(*bindings);
      wish_.tags = tagsOf(root, "tags");
      if (wish_.issuer.republish) addRepublisher(*root.find("issuer")->find("republish"));
      if (isCeph()) checkForCeph(*root.find("aws"));
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

  bool isCeph() const { return wish_.aws.isCeph(); }

  void readAws(const YamlNode& node) {
    if (!faults_.isMapping(node, "aws", kAws)) return;
    AwsSettings& aws = wish_.aws;
    bool isOther = faults_.string(node, "aws.dialect", "aws", oneOf({"aws", "ceph"})) == "ceph";
    aws.dialect = isOther ? Dialect::Ceph : Dialect::Aws;
    aws.region = faults_.required(node, "aws.region", checkRegion);
    aws.profile = faults_.string(node, "aws.profile");
    aws.accountId = faults_.string(node, "aws.accountId", "", isCeph() ? checkTenant : checkAccountId);
    aws.caFile = resolved(faults_.string(node, "aws.caFile"));
    std::string endpoint = originOf(faults_.string(node, "aws.endpoint", "", checkEndpoint));
    aws.s3Endpoint = aws.iamEndpoint = aws.stsEndpoint = aws.cloudFrontEndpoint = endpoint;
    const YamlNode* endpoints = node.find("endpoints");
    if (!endpoints || !faults_.isMapping(*endpoints, "aws.endpoints", kEndpoints)) return;
    aws.s3Endpoint = originOf(faults_.string(*endpoints, "aws.endpoints.s3", endpoint, checkEndpoint));
    aws.iamEndpoint = originOf(faults_.string(*endpoints, "aws.endpoints.iam", endpoint, checkEndpoint));
    aws.stsEndpoint = originOf(faults_.string(*endpoints, "aws.endpoints.sts", endpoint, checkEndpoint));
    aws.cloudFrontEndpoint = originOf(faults_.string(*endpoints, "aws.endpoints.cloudfront", endpoint, checkEndpoint));
  }

  // What the rest of the file may leave out for AWS, and Ceph has no default for.
  void checkForCeph(const YamlNode& node) {
    const text::Position& at = node.find("dialect")->start;
    const AwsSettings& aws = wish_.aws;
    const IssuerSettings& issuer = wish_.issuer;
    if (aws.s3Endpoint.empty() || aws.iamEndpoint.empty() || aws.stsEndpoint.empty())
      return faults_.fault(at, "aws.dialect \"ceph\" needs aws.endpoint, or all three of aws.endpoints");
    if (issuer.hosting == Hosting::CloudFront)
      faults_.fault(at, "issuer.hosting \"cloudfront\" is AWS's, Ceph has no such thing");
    if (issuer.hosting == Hosting::S3 && issuer.url.empty() && !aws.s3Endpoint.starts_with("https://"))
      faults_.fault(at, "the issuer would lie below " + aws.s3Endpoint +
                            ", which is not https: give an https endpoint for S3, or issuer.url");
    bool hasCertificates = wish_.keys.x5c && issuer.hosting != Hosting::Existing;
    if (!hasCertificates && issuer.thumbprints.empty())
      faults_.fault(at,
                    "Ceph takes no OIDC provider without a thumbprint: publish certificates (keys.x5c), or name the "
                    "host's in issuer.caFile");
    if (issuer.hosting == Hosting::CloudFront) faults_.fault(at, "issuer.hosting \"cloudfront\" is not there in Ceph");
    if (issuer.isAccountRegional) faults_.fault(at, "issuer.bucketNamespace \"account-regional\" is not there in Ceph");
  }

  void readCluster(const YamlNode& node) {
    wish_.cluster.emplace();
    if (!faults_.isMapping(node, "cluster", kCluster)) return;
    wish_.cluster->kubeconfig = resolved(faults_.string(node, "cluster.kubeconfig"));
    wish_.cluster->context = faults_.string(node, "cluster.context");
    wish_.cluster->distribution = faults_.string(node, "cluster.distribution", "auto");
  }

  void readIssuer(const YamlNode& node) {
    if (!faults_.isMapping(node, "issuer", kIssuer)) return;
    IssuerSettings& issuer = wish_.issuer;
    std::string hosting =
        faults_.string(node, "issuer.hosting", "s3", oneOf({"s3", "cloudfront", "directory", "existing"}));
    issuer.hosting = hosting == "directory"    ? Hosting::Directory
                     : hosting == "existing"   ? Hosting::Existing
                     : hosting == "cloudfront" ? Hosting::CloudFront
                                               : Hosting::S3;
    bool hasUrl = node.find("url") != nullptr;
    issuer.bucket = faults_.string(node, "issuer.bucket", "", hasUrl ? Check() : Check(checkBucket));
    issuer.prefix = faults_.string(node, "issuer.prefix", "", checkPrefix);
    std::string space = faults_.string(node, "issuer.bucketNamespace", "global", oneOf({"global", "account-regional"}));
    issuer.isAccountRegional = space == "account-regional";
    issuer.url = faults_.string(node, "issuer.url", "", [this](std::string_view url) {
      auto checked = oidc::checkIssuer(url, isCeph() ? oidc::Port::Allowed : oidc::Port::Refused);
      return checked ? std::string() : "is no issuer: " + checked.error().message;
    });
    issuer.domain = faults_.string(node, "issuer.domain", "", checkDomain);
    issuer.certificate = faults_.string(node, "issuer.certificate", "", checkCertificateArn);
    issuer.directory = resolved(faults_.string(node, "issuer.directory", "issuer"));
    issuer.republish = faults_.boolean(node, "issuer.republish", false);
    if (const YamlNode* file = node.find("caFile")) readThumbprints(*file);
    refuseOfOtherHosting(node, hosting);
    if (issuer.hosting == Hosting::S3 && hasUrl && !isCeph()) placeInS3(*node.find("url"));
  }

  // One place: what url says of bucket, prefix and Region is what is written to.
  void placeInS3(const YamlNode& url) {
    IssuerSettings& issuer = wish_.issuer;
    const std::optional<IssuerPlace> place = issuerPlaceOf(issuer.url);
    if (!place) return;
    auto unify = [&](std::string& said, const std::string& placed, std::string_view name) {
      if (said.empty()) said = placed;
      if (said != placed)
        faults_.fault(url.start, "issuer.url lies in " + std::string(name) + " \"" + placed + "\", irsa.yaml says \"" +
                                     said + "\": the documents would be written where nobody reads them");
    };
    unify(issuer.bucket, place->bucket, "bucket");
    unify(issuer.prefix, place->prefix, "prefix");
    std::string region = place->region.empty() ? "us-east-1" : place->region;
    std::string wanted = wish_.aws.region;
    unify(wanted, region, "the Region");
  }

  // Keys that the chosen hosting has no use for are mistakes.
  void refuseOfOtherHosting(const YamlNode& node, const std::string& hosting) {
    bool isS3 = wish_.issuer.hosting == Hosting::S3, isCloudFront = wish_.issuer.hosting == Hosting::CloudFront;
    for (std::string_view key : {"bucket", "prefix", "bucketNamespace"})
      if (const YamlNode* found = node.find(key); found && !isS3 && !isCloudFront)
        faults_.fault(found->start, "issuer." + std::string(key) + " goes with hosting s3, not with " + hosting);
    for (std::string_view key : {"domain", "certificate"})
      if (const YamlNode* found = node.find(key); found && !isCloudFront)
        faults_.fault(found->start,
                      "issuer." + std::string(key) + " goes with hosting cloudfront, not with " + hosting);
    if (isCloudFront) checkCloudFront(node);
    if (const YamlNode* found = node.find("directory"); found && wish_.issuer.hosting != Hosting::Directory)
      faults_.fault(found->start, "issuer.directory goes with hosting directory, not with " + hosting);
    if (const YamlNode* found = node.find("caFile"); found && ((isS3 && !isCeph()) || isCloudFront))
      faults_.fault(found->start,
                    "issuer.caFile is for hosts with a certificate of your own authority, not for " + hosting);
    if (!isS3 && !isCloudFront && !node.find("url"))
      faults_.fault(node.start, "issuer.url is missing: hosting " + hosting + " needs to know where the issuer is");
    if (wish_.issuer.isAccountRegional && (isS3 || isCloudFront)) checkAccountRegional(node);
  }

  void checkCloudFront(const YamlNode& node) {
    const text::Position& at = node.find("hosting")->start;
    auto partition = aws::partitionOf(wish_.aws.region);
    if (partition && partition->cloudFrontHost.empty())
      faults_.fault(at, "issuer.hosting \"cloudfront\" is not there in " + std::string(partition->name));
    if (partition && partition->name == "aws-cn")
      faults_.fault(at,
                    "issuer.hosting \"cloudfront\": in China CloudFront serves only registered domains, with "
                    "certificates that are kept in IAM, which irsa does not set up");
    if (const YamlNode* url = node.find("url"))
      faults_.fault(url->start, "issuer.url does not go with hosting cloudfront: say issuer.domain, or nothing");
    const YamlNode *domain = node.find("domain"), *certificate = node.find("certificate");
    if (domain && !certificate)
      faults_.fault(domain->start, "issuer.domain needs issuer.certificate: the ARN of its certificate in ACM");
    if (certificate && !domain) faults_.fault(certificate->start, "issuer.certificate needs issuer.domain");
  }

  void checkAccountRegional(const YamlNode& node) {
    const std::string& region = wish_.aws.region;
    const text::Position& at = node.find("bucketNamespace")->start;
    if (region == "me-south-1" || region == "me-central-1")
      faults_.fault(at, "issuer.bucketNamespace \"account-regional\" is not there in " + region);
    const YamlNode* bucket = node.find("bucket");
    if (bucket && !wish_.issuer.bucket.ends_with("-" + region + "-an"))
      return faults_.fault(bucket->start,
                           "issuer.bucket must be NAME-ACCOUNT-REGION-an in the account's own namespace");
    std::size_t length = accountRegionalBucketName(std::string(12, '0'), region, wish_.name).size();
    if (!bucket && length > kLongestBucket)
      faults_.fault(
          at, "the bucket would be " + wish_.name + "-ACCOUNT-" + region + "-an, which is longer than 63 characters");
  }

  // IAM wants a thumbprint only where it does not know the authority; it is that of the authority's own certificate.
  void readThumbprints(const YamlNode& node) {
    auto pem = readFile(node, "issuer.caFile");
    if (!pem) return;
    auto certificates = crypto::certificatesFromPem(*pem);
    if (!certificates) return faults_.fault(node.start, "issuer.caFile: " + certificates.error().message);
    for (const crypto::Certificate& certificate : *certificates)
      if (certificate.isAuthority) wish_.issuer.thumbprints.push_back(text::hex(crypto::sha1(certificate.der)));
    std::size_t count = wish_.issuer.thumbprints.size();
    if (count == 0) faults_.fault(node.start, "issuer.caFile: " + node.scalar + " holds no authority's certificate");
    if (count > kMostThumbprints)
      faults_.fault(node.start, "issuer.caFile: " + node.scalar + " holds " + std::to_string(count) +
                                    " authorities; IAM takes five thumbprints");
  }

  void readKeys(const YamlNode& node, const YamlNode& root) {
    if (!faults_.isMapping(node, "keys", kKeys)) return;
    KeySettings& keys = wish_.keys;
    std::string fallback = wish_.cluster ? "cluster" : "generate";
    std::string source = faults_.string(node, "keys.source", fallback, oneOf({"cluster", "generate", "files"}));
    if (source == "cluster" && !wish_.cluster && node.find("source"))
      faults_.fault(node.find("source")->start, "keys.source \"cluster\" needs the section cluster: as well");
    keys.source = source == "cluster" ? KeySource::Cluster : source == "files" ? KeySource::Files : KeySource::Generate;
    std::string algorithm = faults_.string(node, "keys.algorithm", "RS256", oneOf({"RS256", "ES256"}));
    keys.algorithm = algorithm == "ES256" ? crypto::Algorithm::Es256 : crypto::Algorithm::Rs256;
    std::string bits = faults_.string(node, "keys.bits", "2048", oneOf({"2048", "3072", "4096"}));
    keys.bits = bits == "4096" ? 4096 : bits == "3072" ? 3072 : 2048;
    keys.directory = resolved(faults_.string(node, "keys.directory", "keys"));
    keys.x5c = faults_.boolean(node, "keys.x5c", isCeph());
    readKeyFiles(node);
    refuseOfOtherSource(node, source);
    const YamlNode* issuer = root.find("issuer");
    if (wish_.issuer.hosting == Hosting::Existing && issuer && source != "cluster" && node.find("source"))
      faults_.fault(node.find("source")->start,
                    "keys.source \"" + source + "\" is of no use: with issuer.hosting existing nothing is published");
  }

  void readKeyFiles(const YamlNode& node) {
    KeySettings& keys = wish_.keys;
    const YamlNode* list = node.find("publicKeys");
    faults_.strings(node, "keys.publicKeys", [](std::string_view) { return std::string(); });
    for (const YamlNode& item : list ? list->items : std::vector<YamlNode>()) {
      if (item.kind != YamlNode::Kind::Scalar) continue;
      auto document = readFile(item, "keys.publicKeys");
      if (!document) continue;
      auto found = publicKeysIn(*document);
      if (found)
        addKeys(keys.published, *found);
      else
        faults_.fault(item.start, "keys.publicKeys: " + item.scalar + ": " + found.error().message);
    }
    std::string secret = faults_.string(node, "keys.secret", "", checkSecret);
    std::size_t slash = std::min(secret.find('/'), secret.size());
    keys.secretNamespace = secret.substr(0, slash);
    keys.secretName = secret.substr(std::min(slash + 1, secret.size()));
    keys.kubeconfig = resolved(faults_.string(node, "keys.kubeconfig"));
    keys.context = faults_.string(node, "keys.context");
  }

  void refuseOfOtherSource(const YamlNode& node, const std::string& source) {
    auto only = [&](std::string_view key, std::string_view wanted) {
      if (const YamlNode* found = node.find(key); found && source != wanted)
        faults_.fault(found->start, "keys." + std::string(key) + " goes with keys.source " + std::string(wanted) +
                                        ", not with " + source);
    };
    for (std::string_view key : {"algorithm", "bits", "directory"}) only(key, "generate");
    for (std::string_view key : {"publicKeys", "secret", "kubeconfig", "context"}) only(key, "files");
    if (node.find("bits") && wish_.keys.algorithm == crypto::Algorithm::Es256)
      faults_.fault(node.find("bits")->start, "keys.bits goes with algorithm RS256: an ES256 key has one size");
    if (source != "files") return;
    const YamlNode* secret = node.find("secret");
    if (!secret && !node.find("publicKeys"))
      faults_.fault(node.start, "keys.source files needs keys.publicKeys or keys.secret");
    if (const YamlNode* files = node.find("publicKeys"); files && files->items.empty() && !secret)
      faults_.fault(files->start, "keys.publicKeys names no file: nothing would be published");
    if (secret && !wish_.cluster && !wish_.keys.hasOwnCluster())
      faults_.fault(secret->start, "keys.secret needs keys.kubeconfig, or the section cluster:");
  }

  std::optional<std::string> readFile(const YamlNode& node, const std::string& name) {
    if (node.kind != YamlNode::Kind::Scalar) {
      faults_.fault(node.start, name + " must name a file");
      return std::nullopt;
    }
    auto document = files_.read(resolved(node.scalar));
    if (document) return *std::move(document);
    faults_.fault(node.start, name + ": " + document.error().message);
    return std::nullopt;
  }

  Tags tagsOf(const YamlNode& node, std::string_view name) {
    Tags tags = faults_.stringMap(node, name, checkTagKey);
    const YamlNode* found = node.find("tags");
    for (const auto& [key, value] : tags)
      if (std::string wrong = checkTagValue(value); !wrong.empty())
        faults_.fault(found->find(key)->start, std::string(name) + "." + key + " " + wrong);
    std::set<std::string> names;
    for (const auto& [key, value] : tags)
      if (!names.insert(text::lowerCase(key)).second)
        faults_.fault(found->start,
                      std::string(name) + " has \"" + key + "\" twice but for capitals, which IAM refuses");
    if (tags.size() > kMostTags)
      faults_.fault(found->start, std::string(name) + " has " + std::to_string(tags.size()) +
                                      " entries; AWS takes 50, and two are irsa's");
    return tags;
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
      RoleSettings role;
      if (const YamlNode* described = item.find("role"))
        role = readRole(*described);
      else
        faults_.fault(item.start, "bindings[].role is missing");
      for (const std::string& account : accountsOf(item)) {
        std::size_t slash = std::min(account.find('/'), account.size());
        Binding binding{account.substr(0, slash), account.substr(std::min(slash + 1, account.size())), role};
        refuseContradiction(item, binding);
        wish_.bindings.push_back(std::move(binding));
      }
    }
  }

  std::vector<std::string> accountsOf(const YamlNode& item) {
    if (!item.find("serviceAccounts"))
      return {faults_.required(item, "bindings[].serviceAccount", checkServiceAccount)};
    if (const YamlNode* one = item.find("serviceAccount"))
      faults_.fault(one->start, "a binding has either serviceAccount or serviceAccounts");
    auto accounts = faults_.strings(item, "bindings[].serviceAccounts", checkServiceAccount);
    if (item.find("serviceAccounts")->items.empty())
      faults_.fault(item.find("serviceAccounts")->start, "bindings[].serviceAccounts names no account");
    return accounts;
  }

  RoleSettings readRole(const YamlNode& node) {
    RoleSettings role;
    if (!faults_.isMapping(node, "role", kRole)) return role;
    role.name = faults_.required(node, "role.name", checkRoleName);
    role.path = faults_.string(node, "role.path", "/", checkRolePath);
    role.policies = faults_.strings(node, "role.policies", checkPolicyArn);
    role.boundary = faults_.string(node, "role.boundary", "", checkPolicyArn);
    for (std::string_view key : {"policies", "boundary"})
      if (const YamlNode* found = node.find(key); found && isCeph())
        faults_.fault(found->start, "role." + std::string(key) + " is not for Ceph, which knows role.inline only");
    role.tags = tagsOf(node, "role.tags");
    refuseImpossiblePolicies(node, role);
    std::string duration = faults_.string(node, "role.maxSessionDuration", "1h", checkDuration);
    role.maxSessionDuration = parseDuration(duration).value_or(role.maxSessionDuration);
    if (const YamlNode* file = node.find("inline")) role.inlinePolicy = readInlinePolicy(*file);
    return role;
  }

  void refuseImpossiblePolicies(const YamlNode& node, const RoleSettings& role) {
    auto partition = aws::partitionOf(wish_.aws.region);
    auto isElsewhere = [&](const std::string& arn) {
      auto parsed = policy::parseArn(arn);
      return partition && parsed && parsed->partition != partition->name;
    };
    const YamlNode* list = node.find("policies");
    for (std::size_t i = 0; i < role.policies.size(); ++i) {
      const text::Position& at = list->items[std::min(i, list->items.size() - 1)].start;
      if (std::count(role.policies.begin(), role.policies.begin() + std::ptrdiff_t(i), role.policies[i]) > 0)
        faults_.fault(at, "role.policies has " + role.policies[i] + " twice");
      if (isElsewhere(role.policies[i]))
        faults_.fault(at, "role.policies \"" + role.policies[i] + "\" lies in another partition than " +
                              wish_.aws.region + " (" + std::string(partition->name) + ")");
    }
    if (role.policies.size() > kMostPolicies)
      faults_.fault(list->start, "role.policies has " + std::to_string(role.policies.size()) +
                                     " entries; at most 25 can be attached to a role");
    if (!role.boundary.empty() && isElsewhere(role.boundary))
      faults_.fault(node.find("boundary")->start, "role.boundary lies in another partition than " + wish_.aws.region);
  }

  std::string readInlinePolicy(const YamlNode& node) {
    auto document = readFile(node, "role.inline");
    if (!document) return "";
    auto policy = policy::parsePolicy(*document, policy::PolicyKind::Identity);
    auto json = text::parseJson(*document);
    if (json && policy && policy::quotaSize(text::compact(*json)) > kLongestInline)
      faults_.fault(node.start, "role.inline: " + node.scalar + " has " +
                                    std::to_string(policy::quotaSize(text::compact(*json))) +
                                    " characters without white space; IAM takes 10240");
    if (json && policy) return text::compact(*json);
    faults_.fault(node.start, "role.inline: " + node.scalar +
                                  " is no identity policy: " + (json ? policy.error().message : json.error().message));
    return "";
  }

  // Its role is that of a binding like others.
  void addRepublisher(const YamlNode& node) {
    const Hosting hosting = wish_.issuer.hosting;
    if (isCeph())
      return faults_.fault(node.start,
                           "issuer.republish is not for Ceph, whose provider must be told each new key's certificate: "
                           "irsa apply does both");
    if (hosting != Hosting::S3 && hosting != Hosting::CloudFront)
      return faults_.fault(node.start, "issuer.republish goes with hosting s3 or cloudfront, where irsa may write");
    if (!wish_.cluster)
      return faults_.fault(node.start, "issuer.republish needs the section cluster: it is a pod there");
    if (wish_.keys.source != KeySource::Cluster)
      return faults_.fault(node.start, "issuer.republish needs keys.source cluster: it follows the API servers' keys");
    Binding binding{.nameSpace = wish_.webhook.nameSpace,
                    .serviceAccount = std::string(kRepublisherName),
                    .role = {.name = wish_.name + "-republisher"},
                    .isRepublishers = true};
    for (const Binding& other : wish_.bindings)
      if (http::sameName(other.role.name, binding.role.name) || other.subject() == binding.subject())
        faults_.fault(node.start, "issuer.republish gives " + binding.nameSpace + "/" + binding.serviceAccount +
                                      " the role " + binding.role.name + ", and bindings has one of them already");
    wish_.bindings.push_back(std::move(binding));
    if (wish_.aws.caFile.empty()) return;
    auto roots = files_.read(wish_.aws.caFile);
    if (!roots) return faults_.fault(node.start, "issuer.republish takes aws.caFile along: " + roots.error().message);
    wish_.aws.roots = *std::move(roots);
  }

  // One service account has one role; one role is described once, or the same way each time.
  void refuseContradiction(const YamlNode& item, const Binding& binding) {
    for (const Binding& other : wish_.bindings) {
      if (other.subject() == binding.subject() && other.role.name != binding.role.name)
        faults_.fault(item.start, binding.nameSpace + "/" + binding.serviceAccount + " has the role " +
                                      other.role.name + " already: a service account has one role");
      bool isSame = other.role.name == binding.role.name;
      if (!isSame && http::sameName(other.role.name, binding.role.name))
        faults_.fault(item.start, "role " + binding.role.name + " is spelled " + other.role.name +
                                      " above, and IAM takes both for one");
      if (isSame && other.role != binding.role)
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
