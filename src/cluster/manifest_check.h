// What is checked of an edited static-pod manifest before it is renamed in, because the kubelet runs whatever it finds.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/api_server_manifest.h"

namespace cluster {

// Invalid unless both texts are the same tree but for flags of these names.
base::Result<void> checkOnlyFlagsDiffer(std::string_view before, std::string_view after,
                                        const std::vector<std::string_view>& names);

// The items of `command`, then those of `args`, of the container kube-apiserver: the process's arguments.
base::Result<std::vector<std::string>> argumentsOf(std::string_view manifest);

// The files that hold service account keys, each once.
std::vector<std::string> keyFilesOf(const ApiServerFlags& flags);

// Where a file that kube-apiserver sees lies on the node: below the hostPath that is mounted there, else at the same
// path. Absent when another kind of volume brings it.
base::Result<std::optional<std::string>> pathOnNode(std::string_view manifest, const std::string& path);

// The flags that `--help` lists, without dashes.
std::set<std::string> flagsInHelp(std::string_view help);

// Those of `arguments` that are neither listed nor among the arguments of a process that runs: kube-apiserver refuses
// to start with them.
std::vector<std::string> unknownFlags(const std::vector<std::string>& arguments, const std::set<std::string>& listed,
                                      const std::vector<std::string>& running);

}  // namespace cluster
