#include "admission/mutate.h"

#include <algorithm>
#include <span>

#include "admission/advice.h"
#include "admission/go_values.h"
#include "text/words.h"

namespace admission {
namespace {

constexpr std::string_view kStsVariable = "AWS_STS_REGIONAL_ENDPOINTS";
constexpr std::string_view kRegion = "AWS_REGION", kDefaultRegion = "AWS_DEFAULT_REGION";
constexpr std::size_t kWhole = std::string::npos;  // in place of an index: the list itself
constexpr std::size_t kLongestWarning = 256;       // bytes
constexpr std::size_t kMostOfOurs = 64;            // annotations of a pod that are looked at for mistakes
constexpr std::string_view kVolume = "aws-iam-token", kTokenPath = "token";

// Which of the variables a container has already; a name with valueFrom counts, envFrom doesn't.
struct Present {
  bool credentials = false, region = false, sts = false;
};

Present presentIn(std::span<const std::string_view> names, const Injection& injection) {
  Present present;
  for (std::string_view name : names) {
    if (!name.starts_with("AWS_")) continue;
    present.credentials |= name == injection.firstName || name == injection.secondName;
    present.region |= name == kRegion || name == kDefaultRegion;
    present.sts |= name == kStsVariable;
  }
  return present;
}

bool isWindows(const kube::Review& pod) { return pod.os == "windows" || pod.betaOs == "windows"; }

void appendField(std::string& out, std::string_view name, std::string_view value) {
  out.append("{\"name\":");
  kube::appendJsonString(out, name);
  out.append(",\"value\":");
  kube::appendJsonString(out, value);
  out += '}';
}

}  // namespace

Mutator::Mutator(const Settings& settings, base::RandomBytes random)
    : settings_(settings),
      random_(std::move(random)),
      tokenFile_(joinPath(settings.tokenMountPath, kTokenPath)),
      tokenFileWindows_(windowsPath(tokenFile_)),
      containerTokenFile_(joinPath(settings.containerCredentials.mountPath, settings.containerCredentials.tokenPath)),
      containerTokenFileWindows_(windowsPath(containerTokenFile_)) {}

bool Mutator::injectWebIdentity(const kube::Review& pod, const Identity& identity) {
  warnings_.clear();
  const bool done = build(pod, {.volume = kVolume,
                                .audience = identity.audience,
                                .tokenPath = kTokenPath,
                                .expiration = identity.expiration,
                                .mountPath = settings_.tokenMountPath,
                                .firstName = "AWS_ROLE_ARN",
                                .firstValue = identity.roleArn,
                                .secondName = "AWS_WEB_IDENTITY_TOKEN_FILE",
                                .secondValue = isWindows(pod) ? tokenFileWindows_ : tokenFile_,
                                .regionalSts = identity.regionalSts,
                                .region = settings_.defaultRegion});
  if (!isRoleArn(identity.roleArn))
    warn("the service account's role-arn \"" + identity.roleArn + "\" is no role ARN: AWS will refuse it");
  advise(pod, &identity);
  return done;
}

void Mutator::adviseOn(const kube::Review& pod, const Identity* identity) {
  patch_.clear();
  warnings_.clear();
  advise(pod, identity);
}

void Mutator::advise(const kube::Review& pod, const Identity* identity) {
  if (identity)
    for (const std::string& advice : identity->advice) warn(advice);
  for (const auto& [name, value] : std::span(pod.annotations).first(std::min(pod.annotations.size(), kMostOfOurs)))
    if (const std::string advice = adviceOnPod(name, settings_); !advice.empty()) warn(advice);
}

bool Mutator::injectContainerCredentials(const kube::Review& pod, const Identity& identity) {
  const ContainerCredentials& agent = settings_.containerCredentials;
  warnings_.clear();
  return build(pod, {.volume = agent.volumeName,
                     .audience = agent.audience,
                     .tokenPath = agent.tokenPath,
                     .expiration = identity.expiration,
                     .mountPath = agent.mountPath,
                     .firstName = "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                     .firstValue = agent.fullUri,
                     .secondName = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                     .secondValue = isWindows(pod) ? containerTokenFileWindows_ : containerTokenFile_,
                     .regionalSts = identity.regionalSts,
                     .region = settings_.defaultRegion,
                     .isPodIdentity = true});
}

bool Mutator::build(const kube::Review& pod, Injection injection) {
  constexpr std::size_t kKept = 1u << 20;  // bytes of memory
  if (patch_.capacity() > kKept) patch_ = {};
  patch_.clear();
  applyAnnotations(pod, injection);
  if (injection.isPodIdentity && injection.expiration == kMaxExpiration) injection.expiration = spread();
  if (injection.isPodIdentity && pod.podIdentityLabel != "enabled") addLabel(pod);
  addVolume(pod, injection);
  // Without containers there is nothing to add to; AWS's webhook leaves an empty list behind.
  if (!pod.hasContainers) beginOperation("containers", kWhole, "\",\"value\":[]}");
  addToContainers(pod, "containers", pod.containers, injection);
  addToContainers(pod, "initContainers", pod.initContainers, injection);
  if (patch_.empty()) return false;
  patch_ += ']';
  return true;
}

void Mutator::applyAnnotations(const kube::Review& pod, Injection& injection) {
  hasSkip_ = false;
  if (const std::string_view* seconds = pod.annotation("token-expiration")) {
    std::optional<std::int64_t> asked = parseGoInt(*seconds);
    if (asked) injection.expiration = std::max(*asked, kMinExpiration);
    if (!asked) warn("the annotation token-expiration \"" + std::string(*seconds) + "\" is no number and was ignored");
    if (asked && *asked < kMinExpiration) warn("the annotation token-expiration was raised to 600 seconds");
  }
  if (injection.expiration > kMaxExpiration)
    warn("token-expiration is above 86400 seconds: AWS STS refuses tokens that live longer than 24 hours");
  const std::string_view* skip = pod.annotation("skip-containers");
  if (!skip) return;
  hasSkip_ = skip_.read(*skip);
  if (!hasSkip_) return warn("the annotation skip-containers is no line of CSV: no container was skipped");
  checkSkipNames(pod);
}

// Uniform in [79200, 86400], as AWS's does it: pods that start together shall not renew together.
std::int64_t Mutator::spread() const {
  constexpr std::uint32_t kEarliest = 79200, kWidth = std::uint32_t(kMaxExpiration) - kEarliest + 1;
  std::uint32_t value = 0;
  for (char byte : random_(sizeof value)) value = value << 8 | static_cast<unsigned char>(byte);
  return kEarliest + std::int64_t(std::uint64_t(value) * kWidth >> 32);
}

void Mutator::checkSkipNames(const kube::Review& pod) {
  isKnown_.assign(skip_.size() + 1, false);
  for (const auto* list : {&pod.containers, &pod.initContainers})
    for (const kube::Container& container : *list) isKnown_[skip_.find(container.name)] = true;
  for (std::size_t i = 0; i < skip_.size(); ++i) {
    if (const std::size_t first = skip_.find(skip_.at(i)); first != i || isKnown_[first]) continue;
    warn("skip-containers names \"" + std::string(skip_.at(i)) + "\", which is no container of this pod");
  }
}

// Opens {"op":"OPERATION","path":"/spec/LIST[/INDEX]REST; `rest` closes the path and begins the value.
void Mutator::beginOperation(std::string_view list, std::size_t index, std::string_view rest,
                             std::string_view operation) {
  patch_ += patch_.empty() ? '[' : ',';
  patch_.append("{\"op\":\"").append(operation).append("\",\"path\":\"/spec/").append(list);
  if (index != kWhole) {
    patch_ += '/';
    patch_ += std::to_string(index);
  }
  patch_ += rest;
}

void Mutator::addLabel(const kube::Review& pod) {
  patch_ += pod.hasLabels
                ? R"([{"op":"add","path":"/metadata/labels/eks.amazonaws.com~1pod-identity","value":"enabled"})"
                : R"([{"op":"add","path":"/metadata/labels","value":{"eks.amazonaws.com/pod-identity":"enabled"}})";
}

void Mutator::addVolume(const kube::Review& pod, const Injection& injection) {
  for (const kube::Volume& volume : pod.volumes) {
    if (volume.name != injection.volume) continue;
    if (!volume.projected)
      warn("the pod has a volume named " + std::string(injection.volume) +
           " that holds no token: AWS SDKs will not find their credentials; give it another name");
    return;
  }
  beginOperation("volumes", kWhole, pod.hasVolumes ? "/0\",\"value\":" : "\",\"value\":[");
  patch_ += "{\"name\":";
  kube::appendJsonString(patch_, injection.volume);
  patch_ += ",\"projected\":{\"sources\":[{\"serviceAccountToken\":{";
  if (!injection.audience.empty()) {
    patch_ += "\"audience\":";
    kube::appendJsonString(patch_, injection.audience);
    patch_ += ',';
  }
  patch_ += "\"expirationSeconds\":";
  patch_ += std::to_string(injection.expiration);
  patch_ += ",\"path\":";
  kube::appendJsonString(patch_, injection.tokenPath);
  patch_ += pod.hasVolumes ? "}}]}}}" : "}}]}}]}";
}

void Mutator::addToContainers(const kube::Review& pod, std::string_view list,
                              const std::vector<kube::Container>& containers, const Injection& injection) {
  list_ = list;
  for (index_ = 0; index_ < containers.size() && !isTooLarge(); ++index_) {
    const kube::Container& container = containers[index_];
    if (hasSkip_ && skip_.contains(container.name)) continue;
    const Present present = presentIn(pod.envOf(container), injection);
    if (present.credentials && present.region && present.sts) continue;  // and no mount either
    if (container.isNull) {
      beginOperation(list, index_, "\",\"value\":{\"name\":\"\"}}", "replace");  // `add` would insert one before it
    }
    envIsOpen_ = false;
    if (!present.sts && injection.regionalSts) addEnv(container, kStsVariable, "regional");
    if (!present.region && !injection.region.empty()) {
      addEnv(container, kDefaultRegion, injection.region);
      addEnv(container, kRegion, injection.region);
    }
    if (!present.credentials) {
      addEnv(container, injection.firstName, injection.firstValue);
      addEnv(container, injection.secondName, injection.secondValue);
    }
    if (envIsOpen_) patch_ += "]}";
    addMount(pod, container, injection);
  }
}

// One operation each at the end of an env that is there, or one that brings the whole array.
void Mutator::addEnv(const kube::Container& container, std::string_view name, std::string_view value) {
  if (container.env.present) {
    beginOperation(list_, index_, "/env/-\",\"value\":");
    appendField(patch_, name, value);
    patch_ += '}';
    return;
  }
  if (envIsOpen_)
    patch_ += ',';
  else
    beginOperation(list_, index_, "/env\",\"value\":[");
  envIsOpen_ = true;
  appendField(patch_, name, value);
}

void Mutator::addMount(const kube::Review& pod, const kube::Container& container, const Injection& injection) {
  bool isTaken = false;
  for (const kube::VolumeMount& mount : pod.mountsOf(container)) {
    if (mount.name == injection.volume) return;
    isTaken |= mount.mountPath == injection.mountPath;
  }
  if (isTaken)
    warn("container \"" + std::string(container.name) + "\" mounts another volume at " +
         std::string(injection.mountPath) + ": the API server will refuse the pod; mount it elsewhere");
  beginOperation(list_, index_,
                 container.mounts.present ? "/volumeMounts/-\",\"value\":" : "/volumeMounts\",\"value\":[");
  patch_ += "{\"name\":";
  kube::appendJsonString(patch_, injection.volume);
  patch_ += ",\"readOnly\":true,\"mountPath\":";
  kube::appendJsonString(patch_, injection.mountPath);
  patch_ += container.mounts.present ? "}}" : "}]}";
}

// The API server drops a warning with a control character in it.
void Mutator::warn(std::string_view text) {
  if (warnings_.size() < kMostWarnings)
    warnings_.push_back(text::shown(text, kLongestWarning));
  else
    warnings_.back() = "there is more to change than is shown here";
}

}  // namespace admission
