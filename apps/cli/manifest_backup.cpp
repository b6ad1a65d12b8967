#include "manifest_backup.h"

#include <filesystem>

#include "base/time.h"
#include "crypto/digest.h"
#include "text/encoding.h"

namespace cli {
namespace {

constexpr std::size_t kHashLength = 12;

std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path result = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? path : result;
}

bool isInside(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const std::filesystem::path relative = resolved(path).lexically_relative(resolved(folder));
  return !relative.empty() && *relative.begin() != "..";
}

std::string namePrefix(const ManifestPlace& place) {
  return std::filesystem::path(place.path).filename().string() + ".";
}

}  // namespace

base::Result<ManifestPlace> placeOf(const std::string& manifest, const std::string& backups, const base::Files& files) {
  const std::optional<base::FileInfo> info = TRY(files.info(manifest));
  if (!info) {
    return base::notFound(manifest + ": there is no such manifest")
        .withHint("run this on a control-plane node, as root, and name the manifest with --manifest");
  }
  if (info->isSymbolicLink || info->isFolder) {
    return base::invalid(manifest + ": is " + (info->isFolder ? "a folder" : "a symbolic link") +
                         "; the manifest must be a plain file");
  }
  std::error_code failure;
  const std::filesystem::path path = std::filesystem::absolute(manifest, failure).lexically_normal();
  if (failure) return base::internal(manifest + ": " + failure.message());
  const std::filesystem::path folder = path.parent_path();
  ManifestPlace place{path, folder, folder.parent_path(), backups};
  if (place.backups.empty()) place.backups = folder.parent_path() / "irsa-backup";
  if (isInside(place.backups, folder)) {
    return base::invalid(place.backups + " lies inside " + place.folder +
                         ": the kubelet would run a copy of the manifest that it finds there")
        .withHint("name another folder with --backup");
  }
  return place;
}

base::Result<std::string> keepPreImage(const ManifestPlace& place, std::string_view contents, std::string_view issuer,
                                       base::Time now, base::Files& files) {
  TRY(files.makeFolder(place.backups, 0700));
  std::string path = place.backups + "/" + namePrefix(place) + base::iso8601Basic(now) + "." +
                     text::hex(crypto::sha256(issuer)).substr(0, kHashLength);
  base::Result<void> created = files.create(path, contents, 0600);
  if (created) return path;
  if (created.error().kind != base::ErrorKind::AlreadyExists) return std::move(created).error();
  // Two patches within a second: the one before kept the same text, or this is not our file.
  const std::optional<base::FileInfo> info = TRY(files.info(path));
  const bool isPlain = info && !info->isFolder && !info->isSymbolicLink;
  if (!isPlain) return std::move(created).error();
  const std::string kept = TRY(files.read(path));
  if (kept != contents) return std::move(created).error();
  return path;
}

base::Result<std::string> newestPreImage(const ManifestPlace& place, const base::Files& files) {
  const std::optional<base::FileInfo> folder = TRY(files.info(place.backups));
  std::vector<std::string> names;
  if (folder) names = TRY(files.list(place.backups));
  std::string newest;  // names are sorted, and the time follows the prefix
  for (const std::string& name : names) {
    if (name.starts_with(namePrefix(place))) newest = name;
  }
  if (newest.empty()) {
    return base::notFound(place.backups + " holds no pre-image of " + place.path)
        .withHint("name the folder that irsa apiserver patch used with --backup");
  }
  return place.backups + "/" + newest;
}

}  // namespace cli
