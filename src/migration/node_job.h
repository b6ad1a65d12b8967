// A call of irsa on a node without ssh: a privileged Job that is pinned to the node, runs our own image and takes the
// node's root folder as its own. The image is FROM scratch, so irsa itself does what a shell would (`irsa on-node`).
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/json.h"

namespace migration {

inline constexpr std::string_view kNodeJobNamespace = "kube-system";  // where privileged pods may run
inline constexpr std::string_view kNodeJobLabel = "app.kubernetes.io/name=irsa-on-node";

struct NodeJob {
  std::string node;                    // as Kubernetes names it
  std::string image;                   // holds /irsa
  std::vector<std::string> arguments;  // of irsa
  std::string input = {};              // its standard input, secret; empty: none
  std::chrono::seconds deadline{0};    // after which the pod is stopped
};

// It runs whatever the node's taints are, is not evicted and leaves out what the node's own programs have.
text::Json nodeJobObject(const NodeJob& job, const std::string& name);

// The Secret that brings the input, of the Job's name; none without input.
std::vector<text::Json> nodeJobFiles(const NodeJob& job, const std::string& name);

// A pod's log is one stream. What was written to standard output comes at its end, in one line that is marked.
std::string nodeOutputLine(std::string_view output);
bool isNodeOutputLine(std::string_view line);

struct NodeLog {
  std::string errors;                 // everything else
  std::optional<std::string> output;  // absent: it did not come so far
};
NodeLog readNodeLog(std::string_view log);

}  // namespace migration
