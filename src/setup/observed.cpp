#include "setup/observed.h"

#include <algorithm>
#include <array>
#include <set>
#include <variant>

#include "setup/documents.h"
#include "setup/names.h"
#include "text/words.h"

namespace setup {
namespace {

// The value, or `fallback` when the thing is not there. (Ceph says NoSuchEntity of an empty list as well.)
template <typename T>
base::Result<T> orAbsent(base::Result<T> found, T fallback) {
  if (!found && found.error().kind == base::ErrorKind::NotFound) return fallback;
  return found;
}

base::Error notOurBucket(base::Error error, const std::string& bucket) {
  if (error.kind != base::ErrorKind::Denied) return error;
  error.message += " (bucket " + bucket + " belongs to another account, or the caller may not look at it)";
  return error;
}

// Calls `look` with each index side by side. The first error in their order, or all that was found.
template <typename T, typename Look>
base::Result<std::vector<T>> each(const World& world, std::size_t count, const Look& look) {
  std::vector<base::Result<T>> looked(count, base::internal("nobody looked"));
  world.sideBySide(count, [&](std::size_t index) { looked[index] = look(index); });
  std::vector<T> found;
  for (base::Result<T>& one : looked) found.push_back(TRY(std::move(one)));
  return found;
}

base::Result<ObservedRole> observeRole(aws::Client& aws, Dialect dialect, aws::Role role) {
  ObservedRole found{std::move(role), {}, {}};
  if (dialect == Dialect::Aws)
    found.attachedPolicies = TRY(aws::listAll(aws, aws::ListAttachedRolePolicies{found.role.name}));
  auto names = TRY(aws::listAll(aws, aws::ListRolePolicies{found.role.name}));
  for (const std::string& name : names)
    found.inlinePolicies[name] = TRY(aws.call(aws::GetRolePolicy{found.role.name, name}));
  return found;
}

// What a bucket has, each a call of its own.
base::Result<void> lookAtTags(aws::Client& aws, const std::string& bucket, const std::string& owner,
                              ObservedBucket& found) {
  found.tags = TRY(orAbsent(aws.call(aws::GetBucketTagging{bucket, owner}), Tags()));
  return {};
}

base::Result<void> lookAtPublicAccess(aws::Client& aws, const std::string& bucket, const std::string& owner,
                                      ObservedBucket& found) {
  auto publicAccess = aws.call(aws::GetPublicAccessBlock{bucket, owner});
  if (publicAccess)
    found.publicAccess = *publicAccess;
  else if (publicAccess.error().kind != base::ErrorKind::NotFound)
    return std::move(publicAccess).error();
  return {};
}

base::Result<void> lookAtPolicy(aws::Client& aws, const std::string& bucket, const std::string& owner,
                                ObservedBucket& found) {
  found.policy = TRY(orAbsent(aws.call(aws::GetBucketPolicy{bucket, owner}), std::string()));
  return {};
}

base::Result<std::optional<aws::Object>> lookAtDocument(aws::Client& aws, const std::string& bucket,
                                                        const std::string& owner, const std::string& key) {
  auto object = aws.call(aws::GetObject{bucket, owner, key});
  if (object) return std::optional(*std::move(object));
  if (object.error().kind != base::ErrorKind::NotFound) return std::move(object).error();
  return std::optional<aws::Object>();
}

}  // namespace

bool hasOurTag(const Tags& tags, std::string_view name) {
  auto tag = tags.find(std::string(kNameTag));
  return tag != tags.end() && tag->second == name;
}

base::Result<ObservedBucket> observeBucket(const World& world, const Observed& so) {
  const std::string& bucket = so.identifiers.bucket;
  const std::string& owner = so.caller.account;
  aws::Client& aws = world.aws;
  ObservedBucket found;
  auto head = aws.call(aws::HeadBucket{bucket, owner});
  if (!head && head.error().kind == base::ErrorKind::NotFound) return found;
  if (!head) return notOurBucket(std::move(head).error(), bucket);
  found.exists = true;
  constexpr std::array kSettings{lookAtTags, lookAtPublicAccess, lookAtPolicy};
  std::vector<std::optional<aws::Object>> documents(so.documentKeys.size());
  using Nothing = std::monostate;
  auto looked = each<Nothing>(world, kSettings.size() + documents.size(), [&](std::size_t i) -> base::Result<Nothing> {
    if (i < kSettings.size()) {
      TRY(kSettings[i](aws, bucket, owner, found));
      return Nothing();
    }
    std::size_t number = i - kSettings.size();
    documents[number] = TRY(lookAtDocument(aws, bucket, owner, so.documentKeys[number]));
    return Nothing();
  });
  if (!looked) return std::move(looked).error();
  for (std::size_t i = 0; i < documents.size(); ++i)
    if (documents[i]) found.documents[so.documentKeys[i]] = *std::move(documents[i]);
  return found;
}

base::Result<ObservedFolder> observeFolder(const World& world, const std::string& folder) {
  ObservedFolder found;
  for (std::string_view key : kDocumentKeys) {
    auto document = world.files.read(folder + "/" + std::string(key));
    if (document)
      found[std::string(key)] = *std::move(document);
    else if (document.error().kind != base::ErrorKind::NotFound)
      return std::move(document).error();
  }
  return found;
}

base::Result<std::vector<ObservedProvider>> observeProviders(const World& world, const Observed& so) {
  auto arns = TRY(orAbsent(world.aws.call(aws::ListOpenIDConnectProviders{}), std::vector<std::string>()));
  using Looked = std::optional<ObservedProvider>;
  auto looked = TRY(each<Looked>(world, arns.size(), [&](std::size_t i) -> base::Result<Looked> {
    auto provider = world.aws.call(aws::GetOpenIDConnectProvider{arns[i]});
    if (!provider && provider.error().kind == base::ErrorKind::NotFound) return Looked();  // gone since it was listed
    if (!provider) return std::move(provider).error();
    // No provider of Ceph has tags: the one of our issuer is ours by its name.
    if (so.dialect == Dialect::Ceph && arns[i] == so.identifiers.providerArn)
      provider->tags[std::string(kNameTag)] = so.name;
    bool matters = arns[i] == so.identifiers.providerArn || hasOurTag(provider->tags, so.name);
    return matters ? Looked({arns[i], *provider}) : Looked();
  }));
  std::vector<ObservedProvider> found;
  for (Looked& one : looked)
    if (one) found.push_back(*std::move(one));
  return found;
}

// ListRoles shows neither tags nor boundaries, and asking for each role of an account takes minutes. So only those are
// looked at that could be ours: by name, by description, or because they trust one of our providers.
base::Result<std::vector<ObservedRole>> observeRoles(const World& world, const Observed& so,
                                                     const Configuration& configuration) {
  std::set<std::string> wanted;
  // IAM takes role names for equal that differ in case only.
  for (const Binding& binding : configuration.bindings) wanted.insert(text::lowerCase(binding.role.name));
  auto isWanted = [&](const std::string& name) { return wanted.contains(text::lowerCase(name)); };
  auto trustsUs = [&](const aws::Role& role) {
    if (role.assumeRolePolicyDocument.find(so.identifiers.providerArn) != std::string::npos) return true;
    return std::any_of(so.providers.begin(), so.providers.end(), [&](const ObservedProvider& provider) {
      return role.assumeRolePolicyDocument.find(provider.arn) != std::string::npos;
    });
  };
  std::vector<std::string> names;
  auto roles = TRY(orAbsent(aws::listAll(world.aws, aws::ListRoles{}), std::vector<aws::Role>()));
  for (const aws::Role& listed : roles)
    if (isWanted(listed.name) || listed.description == roleDescription(so.name) || trustsUs(listed))
      names.push_back(listed.name);
  using Looked = std::optional<ObservedRole>;
  auto lookAt = [&](std::size_t i) -> base::Result<Looked> {
    auto role = world.aws.call(aws::GetRole{names[i]});
    if (!role && role.error().kind == base::ErrorKind::NotFound) return Looked();
    if (!role) return std::move(role).error();
    if (!isWanted(role->name) && !hasOurTag(role->tags, so.name)) return Looked();
    return Looked(TRY(observeRole(world.aws, so.dialect, *std::move(role))));
  };
  auto looked = TRY(each<Looked>(world, names.size(), lookAt));
  std::vector<ObservedRole> found;
  for (Looked& one : looked)
    if (one) found.push_back(*std::move(one));
  return found;
}

base::Result<aws::CallerIdentity> observeCaller(aws::Client& aws, const AwsSettings& settings) {
  auto caller = aws.call(aws::GetCallerIdentity{});
  bool isUntold = !caller && settings.isCeph() && caller.error().code == "MethodNotAllowed";
  return isUntold ? aws::CallerIdentity{settings.accountId, "", ""} : caller;
}

base::Result<Observed> observe(const Configuration& configuration, const World& world, const Phases& phases) {
  Observed so;
  so.name = configuration.name;
  so.dialect = configuration.aws.dialect;
  so.caller = TRY(observeCaller(world.aws, configuration.aws));
  const std::string& wanted = configuration.aws.accountId;
  if (!wanted.empty() && wanted != so.caller.account)
    return base::Error{base::ErrorKind::Invalid, "",
                       "the credentials belong to account " + so.caller.account + " (" + so.caller.arn +
                           "), irsa.yaml asks for aws.accountId " + wanted,
                       "choose other credentials (aws.profile, AWS_PROFILE) or correct aws.accountId"};
  aws::Partition partition = TRY(aws::partitionOf(configuration.aws.region));
  so.now = world.clock.now();
  so.identifiers = identifiersOf(configuration, partition, so.caller.account);
  const bool isCloudFront = configuration.issuer.hosting == Hosting::CloudFront;
  if (isCloudFront) {
    so.front = TRY(observeFront(world, configuration, partition, so));
    if (so.front.distribution)
      so.identifiers =
          identifiersOf(configuration, partition, so.caller.account, so.front.distribution->distribution.domainName);
  }
  so.isBucketNameOurs = configuration.issuer.bucket.empty();
  for (std::string_view key : kDocumentKeys) so.documentKeys.push_back(objectKey(configuration.issuer.prefix, key));
  if (phases.contains(Phase::Provider)) so.providers = TRY(observeProviders(world, so));
  // Ceph's provider has the thumbprints of what the issuer publishes.
  bool looksAtIssuer =
      phases.contains(Phase::Issuer) || (so.dialect == Dialect::Ceph && phases.contains(Phase::Provider));
  if (looksAtIssuer && (isCloudFront || configuration.issuer.hosting == Hosting::S3))
    so.bucket = TRY(observeBucket(world, so));
  if (looksAtIssuer && configuration.issuer.hosting == Hosting::Directory)
    so.folder = TRY(observeFolder(world, configuration.issuer.directory));
  if (phases.contains(Phase::Roles)) so.roles = TRY(observeRoles(world, so, configuration));
  if (world.kube) so.cluster = TRY(observeCluster(world, configuration, phases));
  return so;
}

}  // namespace setup
