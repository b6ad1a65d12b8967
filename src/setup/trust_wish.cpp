#include "setup/trust_wish.h"

#include <algorithm>

#include "oidc/discovery.h"
#include "policy/web_identity.h"
#include "setup/value_checks.h"

namespace setup {
namespace {

using text::Json;

bool isPattern(std::string_view text) { return text.find_first_of("*?") != text.npos; }

// With a letter where a wildcard is: what must be well-formed in any case.
std::string filledIn(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '*' || c == '?'; }, 'x');
  return text;
}

base::Result<std::string> subjectOf(const std::string& account, bool allowsPatterns) {
  auto slash = account.find('/');
  if (slash == account.npos)
    return base::invalid("\"" + account + "\" is no service account: it is written NAMESPACE/NAME");
  std::string nameSpace = account.substr(0, slash), name = account.substr(slash + 1);
  std::string problem = checkNamespace(filledIn(nameSpace));
  if (problem.empty()) problem = checkServiceAccount("x/" + filledIn(name));
  if (!problem.empty()) return base::invalid("\"" + account + "\" " + problem);
  if (isPattern(account) && !allowsPatterns)
    return base::invalid("\"" + account + "\" is a pattern: everyone who may create an account that fits gets the role")
        .withHint("name the accounts, or say --allow-wildcard");
  if (isPattern(nameSpace.substr(0, 1)))
    return base::invalid("\"" + account + "\" begins with a wildcard: it would open the role to all namespaces")
        .withHint("begin the namespace with a letter, such as team-*/" + name);
  return "system:serviceaccount:" + nameSpace + ":" + name;
}

// Audiences stand under StringEquals, where a wildcard is a plain character; a client ID has 1 to 255 characters.
base::Result<void> checkAudience(const std::string& audience) {
  if (audience.empty()) return base::invalid("an audience is empty").withHint("sts.amazonaws.com is what STS expects");
  if (audience.size() > 255) return base::invalid("an audience has more than the 255 characters that IAM takes");
  if (isPattern(audience) || audience.find("${") != audience.npos)
    return base::invalid("the audience \"" + audience +
                         "\" has a wildcard, which is compared as it stands: nobody gets in")
        .withHint("name the audiences, one --audience each");
  return {};
}

// By the shape, not by a list: "aws", "aws-cn", "aws-iso-b".
base::Result<void> checkPartition(const std::string& partition) {
  const bool isLower = std::ranges::all_of(partition, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
  if (isLower && !partition.ends_with('-') && (partition == "aws" || partition.starts_with("aws-"))) return {};
  return base::invalid("\"" + partition + "\" has the form of no AWS partition (such as aws, aws-cn or aws-us-gov)");
}

std::vector<std::string> textsAt(const Json& claims, std::string_view name) {
  std::vector<std::string> out;
  const Json& claim = text::at(claims, name);
  if (claim.is_string()) out.push_back(claim.get<std::string>());
  for (const Json& item : claim.is_array() ? claim : Json::array())
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

base::Result<std::string> audienceOf(const Json& claims) {
  std::string party = text::stringAt(claims, "azp");
  if (!party.empty()) return party;
  std::vector<std::string> audiences = textsAt(claims, "aud");
  if (audiences.size() > 1)
    return base::invalid("Token audience contains more than one audience while authorized party is not present")
        .withHint("ask for a token with one audience, sts.amazonaws.com");
  return audiences.empty() ? std::string() : audiences.front();
}

}  // namespace

base::Result<std::vector<policy::TrustedIssuer>> trustedIssuers(const TrustWish& wish) {
  if (wish.serviceAccounts.empty()) return base::invalid("no service account is named").withHint("add NAMESPACE/NAME");
  if (wish.issuers.empty()) return base::invalid("no issuer is named").withHint("add --issuer URL");
  if (std::string problem = checkAccountId(wish.account); !problem.empty())
    return base::invalid("--account \"" + wish.account + "\" " + problem);
  TRY(checkPartition(wish.partition));
  for (const std::string& audience : wish.audiences) TRY(checkAudience(audience));
  std::vector<std::string> subjects;
  for (const std::string& account : wish.serviceAccounts)
    subjects.push_back(TRY(subjectOf(account, wish.allowsPatterns)));
  std::vector<policy::TrustedIssuer> out;
  for (const std::string& issuer : wish.issuers) {
    TRY(oidc::checkIssuer(issuer));
    std::string name = oidc::providerName(issuer);
    std::string arn = policy::Arn{wish.partition, "iam", "", wish.account, "oidc-provider/" + name}.text();
    policy::TrustedIssuer trusted{std::move(arn), std::move(name), wish.audiences, subjects};
    if (std::ranges::find(out, trusted) == out.end()) out.push_back(std::move(trusted));
  }
  return out;
}

base::Result<policy::Request> webIdentityRequest(const Json& claims, const std::string& roleArn,
                                                 const std::string& sessionName) {
  policy::Arn role = TRY(policy::parseArn(roleArn));
  if (role.service != "iam" || !role.resource.starts_with("role/"))
    return base::invalid("\"" + roleArn + "\" is no role's ARN: arn:aws:iam::ACCOUNT:role/NAME");
  std::string issuer = text::stringAt(claims, "iss"), subject = text::stringAt(claims, "sub");
  if (issuer.empty()) return base::invalid("Missing a required claim: iss");
  if (subject.empty()) return base::invalid("Missing a required claim: sub");
  policy::SessionClaims session = TRY(policy::sessionClaims(claims));
  std::string audience = TRY(audienceOf(claims));
  return policy::webIdentityRequest({std::move(role), oidc::providerName(issuer), audience, sessionName}, claims,
                                    session);
}

}  // namespace setup
