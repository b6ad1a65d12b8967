#include "load/oracle.h"

#include "support/json_patch.h"
#include "text/encoding.h"

namespace load {
namespace {

using text::Json;

constexpr std::string_view kPlace = "<the uid>";

std::string valueOf(const Json& container, std::string_view variable) {
  for (const Json& entry : text::at(container, "env"))
    if (text::stringAt(entry, "name") == variable) return text::stringAt(entry, "value");
  return "";
}

const Json& named(const Json& list, std::string_view name) {
  static const Json kNone;
  for (const Json& item : list)
    if (text::stringAt(item, "name") == name) return item;
  return kNone;
}

// Looks at every container of the patched pod.
std::string look(const Json& pod, Verdict& verdict) {
  const Json& spec = text::at(pod, "spec");
  bool isFirst = true;
  for (const char* list : {"containers", "initContainers"})
    for (const Json& container : text::at(spec, list)) {
      const std::string role = valueOf(container, "AWS_ROLE_ARN"),
                        file = valueOf(container, "AWS_WEB_IDENTITY_TOKEN_FILE");
      const std::string mount =
          text::stringAt(named(text::at(container, "volumeMounts"), "aws-iam-token"), "mountPath");
      const std::string where = std::string(list) + " " + text::stringAt(container, "name");
      if (!isFirst && role != verdict.role) return where + " has another role than the others";
      if (role.empty() != file.empty() || role.empty() != mount.empty()) return where + " has half of an injection";
      if (!file.empty() && file != mount + "/token") return where + " looks for its token where it is not mounted";
      verdict.role = role;
      isFirst = false;
    }
  const Json& volume = named(text::at(spec, "volumes"), "aws-iam-token");
  if (volume.is_null()) return verdict.role.empty() ? "" : "there is no volume with the token";
  const Json& sources = text::at(text::at(volume, "projected"), "sources");
  if (!sources.is_array() || sources.size() != 1) return "the volume has no source";
  verdict.audience = text::stringAt(text::at(sources[0], "serviceAccountToken"), "audience");
  return "";
}

Verdict judgeAnew(const Case& asked, const std::string& answer) {
  Verdict verdict;
  auto wrong = [&](std::string why) {
    verdict.wrong = std::move(why);
    return verdict;
  };
  const base::Result<Json> review = text::parseJson(answer);
  if (!review) return wrong("the answer is no JSON");
  const Json& response = text::at(*review, "response");
  if (text::stringAt(*review, "kind") != "AdmissionReview") return wrong("the answer is no AdmissionReview");
  if (text::stringAt(response, "uid") != kPlace) return wrong("the answer is to another review");
  if (text::at(response, "allowed") != Json(true)) return wrong("the pod is refused");
  Json pod = asked.pod;
  if (response.contains("patch")) {
    const base::Result<std::string> patch = text::decodeBase64(text::stringAt(response, "patch"));
    if (!patch || text::stringAt(response, "patchType") != "JSONPatch") return wrong("the patch is none");
    base::Result<Json> patched = support::applyPatch(std::move(pod), *patch);
    if (!patched) return wrong("the patch does not apply: " + patched.error().message);
    pod = std::move(*patched);
  }
  if (std::string why = look(pod, verdict); !why.empty()) return wrong(std::move(why));
  if (!asked.role || *asked.role == verdict.role) return verdict;
  return wrong(verdict.role.empty() ? "the pod is not injected" : "the pod gets the role " + verdict.role);
}

}  // namespace

base::Result<Oracle> Oracle::read(const std::string& file) {
  const Json list = TRY(text::parseJson(file));
  Oracle oracle;
  for (const Json& given : list) {
    Json review = text::at(given, "review");
    review["request"]["uid"] = kPlace;
    const std::string body = text::compact(review);
    const std::size_t place = body.find(kPlace);
    Case& made = oracle.cases_.emplace_back();
    made.before = body.substr(0, place);
    made.after = body.substr(place + kPlace.size());
    made.pod = review["request"]["object"];
    if (const Json& role = text::at(given, "role"); role.is_string()) made.role = role.get<std::string>();
  }
  if (oracle.cases_.empty()) return base::invalid("there is no case");
  return oracle;
}

const Verdict& Oracle::judge(std::size_t index, const std::string& uid, const std::string& answer) {
  std::string key = answer;
  if (const std::size_t place = key.find(uid); place != std::string::npos) key.replace(place, uid.size(), kPlace);
  auto [known, isNew] = known_.try_emplace(std::to_string(index) + " " + key);
  if (isNew) known->second = judgeAnew(cases_[index], key);
  return known->second;
}

}  // namespace load
