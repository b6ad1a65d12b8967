// Admission reviews: read, the pod injected both ways, answered.
// Covers: src/kube/admission_review.cpp src/admission/mutate.cpp
#include "kube/admission_review.h"

#include <algorithm>
#include <string>

#include "admission/mutate.h"
#include "fuzz/support/json_mutator.h"
#include "fuzz/target.h"
#include "kube/member_name.h"
#include "support/injected_pod.h"
#include "support/json_patch.h"
#include "text/encoding.h"
#include "text/json.h"

namespace {

using fuzz::require;
using text::Json;

enum class Way { WebIdentity, ContainerCredentials };

const admission::Settings& settingsOf(std::string_view body) {
  static const admission::Settings plain;
  static const admission::Settings regional = [] {
    admission::Settings settings;
    settings.defaultRegion = "eu-west-1";
    return settings;
  }();
  return body.size() % 2 == 0 ? plain : regional;
}

// A role that must be escaped, and none that is one.
admission::Identity identityFor(std::string_view body) {
  if (body.size() % 2 == 0) return {"arn:aws:iam::111122223333:role/r", "sts.amazonaws.com", 3600, true};
  return {"<\"role\\\n\xe2\x80\xa8>", "", admission::kMaxExpiration, false, {"advice"}};
}

bool inject(admission::Mutator& mutator, Way way, const kube::Review& pod, const admission::Identity& identity) {
  return way == Way::WebIdentity ? mutator.injectWebIdentity(pod, identity)
                                 : mutator.injectContainerCredentials(pod, identity);
}

// Names are spelt as Kubernetes writes them: a patch names members to the letter.
bool isSpeltRight(const Json& json) {
  static constexpr std::string_view kNames[] = {"spec",    "metadata",       "kind",      "annotations",
                                                "name",    "generateName",   "labels",    "containers",
                                                "volumes", "initContainers", "projected", "nodeSelector",
                                                "env",     "volumeMounts",   "mountPath", "serviceAccountName"};
  if (!json.is_structured()) return true;
  for (const auto& [name, value] : json.items()) {
    if (!isSpeltRight(value)) return false;
    for (std::string_view known : kNames)
      if (json.is_object() && name != known && kube::isNameOf(name, known)) return false;
  }
  return true;
}

// A null pod if it is none that an API server sends: its objects have metadata and a spec, and say nothing twice.
Json podOf(std::string_view body) {
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  const base::Result<Json> review = text::parseJson(body);
  if (!review) return nullptr;
  const Json& pod = text::at(text::at(*review, "request"), "object");
  const bool isWhole = text::at(pod, "metadata").is_object() && text::at(pod, "spec").is_object();
  return isWhole && isSpeltRight(pod) ? pod : nullptr;
}

void requireSameList(const kube::Review& review, const std::vector<kube::Container>& list, const Json& expected) {
  require(list.size() == expected.size(), "a list has as many containers");
  for (std::size_t i = 0; i < list.size(); ++i) {
    require(list[i].isNull == expected[i].is_null(), "a null in place of a container is seen");
    require(list[i].name == text::stringAt(expected[i], "name"), "a container has its name");
    const Json &env = text::at(expected[i], "env"), &mounts = text::at(expected[i], "volumeMounts");
    require(list[i].env.present == env.is_array() && list[i].mounts.present == mounts.is_array(), "an array is there");
    require(review.envOf(list[i]).size() == env.size() && review.mountsOf(list[i]).size() == mounts.size(),
            "arrays are as long");
    for (std::size_t k = 0; k < env.size(); ++k)
      require(review.envOf(list[i])[k] == text::stringAt(env[k], "name"), "a variable has its name");
    for (std::size_t k = 0; k < mounts.size(); ++k) {
      require(review.mountsOf(list[i])[k].name == text::stringAt(mounts[k], "name"), "a mount has its name");
      require(review.mountsOf(list[i])[k].mountPath == text::stringAt(mounts[k], "mountPath"), "a mount has its path");
    }
  }
}

// What the pull reader found is what the document says.
void requireSame(const kube::Review& review, const Json& pod) {
  const Json &metadata = pod["metadata"], &spec = pod["spec"];
  require(review.hasObject && review.name == text::stringAt(metadata, "name"), "a pod has its name");
  require(review.serviceAccountName == text::stringAt(spec, "serviceAccountName"), "a pod has its service account");
  require(review.hasLabels == text::at(metadata, "labels").is_object(), "labels are there");
  require(review.podIdentityLabel == text::stringAt(text::at(metadata, "labels"), "eks.amazonaws.com/pod-identity"),
          "a label has its value");
  require(review.os == text::stringAt(text::at(spec, "nodeSelector"), "kubernetes.io/os"), "a pod has its system");
  const std::string_view* skip = review.annotation("skip-containers");
  require((skip ? *skip : "") == text::stringAt(text::at(metadata, "annotations"), "eks.amazonaws.com/skip-containers"),
          "an annotation has its value");
  const Json& volumes = text::at(spec, "volumes");
  require(review.hasVolumes == volumes.is_array() && review.volumes.size() == volumes.size(), "volumes are as many");
  for (std::size_t i = 0; i < volumes.size(); ++i)
    require(review.volumes[i].name == text::stringAt(volumes[i], "name"), "a volume has its name");
  requireSameList(review, review.containers, text::at(spec, "containers"));
  requireSameList(review, review.initContainers, text::at(spec, "initContainers"));
}

// The patch applies, adds and changes nothing else, and leaves nothing to be done.
void requireGoodPatch(const Json& pod, const admission::Mutator& first, Way way, std::string_view body) {
  base::Result<Json> patched = support::applyPatch(pod, first.patch());
  require(bool(patched), "a patch applies", patched ? "" : patched.error().message);
  const std::string again = "{\"request\":{\"object\":" + text::compact(*patched) + "}}";
  require(support::withoutAdditions(std::move(*patched), pod) == pod, "a patch leaves everything else as it was",
          first.patch());
  kube::ReviewReader reader("eks.amazonaws.com/");
  require(reader.read(again), "a patched pod can be read", again);
  admission::Mutator second(settingsOf(body), [](std::size_t count) { return std::string(count, '\xff'); });
  require(!inject(second, way, reader.review(), identityFor(body)), "a second pass finds nothing to do",
          second.patch());
}

void requireGoodAnswer(const kube::Review& review, const admission::Mutator& mutator) {
  const std::pair<std::string_view, std::string_view> audit[] = {{"reason", "injected"}, {"role", "<&>"}};
  std::string answer;
  kube::appendAnswer(answer, {review.apiVersion, review.kind, review.uid, mutator.patch(), audit, mutator.warnings()});
  const base::Result<Json> json = text::parseJson(answer);
  require(bool(json), "an answer is JSON", answer);
  const Json& response = text::at(*json, "response");
  require(text::stringAt(*json, "kind") == review.kind && text::stringAt(*json, "apiVersion") == review.apiVersion &&
              text::stringAt(response, "uid") == review.uid,
          "an answer echoes what it answers", answer);
  require(text::at(response, "allowed") == true, "a pod is never refused", answer);
  const Json& warnings = text::at(response, "warnings");
  require(warnings.size() == mutator.warnings().size() &&
              std::equal(warnings.begin(), warnings.end(), mutator.warnings().begin()),
          "an answer has the warnings", answer);
  const base::Result<std::string> patch = text::decodeBase64(text::stringAt(response, "patch"));
  require(patch && *patch == mutator.patch(), "an answer has the patch", answer);
  require(text::stringAt(response, "patchType") == (patch->empty() ? "" : "JSONPatch"), "a patch has its type", answer);
}

void requireGoodInjection(const kube::Review& review, const Json& pod, Way way, std::string_view body) {
  admission::Mutator mutator(settingsOf(body), [](std::size_t count) { return std::string(count, '\0'); });
  const bool isChanged = inject(mutator, way, review, identityFor(body));
  require(isChanged == !mutator.patch().empty(), "there is a patch if something changes");
  requireGoodAnswer(review, mutator);
  if (!isChanged) return;
  if (pod.is_null())
    require(bool(text::parseJson(mutator.patch())), "a patch is JSON", mutator.patch());
  else
    requireGoodPatch(pod, mutator, way, body);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize,
                                               unsigned seed) {
  return fuzz::mutateJson(data, size, maxSize, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = fuzz::textOf(data, size);
  kube::ReviewReader reader("eks.amazonaws.com/");
  if (!reader.read(body)) return require(!reader.reason().empty(), "a refusal has a reason"), 0;
  const kube::Review& review = reader.review();
  const Json pod = podOf(body);
  if (!pod.is_null()) requireSame(review, pod);
  if (!review.hasObject) return 0;
  requireGoodInjection(review, pod, Way::WebIdentity, body);
  requireGoodInjection(review, pod, Way::ContainerCredentials, body);
  admission::Mutator mutator(settingsOf(body), [](std::size_t count) { return std::string(count, '\0'); });
  mutator.adviseOn(review, nullptr);
  require(mutator.patch().empty(), "advice is no patch");
  requireGoodAnswer(review, mutator);
  return 0;
}
