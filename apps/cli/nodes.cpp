#include "nodes.h"

#include "io/system.h"
#include "text/words.h"

namespace cli {
namespace {

constexpr const char* kOwnProgram = "/proc/self/exe";
constexpr std::chrono::seconds kSending{120};

std::vector<std::string> wordsOf(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = text.find_first_not_of(' '); begin != std::string::npos;) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(' ', end);
  }
  return words;
}

// The script that the node's shell gets: keep the program, run it with the rest of the input, remove it, end as it
// ended.
std::string scriptOf(const std::vector<std::string>& arguments, std::size_t size, bool sudo) {
  std::string call;
  for (const std::string& argument : arguments) call += " " + shellWord(argument);
  return "set -e; f=$(mktemp); trap 'rm -f \"$f\"' EXIT; head -c " + std::to_string(size) +
         " > \"$f\"; chmod 700 \"$f\"; " + std::string(sudo ? "sudo " : "") + "\"$f\"" + call;
}

base::Error stopped(const Nodes& nodes, std::size_t at, const std::string& why) {
  std::vector<std::string> before(nodes.names.begin(), nodes.names.begin() + std::ptrdiff_t(at));
  std::vector<std::string> after(nodes.names.begin() + std::ptrdiff_t(at) + 1, nodes.names.end());
  std::string message = "stopped at node " + nodes.names[at] + ": " + why;
  if (!before.empty()) message += "; done before: " + text::joined(before);
  if (!after.empty()) message += "; not reached: " + text::joined(after);
  return {base::ErrorKind::Conflict, "", std::move(message), "mend that node, then run the same command again"};
}

}  // namespace

std::string shellWord(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

base::Result<std::vector<std::string>> runOnNodes(const Nodes& nodes, const std::vector<std::string>& arguments,
                                                  std::string_view input, std::chrono::seconds timeout,
                                                  const Console& console) {
  std::string program = TRY(io::newDiskFiles()->read(kOwnProgram));
  const std::size_t size = program.size();
  program += input;
  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < nodes.names.size(); ++i) {
    console.progress("node " + nodes.names[i] + " (" + std::to_string(i + 1) + " of " +
                     std::to_string(nodes.names.size()) + ")");
    std::vector<std::string> argv = wordsOf(nodes.ssh);
    argv.push_back(nodes.names[i]);
    argv.push_back(scriptOf(arguments, size, nodes.sudo));
    // What has begun on a node is not cut off there when we are.
    const base::Result<io::ProcessResult> done =
        io::runProcess(argv, {}, timeout + kSending, program, io::AtOurEnd::GoOn);
    if (!done) return stopped(nodes, i, done.error().message);
    if (!done->errors.empty()) console.progress(done->errors.substr(0, done->errors.find_last_not_of('\n') + 1));
    if (done->exitCode != 0) {
      const std::size_t error = done->errors.rfind("error: ");
      const std::string said = error == std::string::npos ? done->errors : done->errors.substr(error + 7);
      return stopped(nodes, i, said.substr(0, said.find('\n')) + " (exit code " + std::to_string(done->exitCode) + ")");
    }
    outputs.push_back(done->output);
  }
  return outputs;
}

}  // namespace cli
