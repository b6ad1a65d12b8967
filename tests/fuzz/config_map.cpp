// The ConfigMap of roles, AWS's pod-identity-webhook.
// Covers: src/admission/mapping.cpp
#include <map>
#include <string>
#include <vector>

#include "admission/mapping.h"
#include "fuzz/support/json_mutator.h"
#include "fuzz/target.h"
#include "kube/member_name.h"
#include "text/json.h"

namespace {

using admission::Identity;
using admission::Mapping;
using fuzz::require;
using text::Json;

constexpr std::int64_t kFlag = 7200;

// The member of an entry that means `field`: the last of those whose names fold to it and that are not null.
const Json& memberOf(const Json& entry, std::string_view field) {
  static const Json kNull;
  const Json* found = &kNull;
  for (const auto& [name, value] : entry.items())
    if (kube::isNameOf(name, field) && !value.is_null()) found = &value;
  return *found;
}

// Whether every member of that meaning is of a kind, or null.
template <typename IsRight>
bool areRight(const Json& entry, std::string_view field, IsRight isRight) {
  for (const auto& [name, value] : entry.items())
    if (kube::isNameOf(name, field) && !value.is_null() && !isRight(value)) return false;
  return true;
}

bool isText(const Json& value) { return value.is_string(); }
bool isTruth(const Json& value) { return value.is_boolean(); }
// What is beyond 2^63-1 was parsed as unsigned.
bool isWhole(const Json& value) { return value.is_number_integer() && !value.is_number_unsigned(); }

// The identity of an entry, as documented; absent when it is wrong.
std::optional<Identity> identityOf(const Json& entry) {
  if (!entry.is_object() || !areRight(entry, "RoleARN", isText) || !areRight(entry, "Audience", isText) ||
      !areRight(entry, "UseRegionalSTS", isTruth) || !areRight(entry, "TokenExpiration", isWhole))
    return std::nullopt;
  auto textOf = [&](std::string_view field) {
    const Json& value = memberOf(entry, field);
    return value.is_string() ? value.get<std::string>() : "";
  };
  Identity identity{textOf("RoleARN"), textOf("Audience"), kFlag, memberOf(entry, "UseRegionalSTS") == true};
  const Json& expiration = memberOf(entry, "TokenExpiration");
  if (!expiration.is_null() && expiration != 0) identity.expiration = expiration.get<std::int64_t>();
  return identity;
}

void requireSame(const Mapping& mapping, const Json& config, const std::vector<std::string>& faults) {
  std::map<std::string, Identity> expected;
  std::size_t wrong = 0;
  for (const auto& [key, entry] : config.items()) {  // of a null: nothing
    const std::size_t slash = key.find('/');
    const std::optional<Identity> identity = identityOf(entry);
    if (identity && slash != std::string::npos)
      expected.insert_or_assign(key.substr(0, key.find('/', slash + 1)), *identity);
    else
      ++wrong;
  }
  require(faults.size() == wrong, "every wrong entry is told");
  require(mapping.size() == expected.size(), "every right entry is kept");
  for (const auto& [key, identity] : expected) {
    const std::string nameSpace = key.substr(0, key.find('/')), name = key.substr(nameSpace.size() + 1);
    const auto found = mapping.find(nameSpace, name);
    require(found && *found == identity, "an entry says what the document says", key);
    require(mapping.findExact(nameSpace, name) == found, "an account's own entry wins", key);
    if (nameSpace != "*" || expected.contains("elsewhere/" + name)) continue;
    const auto elsewhere = mapping.find("elsewhere", name);
    require(elsewhere && *elsewhere == identity, "an entry of * is every namespace's", key);
    require(!mapping.findExact("elsewhere", name), "an entry of * is no account's own", key);
  }
}

bool isObjectOrNull(std::string_view text) {
  text::JsonReader json;
  json.open(text);
  const text::JsonReader::Kind kind = json.peek();
  json.skip();
  return json.finish() && (kind == text::JsonReader::Kind::Object || kind == text::JsonReader::Kind::Null);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize,
                                               unsigned seed) {
  return fuzz::mutateJson(data, size, maxSize, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view config = fuzz::textOf(data, size);
  admission::Settings settings;
  settings.tokenExpiration = kFlag;
  std::vector<std::string> faults;
  const base::Result<Mapping> mapping = Mapping::read(config, settings, faults);
  require(bool(mapping) == isObjectOrNull(config), "every object is read, whatever its entries");
  if (!mapping) return require(!mapping.error().message.empty(), "a refusal has a reason"), 0;
  for (const std::string& fault : faults) require(!fault.empty(), "a fault is a sentence");
  if (const base::Result<Json> json = text::parseJson(config)) requireSame(*mapping, *json, faults);
  return 0;
}
