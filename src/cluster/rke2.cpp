// RKE2's configuration file. Its own keys tell it from that of k3s.
#include "cluster/rancher_arguments.h"

namespace cluster {
namespace {

bool isRke2(const text::YamlText& file) {
  return hasRancherArguments(file) && (file.find(0, {"cni"}) || file.find(0, {"profile"}));
}

base::Result<Survey> surveyRke2(const Sources& sources, std::string_view) { return surveyRancher(sources, "rke2"); }

base::Result<Edit> editRke2(const Sources& sources, const IssuerWish& wish) {
  return editRancher(sources, wish, "rke2");
}

}  // namespace

Flavour rke2() {
  return {.name = "rke2",
          .title = "RKE2",
          .file = "/etc/rancher/rke2/config.yaml",
          .contents = "the configuration of each server; a drop-in of config.yaml.d works too",
          .hasPatch = false,
          .hasDropIns = true,
          .upgrades = "the configuration file",
          .recognises = isRke2,
          .survey = surveyRke2,
          .edit = editRke2};
}

}  // namespace cluster
