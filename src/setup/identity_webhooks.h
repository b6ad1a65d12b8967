// Webhooks that give pods their AWS credentials, ours, AWS's and their copies, as they stand in a cluster.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "kube/label_selector.h"
#include "text/json.h"

namespace setup {

// One entry of a MutatingWebhookConfiguration (admissionregistration.k8s.io/v1), with the API server's defaults.
struct IdentityWebhook {
  std::string configuration, name;
  std::string url;                            // empty: a Service
  std::string serviceNamespace, serviceName;  // both empty with a URL
  std::int64_t port = 443;                    // of the Service
  std::string authorities = {};               // caBundle, decoded
  std::string failurePolicy = "Fail", reinvocationPolicy = "Never";
  std::int64_t timeoutSeconds = 10;
  std::vector<std::string> reviewVersions = {};
  text::Json namespaceSelector = {}, objectSelector = {};
  bool looksAtNamespaces = false;  // a matchCondition does: the selectors are not all that is asked

  bool hasService() const { return url.empty(); }
  std::string service() const { return serviceNamespace + "/" + serviceName; }
  std::string place() const;  // "MutatingWebhookConfiguration irsa-webhook, webhook strict.irsa-webhook..."
  bool takes(const kube::Labels& nameSpace, const kube::Labels& pod) const;
};

// Those entries that handle the creation of pods and can be told by Service, name or skip label to be of this kind.
std::vector<IdentityWebhook> identityWebhooksIn(const std::vector<text::Json>& configurations);

// Why the API server, with this caBundle, would not talk to a server that shows this certificate; empty when it would.
std::string whyNotTrusted(const IdentityWebhook& webhook, std::string_view certificatePem, base::Time now);

// A member of a Secret's data, decoded; empty when there is none.
std::string secretMember(const text::Json& secret, std::string_view member);

}  // namespace setup
