// The API server as the webhook talks to it: one client for the watch, one with short time-outs for single questions.
#pragma once
#include <memory>

#include "base/files.h"
#include "base/result.h"
#include "http/client.h"
#include "kube/client.h"
#include "webhook/flags.h"

namespace webhook {

struct ApiAccess {
  std::unique_ptr<http::Client> watchHttp, lookupHttp;
  std::unique_ptr<kube::Client> watch, lookup;
  std::string server;
};

// By --kubeconfig and --kube-api, else by the pod's own service account. `files` must outlive it.
base::Result<ApiAccess> openApi(const Flags& flags, const base::Files& files);

}  // namespace webhook
