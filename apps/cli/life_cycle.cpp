#include "life_cycle.h"

namespace cli {
namespace {

std::string lineOf(const setup::Action& action) { return setup::nameOf(action.call) + " " + action.target; }

setup::Progress progressOn(const Console& console) {
  return [&console](const setup::Event& event) {
    using Kind = setup::Event::Kind;
    switch (event.kind) {
      case Kind::Started: return;
      case Kind::Waiting: return console.progress("  waiting: " + event.detail);
      case Kind::Done: return console.done(lineOf(event.action));
      case Kind::Failed: return console.failed(lineOf(event.action));
    }
  };
}

}  // namespace

base::Result<std::shared_ptr<io::FileLock>> lockConfiguration(const CommonOptions& options) {
  base::Result<std::shared_ptr<io::FileLock>> lock = io::lockFile(options.file);
  if (lock || lock.error().kind != base::ErrorKind::Conflict) return lock;
  return std::move(lock).error().withHint("wait until that run has ended, then try again");
}

text::Json documentOf(const setup::Plan& plan) {
  text::Json document = setup::toJson(plan);
  const auto give = [&document](const char* name, const std::string& value) {
    if (!document.contains(name) && !value.empty()) document[name] = value;
  };
  give("account", plan.account);
  give("region", plan.region);
  give("caller", plan.callerArn);
  give("issuer", plan.issuer);
  give("bucket", plan.bucket);
  give("provider", plan.providerArn);
  if (!document.contains("roles") && !plan.roleArns.empty()) document["roles"] = plan.roleArns;
  return document;
}

void showPlan(const Console& console, const setup::Plan& plan) {
  console.result(setup::describe(plan), documentOf(plan));
}

bool carryOut(const Console& console, const setup::Plan& plan, World& world, const setup::Mode& mode,
              text::Json& document) {
  setup::World view = world.view();
  const setup::Outcome outcome = setup::applyPlan(plan, view, mode, progressOn(console));
  document["done"] = outcome.done;
  document["failures"] = text::Json::array();
  document["left"] = outcome.left;
  for (const setup::Failure& failure : outcome.failures) {
    document["failures"].push_back(
        {{"target", failure.target}, {"code", failure.error.code}, {"message", failure.error.message}});
    base::Error error = failure.error;
    console.fail(std::move(error).during(failure.target));
  }
  for (const std::string& target : outcome.left) console.warn("not reached: " + target);
  return outcome.failures.empty();
}

}  // namespace cli
