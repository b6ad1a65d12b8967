#include "cluster/api_server_lint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "cluster/api_server_manifest.h"
#include "cluster/lint_rules.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::Severity;
using text::YamlText;

// kubeadm's folder may hold other keys too; the cluster's are sa.key, sa.pub and those of irsa keys rotate, sa-*.
bool isOwnKey(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return false;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return folder != kKubeadmKeys || name.starts_with("sa.") || name.starts_with("sa-");
}

void lintIssuer(const Located& issuer, FindingList& out) {
  const std::string& value = issuer.value;
  if (value.find(',') != std::string::npos) {
    out.add("ISSUER_JOINED", Severity::Error, issuer,
            "kube-apiserver takes " + value +
                " as one issuer, without a word: tokens carry it whole, and every token issued earlier is refused",
            "repeat the flag, one issuer each");
  } else if (value.ends_with('/')) {
    out.add("ISSUER_SLASH", Severity::Error, issuer,
            value + " ends in a slash: discovery document, IAM provider and tokens must carry the same bytes",
            "write " + value.substr(0, value.find_last_not_of('/') + 1));
  } else if (value.find_first_of("?# ") != std::string::npos || (value.starts_with("http://"))) {
    out.add("ISSUER_FORM", Severity::Error, issuer,
            "'" + value + "' is no https URL without query and fragment: kube-apiserver serves no discovery for it",
            "");
  } else if (value.find_first_of("'\"`") != std::string::npos) {
    out.add(
        "ISSUER_FORM", Severity::Error, issuer,
        "the quotes in [" + value + "] are part of the issuer: kube-apiserver takes it for no URL and does not start",
        "write the issuer without them");
  } else if (value.empty()) {
    out.add("ISSUER_FORM", Severity::Error, issuer, "the issuer is empty: kube-apiserver does not start", "");
  }
}

void lintOrder(const std::vector<Located>& issuers, const std::string& wanted, FindingList& out) {
  const Located& signer = issuers.front();
  if (wanted.empty()) {
    if (issuers.size() > 1 && isInternal(signer.value))
      out.add("ISSUER_ORDER", Severity::Note, signer,
              signer.value + " signs; " + issuers[1].value + " is accepted, and does not sign yet", "");
    return;
  }
  if (signer.value == wanted) return;
  const bool isThere = std::ranges::find(issuers, wanted, &Located::value) != issuers.end();
  out.add(
      "ISSUER_ORDER", Severity::Error, signer,
      signer.value + " signs, since it comes first; " + wanted + (isThere ? " is only accepted" : " is not accepted"),
      isThere ? "put it first" : "irsa apiserver patch");
}

void lintIssuers(const Survey& seen, const LintWish& wish, FindingList& out) {
  std::vector<std::string> known;
  for (const Located& issuer : seen.issuers) {
    lintIssuer(issuer, out);
    if (std::ranges::find(known, issuer.value) != known.end()) {
      out.add("ISSUER_TWICE", Severity::Error, issuer,
              issuer.value + " stands there twice, which kube-apiserver does not start with", "take one out");
    }
    known.push_back(issuer.value);
  }
  if (!seen.issuers.empty()) lintOrder(seen.issuers, wish.issuer, out);
  if (seen.issuers.size() == 1 && !isInternal(seen.issuers.front().value) &&
      seen.issuers.front().value != wish.issuer) {
    out.add(
        "ISSUER_ALONE", Severity::Note, seen.issuers.front(),
        "no other issuer is accepted: right at the end of a move, but in one step from another issuer every token in "
        "use is refused",
        "");
  }
}

void lintAudiences(const Survey& seen, FindingList& out) {
  for (const Located& audience : seen.audiences) {
    if (!isStsAudience(audience.value)) continue;
    out.add(
        "AUDIENCE_BOUNDARY", Severity::Error, audience,
        "--api-audiences lists " + audience.value +
            ": every pod's ordinary token becomes a web identity for AWS, AWS's tokens open the API server, and every "
            "token issued earlier is refused",
        "leave --api-audiences out: it is the list of the issuers then");
  }
  if (seen.audiences.empty() || seen.issuers.empty()) return;
  const std::string& signer = seen.issuers.front().value;
  if (std::ranges::find(seen.audiences, signer, &Located::value) != seen.audiences.end()) return;
  out.add("AUDIENCE_MISSING", Severity::Warning, seen.audiences.front(),
          "--api-audiences is set and does not list " + signer +
              ": clients that ask for a token with the issuer as audience are refused",
          "add it, or leave --api-audiences out");
}

void lintKeys(const Survey& seen, FindingList& out) {
  for (const std::vector<Located>* list : {&seen.keyFiles, &seen.signingKeys}) {
    for (const Located& key : *list) {
      if (isInStaticPodFolder(key.value)) out.add(keyAmongManifests(key));
    }
  }
  if (seen.signingKeys.size() > 1)
    out.add("FLAG_TWICE", Severity::Warning, seen.signingKeys.back(), "the signing key is set twice; the last one wins",
            "");
  const auto isOwn = [&](const Located& key) { return isOwnKey(key.value, seen.ownKeys); };
  const std::vector<Located>& keys = seen.keyFiles.empty() ? seen.signingKeys : seen.keyFiles;
  if (seen.ownKeys.empty() || keys.empty() || std::ranges::any_of(keys, isOwn)) return;
  out.add("KEY_REPLACED", Severity::Error, keys.front(),
          keys.front().value + " replaces the cluster's own key in " + seen.ownKeys +
              ": every token in use is refused, and those that the controller manager signs for good",
          "keep the cluster's key; to change it, add the new public key first");
}

// What the API server's own discovery document says of where the keys are.
void lintJwksUri(const Survey& seen, FindingList& out) {
  if (seen.jwksUris.empty()) return;
  const Located& uri = seen.jwksUris.back();
  if (!uri.value.starts_with("https://")) {
    out.add("JWKS_URI", Severity::Error, uri,
            "--service-account-jwks-uri=" + uri.value + " is no https URL: kube-apiserver does not start",
            "leave it out: the API server then names itself");
    return;
  }
  if (seen.issuers.empty() || isInternal(uri.value)) return;
  const std::vector<std::string> issuers = valuesOf(seen.issuers);
  const std::string above = issuerAbove(uri.value, issuers);
  if (above == issuers.front()) return;
  const std::string says = "the discovery document of " + issuers.front() + " names the keys at " + uri.value + ", ";
  if (above.empty())
    out.add("JWKS_URI", Severity::Note, uri,
            says + "which is not below it: right as long as the same keys are served there", "");
  else
    out.add("JWKS_URI", Severity::Warning, uri,
            says + "below another issuer: whoever verifies tokens inside the cluster finds none once that one is gone",
            "set it to the JWKS of the issuer that signs, or leave it out");
}

// "line 3, column 7: why" as the readers write it.
std::optional<text::Position> positionIn(std::string_view& message) {
  text::Position at;
  const auto take = [&message](std::string_view word, std::size_t& number) {
    if (!message.starts_with(word)) return false;
    message.remove_prefix(word.size());
    const auto [end, failure] = std::from_chars(message.data(), message.data() + message.size(), number);
    if (failure != std::errc()) return false;
    message.remove_prefix(std::size_t(end - message.data()));
    return true;
  };
  if (!take("line ", at.line) || !take(", column ", at.column) || !message.starts_with(": ")) return std::nullopt;
  message.remove_prefix(2);
  return at;
}

void addError(const base::Error& error, std::string_view code, FindingList& out) {
  std::string_view why = error.message;
  const std::optional<text::Position> at = positionIn(why);
  if (!error.code.empty() && why.starts_with(error.code + ": ")) why.remove_prefix(error.code.size() + 2);
  out.add(error.code.empty() ? code : std::string_view(error.code), Severity::Error, at.value_or(text::Position()), why,
          error.hint);
}

void lintSurvey(const Survey& seen, const LintWish& wish, FindingList& out) {
  for (const text::Finding& finding : seen.findings) out.add(finding);
  lintIssuers(seen, wish, out);
  lintAudiences(seen, out);
  lintKeys(seen, out);
  lintJwksUri(seen, out);
}

void lintBroken(const std::string& file, const base::Error& error, const LintWish& wish, FindingList& out) {
  std::string_view why = error.message;
  const text::Position broken = positionIn(why).value_or(text::Position());
  const std::optional<text::Position> volume = misindentedVolume(file, broken.line);
  if (volume) {
    out.add("VOLUME_SHAPE", Severity::Error, *volume,
            "this line is indented deeper than the one it belongs to, so the file is no YAML: the kubelet drops the "
            "pod and "
            "the API server is gone",
            "indent it as far as the key above it");
  } else {
    out.add("YAML_SYNTAX", Severity::Error, broken, why, "");
  }
  Survey seen = surveyLines(file);
  seen.ownKeys = kKubeadmKeys;
  lintSurvey(seen, wish, out);
  lintLines(file, out);
}

}  // namespace

text::Findings lintApiServer(std::string_view place, const Sources& sources, const LintWish& wish) {
  FindingList out(place);
  const Flavour* flavour = wish.flavour                   ? wish.flavour
                           : isArgumentFile(sources.file) ? flavourNamed("microk8s")
                                                          : nullptr;
  const base::Result<YamlText> file = YamlText::parse(sources.file);
  if (!file && !(flavour && flavour->name == "microk8s")) {
    lintBroken(sources.file, file.error(), wish, out);
    return std::move(out).sorted();
  }
  if (!flavour) flavour = flavourOf(*file);
  if (file) lintShapes(*file, out);
  if (!flavour) {
    if (out.isEmpty())
      out.add("FILE_UNKNOWN", Severity::Note, text::Position(), "no distribution's file looks like this",
              "name it with --for");
    return std::move(out).sorted();
  }
  const base::Result<Survey> seen = flavour->survey(sources, wish.version);
  if (!seen) {
    addError(seen.error(), "FILE_SHAPE", out);
    return std::move(out).sorted();
  }
  if (seen->issuers.empty() && flavour->name == "static-pod") {
    const base::Result<text::YamlPath> container = containerOf(*file);
    out.add("ISSUER_MISSING", Severity::Error, container ? file->find(0, *container)->start : text::Position(),
            "kube-apiserver has no --service-account-issuer: it does not start", "");
  }
  lintSurvey(*seen, wish, out);
  return std::move(out).sorted();
}

text::Findings lintManifests(std::string_view folder, const std::vector<ManifestFile>& files) {
  text::Findings all;
  const auto isServer = [](const ManifestFile& file) {
    const base::Result<YamlText> text = YamlText::parse(file.contents);
    return text ? staticPod().recognises(*text) : looksLikeApiServer(file.contents);
  };
  std::vector<const ManifestFile*> servers;
  for (const ManifestFile& file : files) {
    if (!file.name.starts_with('.') && isServer(file)) servers.push_back(&file);
  }
  if (servers.empty()) return all;
  std::ranges::stable_sort(servers, std::greater(),
                           [](const ManifestFile* file) { return file->name == "kube-apiserver.yaml"; });
  const auto placeOf = [&](const ManifestFile& file) { return std::string(folder) + "/" + file.name; };
  for (std::size_t i = 1; i < servers.size(); ++i) {
    FindingList out(placeOf(*servers[i]));
    out.add("BACKUP_IN_MANIFESTS", Severity::Error, text::Position(),
            "the kubelet runs every file of this folder, so this is a second API server beside " + servers[0]->name +
                "; either of them may win",
            "move it out of the folder");
    std::ranges::move(std::move(out).sorted(), std::back_inserter(all));
  }
  for (const ManifestFile& file : files) {
    if (file.contents.find("PRIVATE KEY-----") == std::string::npos) continue;
    FindingList out(placeOf(file));
    const std::size_t at = file.contents.find("-----BEGIN");
    out.add("KEY_IN_MANIFESTS", Severity::Error, text::Locator(file.contents).at(at),
            "a private key lies in the folder whose every file the kubelet runs as a pod",
            "keep keys in /etc/kubernetes/pki, readable by root alone");
    std::ranges::move(std::move(out).sorted(), std::back_inserter(all));
  }
  for (const ManifestFile* server : servers) {
    FindingList out(placeOf(*server));
    const base::Result<YamlText> text = YamlText::parse(server->contents);
    for (const Located& path : text ? hostFolders(*text) : hostFolderLines(server->contents)) {
      for (const ManifestFile& file : files) {
        if (path.value != std::string(kStaticPodFolder) + file.name && path.value != placeOf(file)) continue;
        out.add("VOLUME_NOT_A_FOLDER", Severity::Error, path,
                path.value + " is a file, and the volume wants a folder: the pod never starts", "make it a folder");
      }
    }
    std::ranges::move(std::move(out).sorted(), std::back_inserter(all));
  }
  return all;
}

}  // namespace cluster
