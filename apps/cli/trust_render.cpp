#include "oidc/discovery.h"
#include "policy/trust_policy.h"
#include "text/yaml.h"
#include "trust_command.h"
#include "world.h"

namespace cli {
namespace {

base::Result<std::string> readDocument(const std::string& path, const base::Files& files) {
  if (path == "-") return io::readIn();
  return files.read(path);
}

base::Result<text::Json> render(const TrustRenderOptions& options, const std::vector<policy::TrustedIssuer>& issuers,
                                const base::Files& files) {
  if (options.merge.empty()) return policy::trustPolicy(issuers);
  const std::string document = TRY(readDocument(options.merge, files));
  base::Result<text::Json> merged = policy::mergeTrust(document, issuers, std::size_t(options.quota));
  if (!merged) return std::move(merged).error().during("reading " + options.merge);
  return merged;
}

base::Error tooLong(std::size_t size, int quota) {
  return base::Error{base::ErrorKind::Conflict, "",
                     "the policy has " + std::to_string(size) + " characters without white space, and IAM takes " +
                         std::to_string(quota) + " (quota ACLSizePerRole)",
                     "bind some accounts to another role, use a pattern such as NAMESPACE/app-*, or give the quota "
                     "your account was raised to with --quota"};
}

// A Deny of the document that stands beats all that is added to it.
void warnOfDenials(const text::Json& document, const std::vector<policy::TrustedIssuer>& issuers,
                   const Console& console) {
  const base::Result<policy::PolicyDocument> parsed =
      policy::parsePolicy(text::compact(document), policy::PolicyKind::Trust);
  if (!parsed) return;
  for (const policy::TrustedIssuer& issuer : issuers)
    for (const std::string& subject : issuer.subjects) {
      const text::Json claims = {
          {"iss", "https://" + issuer.providerName}, {"sub", subject}, {"aud", issuer.audiences.front()}};
      const std::string account = issuer.providerArn.substr(0, issuer.providerArn.find(":oidc-provider/"));
      const base::Result<policy::Request> request = setup::webIdentityRequest(claims, account + ":role/any", "any");
      if (request && policy::decide(*parsed, policy::PolicyKind::Trust, *request) == policy::Verdict::ExplicitDeny)
        console.warn("a statement of the document may still deny " + subject + ": irsa trust can-assume shows which");
    }
}

}  // namespace

int runTrustRender(const TrustRenderOptions& options) {
  const Console console(options.common);
  const Ground ground;
  const base::Result<std::vector<policy::TrustedIssuer>> issuers = setup::trustedIssuers(options.wish);
  if (!issuers) return console.fail(issuers.error(), kUsage);
  const base::Result<text::Json> document = render(options, *issuers, *ground.files);
  if (!document) return console.fail(document.error());
  const std::size_t size = policy::quotaSize(text::compact(*document));
  if (size > std::size_t(options.quota)) return console.fail(tooLong(size, options.quota), kRefused);
  warnOfDenials(*document, *issuers, console);
  console.progress("note: " + std::to_string(size) + " of " + std::to_string(options.quota) +
                   " characters, white space not counted");
  if (options.common.format == Format::Yaml) {
    console.raw(text::writeYaml(*document));
  } else {
    console.raw(options.compact ? text::compact(*document) : text::pretty(*document));
  }
  return kOk;
}

}  // namespace cli
