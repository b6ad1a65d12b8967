// Running irsa on the control-plane nodes, one after the other: by the ssh that the user has set up, or (node_job.h) by
// a Job on each. By ssh the program itself is sent along on standard input, so nothing has to be installed there, and
// goes again.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "console.h"
#include "io/system.h"

namespace cli {

struct Nodes {
  std::vector<std::string> names;            // as ssh takes them; by Jobs, as Kubernetes does
  std::string ssh = "ssh -o BatchMode=yes";  // words as a shell takes them apart
  bool sudo = false;
  bool job = false;   // by a Job on each
  std::string image;  // of the Jobs; empty: webhook.image of irsa.yaml
};

// `irsa ARGUMENTS` with `input`, which may be secret, as its standard input. `timeout` is for what it does there; to
// get there comes on top.
struct NodeCall {
  std::vector<std::string> arguments;
  std::string input;
  std::chrono::seconds timeout;
};
inline constexpr std::chrono::seconds kGettingThere{120};

// Runs irsa on one node, shows what it writes to standard error, and gives how it ended. An Error: it did not run.
using NodeWay = std::function<base::Result<io::ProcessResult>(const std::string& node)>;

// Goes that way to each node and stops at the first that fails, naming those before and after it. Returns what the
// nodes wrote to standard output, in their order.
base::Result<std::vector<std::string>> runOnNodes(const std::vector<std::string>& names, const NodeWay& way,
                                                  const Console& console);

base::Result<std::vector<std::string>> runBySsh(const Nodes& nodes, const NodeCall& call, const Console& console);

// A word for a POSIX shell.
std::string shellWord(const std::string& word);

}  // namespace cli
