// The file system as the product needs it: whole files, written so that a crash at any moment leaves the old or the
// new.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace base {

struct FileInfo {
  bool isFolder = false;
  bool isSymbolicLink = false;
  std::uint32_t mode = 0;  // permission bits, e.g. 0600
  std::uint64_t size = 0;  // bytes
};

// Implemented by io::DiskFiles; tests use an in-memory twin. Errors carry the path in their message.
class Files {
 public:
  virtual ~Files() = default;

  // NotFound if there is no such file. Follows symbolic links. Refuses files over 64 MiB (Invalid).
  virtual Result<std::string> read(const std::string& path) const = 0;

  // Absent when nothing is there. Does not follow a symbolic link at `path` itself.
  virtual Result<std::optional<FileInfo>> info(const std::string& path) const = 0;

  // Names of a folder's entries, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& folder) const = 0;

  // Makes a new file, or fails with AlreadyExists: O_EXCL|O_NOFOLLOW, exactly `mode` whatever the umask, file and
  // folder fsync'ed before it returns. Nothing is left behind on failure.
  virtual Result<void> create(const std::string& path, std::string_view contents, std::uint32_t mode) = 0;

  // Replaces or makes `path` whole: a temporary file in `workFolder` (same file system; empty means path's own folder)
  // is written, fsync'ed and renamed over it. Keeps the mode and owner of a file that was there, else uses `mode`.
  // Refuses a symbolic link at `path`.
  virtual Result<void> replace(const std::string& path, std::string_view contents, std::uint32_t mode,
                               const std::string& workFolder = "") = 0;

  virtual Result<void> makeFolder(const std::string& path, std::uint32_t mode) = 0;  // with parents; fine if there
  virtual Result<void> remove(const std::string& path) = 0;                          // fine if absent
};

// "/a/b" of "/a/b/c", "/" of "/a", "." of a bare name.
std::string folderOf(const std::string& path);

}  // namespace base
