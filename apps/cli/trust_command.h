// `irsa trust render`, `irsa trust lint` and `irsa trust can-assume`.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "console.h"
#include "setup/trust_wish.h"

namespace cli {

struct TrustRenderOptions {
  CommonOptions common{.file = "", .format = Format::Json};
  setup::TrustWish wish;
  std::string merge;  // a document's file or "-": what is printed is that document, with the accounts let in as well
  bool compact = false;
  int quota = 2048;
};

// A policy's file, "-" for standard input, or a role of the account.
struct PolicyChoice {
  std::string file;
  std::string role;  // name or ARN
};

struct TrustLintOptions {
  CommonOptions common{.file = ""};
  PolicyChoice policy;
  std::string roleArn;  // for a file: the role that has it
  std::vector<std::string> issuers;
  std::chrono::seconds tokenExpiration{0};  // 0: not known
};

struct CanAssumeOptions {
  CommonOptions common{.file = ""};
  PolicyChoice policy;
  std::string roleArn;                 // for a file: the role that has it
  std::string token;                   // a file, or "-"
  std::string serviceAccount, issuer;  // instead of a token
  std::vector<std::string> audiences;
  std::vector<std::string> context;  // KEY=VALUE
  std::string sessionName = "can-assume";
};

// Prints a trust policy. Looks at nothing but the file to merge into.
int runTrustRender(const TrustRenderOptions& options);

// Findings about one trust policy; with a role also about its provider.
int runTrustLint(const TrustLintOptions& options);

// Whether the policy lets a token's claims in, with every test that was made. The signature is not looked at.
int runCanAssume(const CanAssumeOptions& options);

// A policy and what is known of the role that has it.
struct FoundPolicy {
  std::string document, name, roleArn;
  std::optional<std::chrono::seconds> maxSessionDuration;
  std::map<std::string, std::vector<std::string>> clientIds;  // of its providers, where they could be read
};

// Reads the file, or the role and its providers from IAM; `wantsProviders` false leaves the providers out.
base::Result<FoundPolicy> findPolicy(const PolicyChoice& choice, const CommonOptions& options, bool wantsProviders,
                                     const Console& console);

}  // namespace cli
