// Waits until something in some folders has changed (inotify), or a time has passed: for files that others replace,
// such as mounted Secrets. A hint to look again, never proof that nothing has changed.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "io/descriptor.h"

namespace io {

class FolderWatch {
 public:
  // Folders that are not there, or can't be watched because the kernel's limit is reached, are tried again at each
  // wait.
  explicit FolderWatch(std::vector<std::string> folders);

  // Blocks the calling thread. True when the kernel told of a change.
  bool wait(std::chrono::milliseconds longest);

 private:
  void watchFolders();

  std::vector<std::string> folders_;
  Descriptor inotify_;
};

}  // namespace io
