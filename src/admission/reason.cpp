#include "admission/reason.h"

#include <array>

namespace admission {

std::string_view nameOf(Reason reason) {
  static constexpr std::array<std::string_view, kReasons> kNames = {
      "Injected",         "AlreadySet", "NoRoleArn",         "AccountUnknown", "NoServiceAccount",
      "NotAPod",          "NullObject", "UndecodableReview", "LookupFailed",   "NotSynced",
      "WrongContentType", "BadQuery",   "PodTooLarge",       "UnsoundPatch"};
  return kNames[std::size_t(reason)];
}

}  // namespace admission
