#include "explain_command.h"

#include "aws/environment.h"
#include "aws/iam.h"
#include "aws/sts.h"
#include "issuer_look.h"
#include "oidc/discovery.h"
#include "oidc/web_identity_token.h"
#include "policy/arn.h"
#include "setup/explain.h"
#include "text/words.h"
#include "world.h"

namespace cli {
namespace {

// AWS as irsa.yaml names it, if there is one, else as the environment does.
base::Result<AwsConnection> connect(const ExplainOptions& options, Ground& ground) {
  setup::AwsSettings settings;
  const std::optional<base::FileInfo> configured = TRY(ground.files->info(options.common.file));
  if (configured) {
    const setup::Configuration configuration = TRY(loadConfiguration(options.common, *ground.files));
    settings = configuration.aws;
  }
  if (!options.region.empty()) settings.region = options.region;
  if (settings.region.empty()) settings.region = regionOutsideOfWish(*ground.files);
  return connectAws(settings, options.common, ground);
}

// The provider of the issuer with its audiences, the others by name.
base::Result<std::vector<setup::SeenProvider>> seenProviders(aws::Client& client, const std::string& issuer) {
  const std::vector<std::string> arns = TRY(client.call(aws::ListOpenIDConnectProviders()));
  std::vector<setup::SeenProvider> seen;
  for (const std::string& arn : arns) {
    setup::SeenProvider provider{arn, {}};
    if (!issuer.empty() && arn.ends_with(":oidc-provider/" + oidc::providerName(issuer))) {
      const aws::OpenIDConnectProvider details = TRY(client.call(aws::GetOpenIDConnectProvider{arn}));
      provider.clientIds = details.clientIds;
    }
    seen.push_back(std::move(provider));
  }
  return seen;
}

base::Result<std::optional<setup::SeenRole>> seenRole(aws::Client& client, const std::string& name) {
  base::Result<aws::Role> role = client.call(aws::GetRole{name});
  if (role) {
    return std::optional(setup::SeenRole{role->arn, role->assumeRolePolicyDocument, role->maxSessionDuration});
  }
  if (role.error().kind == base::ErrorKind::NotFound) return std::optional<setup::SeenRole>();
  return std::move(role).error();
}

base::Result<setup::SeenAccount> seenAccount(aws::Client& client, const std::string& roleArn,
                                             const std::string& issuer) {
  setup::SeenAccount account;
  const aws::CallerIdentity caller = TRY(client.call(aws::GetCallerIdentity()));
  account.id = caller.account;
  account.providers = TRY(seenProviders(client, issuer));
  const base::Result<policy::Arn> arn = policy::parseArn(roleArn);
  if (!arn || arn->account != account.id || !arn->resource.starts_with("role/")) return account;
  account.role = TRY(seenRole(client, arn->resource.substr(arn->resource.rfind('/') + 1)));
  return account;
}

void lookAtIssuer(const ExplainOptions& options, const std::string& issuer, const AwsConnection* aws,
                  const Ground& ground, setup::WebIdentityEvidence& evidence) {
  if (!issuer.starts_with("https://")) return;
  const IssuerLook look(options.common, options.caFile, issuerAddresses(options.allowLoopbackIssuers), aws, ground);
  std::string base = issuer;
  if (base.ends_with('/')) base.pop_back();
  evidence.discovery = look.fetch(base + std::string(oidc::kDiscoveryPath));
  const base::Result<oidc::Discovery> discovery = oidc::parseDiscovery(evidence.discovery->body);
  if (evidence.discovery->status == 200 && discovery) evidence.jwks = look.fetch(discovery->jwksUri);
}

// What IAM and the issuer say; what can't be had is said in evidence.notSeen.
void lookAround(const ExplainOptions& options, Ground& ground, setup::WebIdentityEvidence& evidence) {
  std::string issuer;
  if (evidence.token) {
    if (const base::Result<oidc::UnverifiedToken> token = oidc::decodeToken(*evidence.token)) issuer = token->issuer();
  }
  base::Result<AwsConnection> aws = connect(options, ground);
  base::Result<setup::SeenAccount> account = aws ? seenAccount(*aws->client, evidence.roleArn.value_or(""), issuer)
                                                 : base::Result<setup::SeenAccount>(aws.error());
  if (account) {
    evidence.account = std::move(*account);
  } else {
    evidence.notSeen.push_back("providers and role were not looked at: " + account.error().message);
  }
  lookAtIssuer(options, issuer, aws ? &*aws : nullptr, ground, evidence);
}

base::Result<setup::WebIdentityEvidence> gather(const ExplainOptions& options, Ground& ground) {
  setup::WebIdentityEvidence evidence;
  evidence.answer = options.text == "-" ? io::readIn() : options.text;
  const std::string role = options.role.empty() ? aws::valueOf(io::environment, "AWS_ROLE_ARN") : options.role;
  const std::string file =
      options.token.empty() ? aws::valueOf(io::environment, "AWS_WEB_IDENTITY_TOKEN_FILE") : options.token;
  if (evidence.answer.empty() && role.empty() && file.empty()) {
    return base::invalid("irsa explain: there is nothing to explain")
        .withHint("give the error's text, or --token FILE and --role ARN: irsa explain --help");
  }
  if (!role.empty()) evidence.roleArn = role;
  if (!file.empty()) {
    const std::string token = TRY(ground.files->read(file));
    evidence.token = text::trimmed(token);
  }
  evidence.sessionName =
      options.sessionName.empty() ? aws::valueOf(io::environment, "AWS_ROLE_SESSION_NAME") : options.sessionName;
  if (options.duration.count() > 0) evidence.duration = options.duration;
  evidence.now = ground.clock.now();
  const bool hasSubject = evidence.token || evidence.roleArn;
  if (hasSubject && !options.offline) lookAround(options, ground, evidence);
  return evidence;
}

}  // namespace

int runExplain(const ExplainOptions& options) {
  const Console console(options.common);
  Ground ground;
  const base::Result<setup::WebIdentityEvidence> evidence = gather(options, ground);
  if (!evidence) return console.fail(evidence.error(), exitCodeOfLook(evidence.error()));
  const std::string foreseen = setup::foreseenAnswer(*evidence);
  if (!foreseen.empty()) console.progress("STS says first: " + foreseen);
  return console.findings(setup::explain(*evidence));
}

}  // namespace cli
