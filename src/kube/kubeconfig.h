// How to reach a cluster: a kubeconfig file (kubectl's format) or the service account mounted into a pod.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "http/tls.h"

namespace kube {

struct ExecPlugin {
  std::string apiVersion, command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string installHint;
};

// A value: everything that was in files is read in, but for the token file, which is read again as it rotates.
struct ClusterAccess {
  std::string server;  // https://host:port[/prefix]
  http::TlsClientSettings tls;
  std::string proxyUrl;
  std::string token, tokenFile, username, password;
  std::optional<ExecPlugin> exec;
  std::string contextName, clusterName, nameSpace;
};

// `paths` as in KUBECONFIG (the first that has a thing wins); relative paths inside are relative to their file.
// `context` empty: current-context.
base::Result<ClusterAccess> readKubeconfig(const base::Files& files, const std::vector<std::string>& paths,
                                           const std::string& context);

// KUBERNETES_SERVICE_HOST and _PORT with the files under /var/run/secrets/kubernetes.io/serviceaccount.
base::Result<ClusterAccess> inClusterAccess(
    const base::Files& files, const std::function<std::optional<std::string>(const std::string&)>& environment);

}  // namespace kube
