#include "admission/patch_check.h"

#include <charconv>

#include "text/json_reader.h"

namespace admission {
namespace {

using Kind = text::JsonReader::Kind;

struct Operation {
  std::string_view name, path;
  Kind value = Kind::Failed;
  int members = 0;
};

Operation readOperation(text::JsonReader& json) {
  Operation operation;
  json.object([&](std::string_view key) {
    ++operation.members;
    if (key == "op") {
      operation.name = json.string();
    } else if (key == "path") {
      operation.path = json.string();
    } else if (key == "value") {
      operation.value = json.peek();
      json.skip();
    } else {
      json.refuse("a member that no operation has");
    }
  });
  return operation;
}

bool passPrefix(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return true;
}

// Takes /NUMBER off the path; null when there is none, or no such container.
const kube::Container* takeContainer(std::string_view& path, const std::vector<kube::Container>& containers) {
  std::size_t index = 0;
  if (!passPrefix(path, "/")) return nullptr;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), index);
  if (error != std::errc() || index >= containers.size()) return nullptr;
  path.remove_prefix(std::size_t(end - path.data()));
  return &containers[index];
}

// "" brings the list, `place` adds one to it.
bool fitsList(std::string_view rest, std::string_view place, bool isThere, Kind value) {
  return isThere ? rest == place && value == Kind::Object : rest.empty() && value == Kind::Array;
}

bool fitsContainer(std::string_view path, const std::vector<kube::Container>& containers, const Operation& operation) {
  const kube::Container* container = takeContainer(path, containers);
  if (!container) return false;
  if (operation.name == "replace") return path.empty() && container->isNull && operation.value == Kind::Object;
  if (passPrefix(path, "/env")) return fitsList(path, "/-", container->env.present, operation.value);
  return passPrefix(path, "/volumeMounts") && fitsList(path, "/-", container->mounts.present, operation.value);
}

bool fits(const Operation& operation, const kube::Review& pod) {
  std::string_view path = operation.path;
  if (operation.members != 3 || (operation.name != "add" && operation.name != "replace")) return false;
  if (passPrefix(path, "/spec/initContainers")) return fitsContainer(path, pod.initContainers, operation);
  if (passPrefix(path, "/spec/containers") && !path.empty()) return fitsContainer(path, pod.containers, operation);
  if (operation.name != "add") return false;
  if (operation.path == "/spec/containers") return !pod.hasContainers && operation.value == Kind::Array;
  if (passPrefix(path, "/spec/volumes")) return fitsList(path, "/0", pod.hasVolumes, operation.value);
  if (!passPrefix(path, "/metadata/labels")) return false;
  return pod.hasLabels ? path == "/eks.amazonaws.com~1pod-identity" && operation.value == Kind::String
                       : path.empty() && operation.value == Kind::Object;
}

}  // namespace

bool isSoundPatch(std::string_view patch, const kube::Review& pod) {
  text::JsonReader json;
  json.open(patch);
  std::string_view before;
  json.array([&] {
    const Operation operation = readOperation(json);
    const bool isAgain = operation.path == before && !before.ends_with("/-");  // a list that was brought is lost
    if (!json.failed() && (isAgain || !fits(operation, pod))) json.refuse("an operation that does not fit the pod");
    before = operation.path;
  });
  return json.finish();
}

}  // namespace admission
