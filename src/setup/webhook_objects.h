// The Kubernetes objects of irsa-webhook, as they must be, and the certificate they are built around.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "setup/configuration.h"
#include "text/json.h"

namespace setup {

struct KubernetesObject {
  std::string path;    // below the API server
  std::string target;  // "Deployment irsa-system/irsa-webhook"
  text::Json object;
};

// What the Secret holds. The authority's key is thrown away once it has signed the one leaf.
struct ServingCertificate {
  std::string authorityPem, leafPem, keyPem;  // the last is secret
};

// Two years, for the names under which the API server reaches the Service.
base::Result<ServingCertificate> makeServingCertificate(std::string_view nameSpace, base::Time now,
                                                        const base::RandomBytes& random);
// Of the live Secret; empty when it has none.
ServingCertificate servingCertificateIn(const text::Json& secret);
// Chains, covers the Service's names, and more than a third of its life is left.
bool isGood(const ServingCertificate& certificate, std::string_view nameSpace, base::Time now);

// In the order in which they are applied; they are deleted the other way round, the namespace last.
std::vector<KubernetesObject> webhookObjects(const Configuration& configuration, const ServingCertificate& certificate);

std::string webhookSecretPath(std::string_view nameSpace);

// Whether everything in `wanted` stands in `live` too; what the API server adds does not count.
bool holds(const text::Json& live, const text::Json& wanted);

}  // namespace setup
