// EKS Anywhere's Cluster: one issuer, in spec.podIamConfig. EKS Anywhere joins it by a comma with one that
// controlPlaneConfiguration.apiServerExtraArgs has too, and kube-apiserver takes both as one.
#include "cluster/flavour.h"
#include "cluster/kubeadm_arguments.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

constexpr std::string_view kEksAnywhereGroup = "anywhere.eks.amazonaws.com/";
const text::YamlPath kPodIam{"spec", "podIamConfig"};
const text::YamlPath kPodIamIssuer = kPodIam / "serviceAccountIssuer";
const text::YamlPath kEksArguments{"spec", "controlPlaneConfiguration", "apiServerExtraArgs"};
const text::YamlPath kEksIssuer = kEksArguments / "service-account-issuer";

constexpr std::string_view kThreeSteps =
    "EKS Anywhere's Cluster holds one issuer, so a running cluster goes in three steps: "
    "(1) kubectl annotate cluster.anywhere.eks.amazonaws.com NAME anywhere.eks.amazonaws.com/paused=true, and on each "
    "control-plane node irsa apiserver patch --for static-pod --phase accept; (2) on each node --phase switch, then "
    "wait "
    "24 hours; (3) irsa apiserver patch --for eks-anywhere --phase finish, the annotation off, eksctl anywhere upgrade "
    "cluster -f FILE";

bool isEksAnywhere(const YamlText& file) { return holds(file, kEksAnywhereGroup, "Cluster"); }

base::Result<Survey> surveyEksAnywhere(const Sources& sources, std::string_view) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const std::size_t document = TRY(onlyObject(file, kEksAnywhereGroup, "Cluster"));
  Survey seen;
  const YamlNode* own = file.find(document, kPodIamIssuer);
  const YamlNode* argument = file.find(document, kEksIssuer);
  for (const YamlNode* node : {own, argument}) {
    if (node) seen.issuers.push_back({node->scalar, node->start});
  }
  if (own && argument) {
    const std::string joined = argument->scalar + "," + own->scalar;
    seen.findings.push_back({"ISSUER_JOINED", text::Severity::Error, "",
                             "EKS Anywhere joins this with podIamConfig.serviceAccountIssuer to " + joined +
                                 ", which kube-apiserver takes as one issuer: it refuses every token issued earlier",
                             "take service-account-issuer out of apiServerExtraArgs", argument->start.line,
                             argument->start.column});
  }
  seen.beginsWithDefault = seen.issuers.empty();
  if (seen.issuers.empty()) seen.issuers.push_back({defaultIssuer(""), file.documents()[document].start});
  const YamlNode* audiences = file.find(document, kEksArguments / "api-audiences");
  for (const std::string& one : commaSplit(audiences ? audiences->scalar : ""))
    seen.audiences.push_back({one, audiences->start});
  for (const auto& [name, list] : {std::pair("service-account-key-file", &seen.keyFiles),
                                   std::pair("service-account-signing-key-file", &seen.signingKeys),
                                   std::pair("service-account-jwks-uri", &seen.jwksUris)}) {
    if (const YamlNode* key = file.find(document, kEksArguments / name)) list->push_back({key->scalar, key->start});
  }
  seen.ownKeys = kKubeadmKeys;
  return seen;
}

base::Result<Edit> editEksAnywhere(const Sources& sources, const IssuerWish& wish) {
  TRY(checkIssuer(wish.issuer));
  YamlText file = TRY(YamlText::parse(sources.file));
  const std::size_t document = TRY(onlyObject(file, kEksAnywhereGroup, "Cluster"));
  if (const YamlNode* argument = file.find(document, kEksIssuer)) {
    return refusal(
               "ISSUER_JOINED", argument->start,
               "EKS Anywhere would join this issuer with podIamConfig's by a comma, and kube-apiserver takes both as "
               "one")
        .withHint("take service-account-issuer out of apiServerExtraArgs, then run this again");
  }
  const std::string now = scalarAt(file, document, kPodIamIssuer);
  if (wish.phase != Phase::Finish && now != wish.issuer) {
    return refusal("ISSUER_ORDER", file.documents()[document].start, kThreeSteps)
        .withHint("for a new cluster, which has no tokens yet: --phase finish");
  }
  if (wish.phase != Phase::Finish) {
    return refusal(
        "ISSUER_ORDER", file.find(document, kPodIamIssuer)->start,
        "this issuer signs already and alone; the way back is each node's manifest: irsa apiserver patch --for "
        "static-pod --former URL --phase switch, then accept");
  }
  const Survey seen = TRY(surveyEksAnywhere(sources, ""));
  const std::vector<std::string> audiences = valuesOf(seen.audiences),
                                 heard = wantedAudiences(audiences, valuesOf(seen.issuers), {wish.issuer}, wish.issuer);
  TRY(file.putMember(document, kPodIam, "serviceAccountIssuer", wish.issuer));
  if (heard != audiences) TRY(file.putMember(document, kEksArguments, "api-audiences", commaJoined(heard)));
  Edit edit{{file.text(), ""}, audienceWarnings(heard, wish.issuer), {}};
  if (edit.sources.file != sources.file) {
    edit.warnings.insert(edit.warnings.begin(),
                         "the machines that EKS Anywhere makes from now on accept " + wish.issuer +
                             " alone: on a running cluster only after accept, switch and 24 hours on the nodes");
  }
  edit.steps = {
      "a new cluster: eksctl anywhere create cluster -f FILE",
      "a running one: take the annotation anywhere.eks.amazonaws.com/paused off, then eksctl anywhere upgrade "
      "cluster -f FILE"};
  return edit;
}

}  // namespace

Flavour eksAnywhere() {
  return {.name = "eks-anywhere",
          .title = "EKS Anywhere",
          .file = "",
          .contents = "the Cluster that eksctl anywhere takes",
          .hasPatch = false,
          .upgrades = "the Cluster: new machines are made from it",
          .recognises = isEksAnywhere,
          .survey = surveyEksAnywhere,
          .edit = editEksAnywhere};
}

}  // namespace cluster
