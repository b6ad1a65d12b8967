#include "verify_command.h"

#include "aws/iam.h"
#include "base/time.h"
#include "policy/policy_document.h"
#include "setup/trust_wish.h"
#include "token_command.h"
#include "verify_job.h"
#include "web_identity.h"
#include "world.h"

namespace cli {
namespace {

constexpr std::string_view kRoleArn = "eks.amazonaws.com/role-arn";
constexpr std::string_view kAudience = "eks.amazonaws.com/audience";
constexpr int kTokenSeconds = 600;  // the shortest that a TokenRequest allows
constexpr std::chrono::seconds kJobTimeout{120};

struct Account {
  std::string nameSpace, name, roleArn, audience;
};

std::string pathOf(const Account& account) {
  return "/api/v1/namespaces/" + account.nameSpace + "/serviceaccounts/" + account.name;
}

base::Result<Account> readAccount(const std::string& named, const kube::Client& cluster) {
  auto [nameSpace, name] = TRY(splitServiceAccount(named));
  Account account{std::move(nameSpace), std::move(name), "", ""};
  base::Result<text::Json> object = cluster.get(pathOf(account));
  if (!object) return std::move(object).error().during("reading the service account " + named);
  const text::Json& annotations = text::at(text::at(*object, "metadata"), "annotations");
  account.roleArn = text::stringAt(annotations, kRoleArn);
  account.audience = text::stringAt(annotations, kAudience, setup::kAudience);
  if (account.roleArn.empty()) {
    return base::notFound("the service account " + named + " has no annotation " + std::string(kRoleArn) +
                          ": its pods get no role")
        .withHint("add a binding for " + named + " to irsa.yaml, then irsa apply");
  }
  return account;
}

base::Result<std::string> requestToken(const Account& account, const kube::Client& cluster) {
  const text::Json request = {
      {"apiVersion", "authentication.k8s.io/v1"},
      {"kind", "TokenRequest"},
      {"spec", {{"audiences", text::Json::array({account.audience})}, {"expirationSeconds", kTokenSeconds}}}};
  base::Result<text::Json> answer = cluster.create(pathOf(account) + "/token", request);
  if (!answer)
    return std::move(answer).error().during("asking for a token of " + account.nameSpace + "/" + account.name);
  return text::stringAt(text::at(*answer, "status"), "token");
}

// What the role's trust policy makes of the token's claims. Empty when the role cannot be read: that takes rights in
// IAM which the person who verifies may not have.
std::vector<std::string> whyNot(const text::Json& transcript, aws::Client& client) {
  const std::string roleArn = text::stringAt(transcript, "role");
  const base::Result<aws::Role> role = client.call(aws::GetRole{roleArn.substr(roleArn.rfind('/') + 1)});
  if (!role) return {};
  const base::Result<policy::PolicyDocument> trust =
      policy::parsePolicy(role->assumeRolePolicyDocument, policy::PolicyKind::Trust);
  if (!trust) return {"its trust policy cannot be read: " + trust.error().message};

  const base::Result<policy::Request> request =
      setup::webIdentityRequest(text::at(transcript, "token"), roleArn, "irsa-verify");
  if (!request) return {request.error().message};
  const policy::Decision decision = policy::evaluate(*trust, policy::PolicyKind::Trust, *request);
  if (decision.verdict == policy::Verdict::Allow) {
    return {"the role's trust policy allows this token: what is refused is the provider, its audiences or its keys"};
  }
  std::vector<std::string> reasons;
  for (const policy::Step& step : decision.trace) {
    reasons.push_back("statement " + step.statement + ": " + step.because);
  }
  return reasons;
}

base::Result<text::Json> fromHere(const Account& account, World& world, const Console& console) {
  WebIdentity identity{.roleArn = account.roleArn, .region = world.aws.region};
  identity.token = TRY(requestToken(account, *world.cluster->client));
  identity.sessionName = "irsa-verify-" + std::to_string(base::unixSeconds(world.ground.clock.now()));
  console.done("the API server gave a token for the audience " + account.audience);
  return exchange(identity, {*world.aws.http, world.aws.endpoints, world.ground.clock, world.ground.random});
}

base::Result<text::Json> fromJob(const Account& account, World& world, const CommonOptions& options,
                                 const Console& console) {
  VerifyJob job{.nameSpace = account.nameSpace,
                .serviceAccount = account.name,
                .image = world.configuration.webhook.image,
                .region = world.aws.region,
                .stsEndpoint = world.aws.endpoints.sts,
                .rootsPem = "",
                .timeout = options.timeout.count() > 0 ? options.timeout : kJobTimeout};
  if (!world.configuration.aws.caFile.empty())
    job.rootsPem = TRY(world.ground.files->read(world.configuration.aws.caFile));
  return runVerifyJob(job, *world.cluster->client, world.ground.clock, world.ground.random, console);
}

int show(text::Json transcript, World& world, const Console& console) {
  const int exitCode = exitCodeOfTranscript(transcript);
  std::vector<std::string> reasons;
  if (exitCode == kRefused && text::at(transcript, "token").is_object())
    reasons = whyNot(transcript, *world.aws.client);
  std::string table = describeTranscript(console, transcript);
  for (const std::string& reason : reasons) table += "  " + reason + "\n";
  if (!reasons.empty()) transcript["trust"] = reasons;
  console.result(table, transcript);
  return exitCode;
}

}  // namespace

int runVerify(const VerifyOptions& options) {
  const Console console(options.common);
  const base::Result<std::pair<std::string, std::string>> named = splitServiceAccount(options.serviceAccount);
  if (!named) return console.fail(named.error());
  CommonOptions connection = options.common;
  if (options.job) connection.timeout = std::chrono::seconds(0);  // --timeout is the Job's
  base::Result<std::unique_ptr<World>> world = openWorld(connection);
  if (!world) return console.fail(world.error());
  if (!(*world)->cluster) {
    return console.fail(base::invalid(options.common.file + ": there is no cluster: to ask for a token")
                            .withHint("add cluster: {kubeconfig: ...}; on day 0 irsa token mint makes tokens"));
  }
  const base::Result<Account> account = readAccount(options.serviceAccount, *(*world)->cluster->client);
  if (!account) return console.fail(account.error());
  base::Result<text::Json> transcript =
      options.job ? fromJob(*account, **world, options.common, console) : fromHere(*account, **world, console);
  if (!transcript) return console.fail(transcript.error());
  return show(std::move(*transcript), **world, console);
}

}  // namespace cli
