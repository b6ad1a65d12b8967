#include <algorithm>
#include <array>

#include "policy/arn.h"
#include "policy/trust_policy.h"
#include "setup/trust_lint_rules.h"
#include "text/glob.h"
#include "text/words.h"

namespace setup {
namespace {

using policy::Condition;
using policy::Effect;
using policy::Statement;

constexpr std::array<std::string_view, 4> kClaims{"aud", "sub", "amr", "oaud"};
// Subjects that nobody would pin, of accounts and of others: what lets in all of one kind lets in everyone.
constexpr std::array<std::string_view, 2> kAnyAccount{"system:serviceaccount:q0-x7:z9-k3", "system:serviceaccount:w:v"};
constexpr std::array<std::string_view, 2> kAnyOther{"q0-x7/z9-k3", "w/v"};

// "oidc.example.com/cluster" and "sub"; the claim is empty for aws:SourceIp and other keys that are none of a provider.
struct ClaimKey {
  std::string provider, claim;
};
ClaimKey claimKeyOf(std::string_view key) {
  auto colon = key.rfind(':');
  bool isGlobal = text::lowerCase(key).starts_with("aws:") || text::lowerCase(key).starts_with("sts:");
  if (isGlobal || colon == key.npos || key.substr(0, colon).find('.') == key.npos) return {};
  return {std::string(key.substr(0, colon)), std::string(key.substr(colon + 1))};
}

bool isAbout(const Condition& condition, const std::string& provider, std::string_view claim) {
  return text::lowerCase(condition.key) == text::lowerCase(provider + ":" + std::string(claim));
}

// Issuers whose tokens have more claims that IAM makes keys of.
constexpr std::array<std::string_view, 6> kRicherIssuers{"accounts.google.com", "token.actions.githubusercontent.com",
                                                         "gitlab.com",          "oidc.circleci.com",
                                                         "agent.buildkite.com", "cognito-identity.amazonaws.com"};

bool isRicher(std::string_view provider) {
  std::string_view host = provider.substr(0, provider.find('/'));
  return std::ranges::find(kRicherIssuers, host) != kRicherIssuers.end();
}

// Whether a key (in lower case) is one that requests of web identities never have.
bool isOfPrincipals(std::string_view key) {
  constexpr std::array<std::string_view, 8> kKeys{
      "aws:principalorgid", "aws:principalorgpaths",      "aws:principalarn",       "aws:principalaccount",
      "aws:username",       "aws:multifactorauthpresent", "aws:multifactorauthage", "sts:externalid"};
  return std::ranges::find(kKeys, key) != kKeys.end() || key.starts_with("aws:principaltag/");
}

// The operator without its qualifier and IfExists: "StringNotLike".
std::string_view bareOperator(std::string_view op) {
  if (auto colon = op.find(':'); colon != op.npos) op.remove_prefix(colon + 1);
  if (op.ends_with("IfExists")) op.remove_suffix(std::string_view("IfExists").size());
  return op;
}

// Whether it compares with values as they are written; the others are about times, numbers, addresses and the like.
bool isOnText(const Condition& condition) { return bareOperator(condition.op).starts_with("String"); }

// Whether it holds for what it names alone: not for all others, and not when there is nothing to compare.
bool pins(const Condition& condition) {
  return isOnText(condition) && bareOperator(condition.op).find("Not") == std::string_view::npos &&
         !condition.op.ends_with("IfExists") && !condition.op.starts_with("ForAllValues:");
}

// Whether it is all of the conditions of a Deny on every web identity of the provider, and negated: the statement then
// leaves in what it names alone. Every token has aud and sub, so qualifiers and IfExists change nothing.
bool leavesInItsValues(const Statement& statement, const std::string& arn) {
  if (statement.effect != Effect::Deny || statement.conditions.size() != 1) return false;
  const Condition& only = statement.conditions.front();
  if (!isOnText(only) || bareOperator(only.op).find("Not") == std::string_view::npos) return false;
  policy::PolicyDocument unconditional{.version = "2012-10-17", .statements = {statement}};
  unconditional.statements.front().conditions.clear();
  policy::Request request;
  request.action = policy::kWebIdentityAction;
  request.principalKind = "Federated";
  request.principal = arn;
  return policy::decide(unconditional, policy::PolicyKind::Trust, request) == policy::Verdict::ExplicitDeny;
}

// "StringLike" of "ForAnyValue:StringNotLikeIfExists": what a Deny with it leaves in.
std::string positiveOperator(std::string_view op) {
  std::string bare(bareOperator(op));
  return bare.erase(bare.find("Not"), std::string_view("Not").size());
}

bool isClaim(std::string_view claim) { return std::ranges::find(kClaims, text::lowerCase(claim)) != kClaims.end(); }

using Keys = std::map<std::string, std::vector<std::string>>;

bool holdsFor(const Condition& condition, Keys keys) {
  Statement statement;
  statement.effect = Effect::Allow;
  statement.principals = {{"Federated", {"any"}}};
  statement.actions = {"*"};
  statement.conditions = {condition};
  policy::Request request;
  request.action = policy::kWebIdentityAction;
  request.principalKind = "Federated";
  request.principal = "any";
  request.context = std::move(keys);
  const policy::PolicyDocument document{.version = "2012-10-17", .statements = {statement}};
  return policy::decide(document, policy::PolicyKind::Trust, request) == policy::Verdict::Allow;
}

// Whether the operator is content with a request that has no such key.
bool holdsWithoutKey(const Condition& condition) { return holdsFor(condition, {}); }

std::string named(const Condition& condition) { return condition.op + " " + condition.key; }

// The values of the first condition, and what a variable in them is.
std::string described(const StatementLint::Pinned& pinned) {
  std::string out = text::joined(pinned.conditions.front()->values);
  for (const ValuePattern& value : pinned.values.front())
    if (!value.filledIn.empty()) return out + ", and the request itself fills in " + value.filledIn;
  return out;
}

// A host with a port: "oidc.example.com:8443/cluster".
bool hasPort(std::string_view provider) {
  std::string_view host = provider.substr(0, provider.find('/'));
  return host.find(':') != host.npos;
}

std::string withoutScheme(const std::string& provider) {
  auto scheme = provider.find("://");
  return scheme == std::string::npos ? provider : provider.substr(scheme + 3);
}

// The prefix of the condition keys of a provider's tokens: neither scheme nor slash at the end.
std::string keyPrefixOf(const std::string& arn) {
  std::string prefix = withoutScheme(oidcProviderOf(arn));
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix;
}

}  // namespace

std::string oidcProviderOf(std::string_view principal) {
  constexpr std::string_view kKind = ":oidc-provider/";
  auto kind = principal.find(kKind);
  return kind == principal.npos ? "" : std::string(principal.substr(kind + kKind.size()));
}

std::vector<std::string> providersOf(const Statement& statement) {
  std::vector<std::string> out;
  for (const policy::Principal& principal : statement.principals)
    for (const std::string& value : principal.values)
      if (principal.kind == "Federated" && !oidcProviderOf(value).empty()) out.push_back(value);
  return out;
}

bool grantsWebIdentity(const Statement& statement) {
  if (statement.effect != Effect::Allow) return false;
  std::string action = text::lowerCase(policy::kWebIdentityAction);
  auto isNamed = [&](const std::string& pattern) { return text::glob(text::lowerCase(pattern), action); };
  return statement.notActions.empty() ? std::ranges::any_of(statement.actions, isNamed)
                                      : std::ranges::none_of(statement.notActions, isNamed);
}

void StatementLint::add(std::string code, Severity severity, std::string why, std::string fix,
                        const std::string& where) {
  findings_.push_back(
      {std::move(code), severity, where.empty() ? place_ : place_ + ", " + where, std::move(why), std::move(fix)});
}

void StatementLint::lint() {
  if (statement_.effect == Effect::Allow) lintPrincipals();
  if (grantsWebIdentity(statement_))
    for (const std::string& arn : providersOf(statement_)) lintProvider(arn);
  for (const Condition& condition : statement_.conditions) {
    lintConditionKey(condition);
    lintConditionValues(condition);
  }
  bool tagsSessions = std::ranges::any_of(
      statement_.actions, [](const std::string& action) { return text::lowerCase(action) == "sts:tagsession"; });
  bool asksForTags = std::ranges::any_of(statement_.conditions, [](const Condition& condition) {
    std::string key = text::lowerCase(condition.key);
    return key.starts_with("aws:requesttag/") || key == "aws:tagkeys" || key == "sts:transitivetagkeys";
  });
  if (statement_.effect == Effect::Allow && tagsSessions && !asksForTags && !providersOf(statement_).empty())
    add("TRUST_TAG_SESSION", Severity::Note,
        "it allows sts:TagSession, which the tokens of a Kubernetes cluster never ask for: they carry no tags",
        "remove sts:TagSession unless your issuer adds the claim https://aws.amazon.com/tags");
}

void StatementLint::lintPrincipals() {
  bool isAnyone = std::ranges::any_of(statement_.principals, [](const policy::Principal& one) {
    return one.kind == "*" || (one.kind == "AWS" && std::ranges::find(one.values, "*") != one.values.end());
  });
  if (isAnyone)
    add("TRUST_PRINCIPAL_ANY", Severity::Error,
        "its principal is a star: callers of every AWS account may assume the role, and no web identity may",
        "name the OIDC provider: \"Principal\": {\"Federated\": ARN}", "Principal");
  bool isAnyProvider = std::ranges::any_of(statement_.principals, [](const policy::Principal& one) {
    return one.kind == "Federated" && std::ranges::find(one.values, "*") != one.values.end();
  });
  if (isAnyProvider)
    add("TRUST_PRINCIPAL_ANY", Severity::Error,
        "its Federated principal is a star: it names no provider, and AWS does not say whom that lets in",
        "name the OIDC provider: \"Principal\": {\"Federated\": ARN}", "Principal");
  if (!statement_.notPrincipals.empty())
    add("TRUST_NOT_PRINCIPAL", Severity::Error,
        "NotPrincipal goes with Deny only; with Allow AWS does not support it, and read by its words it means everyone "
        "else",
        "name whom you trust with Principal", "NotPrincipal");
  if (!statement_.notActions.empty())
    add("TRUST_NOT_ACTION", Severity::Error,
        "it allows every action but those it names, " + text::joined(statement_.notActions) + ", also those to come",
        "name the one that is needed: \"Action\": \"sts:AssumeRoleWithWebIdentity\"", "NotAction");
}

void StatementLint::lintProvider(const std::string& arn) {
  const std::string provider = keyPrefixOf(arn);
  lintProviderName(arn);
  lintClientIds(arn);
  if (const Condition* unmet = unmetBy(provider)) return lintUnmet(arn, *unmet);
  if (hasAbsentKey() || isNeverMet(provider, "sub") || isNeverMet(provider, "aud")) return;
  lintSubject(arn);
  lintAudience(arn);
}

// Reports a condition on what AWS's own principals have and a web identity has not.
bool StatementLint::hasAbsentKey() {
  const auto found = std::ranges::find_if(statement_.conditions, [](const Condition& condition) {
    return isOfPrincipals(text::lowerCase(condition.key)) && !holdsWithoutKey(condition);
  });
  if (found == statement_.conditions.end()) return false;
  add("CONDITION_NEVER_MET", Severity::Error,
      "no web identity has " + found->key + " when it assumes a role, so the statement lets none in",
      "take the condition out, or put it into a statement for AWS's own principals", named(*found));
  return true;
}

// Reports a condition on the claim that no token meets: every token has it, and numbers, times or addresses are none.
bool StatementLint::isNeverMet(const std::string& provider, std::string_view claim) {
  for (const Condition& condition : statement_.conditions) {
    const bool isNull = condition.op == "Null";
    const bool isAskable =
        isNull || (claim == "sub" && !isRicher(provider));  // some subjects and audiences are numbers
    if (!isAbout(condition, provider, claim) || isOnText(condition) || !isAskable) continue;
    const bool isMet = std::ranges::any_of(kAnyAccount, [&](std::string_view value) {
      return holdsFor(condition, {{text::lowerCase(condition.key), {std::string(value)}}});
    });
    if (isMet) continue;
    const std::string given = isNull ? "every token has " + std::string(claim)
                                     : "the token's sub is text, system:serviceaccount:NAMESPACE:NAME";
    add("CONDITION_NEVER_MET", Severity::Error,
        given + ", for which " + condition.op + " " + text::joined(condition.values) +
            " never holds: the statement lets nobody in",
        "use StringEquals and write the value in full", named(condition));
    return true;
  }
  return false;
}

void StatementLint::lintProviderName(const std::string& arn) {
  const std::string provider = keyPrefixOf(arn);
  const std::string right = arn.substr(0, arn.size() - oidcProviderOf(arn).size()) + provider;
  if (oidcProviderOf(arn) != withoutScheme(oidcProviderOf(arn)))
    add("PROVIDER_SCHEME", Severity::Error,
        "the ARN " + arn + " has the issuer's scheme: IAM's ARNs have none, so no token matches", "write " + right,
        "Principal");
  if (arn.ends_with('/'))
    add("PROVIDER_SLASH", Severity::Error,
        "the ARN " + arn + " ends in a slash: condition keys have none, and STS compares issuers letter by letter",
        "have issuer and provider without the slash, and write " + right, "Principal");
  if (hasPort(provider))
    add("PROVIDER_PORT", Severity::Error,
        "the issuer of " + arn + " has a port: IAM takes no such provider, so no token matches",
        "serve the issuer on port 443 and name it without a port", "Principal");
  auto role = policy::parseArn(trust_.roleArn), own = policy::parseArn(arn);
  if (role && own && (role->account != own->account || role->partition != own->partition))
    add("PROVIDER_OTHER_ACCOUNT", Severity::Error,
        "the provider " + arn + " is not in the role's account, " + role->partition + " " + role->account +
            ": STS looks for it there alone",
        "create the provider in the role's account as well and name arn:" + role->partition + ":iam::" + role->account +
            ":oidc-provider/" + provider,
        "Principal");
}

// A condition on a claim that no token of the provider brings as a key, and that does not hold without it. Null: none.
const Condition* StatementLint::unmetBy(const std::string& provider) const {
  for (const Condition& condition : statement_.conditions) {
    const ClaimKey key = claimKeyOf(condition.key);
    if (key.claim.empty()) continue;
    const bool isOwn = text::lowerCase(key.provider) == text::lowerCase(provider);
    if (isOwn && (isRicher(provider) || isClaim(key.claim))) continue;
    if (!holdsWithoutKey(condition)) return &condition;
  }
  return nullptr;
}

// Keys that are nobody's have a finding already.
void StatementLint::lintUnmet(const std::string& arn, const Condition& condition) {
  const ClaimKey key = claimKeyOf(condition.key);
  if (text::lowerCase(key.provider) == text::lowerCase(keyPrefixOf(arn))) return;
  const bool isKnown = std::ranges::any_of(providersOf(statement_), [&](const std::string& one) {
    return text::lowerCase(keyPrefixOf(one)) == text::lowerCase(key.provider);
  });
  if (isKnown)
    add("PROVIDER_UNUSED", Severity::Warning,
        "no token of " + arn + " has the key " + condition.key + ", so it lets nobody of this provider in",
        "give each provider a statement with keys of its own", named(condition));
}

StatementLint::Pinned StatementLint::pinnedOn(const std::string& arn, std::string_view claim) const {
  const std::string provider = keyPrefixOf(arn);
  const ValueReader reader{provider, hasVariables_};
  Pinned out;
  auto pin = [&](const Condition& condition, const std::string& op, std::string place) {
    out.conditions.push_back(&condition);
    out.places.push_back(std::move(place));
    out.values.emplace_back();
    for (const std::string& value : condition.values) out.values.back().push_back(reader.read(op, value));
  };
  for (const Condition& condition : statement_.conditions)
    if (isAbout(condition, provider, claim) && pins(condition))
      pin(condition, std::string(bareOperator(condition.op)), named(condition));
  for (std::size_t i = 0; i < document_.statements.size(); ++i) {
    const Statement& other = document_.statements[i];
    if (!leavesInItsValues(other, arn) || !isAbout(other.conditions.front(), provider, claim)) continue;
    const Condition& condition = other.conditions.front();
    pin(condition, positiveOperator(condition.op), named(condition) + " of statement " + std::to_string(i + 1));
  }
  return out;
}

void StatementLint::lintUnpinnedSubject(const std::string& provider) {
  isBroad_ = true;
  auto asked =
      std::ranges::find_if(statement_.conditions, [&](const Condition& one) { return isAbout(one, provider, "sub"); });
  std::string fix = "add \"StringEquals\": {\"" + provider + ":sub\": \"system:serviceaccount:NAMESPACE:NAME\"}";
  if (asked == statement_.conditions.end())
    return add("SUB_MISSING", Severity::Error,
               "it has no condition on " + provider + ":sub: every pod of the cluster may assume the role", fix);
  add("SUB_NOT_PINNED", Severity::Error,
      named(*asked) + " says who may not, or holds without a value: everyone else may assume the role", fix,
      named(*asked));
}

// Tokens of a cluster have no other subjects than its accounts'.
void StatementLint::lintSubjectValue(const std::string& provider, const ValuePattern& value, const std::string& where) {
  const bool hasFinding = value.isNever || (value.hasPlainWildcard && !value.hasWildcard());
  if (hasFinding || isRicher(provider)) return;
  if (!text::lowerCase(value.text).starts_with("system:") || fitsAnAccount(value)) return;
  add("SUB_NO_ACCOUNT", Severity::Error,
      "\"" + value.text + "\" is the subject of no service account, so it lets nobody in",
      "write system:serviceaccount:NAMESPACE:NAME, in small letters", where);
}

void StatementLint::lintSubject(const std::string& arn) {
  const std::string provider = keyPrefixOf(arn);
  const Pinned pinned = pinnedOn(arn, "sub");
  if (pinned.conditions.empty()) return lintUnpinnedSubject(provider);
  auto isLetIn = [&](std::string_view one) { return letIn(pinned.values, one); };
  bool isOpen = std::ranges::all_of(kAnyAccount, isLetIn) || std::ranges::all_of(kAnyOther, isLetIn);
  isBroad_ |= isOpen;
  lintVariables(pinned);
  if (isOpen)
    return add("SUB_ANY", Severity::Error,
               "its sub is " + described(pinned) + ": every pod of the cluster may assume the role",
               "name the accounts: \"system:serviceaccount:NAMESPACE:NAME\"", pinned.places.front());
  for (std::size_t i = 0; i < pinned.conditions.size(); ++i)
    for (const ValuePattern& value : pinned.values[i]) {
      std::vector<Alternatives> narrowed = pinned.values;
      narrowed[i] = {value};
      lintSubjectPattern(pinned.places[i], value, openParts(narrowed));
      lintSubjectValue(provider, value, pinned.places[i]);
    }
}

void StatementLint::lintSubjectPattern(const std::string& where, const ValuePattern& value, const OpenParts& open) {
  isBroad_ |= open.nameSpace || open.name;
  const std::string wild = value.filledIn.empty()
                               ? "a wildcard where the namespace stands, and * crosses the colon"
                               : value.filledIn + " where the namespace stands, which the request itself fills in";
  if (open.nameSpace)
    add("SUB_NAMESPACE_PATTERN", Severity::Error,
        "\"" + value.text + "\" has " + wild + ": who may create a namespace that fits may assume the role",
        "name the namespaces, one value each", where);
  else if (open.name)
    add("SUB_ACCOUNT_PATTERN", Severity::Warning,
        "\"" + value.text + "\" lets in every account of its namespace whose name fits, also those to come",
        "name the accounts, one value each", where);
}

void StatementLint::lintVariables(const Pinned& pinned) {
  for (std::size_t i = 0; i < pinned.conditions.size(); ++i)
    for (const ValuePattern& value : pinned.values[i])
      if (!value.unknown.empty())
        add("VARIABLE_UNKNOWN", Severity::Error,
            "no request of a web identity has the variable " + value.unknown + " in \"" + value.text + "\", so " +
                (value.isNever ? "the value fits nothing" : "its default stands"),
            "write the value in full", pinned.places[i]);
}

void StatementLint::lintAudience(const std::string& arn) {
  const std::string provider = keyPrefixOf(arn);
  std::string fix = "add \"StringEquals\": {\"" + provider + ":aud\": \"sts.amazonaws.com\"}";
  const Pinned pinned = pinnedOn(arn, "aud");
  if (pinned.conditions.empty())
    return add("AUD_MISSING", Severity::Error,
               "it has no condition that pins " + provider +
                   ":aud: tokens made for others, a vault or the API server, are good for the role as well if the "
                   "provider knows their audience",
               fix);
  lintVariables(pinned);
  if (letIn(pinned.values, "q0-x7.example.com"))
    add("AUD_ANY", Severity::Error, "its aud is " + described(pinned) + ": tokens made for others are good as well",
        fix, pinned.places.front());
}

void StatementLint::lintClientIds(const std::string& arn) {
  auto known = trust_.clientIds.find(arn);
  if (known == trust_.clientIds.end()) return;
  const Pinned pinned = pinnedOn(arn, "aud");
  std::vector<std::string> extra;
  for (const std::string& id : known->second)
    if (pinned.conditions.empty() || !letIn(pinned.values, id)) extra.push_back(id);
  if (!extra.empty())
    add("PROVIDER_EXTRA_AUDIENCE", Severity::Warning,
        "the provider " + arn + " also takes tokens for " + text::joined(extra) +
            ", which this statement does not speak of",
        "aws iam remove-client-id-from-open-id-connect-provider --open-id-connect-provider-arn " + arn +
            " --client-id " + extra.front(),
        "Principal");
}

void StatementLint::lintConditionKey(const Condition& condition) {
  ClaimKey key = claimKeyOf(condition.key);
  std::vector<std::string> providers = providersOf(statement_);
  if (key.claim.empty() || providers.empty()) return;
  std::string own = keyPrefixOf(providers.front());
  std::string right = own + ":" + key.claim;
  std::string never = ": no request has this key, so the condition never compares anything";
  auto isOwn = [&](const std::string& arn) {
    return text::lowerCase(keyPrefixOf(arn)) == text::lowerCase(key.provider);
  };
  if (key.provider.find("://") != std::string::npos)
    return add("CONDITION_KEY_SCHEME", Severity::Error, condition.key + " has the scheme before the host" + never,
               "write " + withoutScheme(key.provider) + ":" + key.claim, named(condition));
  if (key.provider.ends_with('/'))
    return add("CONDITION_KEY_SLASH", Severity::Error, condition.key + " has a slash before the claim" + never,
               "write " + right, named(condition));
  if (std::ranges::none_of(providers, isOwn))
    return add("CONDITION_KEY_OTHER", Severity::Error,
               condition.key + " is a key of another provider than the statement's, " + own + never, "write " + right,
               named(condition));
  if (!isRicher(own) && !isClaim(key.claim))
    add("CONDITION_KEY_UNKNOWN", Severity::Error,
        "of a cluster's tokens only aud, sub, amr and oaud become keys, not " + key.claim + never,
        "say it with the subject: system:serviceaccount:NAMESPACE:NAME", named(condition));
}

void StatementLint::lintConditionValues(const Condition& condition) {
  std::string_view bare = bareOperator(condition.op);
  const ValueReader reader{"", hasVariables_};
  auto isPattern = [&](const std::string& value) {
    const ValuePattern read = reader.read(bare, value);
    return read.hasWildcard() || !read.unknown.empty();
  };
  bool isEquals = bare.starts_with("String") && bare.find("Equals") != bare.npos;
  if (isEquals)
    for (const std::string& value : condition.values)
      if (reader.read(bare, value).hasPlainWildcard)
        add("WILDCARD_IN_EQUALS", Severity::Error,
            "\"" + value + "\" is compared literally, so " + condition.op +
                (!bare.starts_with("StringNot")      ? " never matches"
                 : statement_.effect == Effect::Deny ? " denies everyone"
                                                     : " excludes nobody"),
            "use StringLike for patterns, or name the value in full", named(condition));
  if ((bare == "StringLike" || bare == "StringNotLike") && std::ranges::none_of(condition.values, isPattern))
    add("LIKE_WITHOUT_WILDCARD", Severity::Warning,
        condition.op + " has no wildcard to use: one that slips in later opens the role unseen",
        "use " + std::string(bare == "StringLike" ? "StringEquals" : "StringNotEquals"), named(condition));
}

}  // namespace setup
