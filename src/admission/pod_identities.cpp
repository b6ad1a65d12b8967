#include "admission/pod_identities.h"

#include "kube/member_name.h"
#include "text/json_reader.h"

namespace admission {
namespace {

// A string, or a null that leaves `out` alone.
void readText(text::JsonReader& json, std::string& out) {
  if (!json.null()) out = json.string();
}

std::string readKey(text::JsonReader& json) {
  std::string nameSpace, account;
  if (!json.null())
    json.object([&](std::string_view name) {
      if (kube::isNameOf(name, "namespace")) return readText(json, nameSpace);
      if (kube::isNameOf(name, "serviceAccount")) return readText(json, account);
      json.skip();
    });
  return nameSpace + "/" + account;
}

}  // namespace

base::Result<PodIdentities> PodIdentities::read(std::string_view file) {
  PodIdentities identities;
  if (file.empty()) return identities;
  text::JsonReader json;
  json.open(file);
  if (!json.null())
    json.object([&](std::string_view name) {
      if (!kube::isNameOf(name, "identities")) return json.skip();
      identities.keys_.clear();  // of several the last counts
      if (!json.null()) json.array([&] { identities.keys_.insert(readKey(json)); });
    });
  if (!json.finish()) return json.error();
  return identities;
}

}  // namespace admission
