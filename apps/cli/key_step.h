// The node's part of a key's rotation: files of keys, and the manifests of kube-apiserver and kube-controller-manager
// that name them.
#pragma once
#include <string>

#include "base/result.h"
#include "console.h"
#include "ground.h"
#include "manifest_switch.h"
#include "migration/key_rotation.h"

namespace cli {

struct KeyStep {
  migration::RotationStep step = migration::RotationStep::Introduce;
  std::string kid = {};   // Introduce and Promote: of the new key; Retire: of the one that goes
  std::string name = {};  // Introduce: migration::keyName()
  std::string pem = {};   // Introduce: the private key; secret
  bool alone = false;     // Promote: verify with this key only, because the others are no longer trusted (emergency)
};

// Files first, each new and 0600 (`root` before every path), so that the API server finds what its flags name; a file
// that is there already must hold the same key. Then the edited manifest of the API server, its other flags untouched.
base::Result<ManifestSwitch> prepare(const KeyStep& step, const ManifestPlace& place, const std::string& root,
                                     base::Files& files);

// Promote: kube-controller-manager signs the tokens of Secrets, whose manifest lies beside. Keeps a pre-image. True
// when it was changed.
base::Result<bool> promoteController(const KeyStep& step, const ManifestPlace& server, const std::string& root,
                                     Ground& ground);

}  // namespace cli
