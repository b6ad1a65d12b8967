// How a request to the API server proves who asks: token, token file, client certificate or an exec plugin.
#pragma once
#include <chrono>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "kube/client.h"
#include "kube/kubeconfig.h"

namespace cli {

// `files` and `clock` must outlive the source. An exec plugin is run once here, because it may bring a client
// certificate (put into access.tls), and again whenever its token expires; each time for at most `timeout`.
//
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
base::Result<kube::TokenSource> clusterCredentials(kube::ClusterAccess& access, const base::Files& files,
                                                   const base::Clock& clock, std::chrono::milliseconds timeout);

}  // namespace cli
