#include "policy/grammar.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/arn.h"
#include "policy/pattern.h"
#include "text/glob.h"
#include "text/words.h"

namespace policy {
namespace {

// What a trust policy can grant.
constexpr std::array<std::string_view, 6> kTrustActions{
    "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity",
    "sts:tagsession", "sts:setsourceidentity",  "sts:setcontext"};

constexpr std::array<std::string_view, 5> kObjectActions{"s3:abortmultipartupload", "s3:listmultipartuploadparts",
                                                         "s3:restoreobject", "s3:bypassgovernanceretention",
                                                         "s3:initiatereplication"};

bool isDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}
bool isAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool hasWildcard(std::string_view text) { return text.find_first_of("*?") != text.npos; }
bool isAccount(std::string_view text) { return text.size() == 12 && isDigits(text); }

bool isDomain(std::string_view text) {
  return text.find('.') != text.npos && text.front() != '.' && text.back() != '.' &&
         std::ranges::all_of(text, [](char c) { return isAlphanumeric(c) || c == '.' || c == '-'; });
}

// arn:PARTITION:iam::ACCOUNT:oidc-provider/NAME, or saml-provider.
bool isProviderArn(std::string_view text) {
  auto arn = parseArn(text);
  if (!arn || arn->service != "iam" || !arn->region.empty() || !isAccount(arn->account) || hasWildcard(text))
    return false;
  auto slash = arn->resource.find('/');
  std::string kind = arn->resource.substr(0, slash);
  return (kind == "oidc-provider" || kind == "saml-provider") && slash != arn->resource.npos &&
         slash + 1 < arn->resource.size();
}

// An account, a user, role or session by ARN, or the unique identifier that is left of a deleted one.
bool isAwsPrincipal(std::string_view text) {
  if (text == "*" || isAccount(text)) return true;
  if (text.size() >= 16 && text.starts_with("A") && std::ranges::all_of(text, isAlphanumeric)) return true;
  auto arn = parseArn(text);
  return arn && (arn->service == "iam" || arn->service == "sts") && isAccount(arn->account) && !hasWildcard(text);
}

bool isObjectAction(const std::string& action) {
  if (std::ranges::find(kObjectActions, action) != kObjectActions.end()) return true;
  return action.find("object") != action.npos && action.find("bucket") == action.npos;
}

// Whether a bucket policy's action can apply to this resource: objects have a '/' after the bucket's name.
bool applies(const std::string& action, const std::string& resource) {
  std::string name = text::lowerCase(action);
  if (hasWildcard(name) || hasWildcard(resource.substr(0, resource.find('/')))) return true;
  return isObjectAction(name) == (resource.find('/') != resource.npos);
}

}  // namespace

base::Error Grammar::error(std::string message, std::string hint) const {
  return {base::ErrorKind::Invalid, isBucket() ? "MalformedPolicy" : "MalformedPolicyDocument", std::move(message),
          std::move(hint)};
}

base::Error Grammar::syntax(std::string hint) const {
  return error(isBucket() ? "Policy has invalid syntax" : "Syntax errors in policy.", std::move(hint));
}

base::Error Grammar::notJson(std::string hint) const {
  return error(isBucket() ? "Policies must be valid JSON and the first byte must be '{'" : "Syntax errors in policy.",
               std::move(hint));
}

base::Error Grammar::missing(const std::string& element, const std::string& where) const {
  std::string hint = where + " has no " + element;
  if (!isBucket() && (element == "Statement" || element == "Effect")) return syntax(std::move(hint));
  return error("Missing required field " + element, std::move(hint));
}

base::Error Grammar::unknownElement(const std::string& name, std::string hint) const {
  return isBucket() ? error("Unknown field " + name, std::move(hint)) : syntax(std::move(hint));
}

base::Error Grammar::unknownOperator(const std::string& name, const std::string& where) const {
  std::string hint = where + ": there is no condition operator " + name;
  return isBucket() ? error("Invalid Condition type : " + name, std::move(hint)) : syntax(std::move(hint));
}

base::Error Grammar::invalidEffect(const std::string& effect, const std::string& where) const {
  std::string hint = where + ": Effect is Allow or Deny, not \"" + effect + "\"";
  return isBucket() ? error("Invalid effect: " + effect, std::move(hint)) : syntax(std::move(hint));
}

base::Error Grammar::invalidPrincipal(const std::string& kind, const std::string& value, std::string hint) const {
  if (isBucket()) return error("Invalid principal in policy", std::move(hint));
  if (kind.empty() && value.empty()) return syntax(std::move(hint));
  if (kind == "Federated")
    return error("Federated principals must be valid domain names or SAML metadata ARNs", std::move(hint));
  std::string spoken = kind.empty() ? "STAR" : kind;
  std::ranges::transform(spoken, spoken.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return error("Invalid principal in policy: \"" + spoken + "\":\"" + value + "\"", std::move(hint));
}

base::Error Grammar::badVersion(const std::string& version) const {
  std::string hint = "the Version \"" + version + "\" is neither 2012-10-17 nor 2008-10-17";
  if (isBucket()) return error("The policy must contain a valid version string", std::move(hint));
  if (version.empty() || version > "2012-10-17") return syntax(std::move(hint));
  return error("Policy document must be version 2012-10-17 or greater.", std::move(hint));
}

base::Error Grammar::repeatedSid(const std::string& sid) const {
  return error("Statement IDs (SID) in a single policy must be unique.", "two statements have the Sid \"" + sid + "\"");
}

base::Error Grammar::tooLong() const {
  std::string most = std::to_string(kLongestPolicy);
  if (isBucket()) return syntax("the document is longer than " + most + " characters");
  return {base::ErrorKind::Invalid, "ValidationError",
          "1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: Member must have "
          "length less than or equal to " +
              most,
          "the document is longer than IAM reads"};
}

base::Result<void> Grammar::checkText(std::string_view document) const {
  if (document.size() > kLongestPolicy) return tooLong();
  if (!isBucket() || document.starts_with('{')) return {};
  return notJson("the document does not begin with {");
}

base::Result<void> Grammar::check(const Statement& statement, const std::string& where) const {
  if (!isBucket() && !std::ranges::all_of(statement.sid, isAlphanumeric))
    return error(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
        "[0-9A-Za-z]*",
        where + " has the Sid \"" + statement.sid + "\"");
  TRY(checkPresent(statement, where));
  TRY(checkPrincipals(statement.principals, where));
  TRY(checkPrincipals(statement.notPrincipals, where));
  for (const auto* actions : {&statement.actions, &statement.notActions})
    for (const std::string& action : *actions) TRY(checkAction(action, where));
  for (const auto* resources : {&statement.resources, &statement.notResources})
    for (const std::string& resource : *resources) TRY(checkResource(resource, where));
  if (!isBucket() || statement.resources.empty()) return {};
  for (const std::string& action : statement.actions)
    if (std::ranges::none_of(statement.resources, [&](const auto& resource) { return applies(action, resource); }))
      return error("Action does not apply to any resource(s) in statement",
                   where + ": " + action + " applies to none of its resources");
  return {};
}

base::Result<void> Grammar::checkPresent(const Statement& statement, const std::string& where) const {
  bool hasPrincipal = !statement.principals.empty() || !statement.notPrincipals.empty();
  bool hasResource = !statement.resources.empty() || !statement.notResources.empty();
  if (kind_ == PolicyKind::Identity && hasPrincipal)
    return error("Policy document should not specify a principal.",
                 where + ": an identity policy's principal is who has it");
  if (kind_ != PolicyKind::Identity && !hasPrincipal) return missing("Principal", where);
  if (kind_ == PolicyKind::Trust && hasResource)
    return error(statement.resources.empty() ? "Has prohibited field NotResource" : "Has prohibited field Resource",
                 where + ": a trust policy's resource is the role that has it");
  if (statement.actions.empty() && statement.notActions.empty())
    return isBucket() ? missing("Action", where)
                      : error("Policy statement must contain actions.", where + " has no Action");
  if (kind_ == PolicyKind::Identity && !hasResource)
    return error("Policy statement must contain resources.", where + " has no Resource");
  if (isBucket() && !hasResource) return missing("Resource", where);
  return {};
}

base::Result<void> Grammar::checkPrincipals(const std::vector<Principal>& principals, const std::string& where) const {
  for (const Principal& principal : principals) {
    if (principal.kind == "*" && principal.values.empty()) continue;
    if (principal.values.empty())
      return invalidPrincipal(principal.kind, "", where + ": " + principal.kind + " names nobody");
    for (const std::string& value : principal.values) TRY(checkPrincipal(principal.kind, value, where));
  }
  return {};
}

base::Result<void> Grammar::checkPrincipal(const std::string& kind, const std::string& value,
                                           const std::string& where) const {
  if (kind == "AWS" && isAwsPrincipal(value)) return {};
  if (kind == "Service" && isDomain(value)) return {};
  // {"Federated": "*"} is well-formed; it matches no provider.
  if (kind == "Federated" && (value == "*" || isDomain(value) || isProviderArn(value))) return {};
  if (kind == "CanonicalUser" && isBucket() && !value.empty()) return {};
  if (kind != "AWS" && kind != "Service" && kind != "Federated" && !isBucket())
    return syntax(where + ": there is no kind of principal \"" + kind + "\"");
  return invalidPrincipal(kind, value, where + ": \"" + value + "\" is no principal of the kind " + kind);
}

base::Result<void> Grammar::checkAction(const std::string& action, const std::string& where) const {
  std::string name = text::lowerCase(action);
  std::string hint = where + " has the action \"" + action + "\"";
  auto colon = name.find(':');
  if (kind_ == PolicyKind::Trust) {
    if (!name.starts_with("sts:"))
      return error(
          "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and "
          "sts:AssumeRoleWithWebIdentity",
          std::move(hint));
    if (std::ranges::none_of(kTrustActions, [&](std::string_view known) { return text::glob(name, known); }))
      return error("AssumeRole policy may only specify STS AssumeRole actions.", std::move(hint));
    return {};
  }
  if (name == "*") return {};
  if (isBucket()) {
    bool isGood = name.starts_with("s3:") && name.size() > 3;
    return isGood ? base::Result<void>() : error("Policy has invalid action", std::move(hint));
  }
  if (colon == name.npos || colon == 0 || colon + 1 == name.size())
    return error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", std::move(hint));
  return {};
}

base::Result<void> Grammar::checkResource(const std::string& resource, const std::string& where) const {
  std::string hint = where + " has the resource \"" + resource + "\"";
  if (isBucket()) {
    auto arn = parseArn(resource);
    bool isGood = arn && arn->service == "s3" && !arn->resource.starts_with('/');
    return isGood ? base::Result<void>() : error("Policy has invalid resource", std::move(hint));
  }
  if (resource == "*" || resource.starts_with("arn:")) return {};
  return error("Resource " + resource + " must be in ARN format or \"*\".", std::move(hint));
}

}  // namespace policy
