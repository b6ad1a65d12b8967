#include "setup/desired.h"

#include <algorithm>

#include "oidc/discovery.h"
#include "policy/trust_policy.h"
#include "setup/distribution.h"
#include "setup/documents.h"
#include "setup/key_files.h"
#include "setup/names.h"
#include "setup/object_parts.h"
#include "setup/permissions.h"
#include "setup/republisher_objects.h"

namespace setup {
namespace {

constexpr std::size_t kUsualPolicies = 10;  // that AWS attaches to a role

// To Ceph the tags of a role are session tags, which its trust policy must allow.
void allowTagSession(text::Json& trust) {
  for (text::Json& statement : trust["Statement"])
    statement["Action"] = text::Json::array({statement["Action"], "sts:TagSession"});
}

Tags tagsOf(const Configuration& configuration, const Material& material) {
  Tags tags = configuration.tags;
  tags[std::string(kNameTag)] = configuration.name;
  if (!material.clusterUid.empty()) tags[std::string(kClusterTag)] = material.clusterUid;
  return tags;
}

// What `irsa issuer publish` does at AWS, and no more.
std::string publishersPolicy(const Configuration& configuration, const Identifiers& names, const Material& material) {
  PermissionQuestion question{.command = Command::Publish};
  question.distribution = material.distribution.empty() ? std::string(kUnknownDistribution) : material.distribution;
  return text::compact(permissionPolicy(configuration, names, material.account, question));
}

std::vector<DesiredRole> rolesOf(const Configuration& configuration, const Identifiers& names, const Desired& desired,
                                 const Material& material) {
  std::vector<DesiredRole> roles;
  for (const Binding& binding : configuration.bindings) {
    auto isSame = [&](const DesiredRole& role) { return role.settings.name == binding.role.name; };
    if (std::any_of(roles.begin(), roles.end(), isSame)) continue;
    std::vector<std::string> subjects;
    for (const Binding& other : configuration.bindings)
      if (other.role.name == binding.role.name) subjects.push_back(other.subject());
    DesiredRole role{.settings = binding.role,
                     .arn = roleArn(names.partition, material.account, binding.role.path, binding.role.name),
                     .tags = desired.tags};
    if (binding.isRepublishers) role.settings.inlinePolicy = publishersPolicy(configuration, names, material);
    for (const auto& [key, value] : binding.role.tags) role.tags[key] = value;
    if (!configuration.aws.isCeph()) role.description = roleDescription(configuration.name);
    text::Json trust = policy::trustPolicy(names.providerArn, oidc::providerName(names.issuer), kAudience, subjects);
    if (configuration.aws.isCeph()) allowTagSession(trust);
    role.trustPolicy = text::compact(trust);
    roles.push_back(std::move(role));
  }
  return roles;
}

WebhookWish webhookWishFor(const Configuration& configuration, const Material& material) {
  WebhookWish wish = webhookWishOf(configuration);
  wish.apiServerPort = material.apiServerPort;
  wish.settings.guard = configuration.webhook.guard && material.servesGuard;
  return wish;
}

void addNotes(const Configuration& configuration, const Material& material, Desired& desired) {
  desired.notes.insert(desired.notes.end(), material.notes.begin(), material.notes.end());
  if (desired.hosting == Hosting::S3 && !configuration.issuer.url.empty() && !configuration.aws.isCeph() &&
      !issuerPlaceOf(configuration.issuer.url))
    desired.notes.push_back(desired.issuer + " is no address in S3: see that it serves the documents of bucket " +
                            desired.bucket + ", which AWS reads there");
  if (!desired.hasCluster)
    desired.notes.push_back(
        "irsa.yaml has no cluster: service accounts and the webhook are skipped; add the section cluster and apply "
        "again");
  if (desired.hasCluster && configuration.webhook.guard && !material.servesGuard)
    desired.notes.push_back(
        "this API server has no ValidatingAdmissionPolicy (Kubernetes 1.30 does): the guard is left out, and a pod "
        "that the webhook misses starts without its role unless webhook.failurePolicy is Fail");
  for (const Binding& binding : configuration.bindings)
    if (binding.isPattern())
      desired.notes.push_back("annotate the service accounts that " + binding.nameSpace + "/" + binding.serviceAccount +
                              " is to mean yourself: " + std::string(kRoleAnnotation) + " names role " +
                              binding.role.name);
  for (const DesiredRole& role : desired.roles)
    if (role.settings.policies.size() > kUsualPolicies)
      desired.notes.push_back("role " + role.settings.name + " has " + std::to_string(role.settings.policies.size()) +
                              " managed policies; AWS attaches 10 unless the account's quota was raised");
  if (desired.hosting == Hosting::Directory)
    desired.notes.push_back("copy the folder " + desired.directory + " to where " + desired.issuer +
                            " is served: AWS reads the documents there");
}

std::vector<DesiredDocument> documentsOf(const std::string& issuer, const std::string& prefix, const oidc::Jwks& jwks) {
  std::string type(kDocumentType), cache(kDocumentCacheControl);
  std::vector<DesiredDocument> documents;
  for (std::string_view key : kDocumentKeys)
    documents.push_back({objectKey(prefix, key),
                         {key == kDiscoveryKey ? discoveryDocument(issuer, jwks) : jwksDocument(jwks), type, cache}});
  return documents;
}

// The bucket is nobody's to read but the distribution's.
void addDistribution(const Configuration& configuration, const aws::Partition& partition, const Identifiers& names,
                     const Material& material, Desired& desired) {
  const IssuerSettings& issuer = configuration.issuer;
  desired.publicAccess = {true, true, true, true};
  const std::string id = material.distribution.empty() ? std::string(kUnknownDistribution) : material.distribution;
  desired.bucketPolicy = distributionBucketPolicy(names.partition, names.bucket, issuer.prefix,
                                                  distributionArn(names.partition, material.account, id));
  const std::string control =
      material.accessControl.empty() ? std::string(kUnknownDistribution) : material.accessControl;
  // A new origin access control is a new wish, so that a set-up can be destroyed and made again.
  desired.front = {.comment = roleDescription(configuration.name),
                   .origin = names.bucket + "." + aws::s3Host(partition, configuration.aws.region),
                   .accessControl = control,
                   .callerReference = names.bucket + "-" + control,
                   .domain = issuer.domain,
                   .certificate = issuer.certificate};
  if (isUnnamed(names.issuer))
    desired.notes.push_back("CloudFront names the distribution: apply puts its name in where " +
                            std::string(kUnknownDomain) + " stands here");
  if (!issuer.domain.empty())
    desired.notes.push_back(issuer.domain + " must lead to " +
                            (material.distributionDomain.empty() ? "the distribution's own name, which apply tells"
                                                                 : material.distributionDomain) +
                            ": a CNAME or alias record that is yours to make, before the provider can be");
}

// What Ceph wants otherwise: docs/guide/ceph.md has the list.
void speakDialect(const Configuration& configuration, const Material& material, Desired& desired) {
  if (!configuration.aws.isCeph()) {
    desired.locationConstraint = configuration.aws.region;
    desired.providerTags = desired.tags;
    // ACLs stay shut; a bucket policy may be public, and this one is, for these objects.
    desired.publicAccess = {.blockPublicAcls = true, .ignorePublicAcls = true};
    desired.replacesAsSeen = true;  // Ceph 16 finds no ETag equal to its own
    return;
  }
  // The certificates of the JWKS are what Ceph compares thumbprints with.
  for (std::string& thumbprint : thumbprintsOf(material.jwks))
    if (desired.thumbprints.size() < kMostThumbprints) desired.thumbprints.push_back(std::move(thumbprint));
  desired.replacesProvider = true;
}

}  // namespace

Identifiers identifiersOf(const Configuration& configuration, const aws::Partition& partition, std::string_view account,
                          std::string_view distributionDomain) {
  const IssuerSettings& issuer = configuration.issuer;
  Identifiers names{std::string(partition.name), issuer.bucket, issuer.url, ""};
  const std::string& region = configuration.aws.region;
  const bool isCloudFront = issuer.hosting == Hosting::CloudFront;
  if ((issuer.hosting == Hosting::S3 || isCloudFront) && names.bucket.empty())
    names.bucket = issuer.isAccountRegional ? accountRegionalBucketName(account, region, configuration.name)
                                            : bucketName(account, region, configuration.name);
  if (isCloudFront)
    names.issuer = "https://" +
                   std::string(!issuer.domain.empty()       ? std::string_view(issuer.domain)
                               : distributionDomain.empty() ? kUnknownDomain
                                                            : distributionDomain) +
                   (issuer.prefix.empty() ? "" : "/" + issuer.prefix);
  if (names.issuer.empty())
    names.issuer = configuration.aws.isCeph()
                       ? configuration.aws.s3Endpoint + "/" +
                             (issuer.prefix.empty() ? names.bucket : objectKey(names.bucket, issuer.prefix))
                       : issuerUrl(names.bucket, region, partition.dnsSuffix, issuer.prefix);
  names.providerArn = providerArn(names.partition, account, names.issuer);
  return names;
}

Desired desire(const Configuration& configuration, const aws::Partition& partition, const Material& material) {
  Identifiers names = identifiersOf(configuration, partition, material.account, material.distributionDomain);
  Desired desired;
  desired.name = configuration.name;
  desired.region = configuration.aws.region;
  desired.dialect = configuration.aws.dialect;
  desired.tags = tagsOf(configuration, material);
  desired.bucket = names.bucket;
  desired.hosting = configuration.issuer.hosting;
  if (desired.hosting == Hosting::S3)
    desired.bucketPolicy = bucketPolicy(names.partition, names.bucket, configuration.issuer.prefix);
  desired.isAccountRegional = configuration.issuer.isAccountRegional;
  desired.directory = configuration.issuer.directory;
  desired.thumbprints = configuration.issuer.thumbprints;
  speakDialect(configuration, material, desired);
  if (desired.hosting == Hosting::CloudFront) addDistribution(configuration, partition, names, material, desired);
  if (desired.hosting != Hosting::Existing)
    desired.documents = documentsOf(names.issuer, configuration.issuer.prefix, material.jwks);
  desired.issuer = names.issuer;
  desired.providerArn = names.providerArn;
  desired.roles = rolesOf(configuration, names, desired, material);
  desired.privateKeyPath = privateKeyPath(configuration.keys.directory, configuration.name);
  desired.newPrivateKeyPem = material.newPrivateKeyPem;
  desired.hasCluster = !material.clusterUid.empty();
  if (desired.hasCluster || material.isForPipeline) {
    desired.objects = webhookObjects(webhookWishFor(configuration, material));
    for (const Binding& binding : configuration.bindings) {
      const std::string arn = roleArn(names.partition, material.account, binding.role.path, binding.role.name);
      if (binding.isAnnotated()) desired.accounts.push_back({binding.nameSpace, binding.serviceAccount, arn});
      if (binding.isRepublishers)
        append(desired.objects,
               republisherObjects(republisherWishOf(configuration, material.account, arn, material.apiServerPort)));
    }
  }
  addNotes(configuration, material, desired);
  return desired;
}

}  // namespace setup
