#include "sim/sts_session.h"

#include <algorithm>
#include <bit>
#include <set>

#include "base/time.h"
#include "policy/iam_text.h"
#include "policy/web_identity.h"
#include "sim/authenticate.h"
#include "sim/authorize.h"
#include "sim/context.h"
#include "text/encoding.h"
#include "text/utf8.h"
#include "text/words.h"

namespace sim {
namespace {

constexpr std::size_t kPackedQuota = 2048, kMostPolicyArns = 10;

// [\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+, or up to `last` only.
bool isText(std::string_view text, bool isLatin) {
  auto isC1 = [](unsigned char a, unsigned char b) { return a == 0xc2 && b >= 0x80 && b < 0xa0 && b != 0x85; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x7f ? !isLatin : c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    if (isLatin && c >= 0xc4) return false;  // beyond U+00FF
    if (!isLatin && i + 1 < text.size() && isC1(c, static_cast<unsigned char>(text[i + 1]))) return false;
  }
  return text::badUtf8(text) == std::string_view::npos;
}

void readPolicyArns(const Call& call, Constraints& constraints, SessionWish& wish) {
  for (std::size_t n = 1;; ++n) {
    const std::string name = "PolicyArns.member." + std::to_string(n) + ".arn";
    auto arn = call.parameters.find(name);
    if (!arn) break;
    constraints.length("policyArns." + std::to_string(n) + ".member.arn", arn, 20, 2048);
    wish.policyArns.emplace_back(*arn);
  }
  if (wish.policyArns.size() > kMostPolicyArns)
    constraints.failed("", "policyArns", "Member must have length less than or equal to 10");
}

base::Error notAuthorized(std::string_view action) {
  return awsError("AccessDenied", "Not authorized to perform " + std::string(action));
}

std::string secretOf(Call& call, std::size_t bytes) { return text::base64(call.random(bytes)); }

// What an AssumeRole brings or its caller hands on.
using Passed = policy::SessionClaims;

base::Result<Passed> readPassed(const Call& call, Constraints& constraints) {
  Passed passed;
  auto identity = call.parameters.find("SourceIdentity");
  constraints.length("sourceIdentity", identity, 2, 64)
      .pattern("sourceIdentity", identity, !identity || policy::isNameText(*identity), "[\\w+=,.@-]*");
  passed.sourceIdentity = identity.value_or("");
  std::set<std::string> seen;
  std::size_t number = 0;
  for (const auto& [key, value] : call.parameters.tags("Tags")) {
    constraints.tag(++number, key, value);
    if (!seen.insert(text::lowerCase(key)).second)
      return awsError("InvalidParameterValue",
                      "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    if (policy::isReservedTagKey(key))
      return awsError("InvalidParameterValue", "Tag keys that start with aws: are reserved for internal use.");
    passed.tags.emplace(key, value);
  }
  if (passed.tags.size() > 50) constraints.failed("", "tags", "Member must have length less than or equal to 50");
  passed.transitiveKeys = call.parameters.list("TransitiveTagKeys");
  for (const std::string& key : passed.transitiveKeys)
    if (!seen.contains(text::lowerCase(key)))
      return awsError("InvalidParameterValue",
                      "The specified transitive tag key must be included in the requested tags.");
  return passed;
}

// A session hands its transitive tags and its source identity on; they cannot be replaced.
base::Result<void> inherit(const Call& call, Passed& passed) {
  if (!call.caller.session) return {};
  const Session& session = *call.caller.session;
  for (const std::string& key : session.transitiveKeys) {
    auto found = session.context.find("aws:principaltag/" + text::lowerCase(key));
    if (found == session.context.end()) continue;
    const bool isReplaced = std::ranges::any_of(
        passed.tags, [&](const auto& tag) { return text::lowerCase(tag.first) == text::lowerCase(key); });
    if (isReplaced)
      return awsError(
          "InvalidParameterValue",
          "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag "
          "key from the calling session.");
    passed.tags[key] = found->second.front();
    passed.transitiveKeys.push_back(key);
  }
  if (auto found = session.context.find("aws:sourceidentity"); found != session.context.end())
    passed.sourceIdentity = found->second.front();
  return {};
}

policy::Request assumeRequest(const Call& call, const SessionWish& wish, const Passed& passed) {
  policy::Request request;
  request.action = "sts:AssumeRole";
  request.resource = wish.roleArn;
  request.principalKind = "AWS";
  request.principal = call.caller.arn;
  request.principalAccount = call.settings.account;
  request.context = contextOf(call);
  request.context["sts:rolesessionname"] = {wish.sessionName};
  if (auto externalId = call.parameters.find("ExternalId"))
    request.context["sts:externalid"] = {std::string(*externalId)};
  policy::addSessionKeys(request, passed);
  return request;
}

SessionBaggage baggageOf(const Passed& passed) {
  SessionBaggage baggage;
  for (const auto& [key, value] : passed.tags) baggage.context["aws:principaltag/" + text::lowerCase(key)] = {value};
  if (!passed.sourceIdentity.empty()) baggage.context["aws:sourceidentity"] = {passed.sourceIdentity};
  baggage.transitiveKeys = passed.transitiveKeys;
  return baggage;
}

}  // namespace

base::Result<SessionWish> readSessionWish(const Call& call, Constraints& constraints) {
  const Parameters& asked = call.parameters;
  auto role = asked.find("RoleArn"), name = asked.find("RoleSessionName"), sessionPolicy = asked.find("Policy");
  auto duration = TRY(asked.number("DurationSeconds"));
  constraints.required("roleArn", role)
      .pattern("roleArn", role, !role || (!role->empty() && isText(*role, false)),
               "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+")
      .length("roleArn", role, 20, 2048);
  constraints.required("roleSessionName", name)
      .length("roleSessionName", name, 2, 64)
      .pattern("roleSessionName", name, !name || policy::isNameText(*name), "[\\w+=,.@-]*");
  constraints.length("policy", sessionPolicy, 1, 2048)
      .pattern("policy", sessionPolicy, !sessionPolicy || isText(*sessionPolicy, true),
               "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")
      .range("durationSeconds", duration, 900, 43200);
  SessionWish wish;
  readPolicyArns(call, constraints, wish);
  wish.roleArn = role.value_or("");
  wish.sessionName = name.value_or("");
  wish.sessionPolicy = sessionPolicy.value_or("");
  wish.duration = duration.value_or(3600);
  return wish;
}

base::Result<void> checkRoleArn(SessionWish& wish, std::string refusal) {
  base::Error bad = awsError("ValidationError", std::move(refusal));
  auto parsed = policy::parseArn(wish.roleArn);
  if (!parsed) return bad;
  bool account = parsed->account.size() == 12 && parsed->account.find_first_not_of("0123456789") == std::string::npos;
  bool role = parsed->resource.starts_with("role/") && !parsed->resource.ends_with('/');
  if (parsed->service != "iam" || !parsed->region.empty() || !account || !role) return bad;
  bool isPlain =
      std::ranges::all_of(wish.roleArn, [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\''; });
  if (!isPlain) return bad;
  wish.role = std::move(parsed).value();
  return {};
}

base::Result<Role*> trustedRole(Call& call, const SessionWish& wish, policy::Request request,
                                const std::vector<std::string>& also) {
  Role* role = roleOfArn(call, wish.roleArn);
  if (!role) {
    call.reason = "there is no role " + wish.roleArn;
    return notAuthorized(request.action);
  }
  auto trust = parsedPolicy(call, role->trustPolicy, policy::PolicyKind::Trust);
  if (!trust) return notAuthorized(request.action);
  std::vector<std::string> actions{request.action};
  actions.insert(actions.end(), also.begin(), also.end());
  for (const std::string& action : actions) {
    request.action = action;
    if (policy::decide(*trust, policy::PolicyKind::Trust, request) == policy::Verdict::Allow) continue;
    call.reason = "trust policy of " + role->name + ", " + action + ":\n" +
                  traceText(policy::evaluate(*trust, policy::PolicyKind::Trust, request));
    return notAuthorized(action);
  }
  return role;
}

base::Result<std::size_t> checkSession(const SessionWish& wish, const Role& role, const Tags& tags) {
  if (wish.duration > role.maxSessionDuration)
    return awsError("ValidationError",
                    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  std::size_t size = wish.sessionPolicy.size();
  if (!wish.sessionPolicy.empty()) {
    auto parsed = policy::parsePolicy(wish.sessionPolicy, policy::PolicyKind::Identity);
    if (!parsed) return awsError("MalformedPolicyDocument", parsed.error().message);
  }
  for (const std::string& policyArn : wish.policyArns) {
    auto arn = policy::parseArn(policyArn);
    bool isPolicy =
        arn && arn->service == "iam" && arn->partition == wish.role.partition && arn->resource.starts_with("policy/");
    if (!isPolicy || (arn->account != "aws" && arn->account != wish.role.account))
      return awsError("ValidationError",
                      "Invalid ARN: " + policyArn + ". A session policy is one of AWS or of the role's own account.");
    size += policyArn.size();
  }
  for (const auto& [key, value] : tags) size += key.size() + value.size();
  const std::size_t packed = (size * 100 + kPackedQuota - 1) / kPackedQuota;
  if (packed > 100)
    return awsError("PackedPolicyTooLarge", "Packed policy consumes " + std::to_string(packed) +
                                                "% of allotted space, please use smaller policy.");
  return packed;
}

void issueSession(Call& call, const SessionWish& wish, const Role& role, SessionBaggage baggage) {
  constexpr std::int64_t kDay = 86'400;  // so long an expired session is still told apart from an unknown one
  std::int64_t now = base::unixSeconds(call.now);
  if (const std::size_t kept = call.state.sessions.size(); kept >= 1024 && std::has_single_bit(kept))
    std::erase_if(call.state.sessions, [&](const auto& entry) { return entry.second.expiration + kDay < now; });
  Session session;
  session.accessKeyId = makeId(call.random, "ASIA", 16);
  session.secretAccessKey = secretOf(call, 30);
  session.sessionToken = "IQoJb3JpZ2luX2Vj" + secretOf(call, 240);
  session.roleName = role.name;
  session.roleId = role.id;
  session.name = wish.sessionName;
  session.issued = now;
  session.expiration = now + wish.duration;
  session.policy = wish.sessionPolicy;
  session.policyArns = wish.policyArns;
  session.context = std::move(baggage.context);
  session.transitiveKeys = std::move(baggage.transitiveKeys);
  call.xml.open("AssumedRoleUser").leaf("AssumedRoleId", role.id + ":" + session.name);
  call.xml.leaf("Arn", assumedRoleArn(call.settings, session)).close();
  call.xml.open("Credentials")
      .leaf("AccessKeyId", session.accessKeyId)
      .leaf("SecretAccessKey", session.secretAccessKey);
  call.xml.leaf("SessionToken", session.sessionToken).leaf("Expiration", timeText(session.expiration)).close();
  std::string id = session.accessKeyId;
  call.state.sessions.emplace(std::move(id), std::move(session));
}

std::string wishedRole(const Call& call) { return std::string(call.parameters.get("RoleArn")); }

base::Result<void> assumeRole(Call& call) {
  constexpr std::int64_t kChained = 3600;  // a role that assumes a role gets an hour at most
  Constraints constraints(Values::Shown);
  SessionWish wish = TRY(readSessionWish(call, constraints));
  Passed passed = TRY(readPassed(call, constraints));
  constraints.length("externalId", call.parameters.find("ExternalId"), 2, 1224);
  TRY(constraints.verdict());
  TRY(checkRoleArn(wish, wish.roleArn + " is invalid"));
  TRY(inherit(call, passed));
  policy::Request request = assumeRequest(call, wish, passed);
  const std::vector<std::string> also = policy::actionsFor(passed);
  auto role = trustedRole(call, wish, request, also);
  if (!role && call.caller.session) {  // the trust policy may also name the role behind the session
    request.principal = call.caller.session->roleName;
    if (auto own = call.state.roles.find(text::lowerCase(request.principal)); own != call.state.roles.end()) {
      request.principal = roleArn(call, own->second);
      role = trustedRole(call, wish, request, also);
    }
  }
  if (!role) {
    const std::string& said = role.error().message;
    return awsError("AccessDenied", "User: " + call.caller.arn + " is not authorized to perform: " +
                                        said.substr(said.rfind(' ') + 1) + " on resource: " + wish.roleArn);
  }
  if (call.caller.session && wish.duration > kChained)
    return awsError("ValidationError",
                    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
                    "role chaining.");
  const std::size_t packed = TRY(checkSession(wish, **role, passed.tags));
  issueSession(call, wish, **role, baggageOf(passed));
  const bool isPacked = !wish.sessionPolicy.empty() || !wish.policyArns.empty() || !passed.tags.empty();
  if (isPacked) call.xml.leaf("PackedPolicySize", std::to_string(packed));
  if (!passed.sourceIdentity.empty()) call.xml.leaf("SourceIdentity", passed.sourceIdentity);
  return {};
}

}  // namespace sim
