#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <cstring>

#include "io/descriptor.h"
#include "io/system.h"

namespace io {

class FileLock {
 public:
  explicit FileLock(Descriptor file) : file_(std::move(file)) {}

 private:
  Descriptor file_;
};

namespace {

// The kernel knows who holds a lock: lines like "1: FLOCK  ADVISORY  WRITE 4711 fd:01:393217 0 EOF". The file's own
// content is the user's and can't carry a pid. Some file systems show another device there, so the inode decides.
std::string holderOf(const struct stat& about) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> locks(std::fopen("/proc/locks", "re"), std::fclose);
  char line[256];
  while (locks && std::fgets(line, sizeof line, locks.get())) {
    char kind[16];
    long pid = 0;
    unsigned major = 0, minor = 0;
    unsigned long inode = 0;
    if (std::sscanf(line, "%*s %15s %*s %*s %ld %x:%x:%lu", kind, &pid, &major, &minor, &inode) != 5) continue;
    if (std::strcmp(kind, "FLOCK") == 0 && inode == about.st_ino && pid > 0)
      return " (process " + std::to_string(pid) + ")";
  }
  return "";
}

}  // namespace

base::Result<std::shared_ptr<FileLock>> lockFile(const std::string& path) {
  while (true) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
      std::string message = "locking " + path + ": " + errorText();
      return errno == ENOENT ? base::notFound(message) : base::Error{base::ErrorKind::Denied, "", message};
    }
    struct stat about{}, atPath{};
    if (::fstat(file.number(), &about) != 0) return base::internal("locking " + path + ": " + errorText());
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return base::internal("locking " + path + ": " + errorText());
      return base::Error{base::ErrorKind::Conflict, "",
                         "locking " + path + ": another run" + holderOf(about) + " is at work on it",
                         "wait until it has ended and try again"};
    }
    // Whoever had the lock before may have put a new file in this place meanwhile.
    if (::stat(path.c_str(), &atPath) == 0 && atPath.st_ino == about.st_ino && atPath.st_dev == about.st_dev)
      return std::make_shared<FileLock>(std::move(file));
  }
}

}  // namespace io
