#include "api_server_sources.h"

#include <algorithm>

#include "cluster/kubeadm_patches.h"

namespace cli {
namespace {

std::string nameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The plain files of a folder by name, as far as they are wanted; none when there is no such folder.
template <class Wanted>
base::Result<std::vector<cluster::NamedFile>> filesOf(const std::string& folder, const base::Files& files,
                                                      const Wanted& isWanted) {
  std::vector<cluster::NamedFile> found;
  const std::optional<base::FileInfo> info = TRY(files.info(folder));
  if (!info || !(info->isFolder || info->isSymbolicLink)) return found;
  std::vector<std::string> names = TRY(files.list(folder));
  std::ranges::sort(names);
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    const std::optional<base::FileInfo> one = TRY(files.info(path));
    if (!one || one->isFolder || !isWanted(name)) continue;
    std::string contents = TRY(files.read(path));
    found.push_back({path, std::move(contents)});
  }
  return found;
}

bool isDropIn(const std::string& name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

}  // namespace

base::Result<void> addPatches(const std::string& folder, const base::Files& files, cluster::Sources& sources) {
  std::vector<cluster::NamedFile> found = TRY(filesOf(folder, files, cluster::isOthersPatch));
  std::ranges::move(found, std::back_inserter(sources.later));
  return {};
}

base::Result<void> addDropIns(const std::string& file, const base::Files& files, cluster::Sources& sources) {
  const std::string home = base::folderOf(file);
  if (!home.ends_with(".d")) {
    std::vector<cluster::NamedFile> found = TRY(filesOf(file + ".d", files, isDropIn));
    std::ranges::move(found, std::back_inserter(sources.later));
    return {};
  }
  const std::string main = home.substr(0, home.size() - 2);
  const std::optional<base::FileInfo> there = TRY(files.info(main));
  if (there && !there->isFolder) {
    std::string contents = TRY(files.read(main));
    sources.earlier.push_back({main, std::move(contents)});
  }
  for (cluster::NamedFile& one : TRY(filesOf(home, files, isDropIn))) {
    if (nameOf(one.name) == nameOf(file)) continue;
    (nameOf(one.name) < nameOf(file) ? sources.earlier : sources.later).push_back(std::move(one));
  }
  return {};
}

}  // namespace cli
