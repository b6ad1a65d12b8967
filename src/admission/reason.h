// Why a review was answered as it was: one word per decision, the same in the log line, the metric's label, the audit
// annotation and the documentation.
#pragma once
#include <cstddef>
#include <string_view>

namespace admission {

enum class Reason {
  Injected,           // the pod got its credentials
  AlreadySet,         // the account has a role, and the pod has all of it already
  NoRoleArn,          // the account is known and has no role-arn annotation
  AccountUnknown,     // there is no such account
  NoServiceAccount,   // the pod names no account
  NotAPod,            // another kind of object, without an account
  NullObject,         // nothing to change, as in a DELETE
  UndecodableReview,  // HTTP 400
  LookupFailed,       // HTTP 500: the account is not in the cache, and the API server did not answer in time
  NotSynced,          // HTTP 500: the cache is not whole yet, and asking is switched off
  WrongContentType,   // HTTP 415
  BadQuery,           // HTTP 400
  PodTooLarge,        // HTTP 400: what would have to be added to it is more than an API server stores
  UnsoundPatch,       // HTTP 500: a defect of ours; the patch would not fit the pod
  Count
};

constexpr std::size_t kReasons = std::size_t(Reason::Count);

std::string_view nameOf(Reason reason);  // "Injected"

}  // namespace admission
