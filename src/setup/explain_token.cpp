#include <algorithm>

#include "base/time.h"
#include "http/url.h"
#include "oidc/discovery.h"
#include "setup/explain_rules.h"
#include "text/words.h"

namespace setup {
namespace {

constexpr std::string_view kReMint = "kubectl create token NAME -n NAMESPACE --audience sts.amazonaws.com";
constexpr std::string_view kProjected =
    "take the token at AWS_WEB_IDENTITY_TOKEN_FILE, which the webhook mounts, or: kubectl create token NAME -n "
    "NAMESPACE "
    "--audience sts.amazonaws.com";

// Folded so that a slash at the end and capitals make no difference.
std::string folded(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return text::lowerCase(issuer);
}

std::string withoutSlash(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

// The issuer that a provider of this ARN stands for, without https://.
std::string nameOfProvider(const std::string& arn) {
  constexpr std::string_view kMark = ":oidc-provider/";
  const std::size_t at = arn.find(kMark);
  return at == std::string::npos ? "" : arn.substr(at + kMark.size());
}

std::string createCommand(const std::string& issuer) {
  return "irsa apply -f irsa.yaml, or: aws iam create-open-id-connect-provider --url " + issuer +
         " --client-id-list sts.amazonaws.com";
}

void addProvider(Examination& examination, std::string code, std::string why, std::string fix) {
  const std::string issuer = examination.token->issuer();
  examination.add(Answer::NoProvider, std::move(code), "issuer " + issuer, std::move(why), std::move(fix));
  examination.causes.back().said =
      "InvalidIdentityToken: No OpenIDConnect provider found in your account for " + issuer;
}

// A provider of the account whose name is the issuer's but for slash or case; else the list.
void missingProvider(Examination& examination) {
  const std::string issuer = examination.token->issuer(), name = oidc::providerName(issuer);
  std::string others;
  for (const SeenProvider& provider : examination.evidence.account->providers) {
    const std::string known = nameOfProvider(provider.arn);
    if (folded(known) == folded(name)) {
      const bool isSlash = withoutSlash(known) == withoutSlash(name);
      examination.provider = known;
      addProvider(examination, isSlash ? "ISSUER_SLASH" : "ISSUER_CASE",
                  "the provider is " + known + ", the token says " + name +
                      ": STS compares letter by letter, and they " +
                      (isSlash ? "differ by a slash at the end" : "differ in capital letters"),
                  "make both the same: irsa apiserver patch --issuer https://" + withoutSlash(known) +
                      ", or a provider for the token's own issuer");
      return;
    }
    others += (others.empty() ? "" : ", ") + known;
  }
  addProvider(examination, "PROVIDER_MISSING",
              "the account " + examination.evidence.account->id +
                  " has no OIDC provider for the token's issuer; it has " + (others.empty() ? "none at all" : others),
              createCommand(issuer));
}

void addAudience(Examination& examination, const base::Error& fault) {
  const text::Json& claims = examination.token->claims;
  const bool hasParty = claims.contains("azp");  // then that is the audience
  const std::vector<std::string> audiences = examination.token->audiences();
  const std::string audience = hasParty ? text::stringAt(claims, "azp") : audiences.empty() ? "" : audiences.front();
  const std::string place = hasParty ? "claim azp" : "claim aud";
  const std::string wanted = examination.clientIds->empty() ? "sts.amazonaws.com" : examination.clientIds->front();
  auto isNear = [&](const std::string& id) {
    std::string bare;
    for (char c : audience)
      if (static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f) bare += c;
    return folded(id) == folded(bare);
  };
  const bool isForApiServer = audience == examination.token->issuer() || audience.starts_with("https://kubernetes") ||
                              audience.starts_with("kubernetes.default");
  if (std::ranges::any_of(*examination.clientIds, isNear)) {
    examination.add(Answer::Audience, "AUD_HIDDEN_BYTES", place,
                    fault.hint + ": they differ only in capitals, blanks or bytes that do not show",
                    "annotate the account with eks.amazonaws.com/audience: " + wanted + ", typed anew");
  } else if (hasParty) {
    examination.add(Answer::Audience, "AUD_MISMATCH", place,
                    fault.hint + ": where there is an azp, STS takes it for the audience, whatever aud says",
                    "have the issuer leave azp out, or write " + wanted + " into it");
  } else if (isForApiServer) {
    examination.add(Answer::Audience, "TOKEN_FOR_API_SERVER", place,
                    fault.hint + ": this is the pod's token for the API server", std::string(kProjected));
  } else {
    examination.add(Answer::Audience, "AUD_MISMATCH", place, fault.hint,
                    "use a token for " + wanted + " (" + std::string(kReMint) +
                        "), or: aws iam add-client-id-to-open-id-connect-provider --client-id " + audience +
                        " --open-id-connect-provider-arn ARN");
  }
}

void addRequired(Examination& examination, const base::Error& fault) {
  const std::string& said = fault.message;
  const std::string claim = said.substr(said.rfind(' ') + 1);
  if (said.starts_with("Invalid timestamp")) {
    examination.add(Answer::Timestamp, "TIMESTAMP_INVALID", "the token's times",
                    fault.hint + ", and STS reads nothing else", "have the issuer write whole seconds");
  } else if (said.starts_with("Claim is not allowed")) {
    examination.add(Answer::EmptyClaim, "CLAIM_EMPTY", "claim " + claim, "the claim " + claim + " is empty",
                    std::string(kReMint));
  } else {
    const bool isLegacy = claim == "aud" || claim == "exp";
    examination.add(Answer::MissingClaim, "CLAIM_MISSING", "claim " + claim,
                    "the token has no claim " + claim +
                        (isLegacy ? ", like the tokens in Secrets that Kubernetes made until 1.24" : ""),
                    std::string(kProjected));
  }
}

void addTime(Examination& examination, const base::Error& fault) {
  const std::string& said = fault.message;
  const std::string place = "the token's times";
  const std::string now = base::rfc3339(examination.evidence.now);
  if (said.starts_with("Token expired"))
    examination.add(Answer::Expired, "TOKEN_EXPIRED", "claim exp",
                    said + "; five minutes of tolerance are in that, the clock here says " + now,
                    "read the token file anew for each call, as the SDKs do; if the file itself is old, create the pod "
                    "again; if the clock is wrong: timedatectl set-ntp true");
  else if (said.starts_with("Token too old"))
    examination.add(Answer::TooOld, "TOKEN_TOO_OLD", "claim iat",
                    said + " seconds, and STS takes tokens for a day, whatever their exp", std::string(kReMint));
  else if (said.starts_with("Token not yet valid"))
    examination.add(Answer::NotYetValid, "TOKEN_NOT_YET_VALID", "claim nbf", said + "; the clock here says " + now,
                    "set the clock of the control plane: timedatectl set-ntp true");
  else
    examination.add(Answer::Future, "TOKEN_FROM_FUTURE", "claim iat", said + "; the clock here says " + now,
                    "set the clock of the control plane: timedatectl set-ntp true");
}

void addClaim(Examination& examination, const base::Error& fault) {
  const std::size_t before = examination.causes.size();
  if (fault.code == nameOf(oidc::TokenRule::RequiredClaims)) {
    addRequired(examination, fault);
  } else if (fault.code != nameOf(oidc::TokenRule::Audience)) {
    addTime(examination, fault);
  } else if (fault.message.starts_with("Claim is not allowed")) {
    examination.add(Answer::EmptyClaim, "CLAIM_EMPTY", "claim aud", "the claim aud is empty", std::string(kReMint));
  } else if (fault.message.starts_with("Token audience contains")) {
    examination.add(Answer::SeveralAudiences, "AUD_SEVERAL", "claim aud",
                    fault.hint + ": STS takes one audience, or several with an azp that says which",
                    "ask for a token of one audience: " + std::string(kReMint));
  } else if (examination.clientIds) {
    addAudience(examination, fault);
  }
  const bool isExpiry = fault.code == nameOf(oidc::TokenRule::Expiry);
  if (examination.causes.size() > before)
    examination.causes.back().said = (isExpiry ? "ExpiredTokenException: " : "InvalidIdentityToken: ") + fault.message;
}

}  // namespace

void examineToken(Examination& examination) {
  if (!examination.evidence.token) return;
  auto token = oidc::decodeToken(*examination.evidence.token);
  if (!token) {
    const std::string& rule = token.error().code;
    const bool isForm = rule == "NotAJwt";
    examination.add(Answer::NotAJwt,
                    isForm                     ? "TOKEN_NOT_JWT"
                    : rule == "CriticalHeader" ? "TOKEN_CRITICAL_HEADER"
                                               : "TOKEN_ALGORITHM",
                    "the token", token.error().hint, std::string(kProjected));
    return;
  }
  examination.token = std::move(token).value();
  const std::string issuer = examination.token->issuer();
  if (issuer.empty()) return;  // a claim that is missing
  if (!http::parseUrl(issuer))
    examination.add(Answer::IssuerUrl, "ISSUER_NOT_URL", "issuer " + issuer,
                    "the token's issuer is no URL" +
                        std::string(issuer == "kubernetes/serviceaccount" ? ": it is a token out of a Secret" : ""),
                    std::string(kProjected));
  else if (!issuer.starts_with("https://"))
    addProvider(examination, "ISSUER_NOT_HTTPS",
                "the token's issuer is not https, and IAM has providers for https only",
                "irsa apply -f irsa.yaml, then irsa apiserver patch");
}

void examineProvider(Examination& examination) {
  const auto& account = examination.evidence.account;
  if (!examination.token || !http::parseUrl(examination.token->issuer())) return;
  const std::string issuer = examination.token->issuer(), name = oidc::providerName(issuer);
  if (!issuer.starts_with("https://")) return;
  examination.provider = name;
  if (!account) return;
  auto found = std::ranges::find_if(account->providers,
                                    [&](const SeenProvider& one) { return nameOfProvider(one.arn) == name; });
  const bool isThere = found != account->providers.end();
  const auto& role = examination.arn;
  if (isThere) examination.clientIds = found->clientIds;
  auto arn = isThere ? policy::parseArn(found->arn) : base::Result<policy::Arn>(base::notFound(""));
  if (role && arn && role->partition != arn->partition)
    return addProvider(examination, "PROVIDER_OTHER_PARTITION",
                       "the role is in the partition " + role->partition + ", the provider in " + arn->partition +
                           ": STS looks in the role's own",
                       "give the account a role of the partition " + arn->partition);
  if (role && role->account != account->id) {
    if (!isThere) return;  // nothing is known of that account
    return addProvider(examination, "PROVIDER_OTHER_ACCOUNT",
                       "the role is in the account " + role->account + ", the provider that was seen in " +
                           account->id + ": STS looks for one in the role's own account",
                       "correct the account in the role's ARN, or make a provider there: " + createCommand(issuer));
  }
  if (!isThere) missingProvider(examination);
}

void examineClaims(Examination& examination) {
  if (!examination.token) return;
  const std::vector<std::string> known = examination.clientIds.value_or(examination.token->audiences());
  for (const base::Error& fault : oidc::brokenClaims(*examination.token, known, examination.evidence.now))
    addClaim(examination, fault);
}

}  // namespace setup
