// The command tree: what the words and flags of a command line mean. The only place that knows CLI11.
#pragma once

namespace cli {

// Reads the command line, runs the command and returns the exit code. Under the name kubectl-irsa it is `kubectl irsa`.
int run(int argc, char** argv);

}  // namespace cli
