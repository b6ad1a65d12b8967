// The file of accounts with container credentials.
// Covers: src/admission/pod_identities.cpp
#include <algorithm>
#include <set>
#include <string>

#include "admission/pod_identities.h"
#include "fuzz/support/json_mutator.h"
#include "fuzz/target.h"
#include "kube/member_name.h"
#include "text/json.h"

namespace {

using admission::PodIdentities;
using fuzz::require;
using text::Json;

bool isTextOrNull(const Json& value) { return value.is_string() || value.is_null(); }

// What the file says if it is of the documented form.
class Expected {
 public:
  explicit Expected(const Json& file) {
    if (file.is_object()) readFile(file);
    isRight_ = isRight_ && (file.is_object() || file.is_null());
  }
  bool isRight() const { return isRight_; }
  const std::set<std::string>& keys() const { return keys_; }

 private:
  void readFile(const Json& file) {
    for (const auto& [name, list] : file.items()) {
      if (!kube::isNameOf(name, "identities")) continue;
      keys_.clear();
      isRight_ = isRight_ && (list.is_array() || list.is_null());
      if (list.is_array()) std::for_each(list.begin(), list.end(), [&](const Json& entry) { readEntry(entry); });
    }
  }

  void readEntry(const Json& entry) {
    isRight_ = isRight_ && (entry.is_object() || entry.is_null());
    std::string nameSpace, account;
    if (entry.is_object())
      for (const auto& [name, value] : entry.items()) {
        readMember("namespace", name, value, nameSpace);
        readMember("serviceAccount", name, value, account);
      }
    keys_.insert(nameSpace + "/" + account);
  }

  void readMember(std::string_view wanted, std::string_view name, const Json& value, std::string& out) {
    if (!kube::isNameOf(name, wanted)) return;
    isRight_ = isRight_ && isTextOrNull(value);
    if (value.is_string()) out = value.get<std::string>();
  }

  bool isRight_ = true;
  std::set<std::string> keys_;
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize,
                                               unsigned seed) {
  return fuzz::mutateJson(data, size, maxSize, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file = fuzz::textOf(data, size);
  const base::Result<PodIdentities> identities = PodIdentities::read(file);
  if (!identities) require(!identities.error().message.empty(), "a refusal has a reason");
  const base::Result<Json> json = text::parseJson(file);
  if (!json) return 0;
  const Expected expected(*json);
  require(bool(identities) == expected.isRight(), "a file of the documented form is read, and no other");
  if (!identities) return 0;
  require(identities->size() == expected.keys().size(), "every account is there, once");
  for (const std::string& key : expected.keys()) {
    require(identities->contains(key), "an account is there", key);
    require(identities->contains(key + "x") == expected.keys().contains(key + "x"), "no other account is there", key);
  }
  return 0;
}
