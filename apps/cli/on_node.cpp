#include "on_node.h"

#include "console.h"
#include "io/system.h"
#include "migration/node_job.h"

namespace cli {
namespace {

constexpr std::chrono::hours kLongest{24};  // the Job has a deadline of its own

base::Result<io::ProcessResult> runThere(const OnNodeOptions& options) {
  std::string input;
  if (!options.input.empty()) input = TRY(io::newDiskFiles()->read(options.input));
  TRY(io::enterRoot(options.root));
  std::vector<std::string> argv{"/proc/self/exe"};
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  return io::runProcess(argv, {}, kLongest, input, io::writeError, io::AtOurEnd::GoOn);
}

}  // namespace

int runOnNode(const OnNodeOptions& options) {
  const base::Result<io::ProcessResult> done = runThere(options);
  if (!done) return Console(CommonOptions()).fail(done.error());
  io::writeError(migration::nodeOutputLine(done->output));
  return done->exitCode;
}

}  // namespace cli
