// What a cluster shows of the distribution it is.
#pragma once
#include "cluster/detect.h"
#include "kube/client.h"

namespace cli {

// Lists the nodes, which must work; what else may not be read is taken as absent.
base::Result<cluster::ClusterSigns> readSigns(const kube::Client& cluster);

}  // namespace cli
