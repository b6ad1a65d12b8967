#include "setup/run.h"

#include "setup/names.h"
#include "setup/observed.h"

namespace setup {
namespace {

constexpr int kRsaBits = 2048;

// The key that is there, or a new one that the plan will write.
base::Result<void> findKey(const Configuration& configuration, const World& world, Material& material) {
  const KeySettings& keys = configuration.keys;
  std::string path = privateKeyPath(keys.directory, configuration.name);
  auto pem = world.files.read(path);
  if (!pem && pem.error().kind != base::ErrorKind::NotFound) return std::move(pem).error();
  if (pem) {
    auto key = crypto::SigningKey::fromPem(*pem);
    if (!key) return std::move(key).error().during("reading the private key " + path);
    material.jwks = oidc::jwksOf({key->publicKey()});
    return {};
  }
  crypto::SigningKey made = TRY(keys.algorithm == crypto::Algorithm::Es256 ? crypto::SigningKey::generateEc("P-256")
                                                                           : crypto::SigningKey::generateRsa(kRsaBits));
  material.newPrivateKeyPem = made.pem();
  material.jwks = oidc::jwksOf({made.publicKey()});
  return {};
}

base::Result<void> readClusterKeys(const ObservedCluster& cluster, Material& material) {
  auto jwks = oidc::parseJwks(cluster.jwks);
  if (!jwks) return std::move(jwks).error().during("reading the cluster's public keys (/openid/v1/jwks)");
  if (jwks->keys.empty()) return base::invalid("the cluster publishes no key that AWS can use (/openid/v1/jwks)");
  material.jwks = *std::move(jwks);
  return {};
}

base::Result<Material> materialFor(const Configuration& configuration, const Observed& observed, const World& world) {
  Material material;
  material.account = observed.caller.account;
  if (configuration.keys.source == KeySource::Generate)
    TRY(findKey(configuration, world, material));
  else if (observed.cluster)
    TRY(readClusterKeys(*observed.cluster, material));
  if (!observed.cluster) return material;
  material.clusterUid = observed.cluster->uid;
  material.servesGuard = observed.cluster->servesGuard;
  material.apiServerPort = observed.cluster->apiServerPort;
  return material;
}

}  // namespace

base::Result<Plan> makePlan(const Configuration& configuration, World& world, const Mode& mode) {
  if (configuration.cluster && !world.kube)
    return base::internal("irsa.yaml names a cluster, but there is no way to it");
  Observed observed = TRY(observe(configuration, world.aws, configuration.cluster ? world.kube : nullptr));
  PlanOptions options{mode.adopt, mode.deleteBucket};
  if (mode.kind == Mode::Kind::Destroy) {
    Plan made = planDestroy(observed, options);
    made.region = configuration.aws.region;
    if (configuration.keys.source == KeySource::Generate)
      made.notes.push_back("private keys in " + configuration.keys.directory + " are never deleted by irsa");
    return made;
  }
  aws::Partition partition = TRY(aws::partitionOf(configuration.aws.region));
  Material material = TRY(materialFor(configuration, observed, world));
  return plan(desire(configuration, partition, material), observed, options);
}

}  // namespace setup
