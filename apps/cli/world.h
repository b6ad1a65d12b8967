// The real world, as irsa.yaml, the environment and the kubeconfig describe it: what main() hands down to the rooms.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "aws/client.h"
#include "console.h"
#include "ground.h"
#include "http/client.h"
#include "kube/client.h"
#include "kube/kubeconfig.h"
#include "setup/configuration.h"
#include "setup/run.h"

namespace cli {

// A client and what it was made of. AWS_CA_BUNDLE or the profile's ca_bundle replaces
// the system's roots, aws.caFile adds to them.
struct AwsConnection {
  std::unique_ptr<http::Client> http;
  aws::Endpoints endpoints;
  std::string region;
  std::unique_ptr<aws::Client> client;
};

struct ClusterConnection {
  kube::ClusterAccess access;
  std::unique_ptr<http::Client> http;
  kube::TokenSource token;
  std::unique_ptr<kube::Client> client;
};

struct World {
  Ground ground;
  setup::Configuration configuration;
  AwsConnection aws;
  std::optional<ClusterConnection> cluster;      // absent on day 0
  std::optional<ClusterConnection> keysCluster;  // of keys.kubeconfig
  std::size_t concurrency = 1;                   // calls side by side

  setup::World view();  // lives as long as this World
};

// aws.accountId, or else whose the credentials are. `place` says for messages where its names come up: "the policy".
base::Result<std::string> accountOf(const World& world, const std::string& place);

// A hint is added to a missing file.
base::Result<setup::Configuration> loadConfiguration(const CommonOptions& options, const base::Files& files);

// Reads irsa.yaml and connects; credentials are looked for at the first call that needs them.
base::Result<std::unique_ptr<World>> openWorld(const CommonOptions& options);

// Credentials are looked for at the first call that needs them.
base::Result<AwsConnection> connectAws(const setup::AwsSettings& settings, const CommonOptions& options,
                                       Ground& ground);

// What the choice leaves open comes from irsa.yaml, if there is one.
base::Result<ClusterConnection> connectChosenCluster(const ClusterChoice& choice, const CommonOptions& options,
                                                     Ground& ground);

// Where there is no irsa.yaml to name one: AWS_REGION, AWS_DEFAULT_REGION, the profile's region, us-east-1.
std::string regionOutsideOfWish(const base::Files& files);

// As irsa.yaml says, if there is one (a file that is named must be there); else as the environment does. `ground` must
// outlive the connection.
base::Result<AwsConnection> connectChosenAws(const CommonOptions& options, Ground& ground);

base::Result<ClusterConnection> connectCluster(const setup::ClusterSettings& settings, const CommonOptions& options,
                                               Ground& ground);

}  // namespace cli
