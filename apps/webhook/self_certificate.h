// --cert-source=self: serves with a certificate of the webhook's own authority, which the replicas share in a Secret.
// The one that holds the Lease makes and renews it, and keeps the caBundle of the webhook configuration right.
#pragma once
#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "admission/serving_authority.h"
#include "base/clock.h"
#include "kube/client.h"
#include "kube/lease_election.h"
#include "text/json.h"
#include "webhook/certificate_source.h"

namespace webhook {

struct SelfCertificateSettings {
  std::string nameSpace, service;
  std::string secret;         // the Lease has the same name
  std::string configuration;  // the MutatingWebhookConfiguration
  admission::ServingPolicy policy;
};

class SelfCertificate final : public CertificateSource {
 public:
  // `holder`: our name among the replicas.
  SelfCertificate(const kube::Client& client, base::Clock& clock, base::RandomBytes random,
                  SelfCertificateSettings settings, const std::string& holder, const admission::Log& log);

  void poll(io::Server& server) override;
  void stop() override;

  // From any thread.
  bool leads() const { return leads_; }
  bool mismatches() const { return mismatches_; }  // caBundle is not what it should be; known to the leader only

 private:
  // True when something was written, and another look will see it.
  base::Result<bool> look(io::Server& server);
  base::Result<bool> lead(const text::Json& object, const admission::ServingSecret& secret);
  base::Result<void> publish(const std::string& authorities);
  base::Result<bool> tryToLead();

  std::mutex mutex_;  // of all that follows: stop() comes from another thread
  bool isStopped_ = false;
  const kube::Client& client_;
  base::Clock& clock_;
  base::RandomBytes random_;
  SelfCertificateSettings settings_;
  kube::LeaseElection lease_;
  std::string secretPath_, configurationPath_;
  std::string published_;  // the ca.crt that the configuration was last seen with
  std::optional<base::Time> publishedSince_;
  std::atomic<bool> leads_{false}, mismatches_{false};
};

}  // namespace webhook
