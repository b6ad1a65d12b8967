// How many decisions a second the policy evaluator makes on one core, the document parsed once.
//   policy_bench [SECONDS]   prints one JSON line: decisions a second of CPU for four documents, the worst of five
//   rounds each
//
// script/bench sim compiles and runs it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "policy/policy_document.h"
#include "policy/trust_policy.h"

namespace {

constexpr const char* kArn = "arn:aws:iam::111122223333:oidc-provider/s3.us-west-2.amazonaws.com/edge-prod-issuer";
constexpr const char* kName = "s3.us-west-2.amazonaws.com/edge-prod-issuer";

struct Load {
  const char* name;
  std::string document;
};

std::string trusting(const std::vector<std::string>& subjects) {
  return text::compact(policy::trustPolicy(kArn, kName, "sts.amazonaws.com", subjects));
}

std::vector<Load> loads() {
  std::vector<std::string> many;
  for (int i = 0; i < 30; ++i) many.push_back("system:serviceaccount:shop:account-" + std::to_string(i));
  many.emplace_back("system:serviceaccount:shop:orders");
  std::string condition =
      R"({"StringLike":{"${name}:sub":"system:serviceaccount:${aws:PrincipalTag/none, 'shop'}:*"}})";
  condition.replace(condition.find("${name}"), 7, kName);
  return {{"one", trusting({"system:serviceaccount:shop:orders"})},
          {"pattern", trusting({"system:serviceaccount:sh*:*"})},
          {"thirty", trusting(many)},
          {"variable", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":")" +
                           std::string(kArn) + R"("},"Action":"sts:AssumeRoleWithWebIdentity","Condition":)" +
                           condition + "}]}"}};
}

policy::Request request() {
  policy::Request request{"sts:AssumeRoleWithWebIdentity", "", "Federated", kArn, "111122223333", {}};
  request.context = {{std::string(kName) + ":aud", {"sts.amazonaws.com"}},
                     {std::string(kName) + ":sub", {"system:serviceaccount:shop:orders"}},
                     {"aws:sourceip", {"203.0.113.9"}},
                     {"aws:currenttime", {"2026-11-24T12:00:00Z"}},
                     {"sts:rolesessionname", {"orders"}}};
  return request;
}

// Stops the program when a decision is not what it must be: a fast wrong answer is no figure.
double rateOf(const Load& load, double seconds) {
  const policy::PolicyDocument document = policy::parsePolicy(load.document, policy::PolicyKind::Trust).value();
  const policy::Request asked = request();
  const std::clock_t start = std::clock();  // of this process alone, whatever else the machine does
  long decisions = 0;
  double elapsed = 0;
  while (elapsed < seconds) {
    for (int i = 0; i < 1000; ++i)
      if (policy::decide(document, policy::PolicyKind::Trust, asked) != policy::Verdict::Allow) std::abort();
    decisions += 1000;
    elapsed = double(std::clock() - start) / CLOCKS_PER_SEC;
  }
  return double(decisions) / elapsed;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  constexpr int kRounds = 5;
  std::string line;
  for (const Load& load : loads()) {
    double worst = rateOf(load, seconds);
    for (int round = 1; round < kRounds; ++round) worst = std::min(worst, rateOf(load, seconds));
    line += (line.empty() ? "{\"" : ",\"") + std::string(load.name) + "\":" + std::to_string(long(worst));
  }
  std::printf("%s}\n", line.c_str());
  return 0;
}
