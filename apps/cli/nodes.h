// Running irsa on the control-plane nodes, one after the other, by the ssh that the user has set up. The program itself
// is sent along on standard input, so nothing has to be installed there, and goes again.
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "console.h"

namespace cli {

struct Nodes {
  std::vector<std::string> names;  // as ssh takes them
  std::string ssh = "ssh -o BatchMode=yes";
  bool sudo = false;
};

// Runs `irsa ARGUMENTS` with `input` as its standard input on each node, and stops at the first that fails, naming
// those before and after it. Returns what the nodes wrote to standard output, in their order.
base::Result<std::vector<std::string>> runOnNodes(const Nodes& nodes, const std::vector<std::string>& arguments,
                                                  std::string_view input, std::chrono::seconds timeout,
                                                  const Console& console);

// A word for a POSIX shell.
std::string shellWord(const std::string& word);

}  // namespace cli
