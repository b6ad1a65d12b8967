// OpenShift's Authentication: its operator keeps the former issuer accepted for 24 hours by itself.
#include "cluster/flavour.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlText;

constexpr std::string_view kOpenShiftGroup = "config.openshift.io/";
const text::YamlPath kSpecIssuer{"spec", "serviceAccountIssuer"};

bool isOpenShift(const YamlText& file) { return holds(file, kOpenShiftGroup, "Authentication"); }

Survey surveyOf(const YamlText& file, std::size_t document) {
  Survey seen;
  const text::YamlNode* issuer = file.find(document, kSpecIssuer);
  if (issuer && issuer->kind == text::YamlNode::Kind::Scalar && !issuer->scalar.empty())
    seen.issuers.push_back({issuer->scalar, issuer->start});
  else
    seen.issuers.push_back({"https://kubernetes.default.svc", file.documents()[document].start});
  return seen;
}

base::Result<Survey> surveyOpenShift(const Sources& sources, std::string_view) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const std::size_t document = TRY(onlyObject(file, kOpenShiftGroup, "Authentication"));
  return surveyOf(file, document);
}

base::Result<Edit> editOpenShift(const Sources& sources, const IssuerWish& wish) {
  TRY(checkIssuer(wish.issuer));
  YamlText file = TRY(YamlText::parse(sources.file));
  const std::size_t document = TRY(onlyObject(file, kOpenShiftGroup, "Authentication"));
  const std::string now = surveyOf(file, document).issuers.front().value;
  Edit edit;
  if (wish.phase == Phase::Accept) {
    if (now == wish.issuer) {
      return refusal("ISSUER_ORDER", file.find(document, kSpecIssuer)->start,
                     "OpenShift has one field, for the issuer that signs; the way back is to set the former issuer");
    }
    edit.steps = {"nothing to do: OpenShift's operator accepts the former issuer for 24 hours after the switch"};
  } else if (wish.phase == Phase::Finish && now != wish.issuer) {
    return refusal("ISSUER_ORDER", file.documents()[document].start, now + " signs; switch first");
  } else if (wish.phase == Phase::Finish) {
    edit.steps = {"nothing to do: the operator drops the former issuer 24 hours after the switch"};
  } else {
    TRY(file.putMember(document, {"spec"}, "serviceAccountIssuer", wish.issuer));
    edit.steps = {"oc apply -f FILE",
                  "oc adm wait-for-stable-cluster; the operator accepts the former issuer for 24 hours: re-create pods "
                  "before that"};
  }
  edit.sources.file = file.text();
  return edit;
}

}  // namespace

Flavour openShift() {
  return {.name = "openshift",
          .title = "OpenShift",
          .file = "",
          .contents = "the Authentication; oc get authentication.config.openshift.io cluster -o yaml",
          .hasPatch = false,
          .upgrades = "the Authentication; its operator sets the flags",
          .recognises = isOpenShift,
          .survey = surveyOpenShift,
          .edit = editOpenShift};
}

}  // namespace cluster
