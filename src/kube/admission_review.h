// The AdmissionReview that the API server posts to a mutating webhook for a pod (admission.k8s.io/v1 and v1beta1), and
// the answer to it. Read on the webhook's hot path: everything is a view into the body, nothing is copied, and a
// warmed-up reader allocates nothing.
//
// What decodes is what Go's decoders take, since that is what users of AWS's webhook are used to: the review's own
// members are matched to the letter, the pod's without regard to case; of a member that occurs twice the later one
// counts, arrays merging element by element; a null leaves text, numbers and structs as they were and empties lists
// and maps. Fields that no decision needs are only checked to be JSON.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/json_reader.h"

namespace kube {

struct VolumeMount {
  std::string_view name, mountPath;
};

struct Volume {
  std::string_view name;
  bool projected = false;  // it has a projected source
};

// Part of one of Review's flat lists.
struct Slice {
  std::uint32_t begin = 0, count = 0;
  bool present = false;  // the array is there, be it empty; a null is not
};

struct Container {
  std::string_view name;
  bool isNull = false;  // the array has a null in its place
  Slice env;            // of Review::envNames
  Slice mounts;         // of Review::mounts
};

// Views live until the reader's next call or the end of the body, whichever is sooner.
struct Review {
  std::string_view apiVersion, kind;  // of the envelope; echoed
  std::string_view uid, requestKind, operation, subResource, requestNamespace, requestName;
  bool dryRun = false;
  bool hasObject = false;  // request.object is there and not null

  std::string_view objectKind, name, generateName, serviceAccountName;
  bool hasLabels = false;
  std::string_view podIdentityLabel;  // the value of eks.amazonaws.com/pod-identity
  std::string_view os, betaOs;        // nodeSelector's kubernetes.io/os and beta.kubernetes.io/os
  std::vector<std::pair<std::string_view, std::string_view>> annotations;  // of the asked prefix, key without it
  bool hasVolumes = false, hasContainers = false;                          // arrays, be they empty
  std::vector<Volume> volumes;
  std::vector<Container> containers, initContainers;
  std::vector<std::string_view> envNames;
  std::vector<VolumeMount> mounts;

  std::span<const std::string_view> envOf(const Container& container) const;
  std::span<const VolumeMount> mountsOf(const Container& container) const;
  const std::string_view* annotation(std::string_view key) const;  // null when absent
  void clear();                                                    // keeps memory, but for that of an unusual one
};

// One per thread.
class ReviewReader {
 public:
  // Containers, variables, mounts, volumes and annotations of one pod. More than fits into etcd, and few enough that
  // three bytes of JSON which bring one do not cost us much more memory than themselves.
  static constexpr std::size_t kMostElements = 128u << 10;
  static constexpr std::size_t kLongestEcho = 1024;  // bytes of what is sent back; Kubernetes needs 36

  // `annotationPrefix` with its slash, e.g. "eks.amazonaws.com/".
  explicit ReviewReader(std::string annotationPrefix) : prefix_(std::move(annotationPrefix)) {}

  // False when the body is no review of an object: no JSON, nested deeper than 64, no request, a field that is read has
  // another type than Kubernetes gives it, or it is larger than the two limits above. reason() says why.
  bool read(std::string_view body);
  const Review& review() const { return review_; }
  std::string_view reason() const { return reason_; }

 private:
  void readRequest();
  void readObject();
  void readMetadata();
  void readSpec();
  void readAnnotations();
  void readLabels();
  void readNodeSelector();
  void readVolumes();
  void readContainers(std::vector<Container>& list);
  void readContainer(Container& container);
  void readEnv(Slice& slice);
  void readMounts(Slice& slice);
  void clearObject();
  void text(std::string_view& out);  // a string, or a null that leaves `out` alone
  void echo(std::string_view& out);
  void countElement();

  text::JsonReader json_;
  std::string prefix_;
  std::string_view reason_;
  Review review_;
  bool hasRequest_ = false;
  std::size_t elements_ = 0;
};

// The answer as it goes back. The request is allowed; refusing a pod is not this webhook's business.
struct ReviewAnswer {
  std::string_view apiVersion = {}, kind = {}, uid = {};  // as they came; empty kind and apiVersion are left out
  std::string_view patch = {};                            // JSON Patch (RFC 6902) text; empty: no patch
  std::span<const std::pair<std::string_view, std::string_view>> auditAnnotations = {};
  std::span<const std::string> warnings = {};  // shown by kubectl
};

void appendAnswer(std::string& out, const ReviewAnswer& answer);

// `text` as a JSON string with its quotes, escaped as Go does: <, >, & and U+2028/9 as \u escapes too.
void appendJsonString(std::string& out, std::string_view text);

}  // namespace kube
