// What each API server of a cluster serves, signs and accepts, asked of each by its own address: behind a load balancer
// the answers are those of one of them.
//
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/ (TokenRequest, TokenReview)
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"
#include "oidc/jwks.h"

namespace migration {

// The kubelet has told of a new manifest's pod so long after its process began.
constexpr std::chrono::seconds kReportTime{90};

struct ApiServer {
  std::string name = {};     // "192.0.2.10:6443"
  std::string trouble = {};  // why it could not be looked at; then the rest is empty
  bool isReady = false;      // /readyz
  std::string signer = {};   // the issuer of its discovery document
  // The signer first. Without flags the issuers are told by the audiences that it gives tokens which ask for none:
  // those are the issuers unless --api-audiences says otherwise.
  std::vector<std::string> issuers = {};
  // Its pod is that of a process before this one: the kubelet tells of a new manifest some ten seconds late, and first
  // gives the former pod the new process's status.
  bool isUnreported = false;
  bool showsFlags = false;                        // its pod could be read, and is reported
  std::vector<std::string> keyFiles = {};         // --service-account-key-file, when it shows flags
  std::string signingKey = {};                    // --service-account-signing-key-file
  std::string signingEndpoint = {};               // of an external signer (KEP-740); empty: there is none
  oidc::Jwks keys = {};                           // as served
  std::string mintedIssuer = {}, mintedKid = {};  // of a token that was asked of it just now
  std::vector<std::string> refusedBy = {};        // the API servers that refuse this token
  base::Time startedAt = {};
  std::uint64_t staleTokens = 0;   // used since then although the kubelet had renewed them
  std::uint64_t legacyTokens = 0;  // used since then: of Secrets, which never expire

  bool accepts(std::string_view issuer) const;
  bool serves(std::string_view kid) const;
};

struct Endpoint {
  std::string name;
  const kube::Client& client;
};

// What is seen at one time.
struct Cluster {
  std::vector<ApiServer> servers;
  base::Time now;  // the earliest of our clock and theirs: whoever is behind waits longer
};

// "https://192.0.2.10:6443" for each address of the Service `kubernetes`; empty when the cluster does not tell.
base::Result<std::vector<std::string>> addressesOf(const kube::Client& cluster);

// Mints one token an API server (kube-system/default, ten minutes), which never leaves memory, and shows it to all of
// them. What one of them does not answer is its `trouble`. An Error when no pod may be listed.
base::Result<Cluster> lookAtApiServers(const std::vector<Endpoint>& endpoints, const kube::Client& cluster,
                                       base::Time now);

// The same of their keys alone, for which nothing is minted and no pod is read. One that serves no key is in trouble.
Cluster lookAtKeys(const std::vector<Endpoint>& endpoints, base::Time now);

// That a new token of this API server is signed as `issuer` and taken by it. Unavailable, with the reason, if not.
base::Result<void> proveTokens(const kube::Client& client, std::string_view issuer);

// Since when its process runs, from /metrics.
base::Result<base::Time> startOf(const kube::Client& client);

// The value of a metric without labels in the text format of Prometheus; 0 when it is not there.
double metricIn(std::string_view metrics, std::string_view name);

}  // namespace migration
