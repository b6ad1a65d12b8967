#include "cluster_credentials.h"

#include <memory>
#include <mutex>

#include "base/time.h"
#include "io/system.h"
#include "text/json.h"

namespace cli {
namespace {

constexpr auto kEarly = std::chrono::seconds(30);  // before it expires a token is renewed

struct ExecCredential {
  std::string token, certificatePem, keyPem;
  std::optional<base::Time> expiration;
};

base::Result<ExecCredential> run(const kube::ExecPlugin& plugin, std::chrono::milliseconds timeout) {
  const text::Json info = {
      {"apiVersion", plugin.apiVersion}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}};
  std::vector<std::string> environment{"KUBERNETES_EXEC_INFO=" + text::compact(info)};
  for (const auto& [name, value] : plugin.env) environment.push_back(name + "=" + value);
  std::vector<std::string> argv{plugin.command};
  argv.insert(argv.end(), plugin.args.begin(), plugin.args.end());

  const std::string doing = "asking the kubeconfig's exec plugin " + plugin.command;
  base::Result<io::ProcessResult> result = io::runProcess(argv, environment, timeout);
  if (!result) return std::move(result).error().during(doing).withHint(plugin.installHint);
  if (result->exitCode != 0) {
    return base::Error{base::ErrorKind::Denied, "",
                       doing + ": it ended with exit code " + std::to_string(result->exitCode) + ": " + result->errors};
  }
  base::Result<text::Json> document = text::parseJson(result->output);
  if (!document) return std::move(document).error().during(doing);
  const text::Json& status = text::at(*document, "status");
  ExecCredential credential{text::stringAt(status, "token"), text::stringAt(status, "clientCertificateData"),
                            text::stringAt(status, "clientKeyData"), std::nullopt};
  const std::string expiration = text::stringAt(status, "expirationTimestamp");
  if (!expiration.empty()) credential.expiration = TRY(base::parseRfc3339(expiration));
  if (credential.token.empty() && credential.certificatePem.empty()) {
    return base::Error{base::ErrorKind::Denied, "",
                       doing + ": its answer has neither a token nor a client certificate"};
  }
  return credential;
}

struct PluginState {
  std::mutex mutex;
  ExecCredential credential;
};

kube::TokenSource tokenOfPlugin(kube::ExecPlugin plugin, ExecCredential first, const base::Clock& clock,
                                std::chrono::milliseconds timeout) {
  auto state = std::make_shared<PluginState>();
  state->credential = std::move(first);
  return [plugin = std::move(plugin), state, &clock, timeout]() -> base::Result<std::string> {
    std::lock_guard lock(state->mutex);
    const std::optional<base::Time>& expiration = state->credential.expiration;
    if (expiration && clock.now() + kEarly >= *expiration) state->credential = TRY(run(plugin, timeout));
    return state->credential.token;
  };
}

}  // namespace

base::Result<kube::TokenSource> clusterCredentials(kube::ClusterAccess& access, const base::Files& files,
                                                   const base::Clock& clock, std::chrono::milliseconds timeout) {
  if (!access.username.empty()) {
    return base::invalid("the kubeconfig's user of context " + access.contextName +
                         " has a username and a password, which no supported Kubernetes accepts")
        .withHint("use a client certificate, a token or an exec plugin");
  }
  if (access.exec) {
    ExecCredential first = TRY(run(*access.exec, timeout));
    if (!first.certificatePem.empty()) {
      access.tls.certificatePem = first.certificatePem;
      access.tls.keyPem = first.keyPem;
    }
    return tokenOfPlugin(*access.exec, std::move(first), clock, timeout);
  }
  // A token file is read again each time: it rotates.
  if (!access.tokenFile.empty()) {
    return kube::TokenSource([path = access.tokenFile, &files]() -> base::Result<std::string> {
      std::string token = TRY(files.read(path));
      while (token.ends_with('\n')) token.pop_back();
      return token;
    });
  }
  return kube::TokenSource([token = access.token]() -> base::Result<std::string> { return token; });
}

}  // namespace cli
