// base::Files in memory. Counts nothing, fails only where a test asks for it.
#pragma once
#include <map>
#include <set>

#include "base/files.h"

namespace support {

class MemoryFiles final : public base::Files {
 public:
  struct File {
    std::string contents;
    std::uint32_t mode = 0644;
    bool isSymbolicLink = false;
  };
  std::map<std::string, File> files;
  std::set<std::string> folders{"/"};

  base::Result<std::string> read(const std::string& path) const override;
  base::Result<std::optional<base::FileInfo>> info(const std::string& path) const override;
  base::Result<std::vector<std::string>> list(const std::string& folder) const override;
  base::Result<void> create(const std::string& path, std::string_view contents, std::uint32_t mode) override;
  base::Result<void> replace(const std::string& path, std::string_view contents, std::uint32_t mode,
                             const std::string& workFolder) override;
  base::Result<void> makeFolder(const std::string& path, std::uint32_t mode) override;
  base::Result<void> remove(const std::string& path) override;
};

}  // namespace support
