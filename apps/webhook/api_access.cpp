#include "webhook/api_access.h"

#include <mutex>

#include "http/url.h"
#include "io/client.h"
#include "io/system.h"
#include "kube/kubeconfig.h"
#include "kube/reflector.h"

namespace webhook {
namespace {

using std::chrono::milliseconds;

// The kubelet replaces a pod's token long before it ends, so the file is read for every request: after a refusal the
// next one has the new token already.
class TokenFile {
 public:
  TokenFile(const base::Files& files, std::string path, std::string token)
      : files_(files), path_(std::move(path)), token_(std::move(token)) {}

  base::Result<std::string> get() {
    std::lock_guard lock(mutex_);
    base::Result<std::string> read = files_.read(path_);
    if (!read && token_.empty()) return std::move(read).error().during("the API server's token");
    if (!read) return token_;
    token_ = std::move(*read);
    while (!token_.empty() && static_cast<unsigned char>(token_.back()) <= ' ') token_.pop_back();
    return token_;
  }

 private:
  const base::Files& files_;
  std::string path_, token_;  // the latter as it was read last
  std::mutex mutex_;
};

// A server may be named by its host and port alone; then it is spoken to as the rest of the configuration suggests.
base::Result<std::string> withScheme(const kube::ClusterAccess& access) {
  const http::TlsClientSettings& tls = access.tls;
  const bool isTls = tls.insecureSkipVerify || !tls.rootsPem.empty() || !tls.certificatePem.empty();
  const bool isWhole = access.server.find("://") != std::string::npos;
  const std::string server = (isWhole ? "" : isTls ? "https://" : "http://") + access.server;
  const base::Result<http::Url> url = http::parseUrl(server);
  if (!url) return base::Error(url.error()).during("the API server \"" + access.server + "\"");
  return server;
}

base::Result<kube::ClusterAccess> accessOf(const Flags& flags, const base::Files& files) {
  if (flags.kubeconfig.empty() && flags.kubeApi.empty()) {
    base::Result<kube::ClusterAccess> access = kube::inClusterAccess(files, io::environment);
    if (!access) return std::move(access).error().withHint("name a kubeconfig with --kubeconfig FILE");
    return access;
  }
  kube::ClusterAccess access;
  if (!flags.kubeconfig.empty()) access = TRY(kube::readKubeconfig(files, {flags.kubeconfig}, ""));
  if (!flags.kubeApi.empty()) access.server = flags.kubeApi;
  access.server = TRY(withScheme(access));
  if (access.exec)
    return base::invalid("kubeconfig " + flags.kubeconfig +
                         ": the user has an exec plugin, and there is no program to run in "
                         "the webhook's image")
        .withHint("use a token, a tokenFile or a client certificate");
  return access;
}

io::ClientOptions optionsOf(const kube::ClusterAccess& access) {
  io::ClientOptions options;
  options.tls = access.tls;
  options.proxy = access.proxyUrl.empty() ? "env" : access.proxyUrl;
  return options;
}

}  // namespace

base::Result<ApiAccess> openApi(const Flags& flags, const base::Files& files) {
  const kube::ClusterAccess access = TRY(accessOf(flags, files));
  kube::TokenSource token;
  if (!access.tokenFile.empty()) {
    auto file = std::make_shared<TokenFile>(files, access.tokenFile, access.token);
    token = [file] { return file->get(); };
  } else if (!access.token.empty()) {
    token = [text = access.token]() -> base::Result<std::string> { return text; };
  }
  ApiAccess out;
  out.server = access.server;
  io::ClientOptions options = optionsOf(access);
  options.idleTimeout = kube::kWatchIdle;
  out.watchHttp = io::newClient(options);
  options.connectTimeout = options.answerTimeout = options.idleTimeout =
      std::max(flags.lookupBudget, milliseconds(100));
  options.maxBody = 4u << 20;
  out.lookupHttp = io::newClient(options);
  const std::string agent = std::string("irsa-webhook/") + IRSA_VERSION;
  out.watch = std::make_unique<kube::Client>(*out.watchHttp, access.server, token, agent);
  out.lookup = std::make_unique<kube::Client>(*out.lookupHttp, access.server, token, agent);
  return out;
}

}  // namespace webhook
