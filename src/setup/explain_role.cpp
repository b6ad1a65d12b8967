#include <algorithm>
#include <array>

#include "base/time.h"
#include "oidc/discovery.h"
#include "policy/policy_document.h"
#include "policy/web_identity.h"
#include "setup/explain_rules.h"
#include "text/glob.h"
#include "text/words.h"

namespace setup {
namespace {

using policy::PolicyDocument;
using policy::PolicyKind;
using policy::Statement;
using policy::StatementTrace;
using policy::Verdict;

constexpr std::string_view kWebIdentity = "sts:AssumeRoleWithWebIdentity";
constexpr std::array<std::string_view, 2> kAudienceClaims{"claim aud", "claim azp"};  // places in examineClaims()
constexpr std::string_view kMend =
    "irsa apply -f irsa.yaml writes the trust policy anew, or: aws iam update-assume-role-policy";

// How far a condition, a statement or a policy lets a request come, the worst first.
enum class Standing { Fails, Unseen, Holds };

// Whether a request has this key (in lower case) with a value that token and account do not tell.
bool isOfRequest(std::string_view key) {
  static constexpr std::array<std::string_view, 12> kKeys{
      "aws:sourceip",      "aws:vpcsourceip",     "aws:sourcevpc",       "aws:sourcevpce",
      "aws:useragent",     "aws:sourcevpcarn",    "aws:securetransport", "aws:referer",
      "aws:viaawsservice", "aws:requestedregion", "sts:rolesessionname", "sts:roleauthorizedbyidp"};
  return std::ranges::find(kKeys, key) != kKeys.end() || key.starts_with("aws:vpce") ||
         key.starts_with("aws:resource") || key.starts_with("iam:resourcetag/");
}

// One role's trust policy against one request.
class TrustExamination {
 public:
  TrustExamination(Examination& examination, const PolicyDocument& document, const policy::Request& request)
      : examination_(examination), document_(document), request_(request), place_("role " + request.resource) {}

  Standing allowed(std::string action) const {
    policy::Request request = request_;
    request.action = std::move(action);
    const policy::Explanation explanation = policy::explain(document_, PolicyKind::Trust, request);
    const Standing denies = any(explanation, policy::Effect::Deny), allows = any(explanation, policy::Effect::Allow);
    if (denies == Standing::Holds || allows == Standing::Fails) return Standing::Fails;
    return denies == Standing::Fails && allows == Standing::Holds ? Standing::Holds : Standing::Unseen;
  }

  void refused() {
    const policy::Explanation explanation = policy::explain(document_, PolicyKind::Trust, request_);
    if (any(explanation, policy::Effect::Deny) == Standing::Holds) return addDeny(explanation);
    const StatementTrace* nearest = nearestAllow(explanation);
    if (!nearest) return add("ACTION_MISSING", "its trust policy allows nobody anything", std::string(kMend));
    const Statement& statement = document_.statements[std::size_t(nearest - explanation.statements.data())];
    for (const policy::Test& test : nearest->tests) {
      if (standing(test) != Standing::Fails) continue;
      if (isPrincipal(test))
        addPrincipal(nameOf(*nearest), statement);
      else if (isCondition(test))
        addCondition(nameOf(*nearest), test);
      else
        add("ACTION_MISSING",
            nameOf(*nearest) + " allows " + listed(statement.actions) + " and not " + std::string(kWebIdentity),
            std::string(kMend));
    }
  }

  // Which conditions the decision is left to.
  void unseen() {
    const policy::Explanation explanation = policy::explain(document_, PolicyKind::Trust, request_);
    for (const StatementTrace& statement : explanation.statements) {
      if (standing(statement) != Standing::Unseen) continue;
      for (const policy::Test& test : statement.tests)
        if (standing(test) == Standing::Unseen)
          examination_.add(
              Answer::NotAuthorized, "CONDITION_UNSEEN", place_,
              nameOf(statement) + (statement.effect == policy::Effect::Deny ? " denies by " : " wants ") + test.op +
                  " " + test.key + " " + listed(test.wanted) +
                  ", which can't be looked at: STS alone sees it, in the request itself",
              "compare it with the pod's way to STS, or: irsa trust can-assume --context " + test.key + "=VALUE",
              text::Severity::Note);
    }
  }

 private:
  static bool isPrincipal(const policy::Test& test) { return test.element.ends_with("Principal"); }
  static bool isCondition(const policy::Test& test) { return test.element == "Condition"; }

  Standing standing(const policy::Test& test) const {
    const std::string key = text::lowerCase(test.key);
    const bool isUnseen = isCondition(test) && isOfRequest(key) && !request_.context.contains(key);
    return isUnseen ? Standing::Unseen : test.holds ? Standing::Holds : Standing::Fails;
  }

  Standing standing(const StatementTrace& statement) const {
    Standing out = Standing::Holds;
    for (const policy::Test& test : statement.tests) out = std::min(out, standing(test));
    return out;
  }

  // Of the statements with this effect, the one that comes furthest.
  Standing any(const policy::Explanation& explanation, policy::Effect effect) const {
    Standing out = Standing::Fails;
    for (const StatementTrace& statement : explanation.statements)
      if (statement.effect == effect) out = std::max(out, standing(statement));
    return out;
  }

  // The Allow that comes nearest: an action that does not fit is further away than a principal, that than a condition.
  // Null when there is none.
  const StatementTrace* nearestAllow(const policy::Explanation& explanation) const {
    const StatementTrace* nearest = nullptr;
    std::size_t fewest = 0;
    for (const StatementTrace& statement : explanation.statements) {
      if (statement.effect != policy::Effect::Allow) continue;
      std::size_t count = 0;
      for (const policy::Test& test : statement.tests)
        if (standing(test) == Standing::Fails) count += isCondition(test) ? 1 : isPrincipal(test) ? 2 : 4;
      if (!nearest || count < fewest) nearest = &statement, fewest = count;
    }
    return nearest;
  }

  static std::string nameOf(const StatementTrace& statement) { return "statement " + statement.name; }

  static std::string listed(const std::vector<std::string>& values) {
    std::string out = text::joined(values);
    return out.empty() ? "nothing" : out;
  }

  void add(std::string code, std::string why, std::string fix) {
    examination_.add(Answer::NotAuthorized, std::move(code), place_, std::move(why), std::move(fix));
  }

  void addDeny(const policy::Explanation& explanation) {
    for (const StatementTrace& statement : explanation.statements)
      if (statement.effect == policy::Effect::Deny && standing(statement) == Standing::Holds)
        add("TRUST_DENIES", nameOf(statement) + " denies this token, and a Deny beats every Allow",
            "change or remove that statement: aws iam update-assume-role-policy");
  }

  void addPrincipal(const std::string& name, const Statement& statement) {
    const auto wanted = policy::parseArn(request_.principal);
    std::string names;
    bool isOtherAccount = false;
    for (const policy::Principal& principal : statement.principals) {
      names += (names.empty() ? "" : ", ") + principal.kind +
               (principal.values.empty() ? "" : " " + listed(principal.values));
      for (const std::string& value : principal.values) {
        auto arn = policy::parseArn(value);
        isOtherAccount |= arn && wanted && arn->resource == wanted->resource && arn->account != wanted->account;
      }
    }
    add(isOtherAccount ? "PRINCIPAL_OTHER_ACCOUNT" : "PRINCIPAL_MISMATCH",
        name + " trusts " + (names.empty() ? "all but some" : names) + ", the token comes from " + request_.principal,
        std::string(kMend));
  }

  void addCondition(const std::string& name, const policy::Test& condition) {
    const std::string prefix = text::lowerCase(request_.principal.substr(request_.principal.find('/') + 1)) + ":";
    const std::string key = text::lowerCase(condition.key);
    const std::string claim = key.substr(key.rfind(':') + 1);
    const bool isClaim = claim == "sub" || claim == "aud";
    const bool isOwn = key == prefix + claim;
    const auto given = request_.context.find(key);
    const std::string value = given == request_.context.end() ? "" : listed(given->second);
    const std::string wish = condition.op + " " + condition.key + " " + listed(condition.wanted);
    const bool isWildcard = condition.op.starts_with("StringEquals") &&
                            std::ranges::any_of(condition.wanted, [&](const std::string& wanted) {
                              return wanted.find_first_of("*?") != std::string::npos && text::glob(wanted, value);
                            });
    if (isWildcard)
      add("WILDCARD_IN_EQUALS", name + " wants " + wish + ": " + condition.op + " takes * and ? for themselves",
          "use StringLike for " + condition.key + "; " + std::string(kMend));
    else if (isOwn && claim == "sub")
      add("SUB_MISMATCH", "the token's sub is " + value + ", " + name + " wants " + wish,
          "run the pod under that service account, or let this one in: " + std::string(kMend));
    else if (isOwn && claim == "aud")
      add("AUD_CONDITION", "the token's aud is " + value + ", " + name + " wants " + wish, std::string(kMend));
    else if (isClaim && key.find('.') != std::string::npos)
      add("CONDITION_KEY",
          name + " asks for " + condition.key + ", but this token's key is " + prefix + claim +
              " (the provider's URL without https://)",
          std::string(kMend));
    else
      add("CONDITION_UNMET",
          name + " wants " + wish + ", and the request " +
              (value.empty() ? "as far as it is known has no such key" : "has " + value),
          "a web identity has only aud, sub, amr, its tags and what its connection shows; " + std::string(kMend));
  }

  Examination& examination_;
  const PolicyDocument& document_;
  const policy::Request& request_;
  std::string place_;
};

// The audience that conditions see: azp where there is one. Where the token's is wrong, the one it should have, since
// what the trust policy says of the wrong one is an effect.
std::string audienceOf(const Examination& examination) {
  const oidc::UnverifiedToken& token = *examination.token;
  const bool isWrong = std::ranges::any_of(examination.causes, [](const Cause& cause) {
    return std::ranges::find(kAudienceClaims, cause.finding.place) != kAudienceClaims.end();
  });
  if (isWrong && examination.clientIds && !examination.clientIds->empty()) return examination.clientIds->front();
  if (token.claims.contains("azp")) return text::stringAt(token.claims, "azp");
  const std::vector<std::string> audiences = token.audiences();
  return audiences.empty() ? "" : audiences.front();
}

// Where the provider's name differs from the issuer's by a slash or a capital, a trust policy that fits either is
// right: the difference is the cause.
policy::Request requestOf(const Examination& examination, const PolicyDocument& trust,
                          const policy::SessionClaims& session) {
  const text::Json& claims = examination.token->claims;
  policy::WebIdentity identity{*examination.arn, oidc::providerName(examination.token->issuer()),
                               audienceOf(examination), examination.evidence.sessionName};
  auto request = [&] {
    policy::Request out = policy::webIdentityRequest(identity, claims, session);
    out.context["aws:currenttime"] = {base::rfc3339(examination.evidence.now)};
    out.context["aws:epochtime"] = {std::to_string(base::unixSeconds(examination.evidence.now))};
    return out;
  };
  policy::Request own = request();
  if (policy::decide(trust, PolicyKind::Trust, own) == Verdict::Allow) return own;
  identity.provider = examination.provider;
  return request();
}

void examineTrust(Examination& examination, const SeenRole& role) {
  const std::string place = "role " + role.arn;
  auto trust = policy::parsePolicy(role.trustPolicy, PolicyKind::Trust);
  if (!trust)
    return examination.add(Answer::NotAuthorized, "TRUST_INVALID", place,
                           "its trust policy cannot be read: " + trust.error().message, std::string(kMend));
  if (!examination.token || examination.provider.empty()) return;
  const oidc::UnverifiedToken& token = *examination.token;
  auto session = policy::sessionClaims(token.claims);
  if (!session)
    return examination.add(Answer::SessionTags, "SESSION_TAGS_INVALID", "claim https://aws.amazon.com/tags",
                           "it is not {\"principal_tags\":{\"KEY\":[\"VALUE\"]}}",
                           "have the issuer write it so, or leave it out");
  const policy::Request request = requestOf(examination, *trust, *session);
  TrustExamination trustExamination(examination, *trust, request);
  const Standing standing = trustExamination.allowed(request.action);
  if (standing == Standing::Fails) return trustExamination.refused();
  if (standing == Standing::Unseen) trustExamination.unseen();
  for (const std::string& action : policy::actionsFor(*session)) {
    if (trustExamination.allowed(action) != Standing::Fails) continue;
    const bool isTag = action == "sts:TagSession";
    examination.add(isTag ? Answer::TagSession : Answer::SourceIdentity,
                    isTag ? "TAG_SESSION_MISSING" : "SOURCE_IDENTITY_MISSING", place,
                    "the token brings " + std::string(isTag ? "session tags" : "a source identity") +
                        ", and the trust policy does not allow " + action,
                    "add " + action + " to the statement's Action: aws iam update-assume-role-policy");
  }
}

}  // namespace

void examineRole(Examination& examination) {
  const WebIdentityEvidence& evidence = examination.evidence;
  if (!examination.arn || !evidence.account || examination.arn->account != evidence.account->id) return;
  const std::string wanted = examination.arn->text();
  const bool isElsewhere = std::ranges::any_of(
      examination.causes, [](const Cause& cause) { return cause.finding.code == "PROVIDER_OTHER_PARTITION"; });
  if (isElsewhere) return;
  if (!evidence.account->role)
    return examination.add(Answer::NotAuthorized, "ROLE_MISSING", "role " + wanted,
                           "the account " + evidence.account->id + " has no such role",
                           "irsa apply -f irsa.yaml makes it; else correct eks.amazonaws.com/role-arn of the account");
  const SeenRole& role = *evidence.account->role;
  if (role.arn != wanted)
    examination.add(
        Answer::NotAuthorized, "ROLE_PATH", "role " + wanted,
        "the role's ARN is " + role.arn + ": path and capitals count",
        "kubectl annotate serviceaccount NAME -n NAMESPACE --overwrite eks.amazonaws.com/role-arn=" + role.arn);
  examineTrust(examination, role);
  const auto duration = evidence.duration.value_or(std::chrono::seconds(3600));
  if (duration > role.maxSessionDuration && duration.count() <= 43200)
    examination.add(Answer::MaxDuration, "DURATION_OVER_MAXIMUM", "role " + role.arn,
                    "a session of " + std::to_string(duration.count()) + " s was asked for, the role allows " +
                        std::to_string(role.maxSessionDuration.count()),
                    "aws iam update-role --role-name NAME --max-session-duration " + std::to_string(duration.count()));
}

}  // namespace setup
