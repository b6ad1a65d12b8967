// The IAM policy language: documents, and the decision on a request.
//
// Pure: no clock, no network. Signature, issuer and expiry are oidc's business; by the time claims arrive here in a
// Request's context they are true. Serves identity policies, bucket policies and trust policies alike.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/json.h"

namespace policy {

enum class Effect { Allow, Deny };

struct Condition {
  std::string op;   // "StringEquals", "ForAnyValue:StringLike", "NumericLessThanIfExists"
  std::string key;  // as written; compared without regard to case
  std::vector<std::string> values;
};

// One kind of principal: "AWS", "Federated", "Service" or "*" (the bare star, with no values).
struct Principal {
  std::string kind;
  std::vector<std::string> values;
};

struct Statement {
  std::string sid;
  Effect effect = Effect::Deny;
  std::vector<Principal> principals, notPrincipals;
  std::vector<std::string> actions, notActions, resources, notResources;
  std::vector<Condition> conditions;
};

struct PolicyDocument {
  std::string version;  // "2012-10-17", "2008-10-17" or empty
  std::vector<Statement> statements;
};

// Where a document will be used decides which elements it must and may not have.
enum class PolicyKind { Identity, Trust, Bucket };

// Strict: no unknown elements or operators, no member twice, 64 levels and kLongestPolicy characters at most. The
// error's message is AWS's own sentence for this fault (code MalformedPolicyDocument, for buckets MalformedPolicy); its
// hint says where the fault is: "statement 2 has ...". A bucket policy's resources are not held to one bucket: the
// caller knows which one it is for.
inline constexpr std::size_t kLongestPolicy = 131'072;  // IAM's model of a policyDocument

base::Result<PolicyDocument> parsePolicy(std::string_view document, PolicyKind kind);

struct Request {
  std::string action;         // "sts:AssumeRoleWithWebIdentity"
  std::string resource;       // ARN; ignored for trust policies
  std::string principalKind;  // "Federated", "AWS", "Service"; empty: anonymous
  std::string principal;      // provider ARN, or the caller's ARN
  std::string principalAccount;
  std::map<std::string, std::vector<std::string>> context = {};  // keys in lower case
  bool isNamedByRole = true;  // a session is also named by its role's ARN; false: by its own alone
};

// One question that a statement asks of a request: whose, what, on what, and each condition.
struct Test {
  std::string element;              // "Principal", "NotPrincipal", "Action", ..., "Condition"
  std::string op, key;              // of conditions only, as written
  std::vector<std::string> wanted;  // what the policy says, as written
  std::vector<std::string> given;   // what the request has; empty: it has none
  bool holds = false;
  std::string because;  // when it does not hold: "the token's sub is X, the policy wants Y"
};

struct StatementTrace {
  std::string name;  // its Sid, or "#2"
  Effect effect = Effect::Deny;
  bool applies = false;  // every test holds
  std::vector<Test> tests;
};

// The shortest form of a trace: what evaluate() found.
struct Step {
  std::string statement;  // its Sid, or "#2"
  std::string because;    // "the token's sub is X, the policy wants Y"
  bool matched = false;
};

enum class Verdict { Allow, ExplicitDeny, ImplicitDeny };

struct Decision {
  Verdict verdict = Verdict::ImplicitDeny;
  std::vector<Step> trace;
};

struct Explanation {
  Verdict verdict = Verdict::ImplicitDeny;
  std::vector<StatementTrace> statements;  // all of them, each with all its tests
};

// Any matching Deny beats every Allow; no matching Allow is a denial. A matching statement leaves one step, another one
// step for each reason why it does not match. In a trust policy a star ("*" or {"AWS": "*"}) allows AWS callers only,
// never a Federated one; in a bucket policy it is everyone; denying, it is everyone always.
Decision evaluate(const PolicyDocument& document, PolicyKind kind, const Request& request);

// The same decision with everything that was asked, and without anything but the verdict: for hot paths.
Explanation explain(const PolicyDocument& document, PolicyKind kind, const Request& request);
Verdict decide(const PolicyDocument& document, PolicyKind kind, const Request& request);

}  // namespace policy
