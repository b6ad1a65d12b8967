// The webhook's own certificate authority (--cert-source=self): what must be made, published, used and dropped, and
// when.
//
// The replicas share one Secret:
//   ca.crt       every CA that may have signed a certificate in use, oldest first: what the configuration's caBundle
//   must be ca.key       the key of the CA that signs now; it is the last of ca.crt, but for a next one next-ca.key the
//   key of a CA that is published and does not sign yet; absent most of the time tls.crt/key  the serving certificate
//   and its key
//
// No call to the webhook may fail while a CA is replaced, so that takes two phases: the next CA is added to ca.crt, and
// signs only after the API server has been seen to have had it in caBundle for a while (`settle`). From then on the old
// key is gone, and the old CA leaves ca.crt when it expires; certificates don't outlive their CA. Everything is derived
// from the certificates themselves and the clock on the wall: there is nothing else to remember.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace admission {

struct ServingSecret {
  std::string authorities;       // ca.crt
  std::string authorityKey;      // ca.key
  std::string nextAuthorityKey;  // next-ca.key; empty: none
  std::string certificate, key;  // tls.crt, tls.key

  bool operator==(const ServingSecret&) const = default;
};

struct ServingPolicy {
  std::vector<std::string> names;  // of the Service, the first one first
  std::chrono::seconds authorityLife{std::chrono::hours(24 * 365)};
  std::chrono::seconds certificateLife{std::chrono::hours(24 * 30)};
  std::chrono::seconds settle{60};
};

struct ServingStep {
  std::optional<ServingSecret> secret;  // to be written; absent: right as it is
  std::string reason;                   // why it is written, as a sentence for the log; empty: it is not
};

// What the one who leads does next. `publishedSince`: since when the API server has had this secret's ca.crt as
// caBundle; absent when it has not. Renewal is at two thirds of a life.
base::Result<ServingStep> nextServingStep(const ServingSecret& secret, std::optional<base::Time> publishedSince,
                                          const ServingPolicy& policy, base::Time now, const base::RandomBytes& random);

// Whether the secret holds a certificate that can be served: its key matches, a CA of ca.crt signed it, it is for
// `names` and has not expired. Else Invalid with the reason.
base::Result<void> checkServing(const ServingSecret& secret, const std::vector<std::string>& names, base::Time now);

// A PEM bundle as a set: order, blank lines and comments make no difference.
bool sameCertificates(std::string_view pem, std::string_view other);

// NAME.NAMESPACE.svc first: how the API server calls a Service's pods.
std::vector<std::string> serviceNames(std::string_view name, std::string_view nameSpace);

}  // namespace admission
