// The other way to the control-plane nodes: a privileged Job on each (migration/node_job.h), made, followed and
// removed.
#pragma once
#include <string>
#include <vector>

#include "console.h"
#include "ground.h"
#include "kube/client.h"
#include "kube/job.h"
#include "nodes.h"

namespace cli {

// Every node must be there and ready before the first is gone to. nodes.image must be set.
base::Result<std::vector<std::string>> runByJobs(const Nodes& nodes, const NodeCall& call, const kube::Client& cluster,
                                                 Ground& ground, const Console& console);

// Tells on the console what a Job does; nothing of its log.
kube::JobListener listenerOn(const Console& console);

}  // namespace cli
