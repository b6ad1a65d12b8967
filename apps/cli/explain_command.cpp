#include "explain_command.h"

#include <algorithm>

#include "aws/iam.h"
#include "aws/sts.h"
#include "http/url.h"
#include "oidc/discovery.h"
#include "oidc/web_identity_token.h"
#include "policy/arn.h"
#include "setup/explain.h"
#include "world.h"

namespace cli {
namespace {

constexpr std::chrono::milliseconds kPatience{6'000};     // STS has about five seconds
constexpr std::size_t kLargestDocument = (1U << 20) + 1;  // one byte more than STS reads

std::string trimmed(std::string text) {
  const auto isBlank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && isBlank(text.back())) text.pop_back();
  text.erase(text.begin(), std::ranges::find_if_not(text, isBlank));
  return text;
}

std::string variable(const std::string& name) { return io::environment(name).value_or(""); }

// AWS as irsa.yaml names it, if there is one, else as the environment does.
base::Result<AwsConnection> connect(const ExplainOptions& options, Ground& ground) {
  setup::AwsSettings settings;
  const std::optional<base::FileInfo> configured = TRY(ground.files->info(options.common.file));
  if (configured) {
    const setup::Configuration configuration = TRY(loadConfiguration(options.common, *ground.files));
    settings = configuration.aws;
  }
  if (!options.region.empty()) settings.region = options.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (settings.region.empty()) settings.region = variable(name);
  }
  if (settings.region.empty()) settings.region = "us-east-1";
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

bool isS3(const std::string& host) {
  return (host.starts_with("s3.") || host.starts_with("s3-") || host.find(".s3.") != host.npos ||
          host.find(".s3-") != host.npos) &&
         host.find(".amazonaws.") != host.npos;
}

// Reads what the issuer publishes as STS does: without credentials, following nothing.
class IssuerLook {
 public:
  IssuerLook(const ExplainOptions& options, const AwsConnection* aws, const Ground& ground)
      : aws_(aws), clock_(ground.clock) {
    io::ClientOptions http = clientOptions(options.common);
    http.connectTimeout = http.answerTimeout = http.idleTimeout = http.wholeTimeout = kPatience;
    http.maxBody = kLargestDocument;
    http.mayConnect = issuerAddresses(options.allowLoopbackIssuers);
    if (!options.caFile.empty()) {
      if (base::Result<std::string> roots = ground.files->read(options.caFile)) http.tls.extraRootsPem = *roots;
    }
    client_ = io::newClient(std::move(http));
  }

  setup::FetchedDocument fetch(const std::string& url) const {
    setup::FetchedDocument document{.url = url};
    const base::Result<http::Url> parsed = http::parseUrl(url);
    if (!parsed || parsed->scheme != "https") {
      document.failure = "it is no https URL";
      return document;
    }
    http::Request request;
    request.origin = parsed->origin();
    request.target = parsed->target;
    request.headers.add("Accept", "application/json");
    const bool isOwn = aws_ && !aws_->endpoints.s3.empty() && isS3(parsed->host);
    if (isOwn) {  // a bucket of the endpoint that stands for S3
      request.origin = aws_->endpoints.s3;
      request.headers.add("Host", parsed->host);
    }
    const base::Time start = clock_.now();
    const base::Result<http::Response> response = (isOwn ? *aws_->http : *client_).send(request);
    document.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - start);
    if (!response) {
      document.failure = response.error().message;
      document.untrusted = response.error().kind == base::ErrorKind::Denied;
      return document;
    }
    document.status = response->status;
    document.body = response->body;
    document.location = std::string(response->headers.get("location"));
    document.cacheControl = std::string(response->headers.get("cache-control"));
    return document;
  }

 private:
  const AwsConnection* aws_;
  const base::Clock& clock_;
  std::unique_ptr<http::Client> client_;
};

void lookAtIssuer(const ExplainOptions& options, const std::string& issuer, const AwsConnection* aws,
                  const Ground& ground, setup::WebIdentityEvidence& evidence) {
  if (!issuer.starts_with("https://")) return;
  const IssuerLook look(options, aws, ground);
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
  const std::string role = options.role.empty() ? variable("AWS_ROLE_ARN") : options.role;
  const std::string file = options.token.empty() ? variable("AWS_WEB_IDENTITY_TOKEN_FILE") : options.token;
  if (evidence.answer.empty() && role.empty() && file.empty()) {
    return base::invalid("irsa explain: there is nothing to explain")
        .withHint("give the error's text, or --token FILE and --role ARN: irsa explain --help");
  }
  if (!role.empty()) evidence.roleArn = role;
  if (!file.empty()) {
    const std::string token = TRY(ground.files->read(file));
    evidence.token = trimmed(token);
  }
  evidence.sessionName = options.sessionName.empty() ? variable("AWS_ROLE_SESSION_NAME") : options.sessionName;
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
  if (!evidence) return console.fail(evidence.error());
  const std::string foreseen = setup::foreseenAnswer(*evidence);
  if (!foreseen.empty()) console.progress("STS says first: " + foreseen);
  return console.findings(setup::explain(*evidence));
}

}  // namespace cli
