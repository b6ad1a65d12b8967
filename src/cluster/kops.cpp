// kops' Cluster: spec.kubeAPIServer, two issuers since kops 1.28.5.
// https://kops.sigs.k8s.io/operations/service_account_issuer_migration/
#include "cluster/issuer_fields.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlText;

constexpr std::string_view kKopsGroup = "kops.k8s.io/";

bool isKops(const YamlText& file) { return holds(file, kKopsGroup, "Cluster"); }

base::Result<IssuerFields> kopsFields(const YamlText& file) {
  const std::size_t document = TRY(onlyObject(file, kKopsGroup, "Cluster"));
  const text::YamlPath server{"spec", "kubeAPIServer"};
  const std::string name = scalarAt(file, document, {"metadata", "name"});
  return IssuerFields{document, server / "serviceAccountIssuer", server / "additionalServiceAccountIssuers",
                      server / "apiAudiences", name.empty() ? "" : "https://api.internal." + name};
}

base::Result<Survey> surveyKops(const Sources& sources, std::string_view) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const IssuerFields fields = TRY(kopsFields(file));
  Survey seen = surveyFields(file, fields);
  const text::YamlNode* uri = file.find(fields.document, {"spec", "kubeAPIServer", "serviceAccountJWKSURI"});
  if (uri && uri->kind == text::YamlNode::Kind::Scalar) seen.jwksUris.push_back({uri->scalar, uri->start});
  return seen;
}

base::Result<Edit> editKops(const Sources& sources, const IssuerWish& wish) {
  YamlText file = TRY(YamlText::parse(sources.file));
  const IssuerFields fields = TRY(kopsFields(file));
  const text::YamlPath discovery{"spec", "serviceAccountIssuerDiscovery"};
  if (!scalarAt(file, fields.document, discovery / "discoveryStore").empty()) {
    return refusal("ISSUER_CONFLICT", file.find(fields.document, discovery)->start,
                   "kops publishes an issuer of its own here (serviceAccountIssuerDiscovery), and derives the flags "
                   "from it")
        .withHint("keep kops' issuer (irsa.yaml: issuer.hosting: existing), or take serviceAccountIssuerDiscovery out");
  }
  TRY(arrangeFields(file, fields, wish));
  const Survey seen = surveyFields(file, fields);
  return Edit{{file.text(), ""},
              audienceWarnings(valuesOf(seen.audiences), wish.issuer),
              {"kops replace -f FILE", "kops update cluster --yes",
               "kops rolling-update cluster --instance-group-roles control-plane --yes"}};
}

}  // namespace

Flavour kops() {
  return {.name = "kops",
          .title = "kops (two issuers since 1.28.5)",
          .file = "",
          .contents = "the Cluster; kops get cluster NAME -o yaml",
          .hasPatch = false,
          .upgrades = "the cluster spec in kops' state store",
          .recognises = isKops,
          .survey = surveyKops,
          .edit = editKops};
}

}  // namespace cluster
