// What stands in the cluster: the webhook and the annotations of the service accounts.
#include "setup/emit_forms.h"
#include "setup/names.h"
#include "setup/plan_steps.h"
#include "text/yaml.h"

namespace setup {
namespace {

using text::Json;

std::string asYaml(const std::vector<Json>& objects) {
  std::string out;
  for (const Json& object : objects) out += (out.empty() ? "" : "---\n") + text::writeYaml(object);
  return out;
}

}  // namespace

std::vector<EmittedFile> emitKustomize(const EmitSubject& subject) {
  std::vector<Json> webhook, accounts;
  for (const KubernetesObject& object : subject.desired.objects) webhook.push_back(object.object);
  for (const DesiredAccount& account : subject.desired.accounts)
    accounts.push_back(accountObject(account, subject.desired.name, false));
  Json resources = Json::array({"webhook.yaml"});
  if (!accounts.empty()) resources.push_back("serviceaccounts.yaml");
  const Json kustomization = {{"apiVersion", "kustomize.config.k8s.io/v1beta1"},
                              {"kind", "Kustomization"},
                              {"resources", std::move(resources)}};
  std::vector<EmittedFile> files{{"kustomization.yaml", text::writeYaml(kustomization)},
                                 {"webhook.yaml", asYaml(webhook)}};
  if (!accounts.empty()) files.push_back({"serviceaccounts.yaml", asYaml(accounts)});
  return files;
}

// As charts take it: one file for each account, for `helm install -n NAMESPACE -f NAMESPACE/NAME.yaml`.
std::vector<EmittedFile> emitHelmValues(const EmitSubject& subject) {
  std::vector<EmittedFile> files;
  for (const DesiredAccount& account : subject.desired.accounts) {
    const Json object = accountObject(account, subject.desired.name, false);
    const Json& metadata = text::at(object, "metadata");
    const Json values = {{"serviceAccount",
                          {{"create", true},
                           {"name", account.name},
                           {"annotations", text::at(metadata, "annotations")},
                           {"labels", text::at(metadata, "labels")}}}};
    files.push_back({account.nameSpace + "/" + account.name + ".yaml", text::writeYaml(values)});
  }
  return files;
}

}  // namespace setup
