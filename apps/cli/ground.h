// What every command stands on: files, clock and randomness, and what the environment says of connections.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/client.h"
#include "aws/profile.h"
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

// How long a program that gives credentials (credential_process, an exec plugin) may take: --timeout, or a minute.
std::chrono::milliseconds programTimeout(const CommonOptions& options);

// `configured` first, then what environment and profile say.
aws::Endpoints endpointsOf(const aws::Endpoints& configured, const aws::Profile& profile);

// Root certificates; Invalid, with `setting` as what names the file, when it can't be read.
base::Result<std::string> readRoots(const std::string& path, std::string_view setting, const base::Files& files);

// The bundle that AWS_CA_BUNDLE or the profile's ca_bundle names; empty when they name none. Invalid when it can't be
// read.
base::Result<std::string> rootsOf(const aws::Profile& profile, const base::Files& files);

}  // namespace cli
