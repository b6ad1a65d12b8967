// The program behind a webhook's Service, as its Deployment runs it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/label_selector.h"
#include "text/json.h"

namespace setup {

struct WebhookProgram {
  enum class Maker { Ours, Aws, Unknown };
  Maker maker = Maker::Unknown;
  std::string nameSpace, name;  // of the Deployment
  std::string image, pullPolicy;
  std::vector<std::string> words;  // command and arguments
  kube::Labels podLabels;
  std::int64_t replicas = 1, readyReplicas = 0;
  std::string secret;  // that holds its certificate, in its namespace; empty: unknown

  std::string place() const { return "Deployment " + nameSpace + "/" + name; }
  // As pflag reads them: the last of several counts, and a switch takes no word after it.
  std::optional<std::string> flag(std::string_view asked) const;
  bool isOn(std::string_view asked, bool usually = false) const;
  bool makesCertificate() const { return flag("cert-source") == "self"; }
  // Asks for a certificate from a signer that Kubernetes 1.22 removed: AWS's default.
  bool asksRemovedSigner() const;
  // A release of AWS's program up to v0.6.17: it answers admission.k8s.io/v1beta1 only.
  bool knowsOnlyV1beta1() const;
};

// Those of `deployments` whose pods the Service selects.
std::vector<WebhookProgram> programsBehind(const text::Json& service, const std::vector<text::Json>& deployments);

}  // namespace setup
