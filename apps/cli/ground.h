// What every command stands on: files, clock and randomness, and what the environment says of connections.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/client.h"
#include "base/files.h"
#include "base/random.h"
#include "base/result.h"
#include "console.h"
#include "io/client.h"
#include "io/system.h"

namespace cli {

struct Ground {
  std::unique_ptr<base::Files> files = io::newDiskFiles();
  io::SystemClock clock;
  base::RandomBytes random = io::kernelRandom();
};

// Proxy from the environment, and --timeout as the longest wait for one answer.
io::ClientOptions clientOptions(const CommonOptions& options);

// For fetching issuers: whether an address is one that AWS could reach, or is this host and that is allowed.
std::function<bool(std::string_view address)> issuerAddresses(bool allowLoopback);

// How long a helper (credential_process, an exec plugin of kubectl) may take: --timeout, or a minute.
std::chrono::milliseconds helperTimeout(const CommonOptions& options);

// `configured` first, then AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL.
aws::Endpoints endpointsOf(const aws::Endpoints& configured);

// The bundle that AWS_CA_BUNDLE names; empty when it names none.
base::Result<std::string> rootsOfEnvironment(const base::Files& files);

}  // namespace cli
