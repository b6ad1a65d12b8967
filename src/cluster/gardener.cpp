// Gardener's Shoot: spec.kubernetes.kubeAPIServer.serviceAccountConfig.
#include "cluster/issuer_fields.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlText;

constexpr std::string_view kGardenerGroup = "core.gardener.cloud/";

bool isGardener(const YamlText& file) { return holds(file, kGardenerGroup, "Shoot"); }

base::Result<IssuerFields> gardenerFields(const YamlText& file) {
  const std::size_t document = TRY(onlyObject(file, kGardenerGroup, "Shoot"));
  const text::YamlPath server{"spec", "kubernetes", "kubeAPIServer"};
  const text::YamlPath accounts = server / "serviceAccountConfig";
  return IssuerFields{document, accounts / "issuer", accounts / "acceptedIssuers", server / "apiAudiences", ""};
}

base::Result<Survey> surveyGardener(const Sources& sources, std::string_view) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const IssuerFields fields = TRY(gardenerFields(file));
  return surveyFields(file, fields);
}

base::Result<Edit> editGardener(const Sources& sources, const IssuerWish& wish) {
  YamlText file = TRY(YamlText::parse(sources.file));
  const IssuerFields fields = TRY(gardenerFields(file));
  const text::YamlPath managed{"metadata", "annotations", "authentication.gardener.cloud/issuer"};
  if (scalarAt(file, fields.document, managed) == "managed") {
    return refusal("ISSUER_CONFLICT", file.find(fields.document, managed)->start,
                   "Gardener manages and publishes this shoot's issuer")
        .withHint("use Gardener's issuer (irsa.yaml: issuer.hosting: existing)");
  }
  TRY(arrangeFields(file, fields, wish));
  const Survey seen = surveyFields(file, fields);
  return Edit{{file.text(), ""},
              audienceWarnings(valuesOf(seen.audiences), wish.issuer),
              {"kubectl apply -f FILE in the garden cluster; Gardener reconciles the control plane"}};
}

}  // namespace

Flavour gardener() {
  return {.name = "gardener",
          .title = "Gardener",
          .file = "",
          .contents = "the Shoot; kubectl -n garden-PROJECT get shoot NAME -o yaml",
          .hasPatch = false,
          .upgrades = "the Shoot",
          .recognises = isGardener,
          .survey = surveyGardener,
          .edit = editGardener};
}

}  // namespace cluster
