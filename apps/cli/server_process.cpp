#include "server_process.h"

#include <algorithm>
#include <charconv>

namespace cli {
namespace {

constexpr std::string_view kProgram = "kube-apiserver";
constexpr std::size_t kLongestLine = 600;

std::vector<std::string> splitAt(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::set<std::string> logFolders(const base::Files& files, const std::string& root) {
  std::set<std::string> found;
  const base::Result<std::vector<std::string>> names = files.list(root + "/var/log/pods");
  if (!names) return found;
  for (const std::string& name : *names) {
    if (name.starts_with("kube-system_kube-apiserver-")) found.insert(name);
  }
  return found;
}

// A line of the container runtime: time, stream, F or P, and what was said.
std::string said(const std::string& line) {
  std::size_t at = 0;
  for (int field = 0; field < 3 && at != std::string::npos; ++field) at = line.find(' ', at == 0 ? 0 : at + 1);
  return at == std::string::npos ? line : line.substr(at + 1);
}

}  // namespace

std::vector<ServerProcess> serverProcesses(const base::Files& files) {
  std::vector<ServerProcess> found;
  const base::Result<std::vector<std::string>> names = files.list("/proc");
  if (!names) return found;
  for (const std::string& name : *names) {
    long id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    const base::Result<std::string> line = files.read("/proc/" + name + "/cmdline");
    if (!line || line->find(kProgram) == std::string::npos) continue;
    std::vector<std::string> arguments = splitAt(*line, '\0');
    const std::string program = arguments.empty() ? "" : arguments.front();
    if (program.substr(program.rfind('/') + 1) == kProgram) found.push_back({id, std::move(arguments)});
  }
  return found;
}

ServerWatch::ServerWatch(const base::Files& files, std::vector<std::string> arguments, std::string root)
    : files_(files), arguments_(std::move(arguments)), root_(std::move(root)), logsBefore_(logFolders(files, root_)) {}

std::optional<std::string> ServerWatch::ended() {
  std::set<long> now;
  for (const ServerProcess& process : serverProcesses(files_)) {
    if (std::ranges::equal(process.arguments.begin() + 1, process.arguments.end(),
                           arguments_.empty() ? arguments_.end() : arguments_.begin() + 1, arguments_.end()))
      now.insert(process.id);
  }
  const bool hasEnded = std::ranges::any_of(seen_, [&](long id) { return !now.contains(id); });
  seen_.insert(now.begin(), now.end());
  if (!hasEnded) return std::nullopt;
  const std::string words = lastWords();
  return "the container of the new manifest ended" + (words.empty() ? "" : ": " + words);
}

// The newest log of the pod that came with the new manifest.
std::string ServerWatch::lastWords() const {
  std::string found;
  for (const std::string& folder : logFolders(files_, root_)) {
    if (logsBefore_.contains(folder)) continue;
    const std::string place = root_ + "/var/log/pods/" + folder + "/" + std::string(kProgram);
    const base::Result<std::vector<std::string>> logs = files_.list(place);
    if (!logs || logs->empty()) continue;
    const base::Result<std::string> log = files_.read(place + "/" + logs->front());  // that of its first container
    if (!log) continue;
    for (const std::string& line : splitAt(*log, '\n')) {
      const bool isReason =
          found.empty() || line.find("err=") != std::string::npos || line.find("rror:") != std::string::npos;
      if (isReason && !line.empty()) found = said(line);
    }
  }
  return found.substr(0, kLongestLine);
}

}  // namespace cli
