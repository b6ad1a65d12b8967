#include "support/memory_files.h"

namespace support {

base::Result<std::string> MemoryFiles::read(const std::string& path) const {
  auto found = files.find(path);
  if (found == files.end()) return base::notFound(path + ": no such file");
  return found->second.contents;
}

base::Result<std::optional<base::FileInfo>> MemoryFiles::info(const std::string& path) const {
  if (folders.contains(path)) return std::optional(base::FileInfo{.isFolder = true, .mode = 0755});
  auto found = files.find(path);
  if (found == files.end()) return std::optional<base::FileInfo>();
  const File& file = found->second;
  return std::optional(base::FileInfo{false, file.isSymbolicLink, file.mode, file.contents.size()});
}

base::Result<std::vector<std::string>> MemoryFiles::list(const std::string& folder) const {
  std::set<std::string> names;
  std::string prefix = folder.ends_with('/') ? folder : folder + "/";
  for (const auto& [path, file] : files)
    if (path.starts_with(prefix))
      names.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
  return std::vector<std::string>(names.begin(), names.end());
}

base::Result<void> MemoryFiles::create(const std::string& path, std::string_view contents, std::uint32_t mode) {
  if (files.contains(path)) return base::Error{base::ErrorKind::AlreadyExists, "", path + ": the file exists"};
  files[path] = {std::string(contents), mode};
  return {};
}

base::Result<void> MemoryFiles::replace(const std::string& path, std::string_view contents, std::uint32_t mode,
                                        const std::string&) {
  auto found = files.find(path);
  if (found == files.end()) return create(path, contents, mode);
  if (found->second.isSymbolicLink) return base::invalid(path + ": is a symbolic link");
  found->second.contents = contents;
  return {};
}

base::Result<void> MemoryFiles::makeFolder(const std::string& path, std::uint32_t) {
  folders.insert(path);
  return {};
}

base::Result<void> MemoryFiles::remove(const std::string& path) {
  files.erase(path);
  return {};
}

}  // namespace support
