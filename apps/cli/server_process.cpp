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
  const std::vector<NewLog> logs = newLogs();
  const bool isFollowed = std::ranges::any_of(logs, [](const NewLog& log) { return log.more > 1; });
  // Whoever has written a line to its log has begun.
  const bool hasSpoken =
      std::ranges::any_of(logs, [this](const NewLog& log) { return !read(log, log.number).empty(); });
  const bool hasEnded = hasGone || isFollowed || (canSee_ && now.empty() && hasSpoken);
  if (!hasEnded) return std::nullopt;
  const std::string words = lastWords(logs);
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

// The kubelet names a static pod after its manifest, so that one that was tried before goes on counting.
std::vector<ServerWatch::NewLog> ServerWatch::newLogs() const {
  std::vector<NewLog> found;
  for (const auto& [pod, number] : newestLogs(files_, root_)) {
    const auto before = logsBefore_.find(pod);
    const int more = number - (before == logsBefore_.end() ? kNone : before->second);
    if (more > 0) found.push_back({logFolder(root_, pod), number, more});
  }
  return found;
}

std::string ServerWatch::read(const NewLog& log, int number) const {
  const base::Result<std::string> words = files_.read(log.folder + "/" + std::to_string(number) + ".log");
  return words ? *words : "";
}

std::string ServerWatch::lastWords(const std::vector<NewLog>& logs) const {
  std::string found;
  for (const NewLog& log : logs) {
    std::string words = read(log, log.number);
    if (words.find("err=") == std::string::npos) {  // of one that has just begun
      const std::string former = read(log, log.number - 1);
      if (!former.empty()) words = former;
    }
    for (const std::string& line : splitAt(words, '\n')) {
      const bool isReason =
          found.empty() || line.find("err=") != std::string::npos || line.find("rror:") != std::string::npos;
      if (isReason && !line.empty()) found = said(line);
    }
  }
  return found.substr(0, kLongestLine);
}

}  // namespace cli
