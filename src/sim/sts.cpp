#include <algorithm>

#include "base/time.h"
#include "http/url.h"
#include "oidc/discovery.h"
#include "oidc/web_identity_token.h"
#include "policy/arn.h"
#include "policy/policy_document.h"
#include "sim/authenticate.h"
#include "sim/authorize.h"
#include "sim/issuer_reader.h"
#include "sim/operation.h"
#include "text/encoding.h"

namespace sim {
namespace {

constexpr std::string_view kNotAJwt =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
constexpr std::string_view kOpaque = "The web identity token provided could not be validated.";
constexpr std::string_view kBadSignature =
    "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for "
    "requirements.";
constexpr std::string_view kTagsClaim = "https://aws.amazon.com/tags";
constexpr std::string_view kSourceIdentityClaim = "https://aws.amazon.com/source_identity";

// What both ways of assuming a role ask for.
struct Wanted {
  policy::Arn role;
  std::string roleArn, sessionName, sessionPolicy;
  std::vector<std::string> policyArns;
  std::int64_t duration = 3600;  // seconds
};

base::Error invalidToken(std::string_view message) { return awsError("InvalidIdentityToken", std::string(message)); }

// The dialect of 2026 folds the faults between token and provider into one sentence.
base::Error folded(Call& call, const std::string& message) {
  if (call.reason.empty()) call.reason = message;
  return invalidToken(call.settings.dialect == Dialect::Classic ? std::string_view(message) : kOpaque);
}

base::Result<Wanted> readWanted(const Call& call, Constraints& constraints, std::int64_t shortest) {
  const Parameters& asked = call.parameters;
  auto role = asked.find("RoleArn"), name = asked.find("RoleSessionName"), sessionPolicy = asked.find("Policy");
  auto duration = TRY(asked.number("DurationSeconds"));
  constraints.required("roleArn", role).length("roleArn", role, 20, 2048);
  constraints.required("roleSessionName", name)
      .length("roleSessionName", name, 2, 64)
      .pattern("roleSessionName", name, !name || isNameText(*name), "[\\w+=,.@-]*");
  constraints.length("policy", sessionPolicy, 1, 2048).range("durationSeconds", duration, shortest, 43200);
  Wanted wanted;
  wanted.roleArn = role.value_or("");
  wanted.sessionName = name.value_or("");
  wanted.sessionPolicy = sessionPolicy.value_or("");
  for (std::size_t n = 1;; ++n) {
    auto policyArn = asked.find("PolicyArns.member." + std::to_string(n) + ".arn");
    if (!policyArn) break;
    wanted.policyArns.emplace_back(*policyArn);
  }
  if (wanted.policyArns.size() > 10)
    constraints.failed("", "policyArns", "Member must have length less than or equal to 10");
  wanted.duration = duration.value_or(3600);
  return wanted;
}

base::Result<void> checkRoleArn(Wanted& wanted) {
  base::Error bad = awsError("ValidationError", "Request ARN is invalid");
  auto parsed = policy::parseArn(wanted.roleArn);
  if (!parsed) return bad;
  bool account = parsed->account.size() == 12 && parsed->account.find_first_not_of("0123456789") == std::string::npos;
  if (parsed->service != "iam" || !parsed->region.empty() || !account || !parsed->resource.starts_with("role/"))
    return bad;
  wanted.role = std::move(parsed).value();
  return {};
}

base::Result<void> checkProviderId(const Call& call) {
  auto id = call.parameters.find("ProviderId");
  if (!id) return {};
  if (*id == "www.amazon.com") return invalidToken("Provided Token is not a Login With Amazon token");
  if (*id == "graph.facebook.com") return awsError("IDPRejectedClaim", "Provided Token is not a Facebook token");
  return awsError(
      "AccessDenied",
      "Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens");
}

// AWS's code for the rule that a token broke; the sentence is the rule's own.
base::Error wireError(Call& call, const base::Error& error) {
  using oidc::TokenRule;
  call.reason = error.hint.empty() ? error.message : error.message + ": " + error.hint;
  if (error.code == nameOf(TokenRule::Expiry)) return awsError("ExpiredTokenException", error.message);
  if (error.code == nameOf(TokenRule::IssuedAt) && error.message.starts_with("Token too old"))
    return awsError("ExpiredTokenException", error.message);
  if (error.code == nameOf(TokenRule::Audience) && error.message == "Incorrect token audience")
    return folded(call, error.message);
  if (error.code == nameOf(TokenRule::Signature)) return invalidToken(kBadSignature);
  return invalidToken(error.message);
}

// Decodes the token and finds whose it is; everything that needs no key and no role.
base::Result<oidc::UnverifiedToken> checkToken(Call& call, const Wanted& wanted, std::vector<std::string>& clientIds) {
  auto token = oidc::decodeToken(call.parameters.get("WebIdentityToken"));
  if (!token) {
    call.reason = token.error().hint;
    return invalidToken(kNotAJwt);
  }
  std::string issuer = token->issuer();
  if (issuer.empty() && !token->claims.contains("iss")) return invalidToken("Missing a required claim: iss");
  if (!http::parseUrl(issuer)) return invalidToken("Issuer must be a valid URL");
  auto found = call.state.providers.find(oidc::providerName(issuer));
  bool own = wanted.role.account == call.settings.account;
  if (!own || found == call.state.providers.end() || !issuer.starts_with("https://"))
    return folded(call, "No OpenIDConnect provider found in your account for " + issuer);
  clientIds = found->second.clientIds;
  auto claims = oidc::checkClaims(*token, clientIds, call.now);
  if (!claims) return wireError(call, claims.error());
  return std::move(token).value();
}

// The claim https://aws.amazon.com/tags: {"principal_tags":{"K":["v"]},"transitive_tag_keys":["K"]}.
base::Result<Tags> sessionTags(const text::Json& claims) {
  Tags tags;
  base::Error bad = invalidToken("principal_tags passed in claim is not in correct format.");
  const text::Json& claim = text::at(claims, kTagsClaim);
  if (claim.is_null()) return tags;
  const text::Json& principalTags = text::at(claim, "principal_tags");
  if (!principalTags.is_object()) return bad;
  for (const auto& [key, values] : principalTags.items()) {
    if (!values.is_array() || values.size() != 1 || !values[0].is_string()) return bad;
    tags[key] = values[0].get<std::string>();
    if (key.empty() || key.size() > 128 || tags[key].size() > 256) return bad;
  }
  if (tags.size() > 50) return bad;
  return tags;
}

base::Error notAuthorized(std::string_view action) {
  return awsError("AccessDenied", "Not authorized to perform " + std::string(action));
}

// The role of exactly this ARN, path and case included.
Role* roleOfArn(Call& call, const Wanted& wanted) {
  std::string name = wanted.roleArn.substr(wanted.roleArn.rfind('/') + 1);
  auto found = call.state.roles.find(lowered(name));
  if (found == call.state.roles.end() || roleArn(call, found->second) != wanted.roleArn) return nullptr;
  return &found->second;
}

// The role, if its trust policy lets `request` in for its action and for `also`.
base::Result<Role*> trustedRole(Call& call, const Wanted& wanted, policy::Request request,
                                const std::vector<std::string>& also) {
  Role* role = roleOfArn(call, wanted);
  if (!role) {
    call.reason = "there is no role " + wanted.roleArn;
    return notAuthorized(request.action);
  }
  auto trust = policy::parsePolicy(role->trustPolicy, policy::PolicyKind::Trust);
  if (!trust) return notAuthorized(request.action);
  std::vector<std::string> actions{request.action};
  actions.insert(actions.end(), also.begin(), also.end());
  for (const std::string& action : actions) {
    request.action = action;
    policy::Decision decision = policy::evaluate(*trust, policy::PolicyKind::Trust, request);
    if (decision.verdict == policy::Verdict::Allow) continue;
    call.reason = "trust policy of " + role->name + ", " + action + ":\n" + traceText(decision);
    return notAuthorized(action);
  }
  return role;
}

base::Result<void> checkSession(const Wanted& wanted, const Role& role) {
  if (wanted.duration > role.maxSessionDuration)
    return awsError("ValidationError",
                    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  if (wanted.sessionPolicy.empty()) return {};
  auto parsed = policy::parsePolicy(wanted.sessionPolicy, policy::PolicyKind::Identity);
  if (!parsed) return awsError("MalformedPolicyDocument", parsed.error().message);
  return {};
}

std::string secretOf(Call& call, std::size_t bytes) { return text::base64(call.random(bytes)); }

// Makes the session, keeps it and writes <AssumedRoleUser> and <Credentials>.
void issue(Call& call, const Wanted& wanted, const Role& role,
           std::map<std::string, std::vector<std::string>> context) {
  constexpr std::int64_t kDay = 86'400;  // so long an expired session is still told apart from an unknown one
  std::int64_t now = base::unixSeconds(call.now);
  if (call.state.sessions.size() % 1024 == 1023)
    std::erase_if(call.state.sessions, [&](const auto& entry) { return entry.second.expiration + kDay < now; });
  Session session;
  session.accessKeyId = makeId(call.random, "ASIA", 16);
  session.secretAccessKey = secretOf(call, 30);
  session.sessionToken = "IQoJb3JpZ2luX2Vj" + secretOf(call, 240);
  session.roleName = role.name;
  session.roleId = role.id;
  session.name = wanted.sessionName;
  session.expiration = now + wanted.duration;
  session.policy = wanted.sessionPolicy;
  session.policyArns = wanted.policyArns;
  session.context = std::move(context);
  call.xml.open("AssumedRoleUser").leaf("AssumedRoleId", role.id + ":" + session.name);
  call.xml.leaf("Arn", assumedRoleArn(call.settings, session)).close();
  call.xml.open("Credentials")
      .leaf("AccessKeyId", session.accessKeyId)
      .leaf("SecretAccessKey", session.secretAccessKey);
  call.xml.leaf("SessionToken", session.sessionToken).leaf("Expiration", timeText(session.expiration)).close();
  std::size_t packed = wanted.sessionPolicy.size();
  for (const std::string& policyArn : wanted.policyArns) packed += policyArn.size();
  call.xml.leaf("PackedPolicySize", std::to_string(packed * 100 / 2048));
  std::string id = session.accessKeyId;
  call.state.sessions.emplace(std::move(id), std::move(session));
}

// What the trust policy may ask about: the provider's keys, session name, tags.
policy::Request trustRequest(const Call& call, const Wanted& wanted, const oidc::VerifiedToken& token,
                             const Tags& tags) {
  policy::Request request;
  request.action = "sts:AssumeRoleWithWebIdentity";
  request.resource = wanted.roleArn;
  std::string provider = oidc::providerName(token.issuer());
  request.principalKind = "Federated";
  request.principal = arn(call, "iam", "oidc-provider/" + provider);
  request.principalAccount = call.settings.account;
  request.context = contextOf(call);
  std::string prefix = lowered(provider);
  request.context[prefix + ":aud"] = {token.audience()};
  request.context[prefix + ":sub"] = {token.subject()};
  if (token.claims().contains("azp")) request.context[prefix + ":oaud"] = token.originalAudiences();
  const text::Json& amr = text::at(token.claims(), "amr");
  if (amr.is_array())
    for (const text::Json& value : amr)
      if (value.is_string()) request.context[prefix + ":amr"].push_back(value.get<std::string>());
  request.context["aws:federatedprovider"] = {request.principal};
  request.context["sts:rolesessionname"] = {wanted.sessionName};
  if (std::string identity = text::stringAt(token.claims(), kSourceIdentityClaim); !identity.empty())
    request.context["sts:sourceidentity"] = {identity};
  for (const auto& [key, value] : tags) {
    request.context["aws:requesttag/" + lowered(key)] = {value};
    request.context["aws:tagkeys"].push_back(key);
  }
  return request;
}

// The keys that later requests of the session still have.
std::map<std::string, std::vector<std::string>> carriedOn(const policy::Request& request,
                                                          const oidc::VerifiedToken& token, const Tags& tags) {
  std::map<std::string, std::vector<std::string>> context;
  std::string prefix = lowered(oidc::providerName(token.issuer()));
  for (std::string_view name : {":aud", ":sub", ":amr"})
    if (auto found = request.context.find(prefix + std::string(name)); found != request.context.end())
      context.insert(*found);
  context["aws:federatedprovider"] = {request.principal};
  for (const auto& [key, value] : tags) context["aws:principaltag/" + lowered(key)] = {value};
  if (auto found = request.context.find("sts:sourceidentity"); found != request.context.end())
    context["aws:sourceidentity"] = found->second;
  return context;
}

// The order of checks is that of AWS as far as it is known: parameters, role ARN, token, provider, claims, keys,
// signature, role and trust policy, session.
base::Result<void> assumeRoleWithWebIdentity(Call& call) {
  auto given = call.parameters.find("WebIdentityToken"), providerId = call.parameters.find("ProviderId");
  Constraints constraints;
  Wanted wanted = TRY(readWanted(call, constraints, 900));
  constraints.required("webIdentityToken", given)
      .length("webIdentityToken", given, 4, 20000, true)
      .length("providerId", providerId, 4, 2048);
  TRY(constraints.verdict());
  TRY(checkRoleArn(wanted));
  TRY(checkProviderId(call));
  std::vector<std::string> clientIds;
  oidc::UnverifiedToken unverified = TRY(checkToken(call, wanted, clientIds));
  oidc::Jwks keys = TRY(call.issuers.keys(call, unverified.issuer()));
  auto token = oidc::verify(unverified, keys, clientIds, call.now);
  if (!token) return wireError(call, token.error());
  Tags tags = TRY(sessionTags(token->claims()));
  policy::Request request = trustRequest(call, wanted, *token, tags);
  std::vector<std::string> also;
  if (!tags.empty()) also.emplace_back("sts:TagSession");
  if (request.context.count("sts:sourceidentity")) also.emplace_back("sts:SetSourceIdentity");
  const Role* role = TRY(trustedRole(call, wanted, request, also));
  TRY(checkSession(wanted, *role));
  call.caller.arn = token->subject();
  call.xml.leaf("SubjectFromWebIdentityToken", token->subject()).leaf("Audience", token->audience());
  issue(call, wanted, *role, carriedOn(request, *token, tags));
  call.xml.leaf("Provider", request.principal);
  if (auto identity = request.context.find("sts:sourceidentity"); identity != request.context.end())
    call.xml.leaf("SourceIdentity", identity->second[0]);
  return {};
}

std::string wantedRole(const Call& call) { return std::string(call.parameters.get("RoleArn")); }

base::Result<void> assumeRole(Call& call) {
  constexpr std::int64_t kChained = 3600;  // a role that assumes a role gets an hour at most
  Constraints constraints;
  Wanted wanted = TRY(readWanted(call, constraints, 900));
  TRY(constraints.verdict());
  TRY(checkRoleArn(wanted));
  base::Error refused =
      awsError("AccessDenied", "User: " + call.caller.arn + " is not authorized to perform: sts:AssumeRole" +
                                   " on resource: " + wanted.roleArn);
  policy::Request request;
  request.action = "sts:AssumeRole";
  request.resource = wanted.roleArn;
  request.principalKind = "AWS";
  request.principal = call.caller.arn;
  request.principalAccount = call.settings.account;
  request.context = contextOf(call);
  request.context["sts:rolesessionname"] = {wanted.sessionName};
  auto role = trustedRole(call, wanted, request, {});
  if (!role && call.caller.session) {  // the trust policy may also name the role behind the session
    request.principal = call.caller.session->roleName;
    if (auto own = call.state.roles.find(lowered(request.principal)); own != call.state.roles.end()) {
      request.principal = roleArn(call, own->second);
      role = trustedRole(call, wanted, request, {});
    }
  }
  if (!role) return refused;
  if (call.caller.session && wanted.duration > kChained)
    return awsError("ValidationError",
                    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
                    "role chaining");
  TRY(checkSession(wanted, **role));
  issue(call, wanted, **role, {});
  return {};
}

base::Result<void> getCallerIdentity(Call& call) {
  call.xml.leaf("Arn", call.caller.arn).leaf("UserId", call.caller.userId).leaf("Account", call.settings.account);
  return {};
}

base::Result<void> getAccessKeyInfo(Call& call) {
  auto id = call.parameters.find("AccessKeyId");
  bool word = id && std::all_of(id->begin(), id->end(), [](char c) { return isNameText({&c, 1}) && c != '-'; });
  TRY(Constraints()
          .required("accessKeyId", id)
          .length("accessKeyId", id, 16, 128)
          .pattern("accessKeyId", id, word, "[\\w]*")
          .verdict());
  bool known = *id == call.settings.administrator.accessKeyId || call.state.sessions.count(std::string(*id));
  if (!known) return awsError("ValidationError", "Access key id " + std::string(*id) + " is unknown.");
  call.xml.leaf("Account", call.settings.account);
  return {};
}

constexpr Operation kOperations[] = {
    {.name = "AssumeRoleWithWebIdentity",
     .action = "",
     .resource = nullptr,
     .run = assumeRoleWithWebIdentity,
     .writes = true,
     .unsignedOnly = true},
    {.name = "AssumeRole", .action = "sts:AssumeRole", .resource = wantedRole, .run = assumeRole, .writes = true},
    {.name = "GetCallerIdentity", .action = "", .resource = nullptr, .run = getCallerIdentity},
    {.name = "GetAccessKeyInfo", .action = "sts:GetAccessKeyInfo", .resource = nullptr, .run = getAccessKeyInfo},
};

}  // namespace

std::span<const Operation> stsOperations() { return kOperations; }

}  // namespace sim
