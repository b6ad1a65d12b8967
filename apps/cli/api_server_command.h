// `irsa apiserver patch` and `irsa apiserver rollback`: the issuer flag of a kubeadm static pod, on the node itself, or
// on several nodes one after the other.
#pragma once
#include <string>
#include <vector>

#include "console.h"
#include "nodes.h"

namespace cli {

// A step of a key's rotation, as irsa keys rotate has it done on each node.
struct KeyOptions {
  std::string step = {};  // introduce, promote, retire; empty: none
  std::string kid = {}, name = {};
  std::string file = {};  // introduce: the private key; - is standard input
  std::string sent = {};  // introduce on nodes: the private key itself, which goes there on standard input; secret
  bool isAlone = false;   // promote: verify with this key only
};

struct ApiServerOptions {
  CommonOptions common;
  std::string manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
  std::string issuer;            // patch: empty means the one of irsa.yaml
  bool allowsPort = false;       // patch: in the issuer, as Ceph takes it
  bool issuerIsChecked = false;  // patch: it is that of irsa.yaml, or one that signs already
  ClusterChoice cluster;
  std::string backupFolder;  // empty: irsa-backup beside the manifests folder
  bool singleNode = false;   // patch: the user vouches that there is one control-plane node
  std::string phase = "switch";
  std::string former;  // the issuer that signs now; empty: what the manifest says
  std::string root;    // where the node's /etc and /var lie; empty: here
  Nodes nodes;         // where to do it; none: here
  KeyOptions key;      // patch: instead of the issuer
};

// Brings the manifest to the phase and waits until the API server is ready with it; else the old manifest is put back.
// Twice is once.
int runApiServerPatch(const ApiServerOptions& options);

// Puts the newest pre-image back, if the manifest is still as `patch` left it, and waits likewise. Refuses one whose
// issuers are not those of the other API servers: tokens of the ones would be refused by the others.
int runApiServerRollback(const ApiServerOptions& options);

}  // namespace cli
