#include <algorithm>

#include "setup/webhook_lint_rules.h"

namespace setup {
namespace {

constexpr int kLongestTimeout = 10;  // seconds

kube::Labels labelsOfNamespace(const WebhookSurroundings& cluster, const std::string& name) {
  for (const NamedLabels& space : namespacesOf(cluster))
    if (space.name == name) return space.labels;
  return {{"kubernetes.io/metadata.name", name}};
}

void lintBlocking(WebhookLint& lint, const IdentityWebhook& webhook) {
  if (webhook.failurePolicy != "Fail" || webhook.looksAtNamespaces) return;
  if (webhook.takes(labelsOfNamespace(lint.cluster, "kube-system"), {}))
    lint.error("WEBHOOK_BLOCKS_SYSTEM", webhook.place(),
               "failurePolicy is Fail and pods of kube-system are taken: while the webhook is away, the parts that "
               "would bring it back can't start either",
               "leave kube-system out by namespaceSelector (kubernetes.io/metadata.name NotIn), or narrow "
               "objectSelector to a label");
  const WebhookProgram* program = lint.programOf(webhook);
  const kube::Labels own = program ? program->podLabels : kube::Labels();
  if (webhook.hasService() && webhook.takes(labelsOfNamespace(lint.cluster, webhook.serviceNamespace), own))
    lint.error("WEBHOOK_BLOCKS_ITSELF", webhook.place(),
               "failurePolicy is Fail and the webhook's own pods are taken: once all of them are gone, none can be "
               "created again",
               "leave the namespace " + webhook.serviceNamespace + " out by namespaceSelector");
}

void lintVersions(WebhookLint& lint, const IdentityWebhook& webhook) {
  using Maker = WebhookProgram::Maker;
  const std::vector<std::string>& versions = webhook.reviewVersions;
  const WebhookProgram* program = lint.programOf(webhook);
  const Maker maker = program ? program->maker : Maker::Unknown;
  if (std::ranges::find(versions, "v1") == versions.end() && maker != Maker::Aws)
    // Only of ours is it known that it would answer v1.
    lint.findings.push_back(
        {"WEBHOOK_REVIEWS_NO_V1", maker == Maker::Ours ? text::Severity::Warning : text::Severity::Note,
         webhook.place(),
         "admissionReviewVersions lacks v1: v1beta1 is deprecated, and no pod is reviewed once it is "
         "gone",
         "set admissionReviewVersions: [v1, v1beta1] if the image answers v1: irsa-webhook does, "
         "AWS's up to v0.6.17 does not"});
  if (program && program->knowsOnlyV1beta1() && !versions.empty() && versions.front() == "v1")
    lint.error(
        "WEBHOOK_IMAGE_NO_V1", webhook.place(),
        "it is sent reviews in v1, and " + program->image +
            " answers v1beta1 only: the API server takes each answer for a failure",
        "set admissionReviewVersions: [v1beta1] for this image, or use irsa-webhook, which takes the same flags");
}

}  // namespace

void lintEntries(WebhookLint& lint) {
  for (const IdentityWebhook& webhook : lint.webhooks) {
    lintBlocking(lint, webhook);
    lintVersions(lint, webhook);
    if (webhook.timeoutSeconds > kLongestTimeout)
      lint.warning("WEBHOOK_TIMEOUT_LONG", webhook.place(),
                   "timeoutSeconds is " + std::to_string(webhook.timeoutSeconds) +
                       ": while the webhook hangs, each pod's creation does so for that long",
                   "set timeoutSeconds: 5; an answer takes milliseconds");
    if (webhook.reinvocationPolicy == "Never")
      lint.warning("WEBHOOK_NEVER_REINVOKED", webhook.place(),
                   "reinvocationPolicy is Never: containers that a later webhook adds (sidecars) get no credentials",
                   "set reinvocationPolicy: IfNeeded");
  }
}

}  // namespace setup
