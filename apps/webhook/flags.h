// The command line of irsa-webhook: AWS's flags with their defaults, klog's, and ours. Parsed as Go's pflag does it
// (--flag=value, --flag value, bare booleans, -v N), because manifests written for AWS's program must run unchanged.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "admission/log.h"
#include "admission/settings.h"
#include "base/result.h"

namespace webhook {

struct Flags {
  admission::Settings settings;
  std::uint16_t port = 443, metricsPort = 9999;
  std::string kubeconfig, kubeApi;
  std::string tlsCert = "/etc/webhook/certs/tls.crt", tlsKey = "/etc/webhook/certs/tls.key";
  bool makesCertificate = false;  // --cert-source=self
  std::string serviceName = "pod-identity-webhook", tlsSecret = "pod-identity-webhook";
  std::string webhookConfiguration;  // empty: serviceName
  std::chrono::milliseconds authorityLife{std::chrono::hours(24 * 365)}, certificateLife{std::chrono::hours(24 * 30)};
  std::chrono::milliseconds settleTime{60'000};  // between publishing an authority and its first signature
  std::string tlsMinVersion = "1.2";             // or "1.3"
  std::string tlsCipherSuites;                   // OpenSSL's names, colons between; empty: OpenSSL's choice
  bool hasNoOldSuite = false;                    // suites were named, and none of them is one of TLS 1.2
  std::chrono::milliseconds lookupBudget{1000};
  admission::Log::Format logFormat = admission::Log::Format::Text;
  bool logsDecisions = true;
  bool watchesConfigMap = false;
  std::string nameSpace = "eks";         // of that ConfigMap
  std::string containerCredentialsFile;  // empty: nobody gets container credentials
  bool composesRoleArns = false;         // the parts come from the instance, unless settings have them
  int loops = 1;
  int maxConnections = 4096;
  bool reusePort = false;
  std::chrono::milliseconds drainTime{15'000};
  std::vector<std::string> notes;  // flags that were taken and have no effect here: to be logged
};

struct CommandLine {
  enum class Wish { Serve, Help, Version };
  Wish wish = Wish::Serve;
  Flags flags;
};

// Errors are usage errors (exit 2): unknown flags, bad values, and what is refused with the reason.
base::Result<CommandLine> parseCommandLine(const std::vector<std::string>& arguments);

std::string usage();

}  // namespace webhook
