#include "cluster/kubeadm_patches.h"

#include <algorithm>

#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

std::string dashed(std::string_view text) {
  std::string result(text);
  std::ranges::replace(result, '_', '-');
  return result;
}

std::size_t mentionsIn(const YamlNode& node) {
  std::size_t count = dashed(node.scalar).find(kIssuerFlag) == std::string::npos ? 0 : 1;
  for (const YamlNode& item : node.items) count += mentionsIn(item);
  for (const text::YamlMember& member : node.members) count += mentionsIn(member.key) + mentionsIn(member.value);
  return count;
}

// The issuer that a JSON patch's operation appends, at its place.
const YamlNode* appendedBy(const YamlNode& operation) {
  const std::string path = scalarAt(operation, "path");
  const bool isAppending =
      scalarAt(operation, "op") == "add" && (path.ends_with("/command/-") || path.ends_with("/args/-"));
  const YamlNode* value = operation.find("value");
  const bool isIssuer = value && dashed(value->scalar.substr(0, kIssuerOption.size())) == kIssuerOption;
  return isAppending && isIssuer ? value : nullptr;
}

base::Result<void> addIssuers(const NamedFile& patch, std::vector<PatchedIssuer>& found) {
  const base::Result<YamlText> text = YamlText::parse(patch.contents);
  if (!text && dashed(patch.contents).find(kIssuerFlag) == std::string::npos) return {};
  if (!text) return base::Error(text.error());
  for (const YamlNode& document : text->documents()) {
    std::size_t appended = 0;
    for (const YamlNode& operation : document.items) {
      const YamlNode* value = appendedBy(operation);
      if (!value) continue;
      ++appended;
      found.push_back({patch.name, {value->scalar.substr(kIssuerOption.size()), value->start, patch.name}});
    }
    if (mentionsIn(document) == appended) continue;
    return refusal(
        "PATCH_SHAPE", document.start,
        "this patch does more with --service-account-issuer than to append it, so that it can't be told which "
        "issuers the API server gets");
  }
  return {};
}

std::string placeOf(const PatchedIssuer& one) {
  return one.file + ", line " + std::to_string(one.issuer.at.line) + ": ";
}

}  // namespace

bool isOthersPatch(std::string_view name) {
  return name.starts_with("kube-apiserver") && (name.ends_with(".yaml") || name.ends_with(".json")) &&
         name != kPatchFile;
}

base::Result<std::vector<PatchedIssuer>> issuersOfOthers(const std::vector<NamedFile>& patches) {
  std::vector<PatchedIssuer> found;
  for (const NamedFile& patch : patches) {
    if (!isOthersPatch(patch.name.substr(patch.name.rfind('/') + 1))) continue;
    const base::Result<void> added = addIssuers(patch, found);
    if (!added) return base::Error(added.error()).during(patch.name);
  }
  return found;
}

base::Result<void> checkOthers(const std::vector<Located>& ours, const std::vector<PatchedIssuer>& others) {
  std::vector<std::string> known = valuesOf(ours);
  for (const PatchedIssuer& one : others) {
    if (std::ranges::find(known, one.issuer.value) != known.end()) {
      return refusal("ISSUER_TWICE", placeOf(one) + one.issuer.value +
                                         " comes a second time here, which kube-apiserver does not start with")
          .withHint("take it out of " + one.file);
    }
    known.push_back(one.issuer.value);
  }
  return {};
}

base::Result<std::vector<std::string>> leftToOurs(const std::vector<std::string>& wanted,
                                                  const std::vector<PatchedIssuer>& others) {
  std::vector<std::string> left(wanted.begin() + 1, wanted.end());
  for (const PatchedIssuer& one : others) {
    const std::string& issuer = one.issuer.value;
    if (issuer == wanted.front()) {
      return refusal("ISSUER_TWICE", placeOf(one) + issuer +
                                         " is appended here, and would come a second time, since it is to sign: "
                                         "kube-apiserver does not start with that")
          .withHint("take it out of " + one.file + ", then run this again");
    }
    if (std::erase(left, issuer) > 0) continue;
    return refusal("ISSUER_CONFLICT", placeOf(one) + issuer + " is appended here, and is to go")
        .withHint("take it out of " + one.file + ", then run this again");
  }
  return left;
}

}  // namespace cluster
