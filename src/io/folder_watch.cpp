#include "io/folder_watch.h"

#include <poll.h>
#include <sys/inotify.h>

#include <array>
#include <thread>

namespace io {

FolderWatch::FolderWatch(std::vector<std::string> folders)
    : folders_(std::move(folders)), inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  watchFolders();
}

// Watching what is watched already is no error, and a folder that was replaced is a new one.
void FolderWatch::watchFolders() {
  constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_CREATE | IN_ONLYDIR;
  if (!inotify_) return;
  for (const std::string& folder : folders_) ::inotify_add_watch(inotify_.number(), folder.c_str(), kChanges);
}

bool FolderWatch::wait(std::chrono::milliseconds longest) {
  watchFolders();
  if (!inotify_) {
    std::this_thread::sleep_for(longest);
    return false;
  }
  pollfd waited{inotify_.number(), POLLIN, 0};
  if (::poll(&waited, 1, int(longest.count())) <= 0) return false;
  std::array<char, 4096> events;  // which file it was does not matter: the caller looks at all of them
  while (::read(inotify_.number(), events.data(), events.size()) > 0) continue;
  return true;
}

}  // namespace io
