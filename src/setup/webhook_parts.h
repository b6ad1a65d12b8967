// The pieces webhookObjects() is put together from, one for each neighbourhood of objects.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "setup/object_parts.h"
#include "setup/webhook_objects.h"

namespace setup {

inline constexpr int kWebhookPort = 8443;

ObjectOwner ownerOf(const WebhookWish& wish);

std::vector<KubernetesObject> accessObjects(const WebhookWish& wish);
KubernetesObject deploymentObject(const WebhookWish& wish);
KubernetesObject webhookConfigurationObject(const WebhookWish& wish);
std::vector<KubernetesObject> guardObjects(const WebhookWish& wish);

}  // namespace setup
