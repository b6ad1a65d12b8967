#include "setup/observed.h"

#include <algorithm>

#include "http/message.h"
#include "setup/documents.h"
#include "setup/names.h"

namespace setup {
namespace {

// The value, or `fallback` when the thing is not there.
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

base::Result<ObservedRole> observeRole(aws::Client& aws, aws::Role role) {
  ObservedRole found{std::move(role), {}, {}};
  found.attachedPolicies = TRY(aws::listAll(aws, aws::ListAttachedRolePolicies{found.role.name}));
  auto names = TRY(aws::listAll(aws, aws::ListRolePolicies{found.role.name}));
  for (const std::string& name : names)
    found.inlinePolicies[name] = TRY(aws.call(aws::GetRolePolicy{found.role.name, name}));
  return found;
}

}  // namespace

bool hasOurTag(const Tags& tags, std::string_view name) {
  auto tag = tags.find(std::string(kNameTag));
  return tag != tags.end() && tag->second == name;
}

base::Result<ObservedBucket> observeBucket(aws::Client& aws, const Observed& so) {
  const std::string& bucket = so.identifiers.bucket;
  const std::string& owner = so.caller.account;
  ObservedBucket found;
  auto head = aws.call(aws::HeadBucket{bucket, owner});
  if (!head && head.error().kind == base::ErrorKind::NotFound) return found;
  if (!head) return notOurBucket(std::move(head).error(), bucket);
  found.exists = true;
  found.tags = TRY(orAbsent(aws.call(aws::GetBucketTagging{bucket, owner}), Tags()));
  auto publicAccess = aws.call(aws::GetPublicAccessBlock{bucket, owner});
  if (publicAccess)
    found.publicAccess = *publicAccess;
  else if (publicAccess.error().kind != base::ErrorKind::NotFound)
    return std::move(publicAccess).error();
  found.policy = TRY(orAbsent(aws.call(aws::GetBucketPolicy{bucket, owner}), std::string()));
  for (const std::string& key : so.documentKeys) {
    auto object = aws.call(aws::GetObject{bucket, owner, key});
    if (object)
      found.documents[key] = *object;
    else if (object.error().kind != base::ErrorKind::NotFound)
      return std::move(object).error();
  }
  return found;
}

base::Result<std::vector<ObservedProvider>> observeProviders(aws::Client& aws, const Observed& so) {
  std::vector<ObservedProvider> found;
  auto arns = TRY(aws.call(aws::ListOpenIDConnectProviders{}));
  for (const std::string& arn : arns) {
    auto provider = aws.call(aws::GetOpenIDConnectProvider{arn});
    if (!provider && provider.error().kind == base::ErrorKind::NotFound) continue;  // gone since it was listed
    if (!provider) return std::move(provider).error();
    if (arn == so.identifiers.providerArn || hasOurTag(provider->tags, so.name)) found.push_back({arn, *provider});
  }
  return found;
}

// ListRoles shows neither tags nor boundaries, and asking for each role of an account takes minutes. So only those are
// looked at that could be ours: by name, by description, or because they trust one of our providers.
base::Result<std::vector<ObservedRole>> observeRoles(aws::Client& aws, const Observed& so,
                                                     const Configuration& configuration) {
  auto isWanted = [&](const std::string& name) {
    return std::any_of(configuration.bindings.begin(), configuration.bindings.end(),
                       [&](const Binding& binding) { return http::sameName(binding.role.name, name); });
  };
  auto trustsUs = [&](const aws::Role& role) {
    if (role.assumeRolePolicyDocument.find(so.identifiers.providerArn) != std::string::npos) return true;
    return std::any_of(so.providers.begin(), so.providers.end(), [&](const ObservedProvider& provider) {
      return role.assumeRolePolicyDocument.find(provider.arn) != std::string::npos;
    });
  };
  std::vector<ObservedRole> found;
  auto roles = TRY(aws::listAll(aws, aws::ListRoles{}));
  for (const aws::Role& listed : roles) {
    bool couldBeOurs = isWanted(listed.name) || listed.description == roleDescription(so.name) || trustsUs(listed);
    if (!couldBeOurs) continue;
    auto role = aws.call(aws::GetRole{listed.name});
    if (!role && role.error().kind == base::ErrorKind::NotFound) continue;
    if (!role) return std::move(role).error();
    if (!isWanted(role->name) && !hasOurTag(role->tags, so.name)) continue;
    found.push_back(TRY(observeRole(aws, *std::move(role))));
  }
  return found;
}

base::Result<Observed> observe(const Configuration& configuration, aws::Client& aws, const kube::Client* kube) {
  Observed so;
  so.name = configuration.name;
  so.caller = TRY(aws.call(aws::GetCallerIdentity{}));
  const std::string& wanted = configuration.aws.accountId;
  if (!wanted.empty() && wanted != so.caller.account)
    return base::Error{base::ErrorKind::Invalid, "",
                       "the credentials belong to account " + so.caller.account + " (" + so.caller.arn +
                           "), irsa.yaml asks for aws.accountId " + wanted,
                       "choose other credentials (aws.profile, AWS_PROFILE) or correct aws.accountId"};
  aws::Partition partition = TRY(aws::partitionOf(configuration.aws.region));
  so.identifiers = identifiersOf(configuration, partition, so.caller.account);
  so.isBucketNameOurs = configuration.issuer.bucket.empty();
  for (std::string_view key : {kJwksKey, kDiscoveryKey})
    so.documentKeys.push_back(objectKey(configuration.issuer.prefix, key));
  so.providers = TRY(observeProviders(aws, so));
  so.bucket = TRY(observeBucket(aws, so));
  so.roles = TRY(observeRoles(aws, so, configuration));
  if (kube) so.cluster = TRY(observeCluster(*kube, configuration));
  return so;
}

}  // namespace setup
