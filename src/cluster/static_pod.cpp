// The manifest that the kubelet runs, on any distribution: the last resort, since whatever wrote it writes it anew.
#include "cluster/api_server_manifest.h"
#include "cluster/flavour.h"
#include "cluster/object.h"

namespace cluster {
namespace {

// Whoever made the manifest keeps the cluster's authority and its keys together, wherever that is.
std::string keysFolder(const std::vector<LocatedFlag>& flags) {
  const std::vector<Located> authorities = valuesOf(flags, "client-ca-file");
  const std::string authority = authorities.empty() ? "" : authorities.back().value;
  return authority.starts_with('/') ? authority.substr(0, authority.rfind('/') + 1) : std::string(kKubeadmKeys);
}

bool recognises(const text::YamlText& file) { return containerOf(file) ? true : false; }

base::Result<Survey> survey(const Sources& sources, std::string_view) {
  const text::YamlText manifest = TRY(text::YamlText::parse(sources.file));
  const std::vector<LocatedFlag> flags = TRY(locateFlags(manifest));
  Survey seen;
  seen.issuers = valuesOf(flags, kIssuerFlag);
  seen.audiences = valuesOf(flags, kAudiencesFlag);
  seen.keyFiles = valuesOf(flags, "service-account-key-file");
  seen.signingKeys = valuesOf(flags, "service-account-signing-key-file");
  seen.jwksUris = valuesOf(flags, "service-account-jwks-uri");
  seen.ownKeys = keysFolder(flags);
  return seen;
}

base::Result<Edit> edit(const Sources& sources, const IssuerWish& wish) {
  text::YamlText manifest = TRY(text::YamlText::parse(sources.file));
  TRY(arrangeIssuers(manifest, wish));
  const std::vector<LocatedFlag> flags = TRY(locateFlags(manifest));
  Edit edit{{manifest.text(), ""}, audienceWarnings(valuesOf(valuesOf(flags, kAudiencesFlag)), wish.issuer), {}};
  edit.steps = {
      "rename it into the manifests folder of one control-plane node after the other; wait for /readyz between"};
  return edit;
}

}  // namespace

Flavour staticPod() {
  return {.name = "static-pod",
          .title = "a static pod's manifest",
          .file = "/etc/kubernetes/manifests/kube-apiserver.yaml",
          .contents = "the Pod that the kubelet runs on each control-plane node",
          .hasPatch = false,
          .upgrades = "nothing: whatever wrote the manifest (kubeadm, EKS Anywhere) writes it anew",
          .recognises = recognises,
          .survey = survey,
          .edit = edit};
}

}  // namespace cluster
