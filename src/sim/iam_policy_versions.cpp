#include <charconv>

#include "base/time.h"
#include "sim/iam.h"
#include "sim/managed_policies.h"
#include "text/uri.h"
#include "text/words.h"

namespace sim::iam {
namespace {

constexpr std::size_t kMostVersions = 5;

std::string nameOf(int number) { return "v" + std::to_string(number); }

base::Error noVersion(const Call& call, std::string_view version) {
  return awsError("NoSuchEntity", "Policy " + std::string(call.parameters.get("PolicyArn")) + " version " +
                                      std::string(version) + " does not exist or is not attachable.");
}

base::Result<std::string> wantedVersion(const Call& call) {
  auto version = call.parameters.find("VersionId");
  bool isVersion = version && version->size() > 1 && version->starts_with('v') &&
                   version->find_first_not_of("0123456789", 1) == std::string_view::npos;
  TRY(Constraints(Values::Hidden)
          .required("versionId", version)
          .pattern("versionId", version, isVersion, "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?")
          .verdict());
  return std::string(*version);
}

// The number of a version that `policy` has.
base::Result<int> versionOf(const Call& call, const CustomerPolicy& policy) {
  const std::string version = TRY(wantedVersion(call));
  for (const auto& [number, kept] : policy.versions)
    if (nameOf(number) == version) return number;
  return noVersion(call, version);
}

struct OwnVersion {
  CustomerPolicy* policy;
  int number;
};

// The version of the account's own policy that the request names: one of a policy that is not there is not there.
base::Result<OwnVersion> ownVersion(Call& call) {
  const std::string version = TRY(wantedVersion(call));
  auto policy = findCustomerPolicy(call);
  if (!policy && policy.error().code == "NoSuchEntity") return noVersion(call, version);
  CustomerPolicy* own = TRY(std::move(policy));
  const int number = TRY(versionOf(call, *own));
  return OwnVersion{own, number};
}

// Lists leave the document out.
void writeVersion(Call& call, const CustomerPolicy& policy, int number, std::string_view element, bool withDocument) {
  const CustomerPolicy::Version& version = policy.versions.at(number);
  call.xml.open(element);
  if (withDocument) call.xml.leaf("Document", text::percentEncode(version.document));
  call.xml.leaf("VersionId", nameOf(number))
      .leaf("IsDefaultVersion", number == policy.defaultVersion ? "true" : "false")
      .leaf("CreateDate", timeText(version.created))
      .close();
}

void writeAwsVersion(Call& call, const ManagedPolicy& policy, std::string_view element, bool withDocument) {
  call.xml.open(element);
  if (withDocument) call.xml.leaf("Document", text::percentEncode(policy.document));
  call.xml.leaf("VersionId", policy.version)
      .leaf("IsDefaultVersion", "true")
      .leaf("CreateDate", policy.updated)
      .close();
}

void makeDefault(Call& call, CustomerPolicy& policy, int number) {
  policy.defaultVersion = number;
  policy.updated = base::unixSeconds(call.now);
}

}  // namespace

base::Result<void> createPolicyVersion(Call& call) {
  CustomerPolicy* policy = TRY(findCustomerPolicy(call));
  std::string document = TRY(requestedPolicy(call));
  if (policy->versions.size() >= kMostVersions)
    return awsError("LimitExceeded",
                    "A managed policy can have up to 5 versions. Before you create a new version, you must delete an "
                    "existing version.");
  const int number = ++policy->latestVersion;
  policy->versions[number] = {std::move(document), base::unixSeconds(call.now)};
  if (text::lowerCase(call.parameters.get("SetAsDefault")) == "true") makeDefault(call, *policy, number);
  writeVersion(call, *policy, number, "PolicyVersion", false);
  return {};
}

base::Result<void> getPolicyVersion(Call& call) {
  const std::string arn = TRY(requestedArn(call, "PolicyArn", "policyArn"));
  if (const ManagedPolicy* known = managedPolicy(arn)) {
    const std::string version = TRY(wantedVersion(call));
    if (version != known->version) return noVersion(call, version);
    writeAwsVersion(call, *known, "PolicyVersion", true);
    return {};
  }
  const auto [own, number] = TRY(ownVersion(call));
  writeVersion(call, *own, number, "PolicyVersion", true);
  return {};
}

base::Result<void> listPolicyVersions(Call& call) {
  const std::string arn = TRY(requestedArn(call, "PolicyArn", "policyArn"));
  if (const ManagedPolicy* known = managedPolicy(arn)) {
    call.xml.open("Versions");
    writeAwsVersion(call, *known, "member", false);
    call.xml.close().leaf("IsTruncated", "false");
    return {};
  }
  const CustomerPolicy* own = TRY(findCustomerPolicy(call));
  std::vector<int> numbers;  // the newest first
  for (auto version = own->versions.rbegin(); version != own->versions.rend(); ++version)
    numbers.push_back(version->first);
  Page page = TRY(pageOf(call, numbers.size()));
  call.xml.open("Versions");
  for (std::size_t i = page.first; i < page.end; ++i) writeVersion(call, *own, numbers[i], "member", false);
  call.xml.close();
  writePageEnd(call.xml, page);
  return {};
}

base::Result<void> setDefaultPolicyVersion(Call& call) {
  const auto [policy, number] = TRY(ownVersion(call));
  makeDefault(call, *policy, number);
  return {};
}

base::Result<void> deletePolicyVersion(Call& call) {
  const auto [policy, number] = TRY(ownVersion(call));
  if (number == policy->defaultVersion)
    return awsError("DeleteConflict", "Cannot delete the default version of a policy.");
  policy->versions.erase(number);
  return {};
}

}  // namespace sim::iam
