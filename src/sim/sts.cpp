#include <algorithm>

#include "http/url.h"
#include "oidc/discovery.h"
#include "oidc/web_identity_token.h"
#include "policy/iam_text.h"
#include "policy/web_identity.h"
#include "sim/authenticate.h"
#include "sim/authorize.h"
#include "sim/context.h"
#include "sim/issuer_reader.h"
#include "sim/operation.h"
#include "sim/sts_session.h"
#include "text/words.h"

namespace sim {
namespace {

constexpr std::string_view kNotAJwt =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
constexpr std::string_view kOpaque = "The web identity token provided could not be validated.";
constexpr std::string_view kBadSignature =
    "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for "
    "requirements.";

base::Error invalidToken(std::string_view message) { return awsError("InvalidIdentityToken", std::string(message)); }

// The dialect of 2026 folds the faults between token and provider into one sentence.
base::Error folded(Call& call, const std::string& message) {
  if (call.reason.empty()) call.reason = message;
  return invalidToken(call.settings.dialect == Dialect::Classic ? std::string_view(message) : kOpaque);
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
base::Result<oidc::UnverifiedToken> checkToken(Call& call, const SessionWish& wish, OidcProvider& provider) {
  auto token = oidc::decodeToken(call.parameters.get("WebIdentityToken"));
  if (!token) {
    call.reason = token.error().hint;
    return invalidToken(kNotAJwt);
  }
  std::string issuer = token->issuer();
  if (issuer.empty() && !token->claims.contains("iss")) return invalidToken("Missing a required claim: iss");
  if (!http::parseUrl(issuer)) return invalidToken("Issuer must be a valid URL");
  auto found = call.state.providers.find(oidc::providerName(issuer));
  bool own = wish.role.account == call.settings.account && wish.role.partition == partitionOf(call.settings.region);
  if (!own || found == call.state.providers.end() || !issuer.starts_with("https://"))
    return folded(call, "No OpenIDConnect provider found in your account for " + issuer);
  provider = found->second;
  auto claims = oidc::checkClaims(*token, provider.clientIds, call.now);
  if (!claims) return wireError(call, claims.error());
  return std::move(token).value();
}

// The keys that later requests of the session still have.
SessionContext carriedOn(const policy::Request& request, const oidc::VerifiedToken& token,
                         const policy::SessionClaims& claims) {
  SessionContext context;
  const std::string prefix = text::lowerCase(oidc::providerName(token.issuer()));
  for (std::string_view name : {":aud", ":sub", ":amr"})
    if (auto found = request.context.find(prefix + std::string(name)); found != request.context.end())
      context.insert(*found);
  context["aws:federatedprovider"] = {request.principal};
  for (const auto& [key, value] : claims.tags) context["aws:principaltag/" + text::lowerCase(key)] = {value};
  if (!claims.sourceIdentity.empty()) context["aws:sourceidentity"] = {claims.sourceIdentity};
  return context;
}

// What the trust policy may ask about.
policy::Request trustRequest(const Call& call, const SessionWish& wish, const oidc::VerifiedToken& token,
                             const policy::SessionClaims& claims) {
  const policy::WebIdentity identity{wish.role, oidc::providerName(token.issuer()), token.audience(), wish.sessionName};
  policy::Request request = policy::webIdentityRequest(identity, token.claims(), claims);
  request.context.merge(contextOf(call));
  return request;
}

// The order of checks is that of AWS as far as it is known: parameters, role ARN, token, provider, claims, keys,
// signature, role and trust policy, session.
base::Result<void> assumeRoleWithWebIdentity(Call& call) {
  auto given = call.parameters.find("WebIdentityToken"), providerId = call.parameters.find("ProviderId");
  Constraints constraints(Values::Shown);
  SessionWish wish = TRY(readSessionWish(call, constraints));
  constraints.required("webIdentityToken", given)
      .length("webIdentityToken", given, 4, 20000, true)
      .length("providerId", providerId, 4, 2048);
  TRY(constraints.verdict());
  TRY(checkRoleArn(wish, "Request ARN is invalid"));
  TRY(checkProviderId(call));
  OidcProvider provider;
  oidc::UnverifiedToken unverified = TRY(checkToken(call, wish, provider));
  const IssuerCache::Keys keys =
      TRY(call.issuers.keys(call, unverified.issuer(), unverified.kid, provider.thumbprints));
  auto token = oidc::verify(std::move(unverified), *keys, provider.clientIds, call.now);
  if (!token) return wireError(call, token.error());
  auto claims = policy::sessionClaims(token->claims());
  if (!claims) return invalidToken(claims.error().message);
  policy::Request request = trustRequest(call, wish, *token, *claims);
  const Role* role = TRY(trustedRole(call, wish, request, policy::actionsFor(*claims)));
  const std::size_t packed = TRY(checkSession(wish, *role, claims->tags));
  call.caller.arn = token->subject();
  call.xml.leaf("SubjectFromWebIdentityToken", token->subject()).leaf("Audience", token->audience());
  issueSession(call, wish, *role, {carriedOn(request, *token, *claims), claims->transitiveKeys});
  call.xml.leaf("PackedPolicySize", std::to_string(packed)).leaf("Provider", request.principal);
  if (!claims->sourceIdentity.empty()) call.xml.leaf("SourceIdentity", claims->sourceIdentity);
  return {};
}

base::Result<void> getCallerIdentity(Call& call) {
  call.xml.leaf("Arn", call.caller.arn).leaf("UserId", call.caller.userId).leaf("Account", call.settings.account);
  return {};
}

base::Result<void> getAccessKeyInfo(Call& call) {
  auto id = call.parameters.find("AccessKeyId");
  bool word = id && std::all_of(id->begin(), id->end(), [](char c) { return policy::isNameText({&c, 1}) && c != '-'; });
  TRY(Constraints(Values::Shown)
          .required("accessKeyId", id)
          .length("accessKeyId", id, 16, 128)
          .pattern("accessKeyId", id, word, "[\\w]*")
          .verdict());
  bool known = *id == call.settings.administrator.accessKeyId || call.state.sessions.count(std::string(*id));
  if (!known) return awsError("ValidationError", "Access key id " + std::string(*id) + " is unknown.");
  call.xml.leaf("Account", call.settings.account);
  return {};
}

constexpr Operation kStsOperations[] = {
    {.name = "AssumeRoleWithWebIdentity",
     .action = "",
     .resource = nullptr,
     .run = assumeRoleWithWebIdentity,
     .writes = true,
     .unsignedOnly = true},
    {.name = "AssumeRole", .action = "sts:AssumeRole", .resource = wishedRole, .run = assumeRole, .writes = true},
    {.name = "GetCallerIdentity", .action = "", .resource = nullptr, .run = getCallerIdentity},
    {.name = "GetAccessKeyInfo", .action = "sts:GetAccessKeyInfo", .resource = nullptr, .run = getAccessKeyInfo},
};

}  // namespace

std::span<const Operation> stsOperations() { return kStsOperations; }

}  // namespace sim
