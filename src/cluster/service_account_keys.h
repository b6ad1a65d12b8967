// The files of service account keys in static-pod manifests: with which kube-apiserver verifies and signs, and with
// which kube-controller-manager signs the tokens of Secrets. Edits are splices, as in api_server_manifest.h.
//
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ (--service-account-key-file,
// several;
// --service-account-signing-key-file, one)
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
// (--service-account-private-key-file)
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cluster {

struct ServiceAccountKeys {
  std::vector<std::string> verifying;  // in their order
  std::string signing;                 // empty: an external signer has it
};

// Of a kube-apiserver. Invalid when the manifest is none, or when the signing key is set twice.
base::Result<ServiceAccountKeys> readServiceAccountKeys(std::string_view manifest);

// Each of these is at once: asked twice, the second changes nothing.
base::Result<std::string> addVerifyingKey(std::string_view manifest, const std::string& file);
// Refuses (Invalid) to take the last one.
base::Result<std::string> removeVerifyingKey(std::string_view manifest, const std::string& file);
base::Result<std::string> setSigningKey(std::string_view manifest, const std::string& file);
// Of a kube-controller-manager. As it is when it has no such flag: then it makes no tokens.
base::Result<std::string> setControllerKey(std::string_view manifest, const std::string& file);

}  // namespace cluster
