#include "setup/names.h"
#include "setup/observed.h"
#include "setup/run.h"

namespace setup {
namespace {

using base::ErrorKind;

constexpr std::chrono::milliseconds kFirstWait{1000};
constexpr int kTries = 6;  // waits of 1, 2, 4, 8 and 16 s: IAM and S3 agree with themselves within half a minute
constexpr std::chrono::milliseconds kPoll{500};
constexpr int kPolls = 240;  // two minutes for a namespace to go

bool isDestroying(const Mode& mode) { return mode.kind == Mode::Kind::Destroy; }

// Carries out one call. The answers say nothing that is needed later.
struct Carry {
  World& world;

  template <typename AwsCall>
  base::Result<void> operator()(const AwsCall& call) const {
    auto answer = world.aws.call(call);
    if (!answer) return std::move(answer).error();
    return {};
  }

  base::Result<void> operator()(const WritePrivateKey& key) const {
    TRY(world.files.makeFolder(key.path.substr(0, key.path.rfind('/')), 0700));
    return world.files.create(key.path, key.pem, 0600);
  }

  base::Result<void> operator()(const ApplyObject& call) const {
    auto answer = world.kube->apply(call.path, call.object, call.force);
    if (!answer) return std::move(answer).error();
    return {};
  }

  base::Result<void> operator()(const PatchServiceAccount& call) const {
    auto answer = world.kube->patch(call.path, call.patch, "application/merge-patch+json");
    if (!answer) return std::move(answer).error();
    return {};
  }

  base::Result<void> operator()(const DeleteKubernetesObject& call) const {
    TRY(world.kube->remove(call.path));
    for (int poll = 0; call.waitUntilGone && poll < kPolls; ++poll) {
      auto still = world.kube->get(call.path);
      if (!still && still.error().kind == ErrorKind::NotFound) return {};
      if (!still) return std::move(still).error();
      world.clock.sleepFor(kPoll);
    }
    if (!call.waitUntilGone) return {};
    return base::unavailable(call.path + " is still there after two minutes").withHint("run the same command again");
  }
};

// A creation whose answer got lost, or that somebody else finished: fine if the object carries our tag.
struct IsOursAlready {
  World& world;

  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }
  bool operator()(const aws::CreateRole& call) const {
    auto role = world.aws.call(aws::GetRole{call.roleName});
    return role && sameOwner(call.tags, role->tags);
  }
  bool operator()(const aws::CreateOpenIDConnectProvider& call) const {
    auto arns = world.aws.call(aws::ListOpenIDConnectProviders{});
    if (!arns) return false;
    for (const std::string& arn : *arns) {
      auto provider = world.aws.call(aws::GetOpenIDConnectProvider{arn});
      if (provider && "https://" + provider->url == call.url) return sameOwner(call.tags, provider->tags);
    }
    return false;
  }

 private:
  static bool sameOwner(const Tags& wanted, const Tags& found) {
    auto tag = wanted.find(std::string(kNameTag));
    return tag != wanted.end() && hasOurTag(found, tag->second);
  }
};

template <typename T>
bool is(const Call& call) {
  return std::holds_alternative<T>(call);
}

bool isDeletion(const Call& call) {
  return is<aws::DeleteRole>(call) || is<aws::DetachRolePolicy>(call) || is<aws::DeleteRolePolicy>(call) ||
         is<aws::DeleteOpenIDConnectProvider>(call) || is<aws::DeleteObject>(call) || is<aws::DeleteBucket>(call) ||
         is<aws::DeleteRolePermissionsBoundary>(call) || is<PatchServiceAccount>(call);
}

bool isAlreadySo(const Call& call, const base::Error& error, World& world) {
  if (error.kind == ErrorKind::NotFound) return isDeletion(call);
  if (error.code == "BucketAlreadyOwnedByYou") return true;
  return error.kind == ErrorKind::AlreadyExists && std::visit(IsOursAlready{world}, call);
}

// AWS has not yet agreed with itself on what an earlier call of this run did.
bool isNotYet(const Call& call, const base::Error& error) {
  if (error.code == "OperationAborted" || error.code == "ConcurrentModification") return true;
  if (error.code == "NoSuchBucket") return !isDeletion(call);
  if (is<aws::PutBucketPolicy>(call)) return error.message.find("BlockPublicPolicy") != std::string::npos;
  if (error.code == "NoSuchEntity") return error.message.find("role with name") != std::string::npos;
  if (error.code == "DeleteConflict") return is<aws::DeleteRole>(call);
  return false;
}

base::Result<void> carryOut(const Action& action, World& world, const Progress& progress) {
  std::chrono::milliseconds wait = kFirstWait;
  for (int attempt = 1;; ++attempt) {
    auto done = std::visit(Carry{world}, action.call);
    if (done || isAlreadySo(action.call, done.error(), world)) return {};
    if (attempt == kTries || !isNotYet(action.call, done.error())) return done;
    progress({Event::Kind::Waiting, action, done.error().code + ", trying again"});
    world.clock.sleepFor(wait);
    wait *= 2;
  }
}

// The bucket must outlive the provider: whoever could take its name could mint identities.
bool dependsOnProvider(const Call& call) { return is<aws::DeleteObject>(call) || is<aws::DeleteBucket>(call); }

}  // namespace

Outcome applyPlan(const Plan& plan, World& world, const Mode& mode, const Progress& progress) {
  Outcome outcome;
  bool hasStopped = false, keepsBucket = false;
  for (const Action& action : plan.actions) {
    bool sameFailed = !outcome.failures.empty() && outcome.failures.back().target == action.target;
    bool isSkipped = hasStopped || sameFailed || (keepsBucket && dependsOnProvider(action.call));
    if (isSkipped) {
      if (outcome.left.empty() || outcome.left.back() != action.target) outcome.left.push_back(action.target);
      continue;
    }
    progress({Event::Kind::Started, action, ""});
    auto done = carryOut(action, world, progress);
    if (done) {
      ++outcome.done;
      progress({Event::Kind::Done, action, ""});
      continue;
    }
    progress({Event::Kind::Failed, action, done.error().message});
    outcome.failures.push_back({action.target, std::move(done).error()});
    hasStopped = !isDestroying(mode);
    keepsBucket = keepsBucket || is<aws::DeleteOpenIDConnectProvider>(action.call);
  }
  return outcome;
}

}  // namespace setup
