#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>

#include "setup/names.h"
#include "setup/observed.h"
#include "setup/run.h"

namespace setup {
namespace {

using base::ErrorKind;

constexpr std::chrono::milliseconds kFirstWait{1000};
constexpr int kCallTries = 6;  // waits of 1, 2, 4, 8 and 16 s: IAM and S3 agree with themselves within half a minute
constexpr std::chrono::milliseconds kLongestPause{20'000};
constexpr int kDeploymentPolls = 95;  // half an hour; AWS speaks of up to fifteen minutes
constexpr std::chrono::milliseconds kPoll{500};
constexpr int kPolls = 240;  // two minutes for a namespace to go

bool isDestroying(const Mode& mode) { return mode.kind == Mode::Kind::Destroy; }

// Carries out one call. The answers say nothing that is needed later.
struct Carry {
  World& world;
  std::function<void(std::string_view detail)> waiting;

  template <typename AwsCall>
  base::Result<void> operator()(const AwsCall& call) const {
    auto answer = world.aws.call(call);
    if (!answer) return std::move(answer).error();
    return {};
  }

  // The entity tag of the moment, for calls that were planned before it came up.
  base::Result<void> operator()(aws::DeleteDistribution call) const {
    aws::Distribution live = TRY(world.aws.call(aws::GetDistribution{call.distribution}));
    call.etag = live.etag;
    return world.aws.call(call);
  }
  base::Result<void> operator()(aws::DeleteOriginAccessControl call) const {
    aws::OriginAccessControl live = TRY(world.aws.call(aws::GetOriginAccessControl{call.accessControl}));
    call.etag = live.etag;
    return world.aws.call(call);
  }
  base::Result<void> operator()(aws::UpdateOriginAccessControl call) const {
    aws::OriginAccessControl live = TRY(world.aws.call(aws::GetOriginAccessControl{call.accessControl}));
    call.etag = live.etag;
    auto answer = world.aws.call(call);
    if (!answer) return std::move(answer).error();
    return {};
  }

  base::Result<void> operator()(const AwaitDistribution& call) const {
    std::chrono::milliseconds pause = kFirstWait;
    for (int poll = 0; poll < kDeploymentPolls; ++poll) {
      aws::Distribution live = TRY(world.aws.call(aws::GetDistribution{call.distribution}));
      if (live.isDeployed()) return {};
      waiting("CloudFront has not everything everywhere yet, which takes minutes");
      world.clock.sleepFor(pause);
      pause = std::min(pause * 2, kLongestPause);
    }
    return base::unavailable("distribution " + call.distribution + " is still being deployed")
        .withHint("run the same command again, it goes on waiting");
  }

  base::Result<void> operator()(const WritePrivateKey& key) const {
    TRY(world.files.makeFolder(key.path.substr(0, key.path.rfind('/')), 0700));
    return world.files.create(key.path, key.pem, 0600);
  }

  base::Result<void> operator()(const WriteDocument& document) const {
    TRY(world.files.makeFolder(base::folderOf(document.path), 0755));
    return world.files.replace(document.path, document.body, 0644);
  }

  base::Result<void> operator()(const RemoveDocument& document) const { return world.files.remove(document.path); }

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
  bool operator()(const aws::CreateOriginAccessControl& call) const {
    auto controls = aws::listAll(world.aws, aws::ListOriginAccessControls{});
    if (!controls) return false;
    return std::any_of(controls->begin(), controls->end(), [&](const aws::OriginAccessControl& control) {
      return control.name == call.name && control.description == call.description;
    });
  }
  bool operator()(const aws::CreateDistributionWithTags& call) const {
    auto distributions = aws::listAll(world.aws, aws::ListDistributions{});
    if (!distributions) return false;
    return std::any_of(distributions->begin(), distributions->end(), [&](const aws::Distribution& listed) {
      if (listed.config.textOf("Comment") != call.config.textOf("Comment")) return false;
      auto tags = world.aws.call(aws::ListTagsForResource{listed.arn});
      return tags && sameOwner(call.tags, *tags);
    });
  }
  bool operator()(const aws::CreateOpenIDConnectProvider& call) const {
    auto arns = world.aws.call(aws::ListOpenIDConnectProviders{});
    if (!arns) return false;
    for (const std::string& arn : *arns) {
      auto provider = world.aws.call(aws::GetOpenIDConnectProvider{arn});
      if (provider && "https://" + provider->url == call.url)
        return call.tags.empty() || sameOwner(call.tags, provider->tags);  // without tags it is ours by its name
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
         is<aws::DeleteRolePermissionsBoundary>(call) || is<aws::DeleteDistribution>(call) ||
         is<aws::DeleteOriginAccessControl>(call) || is<PatchServiceAccount>(call);
}

// Of two writers the second finds what it wanted, and so does one whose answer got lost.
bool isWrittenAlready(const aws::PutObject& call, World& world) {
  auto there = world.aws.call(aws::GetObject{call.bucket, call.expectedOwner, call.key});
  return there && *there == aws::Object{call.body, call.contentType, call.cacheControl};
}

bool isAlreadySo(const Call& call, const base::Error& error, World& world) {
  const auto* put = std::get_if<aws::PutObject>(&call);
  if (put && error.code == "PreconditionFailed") return isWrittenAlready(*put, world);
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
  if (error.code == "DistributionNotDisabled" || error.code == "OriginAccessControlInUse") return true;
  if (error.code == "DeleteConflict") return is<aws::DeleteRole>(call);
  return false;
}

base::Result<void> carryOut(const Action& action, World& world, const Progress& progress) {
  std::chrono::milliseconds wait = kFirstWait;
  for (int attempt = 1;; ++attempt) {
    auto waiting = [&](std::string_view detail) { progress({Event::Kind::Waiting, action, std::string(detail)}); };
    auto done = std::visit(Carry{world, waiting}, action.call);
    if (done || isAlreadySo(action.call, done.error(), world)) return {};
    if (attempt == kCallTries || !isNotYet(action.call, done.error())) return done;
    progress({Event::Kind::Waiting, action, done.error().code + ", trying again"});
    world.clock.sleepFor(wait);
    wait *= 2;
  }
}

bool isOnFront(const Call& call) {
  return is<aws::UpdateDistribution>(call) || is<AwaitDistribution>(call) || is<aws::DeleteDistribution>(call) ||
         is<aws::DeleteOriginAccessControl>(call);
}

// The bucket must outlive the provider, and the distribution that reads it: whoever could take its name could mint
// identities.
bool dependsOnProvider(const Call& call) {
  return is<aws::DeleteObject>(call) || is<aws::DeleteBucket>(call) || isOnFront(call);
}

class Application {
 public:
  Application(const Plan& plan, World& world, const Mode& mode, const Progress& progress)
      : plan_(plan), world_(world), mode_(mode), progress_(progress), states_(plan.actions.size()) {}

  Outcome run() {
    for (std::size_t begin = 0; begin < plan_.actions.size() && !plan_.actions[begin].awaitsNames;) {
      std::size_t end = begin + 1;
      Phase phase = plan_.actions[begin].phase;
      bool isIndependent = phase == Phase::Roles || phase == Phase::Bindings;
      while (isIndependent && end < plan_.actions.size() && plan_.actions[end].phase == phase &&
             !plan_.actions[end].awaitsNames)
        ++end;
      runGroups(begin, end);
      begin = end;
    }
    return outcome();
  }

 private:
  struct State {
    bool isReached = false;
    std::optional<base::Error> error = {};
  };

  // The actions of one target stand one after the other and stay in their order; targets do not depend on each other.
  void runGroups(std::size_t begin, std::size_t end) {
    std::vector<std::pair<std::size_t, std::size_t>> groups;
    for (std::size_t i = begin; i < end; ++i)
      if (groups.empty() || plan_.actions[i].target != plan_.actions[groups.back().first].target)
        groups.emplace_back(i, i + 1);
      else
        groups.back().second = i + 1;
    if (groups.size() == 1) return runGroup(groups.front());
    world_.sideBySide(groups.size(), [&](std::size_t number) { runGroup(groups[number]); });
  }

  void runGroup(std::pair<std::size_t, std::size_t> group) {
    for (std::size_t i = group.first; i < group.second; ++i) {
      const Action& action = plan_.actions[i];
      if (hasStopped_ || failedBefore(i) || (keepsBucket_ && dependsOnProvider(action.call))) continue;
      states_[i].isReached = true;
      tell({Event::Kind::Started, action, ""});
      auto done = carryOut(action, world_, [this](const Event& event) { tell(event); });
      if (done) {
        tell({Event::Kind::Done, action, ""});
        continue;
      }
      tell({Event::Kind::Failed, action, done.error().message});
      states_[i].error = std::move(done).error();
      if (!isDestroying(mode_)) hasStopped_ = true;
      if (is<aws::DeleteOpenIDConnectProvider>(action.call) || isOnFront(action.call)) keepsBucket_ = true;
    }
  }

  // Whether an action of the same target, right before this one, failed. It belongs to the same group, or to one that
  // has ended.
  bool failedBefore(std::size_t i) const {
    for (; i > 0 && plan_.actions[i - 1].target == plan_.actions[i].target; --i)
      if (states_[i - 1].error) return true;
    return false;
  }

  void tell(const Event& event) {
    std::lock_guard lock(mutex_);
    progress_(event);
  }

  Outcome outcome() {
    Outcome outcome;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const std::string& target = plan_.actions[i].target;
      if (!states_[i].isReached) {
        if (outcome.left.empty() || outcome.left.back() != target) outcome.left.push_back(target);
      } else if (states_[i].error) {
        outcome.failures.push_back({target, *std::move(states_[i].error)});
      } else {
        ++outcome.done;
      }
    }
    return outcome;
  }

  const Plan& plan_;
  World& world_;
  const Mode& mode_;
  const Progress& progress_;
  std::vector<State> states_;
  std::atomic<bool> hasStopped_ = false, keepsBucket_ = false;
  std::mutex mutex_;  // of progress_
};

}  // namespace

Outcome applyPlan(const Plan& plan, World& world, const Mode& mode, const Progress& progress) {
  return Application(plan, world, mode, progress).run();
}

}  // namespace setup
