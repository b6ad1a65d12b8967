// All that one server loop knows about who gets what. Fed by posting to the loop; belongs to its thread, but for what
// AccountTable says may be called from any.
#pragma once
#include <memory>

#include "admission/account_table.h"
#include "admission/mapping.h"
#include "admission/pod_identities.h"

namespace admission {

struct IdentitySources {
  AccountTable accounts;                               // by annotation
  std::shared_ptr<const Mapping> mapping;              // by ConfigMap; null: none is watched, or it was not read yet
  std::shared_ptr<const PodIdentities> podIdentities;  // whose pods get container credentials; null: nobody's
};

}  // namespace admission
