// Putting an edited static-pod manifest into force on this node: checked before the kubelet sees it, watched
// afterwards, and put back by itself when the API server does not come back with it.
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "console.h"
#include "ground.h"
#include "kube/client.h"
#include "manifest_backup.h"

namespace cli {

struct ManifestSwitch {
  ManifestPlace place = {};
  std::string before = {}, after = {};
  std::string issuer = {}, formerIssuer = {};  // that is served afterwards, and before
  std::vector<std::string_view> flags = {"service-account-issuer", "api-audiences"};  // which may differ
  std::string root = {};  // where the node's /etc and /var lie; empty: here
  std::chrono::seconds timeout{300};
};

// Conflict: why, and that nothing was changed.
base::Error unchanged(std::string why, std::string hint = "");

// Refuses (Conflict) a manifest that names a key file which is not there.
base::Result<void> checkKeyFiles(const ManifestSwitch& change, const base::Files& files);

// Refuses (Conflict) what would keep the API server from starting: a key file that is not there, a flag that it does
// not know (asked of the program that runs; without one this is said and left out), or a difference beside `flags`.
base::Result<void> checkSwitch(const ManifestSwitch& change, const base::Files& files, const Console& console);

// Renames the new manifest in and waits. When the container of the new manifest ends, or does not become ready in time,
// the old one is put back and waited for: the error says so.
base::Result<void> carryOut(const ManifestSwitch& change, const kube::Client& cluster, Ground& ground,
                            const Console& console);

}  // namespace cli
