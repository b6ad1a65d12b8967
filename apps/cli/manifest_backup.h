// Pre-images of a static-pod manifest, kept where the kubelet does not look: it runs every file of its manifests
// folder.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"

namespace cli {

inline constexpr std::uint32_t kManifestMode = 0600;

struct ManifestPlace {
  std::string path = {};    // absolute
  std::string folder = {};  // the kubelet's manifests folder
  std::string parent = {};  // where new contents are written before they are renamed in
  std::string backups = {};
};

// `backups` empty: irsa-backup beside the manifests folder. Invalid when the back-ups would lie inside that folder,
// when the manifest is a symbolic link, or when it is not there.
base::Result<ManifestPlace> placeOf(const std::string& manifest, const std::string& backups, const base::Files& files);

// Keeps `contents` as a new file (0600, folder 0700) named by manifest, time and issuer; returns its path.
base::Result<std::string> keepPreImage(const ManifestPlace& place, std::string_view contents, std::string_view issuer,
                                       base::Time now, base::Files& files);

// The path of the newest pre-image of this manifest; NotFound when there is none.
base::Result<std::string> newestPreImage(const ManifestPlace& place, const base::Files& files);

}  // namespace cli
