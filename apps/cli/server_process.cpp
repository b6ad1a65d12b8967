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

constexpr int kNone = -1;

std::string logFolder(const std::string& root, const std::string& pod) {
  return root + "/var/log/pods/" + pod + "/" + std::string(kProgram);
}

// The number of a pod's newest container is that of its newest log: "3.log".
int newestLog(const base::Files& files, const std::string& folder) {
  int newest = kNone;
  const base::Result<std::vector<std::string>> names = files.list(folder);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    int number = kNone;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && std::string_view(end) == ".log") newest = std::max(newest, number);
  }
  return newest;
}

std::map<std::string, int> newestLogs(const base::Files& files, const std::string& root) {
  std::map<std::string, int> found;
  const base::Result<std::vector<std::string>> names = files.list(root + "/var/log/pods");
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    if (name.starts_with("kube-system_kube-apiserver-")) found[name] = newestLog(files, logFolder(root, name));
  }
  return found;
}

int numberIn(const std::map<std::string, int>& logs, const std::string& pod) {
  const auto found = logs.find(pod);
  return found == logs.end() ? kNone : found->second;
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

ServerWatch::ServerWatch(const base::Files& files, const std::vector<std::string>& before,
                         std::vector<std::string> after, std::string root)
    : files_(files),
      arguments_(std::move(after)),
      root_(std::move(root)),
      canSee_(!processesWith(before).empty()),
      logsBefore_(newestLogs(files, root_)) {}

std::optional<std::string> ServerWatch::ended() {
  const std::set<long> now = processesWith(arguments_);
  const bool hasGone = std::ranges::any_of(seen_, [&now](long id) { return !now.contains(id); });
  seen_.insert(now.begin(), now.end());
  const bool hasEnded = hasGone || isFollowed() || (canSee_ && now.empty() && hasSpoken());
  if (!hasEnded) return std::nullopt;
  const std::string words = lastWords();
  return "the container of the new manifest ended" + (words.empty() ? "" : ": " + words);
}

std::set<long> ServerWatch::processesWith(const std::vector<std::string>& arguments) const {
  std::set<long> found;
  for (const ServerProcess& process : serverProcesses(files_)) {
    if (std::ranges::equal(process.arguments.begin() + 1, process.arguments.end(),
                           arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end()))
      found.insert(process.id);
  }
  return found;
}

// Whoever has written a line to its log has begun.
bool ServerWatch::hasSpoken() const {
  return std::ranges::any_of(newestLogs(files_, root_), [this](const auto& pod) {
    const auto& [name, number] = pod;
    if (number <= numberIn(logsBefore_, name)) return false;
    const base::Result<std::string> log = files_.read(logFolder(root_, name) + "/" + std::to_string(number) + ".log");
    return log && !log->empty();
  });
}

// The kubelet names a static pod after its manifest, so that one that was tried before goes on counting.
bool ServerWatch::isFollowed() const {
  return std::ranges::any_of(newestLogs(files_, root_),
                             [this](const auto& pod) { return pod.second >= numberIn(logsBefore_, pod.first) + 2; });
}

// Of the newest log that the new manifest's pod had.
std::string ServerWatch::lastWords() const {
  std::string found;
  for (const auto& [pod, number] : newestLogs(files_, root_)) {
    if (number <= numberIn(logsBefore_, pod)) continue;
    const std::string folder = logFolder(root_, pod);
    base::Result<std::string> log = files_.read(folder + "/" + std::to_string(number) + ".log");
    if (log && log->find("err=") == std::string::npos && number > 0) {  // of one that has just begun
      base::Result<std::string> former = files_.read(folder + "/" + std::to_string(number - 1) + ".log");
      if (former) log = std::move(former);
    }
    for (const std::string& line : splitAt(log ? *log : "", '\n')) {
      const bool isReason =
          found.empty() || line.find("err=") != std::string::npos || line.find("rror:") != std::string::npos;
      if (isReason && !line.empty()) found = said(line);
    }
  }
  return found.substr(0, kLongestLine);
}

}  // namespace cli
