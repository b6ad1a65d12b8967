// What is read with a file that is edited or looked at: drop-ins, and the patches that others wrote.
#pragma once
#include <string>

#include "base/files.h"
#include "cluster/flavour.h"

namespace cli {

// The other files of `folder` that kubeadm applies to the API server's manifest; nothing without such a folder.
base::Result<void> addPatches(const std::string& folder, const base::Files& files, cluster::Sources& sources);

// The files that k3s and RKE2 read before and behind `file`, which is config.yaml or one of config.yaml.d.
base::Result<void> addDropIns(const std::string& file, const base::Files& files, cluster::Sources& sources);

}  // namespace cli
