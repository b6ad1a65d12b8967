// Talos' machine configuration. Up to 1.13 cluster.apiServer.extraArgs holds one value a flag, so there is no state
// that accepts two issuers; from 1.14 the document KubeServiceAccountConfig has fields for them.
#include "cluster/issuer_fields.h"
#include "cluster/object.h"
#include "cluster/version.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

constexpr std::string_view kDocument = "KubeServiceAccountConfig";
const text::YamlPath kTalosArguments{"cluster", "apiServer", "extraArgs"};
const text::YamlPath kTalosIssuer = kTalosArguments / "service-account-issuer";
const text::YamlPath kEndpoint{"cluster", "controlPlane", "endpoint"};

bool isMachine(const YamlNode& document) {
  const YamlNode* cluster = document.find("cluster");
  const bool isTalos =
      document.find("machine") || (cluster && (cluster->find("controlPlane") || cluster->find("apiServer")));
  return isTalos && !document.find("kind");
}

std::optional<std::size_t> documentWhere(const YamlText& file, bool (*wanted)(const YamlNode&)) {
  for (std::size_t i = 0; i < file.documents().size(); ++i) {
    if (wanted(file.documents()[i])) return i;
  }
  return std::nullopt;
}

bool isAccounts(const YamlNode& document) { return isObject(document, "v1alpha1", kDocument); }

bool isTalos(const YamlText& file) { return documentWhere(file, isAccounts) || documentWhere(file, isMachine); }

std::string endpointIn(const YamlText& file) {
  for (std::size_t i = 0; i < file.documents().size(); ++i) {
    if (isObject(file.documents()[i], "v1alpha1", "KubeClusterConfig"))
      return scalarAt(file.documents()[i], "endpoint");
    const std::string endpoint = scalarAt(file, i, kEndpoint);
    if (!endpoint.empty()) return endpoint;
  }
  return "";
}

// Machines of another type run no API server. A patch may leave the type out.
bool isWorker(const YamlText& file, std::size_t document) {
  const std::string type = scalarAt(file, document, {"machine", "type"});
  return type == "worker" || type == "join";
}

std::string versionOf(const YamlText& file, std::string_view version) {
  const std::optional<std::size_t> machine = documentWhere(file, isMachine);
  if (!version.empty() || !machine) return std::string(version);
  std::string image = scalarAt(file, *machine, {"machine", "install", "image"});
  image.erase(std::min(image.find('@'), image.size()));  // a digest
  const std::size_t tag = image.rfind(':');
  return tag == std::string::npos ? "" : image.substr(tag);
}

IssuerFields talosFields(const YamlText& file, std::size_t document) {
  return {document, {"issuer", "issuerURL"}, {"accepted", "issuers"}, {"accepted", "audiences"}, endpointIn(file)};
}

Survey surveyMachine(const YamlText& file, std::size_t document) {
  Survey seen;
  const std::string endpoint = endpointIn(file);
  if (const YamlNode* issuer = file.find(document, kTalosIssuer)) {
    seen.issuers.push_back({issuer->scalar, issuer->start});
    for (const YamlNode& item : issuer->items) seen.issuers.push_back({item.scalar, item.start});
    if (issuer->kind == YamlNode::Kind::Sequence) seen.issuers.erase(seen.issuers.begin());
  } else if (!endpoint.empty()) {
    seen.issuers.push_back({endpoint, file.documents()[document].start});
    seen.beginsWithDefault = true;
  }
  if (const YamlNode* audiences = file.find(document, kTalosArguments / "api-audiences")) {
    for (const std::string& one : commaSplit(audiences->scalar)) seen.audiences.push_back({one, audiences->start});
  }
  if (const YamlNode* uri = file.find(document, kTalosArguments / "service-account-jwks-uri"))
    seen.jwksUris.push_back({uri->scalar, uri->start});
  for (const char* key : {"service-account-key-file", "service-account-signing-key-file"}) {
    if (const YamlNode* argument = file.find(document, kTalosArguments / key)) {
      seen.findings.push_back({"KEY_REPLACED", text::Severity::Error, "",
                               "Talos refuses " + std::string(key) + " among the arguments: it keeps the key itself",
                               "take it out; the cluster's own key goes on signing", argument->start.line,
                               argument->start.column});
    }
  }
  return seen;
}

base::Result<Survey> surveyTalos(const Sources& sources, std::string_view) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const std::optional<std::size_t> machine = documentWhere(file, isMachine);
  if (machine && isWorker(file, *machine)) return Survey();
  if (const auto accounts = documentWhere(file, isAccounts)) {
    Survey seen = surveyFields(file, talosFields(file, *accounts));
    const YamlNode* argument = machine ? file.find(*machine, kTalosIssuer) : nullptr;
    if (argument)
      seen.findings.push_back({"ISSUER_CONFLICT", text::Severity::Error, "",
                               "the issuer stands here and in " + std::string(kDocument) + " too",
                               "take service-account-issuer out of extraArgs", argument->start.line,
                               argument->start.column});
    return seen;
  }
  if (!machine) return base::invalid("the file holds no Talos machine configuration");
  return surveyMachine(file, *machine);
}

base::Result<Edit> editMachine(YamlText file, std::size_t document, const IssuerWish& wish) {
  const Survey seen = surveyMachine(file, document);
  if (wish.phase != Phase::Finish) {
    return refusal(
               "ISSUER_ORDER", file.documents()[document].start,
               "Talos up to 1.13 takes one issuer: there is no state that accepts two, so the move refuses every token "
               "in use at once")
        .withHint("upgrade to Talos 1.14 first; for a new cluster, which has no tokens yet: --phase finish");
  }
  if (const YamlNode* issuer = file.find(document, kTalosIssuer); issuer && issuer->kind == YamlNode::Kind::Sequence)
    return refusal("ARGS_SHAPE", issuer->start, "Talos up to 1.13 takes one value here");
  const std::string before = file.text();
  TRY(file.putMember(document, kTalosArguments, "service-account-issuer", wish.issuer));
  if (!seen.audiences.empty()) {
    const std::vector<std::string> wanted =
        wantedAudiences(valuesOf(seen.audiences), valuesOf(seen.issuers), {wish.issuer}, wish.issuer);
    TRY(file.putMember(document, kTalosArguments, "api-audiences", commaJoined(wanted)));
  }
  Edit edit{{file.text(), ""}, audienceWarnings(valuesOf(seen.audiences), wish.issuer), {}};
  if (edit.sources.file != before)
    edit.warnings.push_back("a running cluster refuses every token in use from then on, until its pods are re-created");
  edit.steps = {"talosctl apply-config --nodes NODE --file FILE, one control-plane node after the other"};
  return edit;
}

// The document merges with the one that is there, so it needs no private key; none is ever written.
base::Result<std::size_t> accountsIn(YamlText& file) {
  const std::optional<std::size_t> machine = documentWhere(file, isMachine);
  if (const YamlNode* argument = machine ? file.find(*machine, kTalosIssuer) : nullptr) {
    const std::string signer = argument->scalar.empty() ? "URL" : argument->scalar;
    return refusal("ISSUER_CONFLICT", argument->start,
                   signer + " signs: from 1.14 it is to stand in " + std::string(kDocument) + ", not in extraArgs too")
        .withHint("take service-account-issuer out of extraArgs and run this again with --former " + signer +
                  "; then talosctl apply-config with the whole file, since a patch takes nothing out");
  }
  if (const auto there = documentWhere(file, isAccounts)) return *there;
  if (const YamlNode* old = machine ? file.find(*machine, {"cluster", "serviceAccount"}) : nullptr) {
    return refusal(
        "ISSUER_CONFLICT", old->start,
        "Talos refuses KubeServiceAccountConfig beside cluster.serviceAccount: move the key into that document "
        "first");
  }
  return file.addDocument({{"apiVersion", "v1alpha1"}, {"kind", std::string(kDocument)}});
}

base::Result<Edit> editAccounts(YamlText file, const IssuerWish& wish) {
  const std::size_t document = TRY(accountsIn(file));
  const IssuerFields fields = talosFields(file, document);
  TRY(arrangeFields(file, fields, wish));
  const Survey seen = surveyFields(file, fields);
  // Unset, the audiences are the signing issuer alone: tokens for the other one would be refused.
  if (seen.audiences.empty() && seen.issuers.size() > 1)
    TRY(arrangeList(file, document, fields.audiences, valuesOf(seen.issuers)));
  return Edit{{file.text(), ""},
              audienceWarnings(valuesOf(surveyFields(file, fields).audiences), wish.issuer),
              {"talosctl patch machineconfig --nodes NODE --patch @FILE, one control-plane node after the other; the "
               "document merges with the one that is there, private key included"}};
}

base::Result<Edit> editTalos(const Sources& sources, const IssuerWish& wish) {
  TRY(checkIssuer(wish.issuer));
  YamlText file = TRY(YamlText::parse(sources.file));
  const std::string version = versionOf(file, wish.version);
  const std::optional<std::size_t> machine = documentWhere(file, isMachine);
  if (machine && isWorker(file, *machine)) {
    return base::invalid(text::place(file.find(*machine, {"machine", "type"})->start) +
                         ": this machine is a worker, which runs no API server")
        .withHint("name the configuration of the control-plane machines");
  }
  if (documentWhere(file, isAccounts) || isAtLeast(version, 1, 14)) return editAccounts(std::move(file), wish);
  if (!machine) return base::invalid("the file holds no Talos machine configuration");
  if (!versionIn(version)) {
    return base::invalid("the file does not say which Talos it is for, and 1.14 changed where the issuer stands")
        .withHint("say it with --version, e.g. --version 1.14");
  }
  return editMachine(std::move(file), *machine, wish);
}

}  // namespace

Flavour talos() {
  return {.name = "talos",
          .title = "Talos (one issuer up to 1.13, several from 1.14)",
          .file = "",
          .contents = "a control-plane machine configuration or a patch of it",
          .hasPatch = false,
          .upgrades = "the machine configuration",
          .recognises = isTalos,
          .survey = surveyTalos,
          .edit = editTalos};
}

}  // namespace cluster
