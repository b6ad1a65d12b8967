#include "webhook/mapping_feed.h"

#include "text/uri.h"

namespace webhook {

MappingFeed::MappingFeed(const admission::Settings& settings, Loops& loops, const admission::Log& log)
    : settings_(settings), loops_(loops), log_(log), health_("ConfigMaps", log) {}

kube::Selection MappingFeed::selection(const std::string& nameSpace) {
  kube::Selection selection;
  selection.path = "/api/v1/namespaces/" + text::percentEncode(nameSpace) +
                   "/configmaps?fieldSelector=metadata.name%3Dpod-identity-webhook";
  selection.noun = "ConfigMaps";
  selection.keepsAnnotation = [](std::string_view) { return false; };
  selection.dataKey = "config";
  return selection;
}

kube::ObjectObserver MappingFeed::observer() {
  return {.listBegins = [this] { isThere_ = false; },
          .listEnds =
              [this] {
                if (!isThere_) post({});
              },
          .settled = [] {},
          .put =
              [this](const kube::Object& configMap, bool) {
                isThere_ = true;
                take(configMap.data);
              },
          .remove = [this](const kube::Object&) { post({}); },
          .stateChanged = [this](const kube::ReflectorState& state) { health_.stateChanged(state); }};
}

void MappingFeed::take(const std::string& config) {
  std::vector<std::string> faults;
  base::Result<admission::Mapping> mapping = admission::Mapping::read(config, settings_, faults);
  for (const std::string& fault : faults)
    log_.write(admission::Level::Error, "an entry of ConfigMap pod-identity-webhook was left out", {{"why", fault}});
  if (!mapping)
    log_.write(admission::Level::Error, "failed to unmarshal new config: ConfigMap pod-identity-webhook is not changed",
               {{"why", mapping.error().message}});
  if (mapping)
    post(std::move(*mapping));
  else if (!synced_)
    post({});
}

void MappingFeed::post(admission::Mapping mapping) {
  auto shared = std::make_shared<const admission::Mapping>(std::move(mapping));
  loops_.post([shared](admission::IdentitySources& sources) { sources.mapping = shared; });
  synced_ = true;
}

}  // namespace webhook
