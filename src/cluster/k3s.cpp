// k3s's configuration file. It also takes what RKE2 would write, where nothing tells them apart.
#include "cluster/rancher_arguments.h"

namespace cluster {
namespace {

bool isK3s(const text::YamlText& file) { return hasRancherArguments(file); }

base::Result<Survey> surveyK3s(const Sources& sources, std::string_view) { return surveyRancher(sources, "k3s"); }

base::Result<Edit> editK3s(const Sources& sources, const IssuerWish& wish) { return editRancher(sources, wish, "k3s"); }

}  // namespace

Flavour k3s() {
  return {.name = "k3s",
          .title = "k3s",
          .file = "/etc/rancher/k3s/config.yaml",
          .contents = "the configuration of each server; a drop-in of config.yaml.d works too",
          .hasPatch = false,
          .hasDropIns = true,
          .upgrades = "the configuration file",
          .recognises = isK3s,
          .survey = surveyK3s,
          .edit = editK3s};
}

}  // namespace cluster
