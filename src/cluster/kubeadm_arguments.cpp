#include "cluster/kubeadm_arguments.h"

#include <algorithm>

#include "cluster/object.h"
#include "cluster/version.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

const text::YamlPath kArguments{"apiServer", "extraArgs"};

text::YamlPath under(text::YamlPath path, const text::YamlPath& rest) {
  path.insert(path.end(), rest.begin(), rest.end());
  return path;
}

base::Result<void> checkShape(const YamlNode& arguments, bool isList) {
  const auto wanted = isList ? YamlNode::Kind::Sequence : YamlNode::Kind::Mapping;
  if (arguments.kind == wanted || arguments.kind == YamlNode::Kind::Null) return {};
  return refusal("ARGS_SHAPE", arguments.start,
                 std::string("extraArgs is to be a ") + (isList ? "list of name and value" : "map of name to value") +
                     " in this version");
}

std::vector<std::size_t> indicesNamed(const YamlText& text, const KubeadmPlace& place, std::string_view name) {
  std::vector<std::size_t> found;
  const YamlNode* list = text.find(place.document, under(place.path, kArguments));
  for (std::size_t i = 0; list && i < list->items.size(); ++i) {
    if (scalarAt(list->items[i], "name") == name) found.push_back(i);
  }
  return found;
}

std::vector<Located> patchValue(const YamlNode& value) {
  std::vector<Located> found;
  const auto take = [&found](const YamlNode& item) {
    if (item.scalar.starts_with(kIssuerOption)) found.push_back({item.scalar.substr(kIssuerOption.size()), item.start});
  };
  take(value);
  for (const YamlNode& item : value.items) take(item);
  return found;
}

std::vector<Located> audiencesOf(const std::vector<Located>& arguments) {
  std::vector<Located> found;
  for (const Located& one : arguments) {
    for (const std::string& audience : commaSplit(one.value)) found.push_back({audience, one.at});
  }
  return found;
}

}  // namespace

bool takesArgumentList(std::string_view apiVersion) {
  const std::string_view version = apiVersion.substr(apiVersion.find('/') + 1);
  const bool isKubeadm = apiVersion.starts_with("kubeadm.k8s.io/");
  return isKubeadm ? version >= "v1beta4" : version >= "v1beta2";
}

std::string defaultIssuer(std::string_view dnsDomain) {
  return "https://kubernetes.default.svc." + std::string(dnsDomain.empty() ? "cluster.local" : dnsDomain);
}

base::Result<std::vector<Located>> argumentsNamed(const YamlText& text, const KubeadmPlace& place,
                                                  std::string_view name) {
  std::vector<Located> found;
  const YamlNode* server = text.find(place.document, place.path / kArguments.front());
  if (server && server->kind != YamlNode::Kind::Mapping && server->kind != YamlNode::Kind::Null)
    return refusal("ARGS_SHAPE", server->start, "apiServer is to be a mapping");
  const YamlNode* arguments = text.find(place.document, under(place.path, kArguments));
  if (!arguments) return found;
  TRY(checkShape(*arguments, place.isList));
  if (!place.isList) {
    const YamlNode* value = arguments->find(name);
    if (value && value->kind == YamlNode::Kind::Scalar) found.push_back({value->scalar, value->start});
    return found;
  }
  for (const std::size_t i : indicesNamed(text, place, name)) {
    const YamlNode& item = arguments->items[i];
    const YamlNode* value = item.find("value");
    found.push_back({scalarAt(item, "value"), value ? value->start : item.start});
  }
  return found;
}

base::Result<void> setArgument(YamlText& text, const KubeadmPlace& place, std::string_view name,
                               const std::string& value) {
  const text::YamlPath path = under(place.path, kArguments);
  const YamlNode* arguments = text.find(place.document, path);
  if (arguments) TRY(checkShape(*arguments, place.isList));
  if (!place.isList) return text.putMember(place.document, path, std::string(name), value);
  std::vector<std::size_t> there = indicesNamed(text, place, name);
  for (; there.size() > 1; there.pop_back()) TRY(text.removeItem(place.document, path, there.back()));
  if (!there.empty()) return text.putMember(place.document, path / there.front(), "value", value);
  const text::Json entry = {{"name", name}, {"value", value}};
  if (arguments && !arguments->items.empty()) {
    return text.insertItem(place.document, path, arguments->items.size(), entry);
  }
  if (arguments && arguments->flow) return text.insertItem(place.document, path, 0, entry);
  return text.putMember(place.document, under(place.path, {"apiServer"}), "extraArgs", text::Json::array({entry}));
}

std::string patchOf(const std::vector<std::string>& issuers) {
  std::string patch = "# kubeadm applies this to the API server's manifest: issuers that it accepts beside its own.\n";
  if (issuers.empty()) return patch + "[]\n";
  for (const std::string& issuer : issuers) {
    patch += "- op: add\n  path: /spec/containers/0/command/-\n  value: " + std::string(kIssuerOption) + issuer + "\n";
  }
  return patch;
}

base::Result<std::vector<Located>> issuersOfPatch(std::string_view patch) {
  std::vector<Located> found;
  const YamlText text = TRY(YamlText::parse(std::string(patch)));
  for (const YamlNode& document : text.documents()) {
    if (document.kind == YamlNode::Kind::Null) continue;
    if (document.kind != YamlNode::Kind::Sequence)
      return refusal("PATCH_SHAPE", document.start, "a list of JSON patch operations is wanted here");
    for (const YamlNode& operation : document.items) {
      const YamlNode* value = operation.find("value");
      if (!value) continue;
      for (Located& issuer : patchValue(*value)) found.push_back(std::move(issuer));
    }
  }
  return found;
}

base::Result<std::vector<Located>> issuersOfPatch(const Sources& sources) {
  base::Result<std::vector<Located>> found = issuersOfPatch(sources.patch);
  if (!found) return std::move(found).error().during(sources.patchName);
  for (Located& one : *found) one.file = sources.patchName;
  return found;
}

base::Result<void> surveyArguments(const YamlText& text, const KubeadmPlace& place, Survey& seen) {
  seen.issuers = TRY(argumentsNamed(text, place, kIssuerFlag));
  seen.audiences = audiencesOf(TRY(argumentsNamed(text, place, kAudiencesFlag)));
  seen.keyFiles = TRY(argumentsNamed(text, place, "service-account-key-file"));
  seen.signingKeys = TRY(argumentsNamed(text, place, "service-account-signing-key-file"));
  seen.jwksUris = TRY(argumentsNamed(text, place, "service-account-jwks-uri"));
  seen.ownKeys = folderOr(scalarAt(text, place.document, place.path / "certificatesDir"), kKubeadmKeys);
  if (!seen.issuers.empty()) return {};
  const YamlNode* configuration = text.find(place.document, place.path);
  std::string domain = scalarAt(text, place.document, under(place.path, {"networking", "dnsDomain"}));
  if (domain.empty()) domain = place.domain;
  seen.issuers.push_back({defaultIssuer(domain), configuration ? configuration->start : text::Position()});
  seen.beginsWithDefault = true;
  return {};
}

base::Result<std::vector<std::string>> arrangeArguments(YamlText& text, const KubeadmPlace& place,
                                                        const std::vector<Located>& patched,
                                                        const std::vector<PatchedIssuer>& others,
                                                        const IssuerWish& wish) {
  Survey seen;
  TRY(surveyArguments(text, place, seen));
  const std::string initial = seen.beginsWithDefault ? seen.issuers.front().value : "";
  const Survey named = TRY(withFormer(seen, wish));
  const std::vector<Located> now = TRY(inForce(named.issuers, patched, others));
  const std::vector<std::string> wanted = TRY(wantedIssuers(now, wish));
  std::vector<std::string> rest = TRY(leftToOurs(wanted, others));
  if (wanted.front() != initial) TRY(setArgument(text, place, kIssuerFlag, wanted.front()));
  const std::vector<std::string> audiences = valuesOf(seen.audiences);
  const std::vector<std::string> heard = wantedAudiences(audiences, valuesOf(now), wanted, wish.issuer);
  if (heard != audiences) TRY(setArgument(text, place, kAudiencesFlag, commaJoined(heard)));
  return rest;
}

base::Result<std::vector<Located>> inForce(const std::vector<Located>& arguments, const std::vector<Located>& patched,
                                           const std::vector<PatchedIssuer>& others) {
  std::vector<Located> now = arguments;
  for (const Located& issuer : patched) {
    if (std::ranges::find(arguments, issuer.value, &Located::value) == arguments.end()) now.push_back(issuer);
  }
  TRY(checkOthers(now, others));
  for (const PatchedIssuer& one : others) now.push_back(one.issuer);
  return now;
}

void findSortedIssuers(const std::vector<Located>& arguments, std::string_view kubernetesVersion,
                       text::Findings& findings) {
  if (arguments.size() < 2 || std::ranges::is_sorted(valuesOf(arguments))) return;
  if (isAtLeast(kubernetesVersion, 1, 36)) return;
  const text::Position& at = arguments.front().at;
  findings.push_back(
      {"ISSUER_ORDER", text::Severity::Error, "",
       "kubeadm sorts arguments of one name by value before its fix of January 2026, so that the alphabet "
       "decides which issuer signs, not this list",
       "keep one issuer here and append the other by a patch: irsa apiserver patch --for kubeadm", at.line, at.column});
}

}  // namespace cluster
