#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>

#include "io/descriptor.h"
#include "io/system.h"

namespace io {
namespace {

constexpr std::size_t kLargestFile = 64u << 20;

base::Error failure(std::string_view doing, const std::string& path, int number = errno) {
  std::string message = std::string(doing) + " " + path + ": " + errorText(number);
  switch (number) {
    case ENOENT:
    case ENOTDIR: return base::notFound(message);
    case EEXIST: return {base::ErrorKind::AlreadyExists, "", message};
    case EACCES:
    case EPERM:
    case EROFS: return {base::ErrorKind::Denied, "", message};
    case ELOOP: return base::invalid(message + " (a symbolic link is refused here)");
    default: return base::internal(message);
  }
}

base::Error tooLarge(const std::string& path) {
  return base::invalid("reading " + path + ": it is larger than 64 MiB");
}

base::Result<void> syncFolder(const std::string& folder) {
  Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return failure("opening the folder", folder);
  // Some file systems can't sync a folder and say EINVAL.
  if (::fsync(opened.number()) != 0 && errno != EINVAL) return failure("syncing the folder", folder);
  return {};
}

base::Result<void> writeAndSync(int file, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    ssize_t count = ::write(file, contents.data(), contents.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("writing", path);
    contents.remove_prefix(std::size_t(count));
  }
  if (::fsync(file) != 0) return failure("syncing", path);
  return {};
}

// Removes a file that was made, unless it is kept.
class Unfinished {
 public:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  ~Unfinished() {
    if (!isKept_) ::unlink(path_.c_str());
  }
  void keep() { isKept_ = true; }

 private:
  std::string path_;
  bool isKept_ = false;
};

struct Ownership {
  mode_t mode = 0600;
  std::optional<std::pair<uid_t, gid_t>> owner;
};

// Makes `path`, which must not exist, with exactly this content, mode and owner, all of it on disk. It is locked as
// long as the descriptor lives.
base::Result<Descriptor> makeFile(const std::string& path, std::string_view contents, const Ownership& ownership) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failure("creating", path);
  Unfinished unfinished(path);
  (void)::flock(file.number(), LOCK_EX | LOCK_NB);  // where there are no locks, nothing is cleared away either
  if (ownership.owner && ::fchown(file.number(), ownership.owner->first, ownership.owner->second) != 0)
    return failure("keeping the owner of", path);
  // After chown, which clears set-user-ID bits; fchmod because open() is subject to the umask.
  if (::fchmod(file.number(), ownership.mode) != 0) return failure("setting the mode of", path);
  TRY(writeAndSync(file.number(), contents, path));
  unfinished.keep();
  return file;
}

constexpr std::string_view kTemporaryEnd = ".tmp";
constexpr std::size_t kSuffix = 16;  // hexadecimal digits

// "/folder/.NAME." of every temporary file for `path`.
std::string temporaryBegin(const std::string& path, const std::string& workFolder) {
  std::string name = path.substr(path.rfind('/') + 1);
  return (workFolder.empty() ? base::folderOf(path) : workFolder) + "/." + name + ".";
}

std::string temporaryName(const std::string& path, const std::string& workFolder) {
  unsigned char bytes[kSuffix / 2] = {};
  while (getrandom(bytes, sizeof bytes, 0) != ssize_t(sizeof bytes)) {
  }
  std::string name = temporaryBegin(path, workFolder);
  for (unsigned char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    name += kDigits[byte >> 4];
    name += kDigits[byte & 0xF];
  }
  return name.append(kTemporaryEnd);
}

// What runs that were killed left behind for `path`: temporary files that nobody holds a lock on.
void clearLeftovers(const std::string& path, const std::string& workFolder) {
  std::string begin = temporaryBegin(path, workFolder);
  std::string folder = base::folderOf(begin);
  std::string start = begin.substr(begin.rfind('/') + 1);
  std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
  while (const dirent* entry = opened ? ::readdir(opened.get()) : nullptr) {
    std::string name = entry->d_name;
    if (!name.starts_with(start) || !name.ends_with(kTemporaryEnd)) continue;
    if (name.size() != start.size() + kSuffix + kTemporaryEnd.size()) continue;
    std::string leftover = folder + "/" + name;
    Descriptor file(::open(leftover.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (file && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(leftover.c_str());
  }
}

class DiskFiles final : public base::Files {
 public:
  base::Result<std::string> read(const std::string& path) const override {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return failure("reading", path);
    struct stat about{};
    if (::fstat(file.number(), &about) != 0) return failure("reading", path);
    if (S_ISDIR(about.st_mode)) return base::invalid("reading " + path + ": it is a folder");
    if (std::size_t(about.st_size) > kLargestFile) return tooLarge(path);
    std::string contents;
    char buffer[16384];
    while (true) {
      ssize_t count = ::read(file.number(), buffer, sizeof buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failure("reading", path);
      if (count == 0) return contents;
      contents.append(buffer, std::size_t(count));
      if (contents.size() > kLargestFile) return tooLarge(path);
    }
  }

  base::Result<std::optional<base::FileInfo>> info(const std::string& path) const override {
    struct stat about{};
    if (::lstat(path.c_str(), &about) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::optional<base::FileInfo>();
      return failure("looking at", path);
    }
    return std::optional(base::FileInfo{S_ISDIR(about.st_mode), S_ISLNK(about.st_mode),
                                        std::uint32_t(about.st_mode & 07777), std::uint64_t(about.st_size)});
  }

  base::Result<std::vector<std::string>> list(const std::string& folder) const override {
    std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
    if (!opened) return failure("listing", folder);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(opened.get())) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    if (errno != 0) return failure("listing", folder);
    std::sort(names.begin(), names.end());
    return names;
  }

  // Written beside its place and renamed into it, so that nobody ever finds half a file there.
  base::Result<void> create(const std::string& path, std::string_view contents, std::uint32_t mode) override {
    struct stat about{};
    if (::lstat(path.c_str(), &about) == 0) return failure("creating", path, EEXIST);
    clearLeftovers(path, "");
    std::string temporary = temporaryName(path, "");
    Descriptor file = TRY(makeFile(temporary, contents, {mode_t(mode), std::nullopt}));
    Unfinished unfinished(temporary);
    bool isMade = ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0;
    if (isMade) unfinished.keep();
    // Some file systems, NFS among them, can't do that in one step.
    if (!isMade && (errno == EINVAL || errno == ENOSYS)) isMade = ::link(temporary.c_str(), path.c_str()) == 0;
    if (!isMade) return failure("creating", path);
    Unfinished made(path);
    TRY(syncFolder(base::folderOf(path)));
    made.keep();
    return {};
  }

  base::Result<void> replace(const std::string& path, std::string_view contents, std::uint32_t mode,
                             const std::string& workFolder) override {
    Ownership ownership{mode_t(mode), std::nullopt};
    struct stat about{};
    if (::lstat(path.c_str(), &about) == 0) {
      if (S_ISLNK(about.st_mode)) return failure("replacing", path, ELOOP);
      if (!S_ISREG(about.st_mode)) return base::invalid("replacing " + path + ": it is no ordinary file");
      ownership = {about.st_mode & 07777, std::nullopt};
      if (about.st_uid != ::geteuid() || about.st_gid != ::getegid()) ownership.owner = {about.st_uid, about.st_gid};
    } else if (errno != ENOENT) {
      return failure("replacing", path);
    }
    clearLeftovers(path, workFolder);
    std::string temporary = temporaryName(path, workFolder);
    Descriptor file = TRY(makeFile(temporary, contents, ownership));
    Unfinished unfinished(temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return failure("replacing", path);
    unfinished.keep();
    return syncFolder(base::folderOf(path));
  }

  base::Result<void> makeFolder(const std::string& path, std::uint32_t mode) override {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      std::string folder = path.substr(0, end);
      if (::mkdir(folder.c_str(), mode_t(mode)) == 0) {
        if (::chmod(folder.c_str(), mode_t(mode)) != 0) return failure("setting the mode of", folder);
      } else if (errno != EEXIST && (end == std::string::npos || (errno != EACCES && errno != EROFS))) {
        return failure("making the folder", folder);
      }
      if (end == std::string::npos) break;
    }
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) return failure("making the folder", path);
    if (!S_ISDIR(about.st_mode)) return failure("making the folder", path, ENOTDIR);
    return {};
  }

  base::Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return {};
    bool mayBeFolder = errno == EISDIR || errno == EPERM;
    if (mayBeFolder && ::rmdir(path.c_str()) == 0) return {};
    if (errno == ENOENT) return {};
    return failure("removing", path);
  }
};

}  // namespace

std::unique_ptr<base::Files> newDiskFiles() { return std::make_unique<DiskFiles>(); }

}  // namespace io
