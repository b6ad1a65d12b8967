#include "kube/admission_review.h"

#include "kube/member_name.h"
#include "text/encoding.h"
#include "text/json_scan.h"

namespace kube {
namespace {

using Kind = text::JsonReader::Kind;

template <typename Element>
void emptyOut(std::vector<Element>& list) {
  constexpr std::size_t kKept = 4096;
  if (list.capacity() > kKept)
    list = {};
  else
    list.clear();
}

}  // namespace

std::span<const std::string_view> Review::envOf(const Container& container) const {
  return std::span(envNames).subspan(container.env.begin, container.env.count);
}

std::span<const VolumeMount> Review::mountsOf(const Container& container) const {
  return std::span(mounts).subspan(container.mounts.begin, container.mounts.count);
}

const std::string_view* Review::annotation(std::string_view key) const {
  for (auto it = annotations.rbegin(); it != annotations.rend(); ++it)
    if (it->first == key) return &it->second;
  return nullptr;
}

void Review::clear() {
  apiVersion = kind = uid = requestKind = operation = subResource = requestNamespace = requestName = {};
  objectKind = name = generateName = serviceAccountName = podIdentityLabel = os = betaOs = {};
  dryRun = hasObject = hasLabels = hasVolumes = hasContainers = false;
  emptyOut(annotations);
  emptyOut(volumes);
  emptyOut(containers);
  emptyOut(initContainers);
  emptyOut(envNames);
  emptyOut(mounts);
}

bool ReviewReader::read(std::string_view body) {
  review_.clear();
  hasRequest_ = false;
  elements_ = 0;
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  json_.open(body);
  if (json_.peek() != Kind::Object) {
    reason_ = "the body is no JSON object";
    return false;
  }
  json_.object([&](std::string_view key) {
    if (key == "apiVersion") return echo(review_.apiVersion);
    if (key == "kind") return echo(review_.kind);
    if (key != "request") return json_.skip();
    hasRequest_ = !json_.null();
    if (hasRequest_) readRequest();
  });
  if (!json_.finish()) {
    reason_ = json_.reason();
    return false;
  }
  reason_ = hasRequest_ ? "" : "the review has no request";
  return hasRequest_;
}

void ReviewReader::text(std::string_view& out) {
  if (!json_.null()) out = json_.string();
}

void ReviewReader::echo(std::string_view& out) {
  text(out);
  if (out.size() > kLongestEcho) json_.refuse("apiVersion, kind or uid is longer than 1024 bytes");
}

void ReviewReader::countElement() {
  if (++elements_ > kMostElements)
    json_.refuse("more than 131072 containers, variables, mounts, volumes and annotations");
}

void ReviewReader::readRequest() {
  json_.object([&](std::string_view key) {
    if (key == "uid") return echo(review_.uid);
    if (key == "namespace") return text(review_.requestNamespace);
    if (key == "name") return text(review_.requestName);
    if (key == "operation") return text(review_.operation);
    if (key == "subResource") return text(review_.subResource);
    if (key == "object") return readObject();
    if (key == "dryRun") {
      if (!json_.null()) review_.dryRun = json_.boolean();
      return;
    }
    if (key != "kind") return json_.skip();
    if (json_.null()) return;
    json_.object([&](std::string_view part) {
      if (part == "kind") return text(review_.requestKind);
      json_.skip();
    });
  });
}

// request.object is a raw document to Go: a later one replaces it whole, a null leaves it.
void ReviewReader::readObject() {
  if (json_.null()) return;
  clearObject();
  review_.hasObject = true;
  json_.object([&](std::string_view key) {
    if (isNameOf(key, "spec")) return readSpec();
    if (isNameOf(key, "metadata")) return readMetadata();
    if (isNameOf(key, "kind")) return text(review_.objectKind);
    json_.skip();
  });
}

void ReviewReader::clearObject() {
  review_.objectKind = review_.name = review_.generateName = review_.serviceAccountName = {};
  review_.podIdentityLabel = review_.os = review_.betaOs = {};
  review_.hasLabels = review_.hasVolumes = review_.hasContainers = false;
  review_.annotations.clear();
  review_.volumes.clear();
  review_.containers.clear();
  review_.initContainers.clear();
}

void ReviewReader::readMetadata() {
  if (json_.null()) return;
  json_.object([&](std::string_view key) {
    if (isNameOf(key, "annotations")) return readAnnotations();
    if (isNameOf(key, "name")) return text(review_.name);
    if (isNameOf(key, "generateName")) return text(review_.generateName);
    if (isNameOf(key, "labels")) return readLabels();
    json_.skip();
  });
}

void ReviewReader::readLabels() {
  review_.hasLabels = !json_.null();
  if (!review_.hasLabels) {
    review_.podIdentityLabel = {};
    return;
  }
  json_.object([&](std::string_view key) {
    if (key == "eks.amazonaws.com/pod-identity") return text(review_.podIdentityLabel);
    json_.skip();
  });
}

void ReviewReader::readAnnotations() {
  if (json_.null()) return review_.annotations.clear();
  json_.object([&](std::string_view key) {
    if (!key.starts_with(prefix_)) return json_.skip();
    std::string_view value;
    text(value);
    countElement();
    review_.annotations.emplace_back(key.substr(prefix_.size()), value);
  });
}

void ReviewReader::readSpec() {
  if (json_.null()) return;
  json_.object([&](std::string_view key) {
    if (isNameOf(key, "containers")) {
      review_.hasContainers = json_.peek() == Kind::Array;
      return readContainers(review_.containers);
    }
    if (isNameOf(key, "initContainers")) return readContainers(review_.initContainers);
    if (isNameOf(key, "serviceAccountName")) return text(review_.serviceAccountName);
    if (isNameOf(key, "volumes")) return readVolumes();
    if (isNameOf(key, "nodeSelector")) return readNodeSelector();
    json_.skip();
  });
}

void ReviewReader::readNodeSelector() {
  if (json_.null()) {
    review_.os = review_.betaOs = {};
    return;
  }
  json_.object([&](std::string_view key) {
    const bool beta = key == "beta.kubernetes.io/os";
    if (!beta && key != "kubernetes.io/os") return json_.skip();
    std::string_view value;
    text(value);
    (beta ? review_.betaOs : review_.os) = value;
  });
}

void ReviewReader::readVolumes() {
  review_.hasVolumes = !json_.null();
  std::size_t count = 0;
  if (review_.hasVolumes)
    json_.array([&] {
      countElement();
      if (count == review_.volumes.size()) review_.volumes.emplace_back();
      Volume& volume = review_.volumes[count++];
      if (json_.null()) return;
      json_.object([&](std::string_view key) {
        if (isNameOf(key, "name")) return text(volume.name);
        if (isNameOf(key, "projected")) volume.projected = json_.peek() == Kind::Object;
        json_.skip();
      });
    });
  review_.volumes.resize(count);
}

void ReviewReader::readContainers(std::vector<Container>& list) {
  std::size_t count = 0;
  if (!json_.null())
    json_.array([&] {
      countElement();
      if (count == list.size()) list.emplace_back();
      Container& container = list[count++];
      container.isNull = json_.null();
      if (!container.isNull) readContainer(container);
    });
  list.resize(count);
}

void ReviewReader::readContainer(Container& container) {
  json_.object([&](std::string_view key) {
    if (isNameOf(key, "name")) return text(container.name);
    if (isNameOf(key, "env")) return readEnv(container.env);
    if (isNameOf(key, "volumeMounts")) return readMounts(container.mounts);
    json_.skip();
  });
}

// The names of this array are put at the end of the flat list; those of an earlier array with this key shine through
// where an element of this one has no name.
void ReviewReader::readEnv(Slice& slice) {
  const Slice old = slice;
  slice = {std::uint32_t(review_.envNames.size()), 0, !json_.null()};
  if (!slice.present) return;
  json_.array([&] {
    countElement();
    std::string_view name = slice.count < old.count ? review_.envNames[old.begin + slice.count] : std::string_view();
    ++slice.count;
    if (!json_.null())
      json_.object([&](std::string_view key) {
        if (isNameOf(key, "name")) return text(name);
        json_.skip();
      });
    review_.envNames.push_back(name);
  });
}

void ReviewReader::readMounts(Slice& slice) {
  const Slice old = slice;
  slice = {std::uint32_t(review_.mounts.size()), 0, !json_.null()};
  if (!slice.present) return;
  json_.array([&] {
    countElement();
    VolumeMount mount = slice.count < old.count ? review_.mounts[old.begin + slice.count] : VolumeMount();
    ++slice.count;
    if (!json_.null())
      json_.object([&](std::string_view key) {
        if (isNameOf(key, "name")) return text(mount.name);
        if (isNameOf(key, "mountPath")) return text(mount.mountPath);
        json_.skip();
      });
    review_.mounts.push_back(mount);
  });
}

namespace {

// What the byte at `text`'s beginning is written as: an escape, or itself if it is above 0x7f and no part of U+2028 or
// U+2029. Returns the bytes that it took.
std::size_t appendSpecial(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const char c = text[0];
  if (static_cast<signed char>(c) < 0) {
    const bool isSeparator = text.starts_with("\u2028") || text.starts_with("\u2029");
    if (isSeparator)
      out += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
    else
      out += c;
    return isSeparator ? 3 : 1;
  }
  if (c == '"' || c == '\\') {
    (out += '\\') += c;
  } else if (std::size_t known = std::string_view("\b\f\n\r\t").find(c); known != std::string_view::npos) {
    (out += '\\') += "bfnrt"[known];
  } else {
    ((out += "\\u00") += kHex[(c >> 4) & 15]) += kHex[c & 15];
  }
  return 1;
}

}  // namespace

void appendJsonString(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char* from = text.data();
    const char* at = text::passUnescaped(from, from + text.size());
    out.append(from, at);
    text.remove_prefix(std::size_t(at - from));
    if (!text.empty()) text.remove_prefix(appendSpecial(out, text));
  }
  out += '"';
}

void appendAnswer(std::string& out, const ReviewAnswer& answer) {
  out += '{';
  if (!answer.kind.empty()) {
    out += "\"kind\":";
    appendJsonString(out, answer.kind);
    out += ',';
  }
  if (!answer.apiVersion.empty()) {
    out += "\"apiVersion\":";
    appendJsonString(out, answer.apiVersion);
    out += ',';
  }
  out += "\"response\":{\"uid\":";
  appendJsonString(out, answer.uid);
  out += ",\"allowed\":true";
  if (!answer.patch.empty()) {
    out += ",\"patch\":\"";
    text::appendBase64(out, answer.patch);
    out += "\",\"patchType\":\"JSONPatch\"";
  }
  std::string_view separator = ",\"auditAnnotations\":{";
  for (const auto& [key, value] : answer.auditAnnotations) {
    out += separator;
    appendJsonString(out, key);
    out += ':';
    appendJsonString(out, value);
    separator = ",";
  }
  if (!answer.auditAnnotations.empty()) out += '}';
  separator = ",\"warnings\":[";
  for (const std::string& warning : answer.warnings) {
    out += separator;
    appendJsonString(out, warning);
    separator = ",";
  }
  if (!answer.warnings.empty()) out += ']';
  out += "}}";
}

}  // namespace kube
