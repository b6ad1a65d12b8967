#include "policy_command.h"

#include "setup/permissions.h"

namespace cli {
namespace {

base::Result<text::Json> policyFor(const PolicyOptions& options) {
  const setup::Phases phases = TRY(phasesOf(options.cycle));
  const std::unique_ptr<World> world = TRY(openWorld(options.cycle.common));
  if (world->configuration.aws.isCeph()) {
    return base::invalid("Ceph gives rights over IAM by caps, not by policies")
        .withHint("radosgw-admin caps add --uid=USER --caps='roles=*;oidc-provider=*'");
  }
  const std::string account = TRY(accountOf(*world, "the policy"));
  const aws::Partition partition = TRY(aws::partitionOf(world->configuration.aws.region));
  const setup::Identifiers names = setup::identifiersOf(world->configuration, partition, account);
  setup::PermissionQuestion question{.phases = phases};
  question.command = options.command == "plan"      ? setup::Command::Plan
                     : options.command == "destroy" ? setup::Command::Destroy
                     : options.command == "publish" ? setup::Command::Publish
                                                    : setup::Command::Apply;
  question.deletesBucket = options.cycle.deleteBucket;
  return setup::permissionPolicy(world->configuration, names, account, question);
}

base::Result<text::Json> partOf(const text::Json& policy, std::size_t part) {
  std::vector<text::Json> parts = setup::inParts(policy);
  if (part > parts.size())
    return base::invalid("the policy has " + std::to_string(parts.size()) + " parts").withHint("--part 1 is the first");
  return std::move(parts[part - 1]);
}

void noteSize(const text::Json& policy, const Console& console) {
  const std::size_t size = text::compact(policy).size();
  if (size <= setup::kManagedPolicyQuota) return;
  console.progress("note: the policy has " + std::to_string(size) + " characters, a managed policy takes " +
                   std::to_string(setup::kManagedPolicyQuota) + ": print it as " +
                   std::to_string(setup::inParts(policy).size()) +
                   " policies with --part 1, --part 2 and so on, and attach all of them" +
                   (size <= setup::kRolePoliciesQuota ? "; or give it to a role as its one inline policy" : ""));
}

}  // namespace

int runPolicy(const PolicyOptions& options) {
  const Console console(options.cycle.common);
  base::Result<text::Json> policy = policyFor(options);
  if (policy && options.part > 0)
    policy = partOf(*policy, options.part);
  else if (policy)
    noteSize(*policy, console);
  if (!policy) return console.fail(policy.error());
  console.result(text::pretty(*policy), *policy);
  return kOk;
}

}  // namespace cli
