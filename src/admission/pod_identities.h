// The accounts whose pods get container credentials (EKS Pod Identity) instead of web identity: the file that
// --watch-container-credentials-config names. It holds
//
//   {"identities": [{"namespace": text, "serviceAccount": text}, ...]}
//
// Member names are matched without regard to case, unknown ones are passed over.
#pragma once
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/result.h"

namespace admission {

// Immutable once read; shared by the server loops.
class PodIdentities {
 public:
  // Invalid when a non-empty `file` is not of the form above: then the caller keeps what it had.
  static base::Result<PodIdentities> read(std::string_view file);

  bool contains(std::string_view key) const { return keys_.contains(key); }  // namespace/name
  std::size_t size() const { return keys_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept { return std::hash<std::string_view>()(key); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> keys_;
};

}  // namespace admission
