// What each distribution of Kubernetes calls the API server's issuers, and where: one file a flavour, all of them pure.
// A flavour reads and edits the file that its owner keeps, so that the next upgrade keeps the issuer too; edits change
// the user's own bytes (text/yaml_text.h), and twice is once.
//
// No flavour writes a private key, nor an audience of AWS STS; audiences that are set get the new issuer beside the
// old.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/issuer.h"
#include "text/finding.h"
#include "text/yaml_text.h"

namespace cluster {

// The name of the patch that kubeadm applies to the API server's manifest when it writes it. kubeadm's arguments can't
// hold an issuer twice: as a map they have one value, and as a list they were sorted by value until January 2026
// (kubeadm issue 3261), so the alphabet decided who signs. The patch appends, so it comes second.
inline constexpr std::string_view kPatchFile = "kube-apiserver-irsa+json.yaml";
inline constexpr std::string_view kPatchFolder =
    "/etc/kubernetes/patches";  // on the nodes, unless the file says another

// Where kubeadm keeps what a control plane runs with: the keys, and the manifests of static pods, of which the kubelet
// runs every file.
inline constexpr std::string_view kKubeadmKeys = "/etc/kubernetes/pki/";
inline constexpr std::string_view kStaticPodFolder = "/etc/kubernetes/manifests/";

// A file beside the one that is edited.
struct NamedFile {
  std::string name;  // as people are to be told of it
  std::string contents;
};

struct Sources {
  std::string file;   // the owner's own
  std::string patch;  // kubeadm and kind: kPatchFile's contents; empty: there is none
  // What is read with `file`, in this order, and never edited. k3s and RKE2: the drop-ins before and behind it. kubeadm
  // and kind: the other files of the folder of patches, behind it.
  std::vector<NamedFile> earlier = {}, later = {};
  std::string patchName = std::string(kPatchFile);  // as people are to be told of it
};

// What a file says about issuers, with places, and the findings that only its flavour can tell (without their `place`).
struct Survey {
  std::vector<Located> issuers;    // as the API server gets them: the first signs
  bool beginsWithDefault = false;  // the first of them is the distribution's default, written nowhere in the file
  std::vector<Located> audiences;  // empty: those of the issuers
  std::vector<Located> keyFiles, signingKeys;
  std::vector<Located> jwksUris;  // of which the last counts
  std::string ownKeys;            // the folder in which the distribution keeps its own keys; empty: not known
  text::Findings findings;
};

// With the former issuer that `wish` names in place of a default that the file does not write.
base::Result<Survey> withFormer(Survey seen, const IssuerWish& wish);

struct Edit {
  Sources sources;                    // afterwards
  std::vector<std::string> warnings;  // sentences
  std::vector<std::string> steps;     // what brings it into force, one command or sentence each
};

struct Flavour {
  std::string_view name;      // what --for takes
  std::string_view title;     // for people
  std::string_view file;      // where it lies on a node; empty: the user keeps it
  std::string_view contents;  // what the file holds, and how to get it
  bool hasPatch;              // whether Sources::patch is used, and the patches of others
  bool hasDropIns = false;    // whether other files are read with this one
  std::string_view upgrades;  // what keeps the issuer when the distribution is upgraded

  bool (*recognises)(const text::YamlText& file);
  // `version` as in IssuerWish. Invalid, with line and column, when the file has not the flavour's shape.
  base::Result<Survey> (*survey)(const Sources& sources, std::string_view version);
  // Refuses (Invalid, with a finding's code) what the flavour can't express.
  base::Result<Edit> (*edit)(const Sources& sources, const IssuerWish& wish);
};

// What an edit leaves to be looked at, whichever the flavour (issuer.h, jwksUriWarnings()).
std::vector<std::string> leftWarnings(const Flavour& flavour, const Sources& before, const Edit& edit,
                                      std::string_view version);

// A folder that is written down, with a slash behind it; `usual` where none is.
std::string folderOr(const std::string& written, std::string_view usual);

// Whether the kubelet would run what lies at `path`, or in it, as a pod; and KEY_IN_MANIFESTS about a key that does.
bool isInStaticPodFolder(std::string_view path);
text::Finding keyAmongManifests(const Located& path);

std::span<const Flavour> flavours();
const Flavour* flavourNamed(std::string_view name);    // null when there is none
const Flavour* flavourOf(const text::YamlText& file);  // null when none recognises it
bool isArgumentFile(std::string_view text);            // MicroK8s': its first line that says something is a flag

// One factory a file.
Flavour staticPod();
Flavour kubeadm();
Flavour clusterApi();
Flavour kind();
Flavour eksAnywhere();
Flavour k3s();
Flavour rke2();
Flavour talos();
Flavour microK8s();
Flavour openShift();
Flavour kops();
Flavour gardener();

}  // namespace cluster
