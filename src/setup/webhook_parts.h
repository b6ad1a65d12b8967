// The pieces webhookObjects() is put together from, one for each neighbourhood of objects.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "setup/webhook_objects.h"

namespace setup {

inline constexpr int kWebhookPort = 8443, kMetricsPort = 9999;

// An object of the API group under `api` ("/api/v1", "/apis/apps/v1"), in the webhook's namespace or in none; labelled
// as ours. Fields beside kind and metadata are the caller's.
enum class Scope { Namespace, Cluster };
struct ObjectType {
  std::string_view api, plural, kind;
  Scope scope = Scope::Namespace;
};
KubernetesObject newObject(const WebhookWish& wish, const ObjectType& type, std::string_view name = kWebhookName);

text::Json webhookSelector();  // of the webhook's pods: a LabelSelector

std::vector<KubernetesObject> accessObjects(const WebhookWish& wish);
KubernetesObject deploymentObject(const WebhookWish& wish);
KubernetesObject webhookConfigurationObject(const WebhookWish& wish);
std::vector<KubernetesObject> guardObjects(const WebhookWish& wish);

}  // namespace setup
