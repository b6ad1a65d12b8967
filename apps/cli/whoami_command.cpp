#include "whoami_command.h"

#include "aws/environment.h"
#include "base/time.h"
#include "ground.h"
#include "web_identity.h"

namespace cli {
namespace {

base::Error notMutated() {
  return {base::ErrorKind::NotFound, "",
          "this pod was not mutated: neither AWS_ROLE_ARN nor AWS_WEB_IDENTITY_TOKEN_FILE is set",
          "annotate its service account (irsa apply does), see that irsa-webhook runs, then create the pod again"};
}

base::Result<WebIdentity> identityOfPod(const base::Files& files, const base::Clock& clock) {
  WebIdentity identity{.roleArn = aws::valueOf(io::environment, "AWS_ROLE_ARN")};
  const std::string tokenFile = aws::valueOf(io::environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  if (identity.roleArn.empty() && tokenFile.empty()) return notMutated();
  if (identity.roleArn.empty() || tokenFile.empty()) {
    return base::notFound(std::string(identity.roleArn.empty() ? "AWS_ROLE_ARN" : "AWS_WEB_IDENTITY_TOKEN_FILE") +
                          " is not set although its companion is: something else than the webhook sets them")
        .withHint("look at the container's env and at the pod's annotations");
  }
  identity.region = aws::valueOf(io::environment, "AWS_REGION");
  if (identity.region.empty()) identity.region = aws::valueOf(io::environment, "AWS_DEFAULT_REGION");
  if (identity.region.empty()) {
    return base::notFound("the region is not known: neither AWS_REGION nor AWS_DEFAULT_REGION is set")
        .withHint("start irsa-webhook with --aws-default-region, or set AWS_REGION in the container");
  }
  base::Result<std::string> token = files.read(tokenFile);
  if (!token) {
    return std::move(token)
        .error()
        .during("reading the web identity token")
        .withHint("a user other than root needs securityContext.fsGroup in the pod");
  }
  identity.token = std::move(*token);
  while (identity.token.ends_with('\n')) identity.token.pop_back();
  identity.sessionName = aws::valueOf(io::environment, "AWS_ROLE_SESSION_NAME");
  if (identity.sessionName.empty())
    identity.sessionName = "irsa-whoami-" + std::to_string(base::unixSeconds(clock.now()));
  return identity;
}

}  // namespace

int runWhoami(const CommonOptions& options) {
  const Console console(options);
  Ground ground;
  const auto show = [&console](const text::Json& transcript) {
    console.result(describeTranscript(console, transcript), transcript);
    return exitCodeOfTranscript(transcript);
  };
  if (!aws::valueOf(io::environment, "AWS_ACCESS_KEY_ID").empty()) {
    console.warn("AWS_ACCESS_KEY_ID is set in this container: every SDK uses those keys instead of the role");
  }
  const base::Result<WebIdentity> identity = identityOfPod(*ground.files, ground.clock);
  if (!identity) return show(refusal(aws::valueOf(io::environment, "AWS_ROLE_ARN"), identity.error()));
  io::ClientOptions http = clientOptions(options);
  const base::Result<aws::Profile> profile = aws::readProfile(*ground.files, io::environment, "");
  if (!profile) return show(refusal(identity->roleArn, profile.error()));
  base::Result<std::string> roots = rootsOf(*profile, *ground.files);
  if (!roots) return show(refusal(identity->roleArn, roots.error()));
  http.tls.rootsPem = std::move(*roots);
  const std::unique_ptr<http::Client> client = io::newClient(std::move(http));
  return show(exchange(*identity, {*client, endpointsOf({}, *profile), ground.clock, ground.random}));
}

}  // namespace cli
