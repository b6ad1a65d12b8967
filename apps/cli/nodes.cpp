#include "nodes.h"

#include "text/shell_words.h"
#include "text/words.h"

namespace cli {
namespace {

constexpr const char* kOwnProgram = "/proc/self/exe";

// The script that the node's shell gets: keep the program, run it with the rest of the input, remove it, end as it
// ended.
std::string scriptOf(const std::vector<std::string>& arguments, std::size_t size, bool sudo) {
  std::string call;
  for (const std::string& argument : arguments) call += " " + shellWord(argument);
  return "set -e; f=$(mktemp); trap 'rm -f \"$f\"' EXIT; head -c " + std::to_string(size) +
         " > \"$f\"; chmod 700 \"$f\"; " + std::string(sudo ? "sudo " : "") + "\"$f\"" + call;
}

base::Error stopped(const std::vector<std::string>& names, std::size_t at, const base::Error& why) {
  std::vector<std::string> before(names.begin(), names.begin() + std::ptrdiff_t(at));
  std::vector<std::string> after(names.begin() + std::ptrdiff_t(at) + 1, names.end());
  std::string message = "stopped at node " + names[at] + ": " + why.message;
  if (!before.empty()) message += "; done before: " + text::joined(before);
  if (!after.empty()) message += "; not reached: " + text::joined(after);
  const std::string first = why.hint.empty() ? "mend that node" : why.hint;
  return {base::ErrorKind::Conflict, "", std::move(message), first + ", then run the same command again"};
}

// What irsa said there of its failure.
base::Error failureOf(const io::ProcessResult& done) {
  const std::size_t error = done.errors.rfind("error: ");
  const std::string said = error == std::string::npos ? done.errors : done.errors.substr(error + 7);
  return base::conflict(said.substr(0, said.find('\n')) + " (exit code " + std::to_string(done.exitCode) + ")");
}

}  // namespace

std::string shellWord(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

base::Result<std::vector<std::string>> runOnNodes(const std::vector<std::string>& names, const NodeWay& way,
                                                  const Console& console) {
  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    console.progress("node " + names[i] + " (" + std::to_string(i + 1) + " of " + std::to_string(names.size()) + ")");
    const base::Result<io::ProcessResult> done = way(names[i]);
    if (!done) return stopped(names, i, done.error());
    if (done->exitCode != 0) return stopped(names, i, failureOf(*done));
    outputs.push_back(done->output);
  }
  return outputs;
}

base::Result<std::vector<std::string>> runBySsh(const Nodes& nodes, const NodeCall& call, const Console& console) {
  std::string program = TRY(io::newDiskFiles()->read(kOwnProgram));
  const std::string script = scriptOf(call.arguments, program.size(), nodes.sudo);
  program += call.input;
  base::Result<std::vector<std::string>> ssh = text::shellWords(nodes.ssh);
  if (!ssh || ssh->empty())
    return base::invalid("--ssh " + nodes.ssh + ": " + (ssh ? "it is empty" : ssh.error().message));
  const NodeWay way = [&](const std::string& node) {
    std::vector<std::string> argv = *ssh;
    argv.push_back(node);
    argv.push_back(script);
    // What has begun on a node is not cut off there when we are.
    base::Result<io::ProcessResult> done =
        io::runProcess(argv, {}, call.timeout + kGettingThere, program, nullptr, io::AtOurEnd::GoOn);
    if (done && !done->errors.empty())
      console.progress(done->errors.substr(0, done->errors.find_last_not_of('\n') + 1));
    return done;
  };
  return runOnNodes(nodes.names, way, console);
}

}  // namespace cli
