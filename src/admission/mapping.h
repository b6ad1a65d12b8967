// Roles of service accounts that carry no annotation themselves: the ConfigMap pod-identity-webhook, which AWS's
// webhook reads with --watch-config-map. Its key data.config holds a JSON object
//
//   {"<namespace>/<service account>": {"RoleARN": text, "Audience": text, "UseRegionalSTS": bool, "TokenExpiration":
//   s}}
//
// The namespace may be "*". Member names are matched without regard to case, unknown ones are passed over. Unlike an
// annotation's, an entry's audience and regional endpoint have no default from the flags, and its expiration is not
// raised to 600 s; only an absent one, or 0, is the flag's.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "admission/settings.h"
#include "base/result.h"
#include "text/json_reader.h"

namespace admission {

// Immutable once read; shared by the server loops.
class Mapping {
 public:
  // Invalid when `config` is no JSON object or null: then the caller keeps what it had, as AWS's does. A single entry
  // that is wrong (no slash in its key, no object, a member of the wrong type) is left out and told in `faults`, a
  // sentence each; AWS's would crash over it.
  static base::Result<Mapping> read(std::string_view config, const Settings& settings,
                                    std::vector<std::string>& faults);

  // Null when nothing is said about the account. An identity without a role says: none, not even that of "*".
  std::shared_ptr<const Identity> find(std::string_view nameSpace, std::string_view name) const;
  // The account's own entry, not that of "*".
  std::shared_ptr<const Identity> findExact(std::string_view nameSpace, std::string_view name) const;

  std::size_t size() const { return entries_.size(); }

 private:
  void readEntry(text::JsonReader& json, std::string_view key, const Settings& settings,
                 std::vector<std::string>& faults);

  std::unordered_map<std::string, std::shared_ptr<const Identity>> entries_;  // by namespace/name
};

}  // namespace admission
