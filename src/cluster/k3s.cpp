// k3s's configuration file. It also takes what RKE2 would write, where nothing tells them apart.
#include "cluster/rancher_arguments.h"

namespace cluster {
namespace {

bool recognises(const text::YamlText& file) { return hasRancherArguments(file); }

base::Result<Survey> survey(const Sources& sources, std::string_view) { return surveyRancher(sources, "k3s"); }

base::Result<Edit> edit(const Sources& sources, const IssuerWish& wish) { return editRancher(sources, wish, "k3s"); }

}  // namespace

Flavour k3s() {
  return {.name = "k3s",
          .title = "k3s",
          .file = "/etc/rancher/k3s/config.yaml",
          .contents = "the configuration of each server; a drop-in of config.yaml.d works too",
          .hasPatch = false,
          .hasDropIns = true,
          .upgrades = "the configuration file",
          .recognises = recognises,
          .survey = survey,
          .edit = edit};
}

}  // namespace cluster
