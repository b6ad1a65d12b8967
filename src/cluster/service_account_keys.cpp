#include "cluster/service_account_keys.h"

#include <algorithm>

#include "cluster/api_server_manifest.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlText;

constexpr std::string_view kVerifying = "service-account-key-file";
constexpr std::string_view kSigning = "service-account-signing-key-file";
constexpr std::string_view kController = "service-account-private-key-file";

struct Opened {
  YamlText text;
  std::vector<LocatedFlag> flags;  // of one name
};

base::Result<Opened> open(std::string_view manifest, std::string_view name,
                          std::string_view container = kApiServerContainer) {
  YamlText text = TRY(YamlText::parse(std::string(manifest)));
  std::vector<LocatedFlag> flags = TRY(locateFlags(text, container));
  std::erase_if(flags, [name](const LocatedFlag& flag) { return flag.flag.name != name; });
  return Opened{std::move(text), std::move(flags)};
}

// The value of the one flag: in its item, or in the one behind it.
base::Result<void> setValue(YamlText& text, const LocatedFlag& flag, const std::string& value) {
  if (flag.first != flag.last) return text.setScalar(0, flag.list / flag.last, value);
  const std::string& item = text.find(0, flag.list / flag.first)->scalar;
  return text.setScalar(0, flag.list / flag.first, item.substr(0, item.find('=') + 1) + value);
}

base::Result<std::string> setOnly(Opened opened, std::string_view name, const std::string& file) {
  if (opened.flags.size() != 1)
    return base::invalid("--" + std::string(name) + " stands there " + std::to_string(opened.flags.size()) + " times");
  if (opened.flags.front().flag.value == file) return opened.text.text();
  TRY(setValue(opened.text, opened.flags.front(), file));
  return opened.text.text();
}

}  // namespace

base::Result<ServiceAccountKeys> readServiceAccountKeys(std::string_view manifest) {
  const ApiServerFlags flags = TRY(readApiServerFlags(manifest));
  ServiceAccountKeys keys;
  for (const Flag& flag : flags.flags) {
    if (flag.name == kVerifying) keys.verifying.push_back(flag.value);
    if (flag.name == kSigning && !keys.signing.empty()) return base::invalid("the signing key is set twice");
    if (flag.name == kSigning) keys.signing = flag.value;
  }
  return keys;
}

base::Result<std::string> addVerifyingKey(std::string_view manifest, const std::string& file) {
  Opened opened = TRY(open(manifest, kVerifying));
  if (opened.flags.empty()) return base::invalid("kube-apiserver has no --" + std::string(kVerifying));
  const auto has = [&file](const LocatedFlag& flag) { return flag.flag.value == file; };
  if (std::ranges::any_of(opened.flags, has)) return opened.text.text();
  const LocatedFlag& last = opened.flags.back();
  TRY(opened.text.insertItem(0, last.list, last.last + 1, "--" + std::string(kVerifying) + "=" + file));
  return opened.text.text();
}

base::Result<std::string> removeVerifyingKey(std::string_view manifest, const std::string& file) {
  Opened opened = TRY(open(manifest, kVerifying));
  const auto has = [&file](const LocatedFlag& flag) { return flag.flag.value == file; };
  const auto found = std::ranges::find_if(opened.flags, has);
  if (found == opened.flags.end()) return opened.text.text();
  if (opened.flags.size() == 1) return base::invalid(file + " is the only key that kube-apiserver verifies with");
  for (std::size_t i = found->last + 1; i > found->first; --i) TRY(opened.text.removeItem(0, found->list, i - 1));
  return opened.text.text();
}

base::Result<std::string> setSigningKey(std::string_view manifest, const std::string& file) {
  Opened opened = TRY(open(manifest, kSigning));
  return setOnly(std::move(opened), kSigning, file);
}

base::Result<std::string> setControllerKey(std::string_view manifest, const std::string& file) {
  Opened opened = TRY(open(manifest, kController, "kube-controller-manager"));
  if (opened.flags.empty()) return opened.text.text();
  return setOnly(std::move(opened), kController, file);
}

}  // namespace cluster
