// `irsa webhook render` and `irsa webhook lint`.
#pragma once
#include <optional>
#include <string>

#include "console.h"

namespace cli {

struct WebhookRenderOptions {
  CommonOptions common{.file = "", .format = Format::Yaml};  // file empty: irsa.yaml, if there is one
  // What is given wins over irsa.yaml.
  std::optional<std::string> nameSpace, image, region, failurePolicy;
  std::optional<int> replicas;
  bool noGuard = false;
  std::string certificateSource = "self";  // or "files"
  std::string secret;                      // files: holds tls.crt and tls.key
  std::string injectCaFrom;                // files: NAMESPACE/NAME of cert-manager's Certificate
  int apiServerPort = 0;                   // 0: none but 443 and 6443
};

struct WebhookLintOptions {
  CommonOptions common;
  ClusterChoice cluster;
};

// Prints the manifests that kubectl apply takes. Looks at no cluster.
int runWebhookRender(const WebhookRenderOptions& options);

// Looks at the cluster, changes nothing, and prints what would block pods or let them miss their role.
int runWebhookLint(const WebhookLintOptions& options);

}  // namespace cli
