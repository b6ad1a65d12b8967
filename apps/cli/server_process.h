// The API server's process on this node, as /proc and the kubelet's logs show it: whether the flags of a new manifest
// run, and what a container that ended had said.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"

namespace cli {

struct ServerProcess {
  long id = 0;
  std::vector<std::string> arguments;
};

// Those named kube-apiserver whose arguments may be read.
std::vector<ServerProcess> serverProcesses(const base::Files& files);

// Watches for the process with exactly the arguments `after`, and for the logs of its containers, since one that can't
// have its port ends within milliseconds. `before` are those of the process that runs now: when that can't be seen, the
// new one could not be either. `root` is where the node's /var/log lies.
class ServerWatch {
 public:
  ServerWatch(const base::Files& files, const std::vector<std::string>& before, std::vector<std::string> after,
              std::string root);

  // Looks. The reason once such a process has come and gone again; before that, absent.
  std::optional<std::string> ended();

 private:
  // The newest of a pod whose containers have become more.
  struct NewLog {
    std::string folder;
    int number;
    int more;  // containers than there were
  };

  std::set<long> processesWith(const std::vector<std::string>& arguments) const;
  std::vector<NewLog> newLogs() const;
  std::string read(const NewLog& log, int number) const;  // empty: there is none
  std::string lastWords(const std::vector<NewLog>& logs) const;

  const base::Files& files_;
  std::vector<std::string> arguments_;
  std::string root_;
  bool canSee_;
  std::set<long> seen_;
  std::map<std::string, int> logsBefore_;  // a pod's folder, and the number of its newest container's log
};

}  // namespace cli
