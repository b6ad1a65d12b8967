#include "setup/webhook_program.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "admission/go_values.h"
#include "admission/settings.h"
#include "setup/webhook_objects.h"

namespace setup {
namespace {

using text::Json;

constexpr std::array<int, 3> kLastWithV1beta1Only{0, 6, 17};

const Json& firstContainer(const Json& podSpec) {
  static const Json kNone;
  const Json& containers = text::at(podSpec, "containers");
  return containers.is_array() && !containers.empty() ? containers.front() : kNone;
}

WebhookProgram::Maker makerOf(const WebhookProgram& program) {
  if (program.image.find("pod-identity-webhook") != std::string::npos) return WebhookProgram::Maker::Aws;
  const bool isOurs = program.image.find("irsa-anywhere") != std::string::npos ||
                      (!program.words.empty() && program.words.front() == "/" + std::string(kWebhookName));
  return isOurs ? WebhookProgram::Maker::Ours : WebhookProgram::Maker::Unknown;
}

// The Secret of the volume that is mounted where the certificate is read.
std::string mountedSecret(const WebhookProgram& program, const Json& podSpec) {
  const std::string file = program.flag("tls-cert").value_or("/etc/webhook/certs/tls.crt");
  for (const Json& mount : text::at(firstContainer(podSpec), "volumeMounts")) {
    const std::string folder = text::stringAt(mount, "mountPath") + "/";
    if (!admission::joinPath("", file).starts_with(admission::joinPath("", folder) + "/")) continue;
    for (const Json& volume : text::at(podSpec, "volumes"))
      if (text::stringAt(volume, "name") == text::stringAt(mount, "name"))
        return text::stringAt(text::at(volume, "secret"), "secretName");
  }
  return "";
}

std::string secretOf(const WebhookProgram& program, const Json& podSpec) {
  if (program.makesCertificate() || program.asksRemovedSigner())
    return program.flag("tls-secret").value_or("pod-identity-webhook");
  return mountedSecret(program, podSpec);
}

WebhookProgram programOf(const Json& deployment) {
  const Json& metadata = text::at(deployment, "metadata");
  const Json& spec = text::at(deployment, "spec");
  const Json& pod = text::at(spec, "template");
  const Json& podSpec = text::at(pod, "spec");
  const Json& container = firstContainer(podSpec);
  WebhookProgram program{.nameSpace = text::stringAt(metadata, "namespace"),
                         .name = text::stringAt(metadata, "name"),
                         .image = text::stringAt(container, "image"),
                         .pullPolicy = text::stringAt(container, "imagePullPolicy"),
                         .words = {},
                         .podLabels = kube::labelsOf(pod),
                         .replicas = text::intAt(spec, "replicas", 1),
                         .readyReplicas = text::intAt(text::at(deployment, "status"), "readyReplicas"),
                         .secret = {}};
  for (const char* list : {"command", "args"})
    for (const Json& word : text::at(container, list))
      if (word.is_string()) program.words.push_back(word);
  program.maker = makerOf(program);
  program.secret = secretOf(program, podSpec);
  return program;
}

// v0.6.17, 0.6.17: three numbers. Absent for everything else.
std::optional<std::array<int, 3>> versionIn(std::string_view image) {
  if (image.find('@') != std::string_view::npos) image = image.substr(0, image.find('@'));
  const std::size_t colon = image.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view tag = image.substr(colon + 1);
  if (tag.starts_with('v')) tag.remove_prefix(1);
  std::array<int, 3> version{};
  for (std::size_t i = 0; i < version.size(); ++i) {
    auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), version[i]);
    if (error != std::errc()) return std::nullopt;
    tag.remove_prefix(std::size_t(end - tag.data()));
    if (i + 1 < version.size() && !tag.starts_with('.')) return std::nullopt;
    if (i + 1 < version.size()) tag.remove_prefix(1);
  }
  return version;
}

}  // namespace

std::optional<std::string> WebhookProgram::flag(std::string_view asked) const {
  const std::string whole = "--" + std::string(asked);
  std::optional<std::string> value;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with(whole + "=")) value = words[i].substr(whole.size() + 1);
    if (words[i] == whole && i + 1 < words.size()) value = words[i + 1];
  }
  return value;
}

bool WebhookProgram::isOn(std::string_view asked, bool usually) const {
  const std::string whole = "--" + std::string(asked);
  for (const std::string& word : words) {
    if (word == whole) usually = true;
    if (word.starts_with(whole + "="))
      usually = admission::parseGoBool(word.substr(whole.size() + 1)).value_or(usually);
  }
  return usually;
}

bool WebhookProgram::asksRemovedSigner() const { return maker == Maker::Aws && isOn("in-cluster", true); }

bool WebhookProgram::knowsOnlyV1beta1() const {
  const auto version = versionIn(image);
  return maker == Maker::Aws && version && *version <= kLastWithV1beta1Only;
}

std::vector<WebhookProgram> programsBehind(const Json& service, const std::vector<Json>& deployments) {
  std::vector<WebhookProgram> found;
  const Json selector = {{"matchLabels", text::at(text::at(service, "spec"), "selector")}};
  if (kube::labelsIn(selector["matchLabels"]).empty()) return found;
  for (const Json& deployment : deployments)
    if (kube::selects(selector, kube::labelsOf(text::at(text::at(deployment, "spec"), "template"))))
      found.push_back(programOf(deployment));
  return found;
}

}  // namespace setup
