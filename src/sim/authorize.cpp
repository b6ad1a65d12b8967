#include "sim/authorize.h"

#include "sim/context.h"
#include "sim/managed_policies.h"
#include "sim/policy_cache.h"
#include "text/words.h"

namespace sim {
namespace {

using policy::PolicyKind;
using policy::Verdict;

struct Weighing {
  Verdict verdict = Verdict::ImplicitDeny;
  std::string_view by = "identity-based";  // the kind of policy that decided, as the message names it
  std::string trace = {};
  // What the boundary and the session's policies leave of any Allow, be it the bucket's.
  Verdict limit = Verdict::Allow;
  std::string_view limitedBy = {};

  void cutBy(Verdict other, std::string_view kind) {
    if (other == Verdict::Allow || limit == Verdict::ExplicitDeny) return;
    if (limit == Verdict::ImplicitDeny && other == Verdict::ImplicitDeny) return;
    limit = other;
    limitedBy = kind;
  }
  void allow() {
    verdict = limit;
    if (limit != Verdict::Allow) by = limitedBy;
  }

  // Within one account either side may allow. A boundary or session policy that is silent limits what the resource's
  // policy allows to the role, and not what it allows to the session itself.
  void allowByResource(bool isForSession) {
    if (verdict != Verdict::ImplicitDeny) return;
    if (!isForSession) return allow();
    verdict = Verdict::Allow;
  }
};

// Deny beats Allow beats nothing.
Verdict stronger(Verdict a, Verdict b) {
  if (a == Verdict::ExplicitDeny || b == Verdict::ExplicitDeny) return Verdict::ExplicitDeny;
  return a == Verdict::Allow || b == Verdict::Allow ? Verdict::Allow : Verdict::ImplicitDeny;
}

Verdict weigh(const Call& call, const std::string& document, PolicyKind kind, const policy::Request& request,
              std::string_view name, std::string& trace) {
  auto parsed = parsedPolicy(call, document, kind);
  if (!parsed) return Verdict::ImplicitDeny;
  policy::Decision decision = policy::evaluate(*parsed, kind, request);
  trace.append(name).append(":\n").append(traceText(decision));
  return decision.verdict;
}

Verdict managed(const Call& call, const std::vector<std::string>& arns, const policy::Request& request,
                std::string& trace) {
  Verdict verdict = Verdict::ImplicitDeny;
  for (const std::string& arn : arns)
    if (auto document = policyDocument(call, arn))
      verdict = stronger(verdict, weigh(call, *document, PolicyKind::Identity, request, arn, trace));
  return verdict;
}

// What the role's own policies say, cut down by its boundary and by the session's policies.
Weighing weighIdentity(const Call& call, const policy::Request& request) {
  Weighing out;
  if (call.caller.kind == Caller::Kind::Administrator) return {Verdict::Allow, "identity-based"};
  if (!call.caller.session) return out;
  const Role* role = callersRole(call);
  if (!role) {
    out.trace = "the role " + call.caller.session->roleName + " is gone\n";
    return out;
  }
  for (const auto& [name, document] : role->inlinePolicies)
    out.verdict = stronger(out.verdict, weigh(call, document, PolicyKind::Identity, request, name, out.trace));
  out.verdict = stronger(out.verdict, managed(call, role->attachedPolicies, request, out.trace));
  if (!role->boundary.empty()) out.cutBy(managed(call, {role->boundary}, request, out.trace), "permissions boundary");
  const Session& session = *call.caller.session;
  if (!session.policy.empty() || !session.policyArns.empty()) {
    Verdict limit = managed(call, session.policyArns, request, out.trace);
    if (!session.policy.empty())
      limit = stronger(limit, weigh(call, session.policy, PolicyKind::Identity, request, "session policy", out.trace));
    out.cutBy(limit, "session");
  }
  if (out.verdict == Verdict::Allow || (out.verdict == Verdict::ImplicitDeny && out.limit == Verdict::ExplicitDeny))
    out.allow();
  return out;
}

// What the bucket's policy says to this principal. One that names an account leaves it to the account's own policies:
// it lets nobody in by itself, but keeps everybody of the account out.
Verdict weighBucketPolicy(const Call& call, const std::string& document, policy::Request request, std::string_view name,
                          std::string& trace) {
  Verdict verdict = weigh(call, document, PolicyKind::Bucket, request, name, trace);
  if (verdict != Verdict::Allow || request.principalAccount.empty()) return verdict;
  request.principalAccount.clear();
  auto parsed = parsedPolicy(call, document, PolicyKind::Bucket);
  if (policy::decide(*parsed, PolicyKind::Bucket, request) == Verdict::Allow) return Verdict::Allow;
  trace += "  it names the account, so that a policy of the role has to allow it as well\n";
  return Verdict::ImplicitDeny;
}

struct BucketWeighing {
  Verdict verdict = Verdict::ImplicitDeny;
  bool isForSession = false;  // allowed to the session itself or to everyone, and not to its role
};

bool allowsSession(const Call& call, const std::string& document, policy::Request request) {
  request.principalAccount.clear();
  request.isNamedByRole = false;
  auto parsed = parsedPolicy(call, document, PolicyKind::Bucket);
  return parsed && policy::decide(*parsed, PolicyKind::Bucket, request) == Verdict::Allow;
}

// A bucket policy may name the session, or the role behind it.
BucketWeighing weighBucket(const Call& call, policy::Request request, std::string& trace) {
  auto found = call.state.buckets.find(call.bucket);
  if (found == call.state.buckets.end() || found->second.policy.empty()) return {};
  const Bucket& bucket = found->second;
  bool restricted = bucket.publicAccessBlock && bucket.publicAccessBlock->restrictPublicBuckets;
  if (call.caller.kind == Caller::Kind::Anonymous && restricted) {
    trace += "the bucket's RestrictPublicBuckets keeps everybody out who is not of its account\n";
    return {Verdict::ExplicitDeny};
  }
  Verdict verdict = weighBucketPolicy(call, bucket.policy, request, "bucket policy", trace);
  if (!call.caller.session) return {verdict};
  const bool isForSession = allowsSession(call, bucket.policy, request);
  const Role* role = callersRole(call);
  if (!role) return {verdict, isForSession};
  request.principal = roleArn(call, *role);
  return {stronger(verdict, weighBucketPolicy(call, bucket.policy, request, "bucket policy, as the role", trace)),
          isForSession};
}

// A trust policy that names the caller, and not the account, is enough to assume its role. What it denies is the
// operation's to say.
void weighTrust(const Call& call, policy::Request request, Weighing& out) {
  const Role* role = roleOfArn(call, call.parameters.get("RoleArn"));
  if (!role) return;
  auto trust = parsedPolicy(call, role->trustPolicy, PolicyKind::Trust);
  if (!trust) return;
  request.principalAccount.clear();
  if (policy::decide(*trust, PolicyKind::Trust, request) != Verdict::Allow) return;
  request.isNamedByRole = false;
  out.allowByResource(policy::decide(*trust, PolicyKind::Trust, request) == Verdict::Allow);
}

Weighing decide(const Call& call, Service service, std::string_view action, const std::string& resource) {
  policy::Request request;
  request.action = action;
  request.resource = resource;
  request.context = contextOf(call);
  if (!isRest(service)) addFormKeys(call, request.context);
  if (call.caller.kind == Caller::Kind::Service) {
    request.principalKind = "Service";
    request.principal = call.caller.arn;
  } else if (call.caller.kind != Caller::Kind::Anonymous) {
    request.principalKind = "AWS";
    request.principal = call.caller.arn;
    request.principalAccount = call.settings.account;
  }
  Weighing out = weighIdentity(call, request);
  if (service == Service::Sts) weighTrust(call, request, out);
  if (call.bucket.empty()) return out;
  // The account's administrator can always repair a policy that locks everybody out.
  bool repair = call.caller.kind == Caller::Kind::Administrator && action.ends_with("BucketPolicy");
  if (repair) return out;
  const BucketWeighing bucket = weighBucket(call, request, out.trace);
  if (bucket.verdict == Verdict::ExplicitDeny) return {bucket.verdict, "resource-based", std::move(out.trace)};
  if (bucket.verdict == Verdict::Allow) out.allowByResource(bucket.isForSession);
  return out;
}

std::string shownResource(Service service, const std::string& resource) {
  if (resource == "*") return "";
  if (service == Service::S3) return " on resource: \"" + resource + "\"";
  std::size_t role = service == Service::Iam ? resource.find(":role/") : std::string::npos;
  if (role != std::string::npos) return " on resource: role " + resource.substr(resource.rfind('/') + 1);
  return " on resource: " + resource;
}

}  // namespace

std::shared_ptr<const policy::PolicyDocument> parsedPolicy(const Call& call, const std::string& document,
                                                           policy::PolicyKind kind) {
  return call.policies ? call.policies->parse(document, kind) : PolicyCache().parse(document, kind);
}

std::string traceText(const policy::Decision& decision) {
  std::string out;
  for (const policy::Step& step : decision.trace)
    out.append("  statement ")
        .append(step.statement)
        .append(step.matched ? ": matches: " : ": no match: ")
        .append(step.because)
        .append("\n");
  return out;
}

bool mayDo(Call& call, std::string_view action, const std::string& resource) {
  return decide(call, Service::S3, action, resource).verdict == Verdict::Allow;
}

base::Result<void> authorize(Call& call, Service service, std::string_view action, const std::string& resource) {
  Weighing weighing = decide(call, service, action, resource);
  if (weighing.verdict == Verdict::Allow) return {};
  call.reason = weighing.trace;
  bool isAnybody = call.caller.kind == Caller::Kind::Anonymous || call.caller.kind == Caller::Kind::Service;
  if (isAnybody) return awsError("AccessDenied", "Access Denied");
  bool isExplicit = weighing.verdict == Verdict::ExplicitDeny;
  std::string kind = std::string(weighing.by) + (weighing.by == "permissions boundary" ? "" : " policy");
  std::string because = isExplicit ? " with an explicit deny in a" + std::string(kind[0] == 'i' ? "n " : " ") + kind
                                   : " because no " + kind + " allows the " + std::string(action) + " action";
  return awsError("AccessDenied", "User: " + call.caller.arn + " is not authorized to perform: " + std::string(action) +
                                      shownResource(service, resource) + because);
}

}  // namespace sim
