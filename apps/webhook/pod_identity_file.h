// The file that --watch-container-credentials-config names, looked at whenever its folder changes and every two
// seconds: unlike AWS's, also one that a ConfigMap brings.
#pragma once
#include <string>

#include "admission/log.h"
#include "admission/pod_identities.h"
#include "base/files.h"
#include "webhook/loops.h"

namespace webhook {

class PodIdentityFile {
 public:
  PodIdentityFile(const base::Files& files, std::string path, Loops& loops, const admission::Log& log)
      : files_(files), path_(std::move(path)), loops_(loops), log_(log) {}

  // One look. A file that is not there, or empty, means that nobody gets container credentials; one that can't be read
  // or decoded changes nothing.
  void poll();

 private:
  base::Result<std::string> read() const;
  void recover();  // the file is again what it was before it was broken
  void complain(const std::string& why);

  const base::Files& files_;
  std::string path_;
  Loops& loops_;
  const admission::Log& log_;
  bool isRead_ = false;
  std::string contents_, complaint_;
};

}  // namespace webhook
