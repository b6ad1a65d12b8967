// What is wrong with the issuers, audiences, keys and volumes of an API server, told from the files that make it: each
// finding with line and column. Codes: docs/guide/distributions.md.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cluster/flavour.h"
#include "text/finding.h"

namespace cluster {

struct LintWish {
  const Flavour* flavour = nullptr;  // null: what the file looks like
  std::string issuer;                // the one that is to sign; empty: not known
  std::string version;               // as in IssuerWish
};

// `place` is the file's name in the findings. A text that is no YAML is looked through line by line, so that one broken
// line does not hide the rest.
text::Findings lintApiServer(std::string_view place, const Sources& sources, const LintWish& wish = {});

// One of the files of a folder from which the kubelet runs every file.
struct ManifestFile {
  std::string name;
  std::string contents;
};

// What only the folder as a whole shows: a second API server (BACKUP_IN_MANIFESTS), a private key (KEY_IN_MANIFESTS), a
// file where a volume wants a folder (VOLUME_NOT_A_FOLDER). `folder` is its path; nothing when no file is an API
// server.
text::Findings lintManifests(std::string_view folder, const std::vector<ManifestFile>& files);

}  // namespace cluster
