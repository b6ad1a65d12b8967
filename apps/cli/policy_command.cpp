#include "policy_command.h"

#include "setup/permissions.h"

namespace cli {
namespace {

base::Result<text::Json> policyFor(const PolicyOptions& options) {
  const setup::Phases phases = TRY(phasesOf(options.cycle));
  const std::unique_ptr<World> world = TRY(openWorld(options.cycle.common));
  if (world->configuration.aws.dialect == setup::Dialect::Ceph) {
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

}  // namespace

int runPolicy(const PolicyOptions& options) {
  const Console console(options.cycle.common);
  const base::Result<text::Json> policy = policyFor(options);
  if (!policy) return console.fail(policy.error());
  console.result(text::pretty(*policy), *policy);
  return kOk;
}

}  // namespace cli
