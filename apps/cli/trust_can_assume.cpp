#include "base/time.h"
#include "oidc/discovery.h"
#include "oidc/web_identity_token.h"
#include "policy/policy_document.h"
#include "text/words.h"
#include "token_command.h"
#include "trust_command.h"
#include "world.h"

namespace cli {
namespace {

using text::Json;

// The claims that are asked about: of the token, or as a token of the account would have them.
base::Result<Json> claimsOf(const CanAssumeOptions& options) {
  if (options.token.empty() == options.serviceAccount.empty())
    return base::invalid(
        "one caller is wanted: --token FILE (- is standard input), or NAMESPACE/NAME with --issuer URL");
  if (options.token.empty()) {
    if (options.issuer.empty()) return base::invalid("--issuer is missing: whose token is it?");
    TRY(oidc::checkIssuer(options.issuer, oidc::Port::Allowed));
    const auto [nameSpace, name] = TRY(splitServiceAccount(options.serviceAccount));
    if (options.serviceAccount.find_first_of("*?") != std::string::npos)
      return base::invalid("'" + options.serviceAccount + "' is a pattern, and the question is about one account");
    Json claims = {{"iss", options.issuer}, {"sub", "system:serviceaccount:" + nameSpace + ":" + name}};
    claims["aud"] = options.audiences.empty() ? std::vector<std::string>{"sts.amazonaws.com"} : options.audiences;
    return claims;
  }
  std::string token;
  if (options.token == "-") {
    token = io::readIn();
  } else {
    token = TRY(io::newDiskFiles()->read(options.token));
  }
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  const oidc::UnverifiedToken decoded = TRY(oidc::decodeToken(token));
  return decoded.claims;
}

// Of a file whose role is not named: the account of the policy's own provider for this issuer, or of any it names.
std::string assumedRole(const policy::PolicyDocument& document, const std::string& issuer) {
  std::string any;
  for (const policy::Statement& statement : document.statements)
    for (const policy::Principal& principal : statement.principals)
      for (const std::string& value : principal.values) {
        const std::size_t kind = value.find(":oidc-provider/");
        if (kind == std::string::npos) continue;
        const std::string role = value.substr(0, kind) + ":role/any";
        if ("https://" + value.substr(kind + 15) == issuer) return role;
        any = role;
      }
  return any.empty() ? "arn:aws:iam::111122223333:role/any" : any;
}

// What every request to STS has: it comes now, and over TLS.
void addConnection(base::Time now, policy::Request& request) {
  request.context["aws:currenttime"] = {base::rfc3339(now)};
  request.context["aws:epochtime"] = {std::to_string(base::unixSeconds(now))};
  request.context["aws:securetransport"] = {"true"};
  request.context["aws:viaawsservice"] = {"false"};
}

base::Result<void> addContext(const std::vector<std::string>& pairs, policy::Request& request) {
  std::map<std::string, std::vector<std::string>> given;
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return base::invalid("--context " + pair + ": it is written KEY=VALUE, such as aws:SourceIp=203.0.113.9");
    given[text::lowerCase(pair.substr(0, equals))].push_back(pair.substr(equals + 1));
  }
  for (auto& [key, values] : given) request.context[key] = std::move(values);
  return {};
}

struct Answer {
  std::string action;
  policy::Explanation explanation;
};

std::string nameOf(policy::Verdict verdict) {
  if (verdict == policy::Verdict::Allow) return "Allow";
  return verdict == policy::Verdict::ExplicitDeny ? "ExplicitDeny" : "ImplicitDeny";
}

std::string nameOf(policy::Effect effect) { return effect == policy::Effect::Allow ? "Allow" : "Deny"; }

std::string labelOf(const policy::Test& test) {
  return test.element == "Condition" ? test.op + " " + test.key : test.element;
}

std::string describeTest(const policy::Test& test, const Console& console) {
  const std::string given = test.given.empty() ? "nothing" : text::joined(test.given);
  if (!test.holds) return "    " + console.cross(labelOf(test) + ": " + test.because);
  return "    " + console.check(labelOf(test) + ": " + text::joined(test.wanted) +
                                (given == text::joined(test.wanted) ? "" : ", and it is " + given));
}

std::string describe(const Answer& answer, const Console& console) {
  std::string out = answer.action + ": " + nameOf(answer.explanation.verdict) + "\n";
  for (const policy::StatementTrace& statement : answer.explanation.statements) {
    out += "  statement " + statement.name + " (" + nameOf(statement.effect) + ") " +
           (statement.applies ? "applies" : "does not apply") + "\n";
    for (const policy::Test& test : statement.tests) out += describeTest(test, console);
  }
  return out;
}

Json toJson(const Answer& answer) {
  Json statements = Json::array();
  for (const policy::StatementTrace& statement : answer.explanation.statements) {
    Json tests = Json::array();
    for (const policy::Test& test : statement.tests) {
      Json one = {{"element", test.element}};
      if (test.element == "Condition") one["operator"] = test.op;
      if (test.element == "Condition") one["key"] = test.key;
      one["policy"] = test.wanted;
      one["request"] = test.given;
      one["holds"] = test.holds;
      if (!test.holds) one["because"] = test.because;
      tests.push_back(std::move(one));
    }
    statements.push_back({{"statement", statement.name},
                          {"effect", nameOf(statement.effect)},
                          {"applies", statement.applies},
                          {"tests", std::move(tests)}});
  }
  return {{"action", answer.action},
          {"verdict", nameOf(answer.explanation.verdict)},
          {"statements", std::move(statements)}};
}

// STS asks for each action that the token needs: tags and a source identity are allowed apart.
std::vector<std::string> actionsOf(const policy::Request& request) {
  std::vector<std::string> actions{request.action};
  if (request.context.contains("aws:tagkeys")) actions.emplace_back("sts:TagSession");
  if (request.context.contains("sts:sourceidentity")) actions.emplace_back("sts:SetSourceIdentity");
  return actions;
}

int show(const policy::PolicyDocument& document, policy::Request request, const Console& console) {
  std::string table;
  Json actions = Json::array();
  std::string refused;  // the first action that the policy does not allow
  for (const std::string& action : actionsOf(request)) {
    request.action = action;
    const Answer answer{action, policy::explain(document, policy::PolicyKind::Trust, request)};
    if (refused.empty() && answer.explanation.verdict != policy::Verdict::Allow) refused = action;
    table += describe(answer, console);
    actions.push_back(toJson(answer));
  }
  const bool isAllowed = refused.empty();
  table += isAllowed ? console.check("the trust policy lets it in")
                     : console.cross("AccessDenied: Not authorized to perform " + refused);
  console.result(table, {{"allowed", isAllowed},
                         {"role", request.resource},
                         {"provider", request.principal},
                         {"actions", std::move(actions)}});
  return isAllowed ? kOk : kRefused;
}

}  // namespace

int runCanAssume(const CanAssumeOptions& options) {
  const Console console(options.common);
  const base::Result<Json> claims = claimsOf(options);
  if (!claims) return console.fail(claims.error(), exitCodeOfLook(claims.error()));
  const base::Result<FoundPolicy> found = findPolicy(options.policy, options.common, false, console);
  if (!found) return console.fail(found.error(), exitCodeOfLook(found.error()));
  base::Result<policy::PolicyDocument> document = policy::parsePolicy(found->document, policy::PolicyKind::Trust);
  if (!document) return console.fail(std::move(document).error().during("reading " + found->name));
  std::string roleArn = options.roleArn.empty() ? found->roleArn : options.roleArn;
  if (roleArn.empty()) {
    roleArn = assumedRole(*document, text::stringAt(*claims, "iss"));
    console.progress("note: the role's account is taken to be that of the policy's provider; --role-arn says it");
  }
  base::Result<policy::Request> request = setup::webIdentityRequest(*claims, roleArn, options.sessionName);
  if (!request) return console.fail(request.error());
  addConnection(Ground().clock.now(), *request);
  if (const base::Result<void> added = addContext(options.context, *request); !added)
    return console.fail(added.error());
  if (!options.token.empty()) console.progress("note: the token's signature and times are not looked at");
  return show(*document, std::move(*request), console);
}

}  // namespace cli
