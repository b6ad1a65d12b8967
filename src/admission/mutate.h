// The patch that gives a pod its credentials: the smallest one. Field by field, `add` only, so that whatever else the
// pod has, known to us or not, stays as it is; env, volumes and mounts come out in the order of AWS's webhook.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admission/csv.h"
#include "admission/settings.h"
#include "base/random.h"
#include "kube/admission_review.h"

namespace admission {

// What is put into a pod, whichever way it gets credentials. Views into settings and identity.
struct Injection {
  std::string_view volume, audience, tokenPath;  // the projected volume; an empty audience is left out
  std::int64_t expiration = 0;                   // seconds
  std::string_view mountPath;
  std::string_view firstName, firstValue;    // the pair of credential variables
  std::string_view secondName, secondValue;  // the second is the token file's path in the container
  bool regionalSts = false;
  std::string_view region;     // empty: no region variables
  bool isPodIdentity = false;  // EKS Pod Identity marks its pods and spreads the ends of their tokens
};

// Reuses its buffers; one per loop.
class Mutator {
 public:
  static constexpr std::size_t kLargestPatch = 4u << 20;  // bytes; etcd takes 1.5 MiB for a whole object

  // `random` spreads the ends of container credentials' tokens.
  Mutator(const Settings& settings, base::RandomBytes random);

  // Web identity (IRSA) and container credentials (EKS Pod Identity). The pod's own annotations are applied.
  // False when the pod lacks nothing; then patch() is empty.
  bool injectWebIdentity(const kube::Review& pod, const Identity& identity);
  bool injectContainerCredentials(const kube::Review& pod, const Identity& identity);
  // Only what its author should change: for a pod that gets nothing. `identity` null: nothing is known of the account.
  void adviseOn(const kube::Review& pod, const Identity* identity);  // leaves no patch

  std::string_view patch() const { return patch_; }  // JSON Patch (RFC 6902) or empty
  // A pod with so many containers is none that an API server stores, but one that somebody made to cost us memory: the
  // patch was not finished and is of no use.
  bool isTooLarge() const { return patch_.size() > kLargestPatch; }
  // What the pod's author should change: at most 16, one line of at most 256 bytes each.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  bool build(const kube::Review& pod, Injection injection);
  void applyAnnotations(const kube::Review& pod, Injection& injection);
  void advise(const kube::Review& pod, const Identity* identity);
  void checkSkipNames(const kube::Review& pod);
  std::int64_t spread() const;
  void addLabel(const kube::Review& pod);
  void addVolume(const kube::Review& pod, const Injection& injection);
  void addToContainers(const kube::Review& pod, std::string_view list, const std::vector<kube::Container>& containers,
                       const Injection& injection);
  void addEnv(const kube::Container& container, std::string_view name, std::string_view value);
  void addMount(const kube::Review& pod, const kube::Container& container, const Injection& injection);
  void beginOperation(std::string_view list, std::size_t index, std::string_view rest,
                      std::string_view operation = "add");
  void warn(std::string_view text);

  const Settings& settings_;
  base::RandomBytes random_;
  std::string tokenFile_, tokenFileWindows_, containerTokenFile_, containerTokenFileWindows_;
  std::string patch_;
  std::string_view list_;   // of the container at hand
  std::size_t index_ = 0;   // its place in there
  bool envIsOpen_ = false;  // an operation that adds the whole env array has begun
  CsvRecord skip_;
  std::vector<bool> isKnown_;  // of each of its fields: a container has the name
  bool hasSkip_ = false;
  std::vector<std::string> warnings_;
};

}  // namespace admission
