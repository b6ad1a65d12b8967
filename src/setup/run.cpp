#include "setup/run.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "oidc/discovery.h"
#include "setup/documents.h"
#include "setup/key_files.h"
#include "setup/names.h"
#include "setup/observed.h"
#include "setup/preconditions.h"

namespace setup {
namespace {

base::Result<crypto::SigningKey> newKey(const KeySettings& keys) {
  if (keys.algorithm == crypto::Algorithm::Es256) return crypto::SigningKey::generateEc("P-256");
  return crypto::SigningKey::generateRsa(keys.bits);
}

// The keys that are published now, by either document; none where it is not there or no JWKS.
oidc::Jwks publishedKeys(const Configuration& configuration, const Observed& observed) {
  oidc::Jwks published;
  for (const std::string_view key : {kJwksKey, kKubernetesJwksKey}) {
    std::string document;
    auto object = observed.bucket.documents.find(objectKey(configuration.issuer.prefix, key));
    if (object != observed.bucket.documents.end()) document = object->second.body;
    auto file = observed.folder.find(std::string(key));
    if (file != observed.folder.end()) document = file->second;
    if (auto jwks = oidc::parseJwks(document)) addKeys(published, *jwks);
  }
  return published;
}

base::Error keyIsGone(const std::string& path, const oidc::Jwks& published) {
  return {base::ErrorKind::Conflict, "KEY_LOST",
          "the private key " + path + " is not there, but the issuer publishes key " + published.keys.front().kid +
              ": with a new one every token of the old would be refused",
          "put the file back (keys.directory in irsa.yaml says where), or irsa destroy --delete-bucket to begin anew"};
}

// A link could hand us, or make us publish, somebody else's key.
base::Result<std::optional<std::string>> readPrivateKey(const base::Files& files, const std::string& path) {
  auto about = TRY(files.info(path));
  if (!about) return std::optional<std::string>();
  if (about->isSymbolicLink || about->isFolder)
    return base::Error{base::ErrorKind::Conflict, "",
                       "the private key " + path + " is a " + (about->isFolder ? "folder" : "symbolic link") +
                           ", and irsa takes none but an ordinary file there",
                       "look who put it there, then move the file itself to this place"};
  if ((about->mode & 077U) != 0)
    return base::Error{base::ErrorKind::Conflict, "", "the private key " + path + " can be read by others",
                       "chmod 600 " + path + "; if others may have read it, make a new key"};
  return std::optional(TRY(files.read(path)));
}

// The key that is there, or a new one that the plan will write.
base::Result<void> findKey(const Configuration& configuration, const World& world, const oidc::Jwks& published,
                           Material& material) {
  const KeySettings& keys = configuration.keys;
  std::string path = privateKeyPath(keys.directory, configuration.name);
  std::optional<std::string> pem = TRY(readPrivateKey(world.files, path));
  if (!pem && !published.keys.empty()) return keyIsGone(path, published);
  auto key = pem ? crypto::SigningKey::fromPem(*pem) : newKey(keys);
  if (!key) return std::move(key).error().during("reading the private key " + path);
  if (!pem) material.newPrivateKeyPem = key->pem();
  const crypto::PublicKey own = key->publicKey();
  if (own.algorithm() != keys.algorithm || (keys.algorithm == crypto::Algorithm::Rs256 && own.bits() != keys.bits))
    material.notes.push_back("the key in " + path +
                             " is not what keys.algorithm and keys.bits ask for, and stays: with a "
                             "new one every token in use would be refused; irsa keys rotate changes keys in a cluster");
  material.jwks = oidc::jwksOf({own});
  return keys.x5c ? certify(material.jwks, &*key, published, world.clock.now()) : base::Result<void>();
}

// What keys.publicKeys held when irsa.yaml was read, and the Secret as it is now.
base::Result<void> gatherKeys(const KeySettings& keys, const World& world, Material& material) {
  material.jwks = keys.published;
  if (!keys.secretName.empty()) {
    kube::Client* cluster = keys.hasOwnCluster() ? world.keys : world.kube;
    if (!cluster) return base::internal("there is no way to the cluster that holds keys.secret");
    const std::string doing = "reading keys.secret " + keys.secretNamespace + "/" + keys.secretName;
    auto secret = cluster->get("/api/v1/namespaces/" + keys.secretNamespace + "/secrets/" + keys.secretName);
    if (!secret) return std::move(secret).error().during(doing);
    auto found = publicKeysOf(*secret);
    if (!found) return std::move(found).error().during(doing);
    addKeys(material.jwks, *found);
  }
  if (material.jwks.keys.empty())
    return base::invalid("keys.publicKeys and keys.secret hold no public key, so nothing could be published");
  for (oidc::Jwk& jwk : material.jwks.keys)
    if (!keys.x5c) jwk.x5c.clear();
  return {};
}

base::Result<void> readClusterKeys(const ObservedCluster& cluster, Material& material) {
  auto jwks = oidc::parseJwks(cluster.jwks);
  if (!jwks) return std::move(jwks).error().during("reading the cluster's public keys (/openid/v1/jwks)");
  if (jwks->keys.empty()) return base::invalid("the cluster publishes no key that AWS can use (/openid/v1/jwks)");
  material.jwks = *std::move(jwks);
  return {};
}

// Those that are served as they are served. In the published order, so that a document with nothing to add does not
// change.
void keepPublished(const oidc::Jwks& published, bool hasCertificates, oidc::Jwks& keys) {
  oidc::Jwks all;
  for (const oidc::Jwk& there : published.keys) {
    if (there.kid.empty()) continue;
    const auto served = std::ranges::find(keys.keys, there.kid, &oidc::Jwk::kid);
    addKeys(all, {.keys = {served == keys.keys.end() ? there : *served}});
  }
  addKeys(all, keys);
  for (oidc::Jwk& jwk : all.keys)
    if (!hasCertificates) jwk.x5c.clear();
  keys = std::move(all);
}

base::Result<void> fillKeys(const Configuration& configuration, const Observed& observed, const World& world,
                            const Mode& mode, Material& material) {
  switch (configuration.keys.source) {
    case KeySource::Generate:
      TRY(findKey(configuration, world, publishedKeys(configuration, observed), material));
      break;
    case KeySource::Files: TRY(gatherKeys(configuration.keys, world, material)); break;
    case KeySource::Cluster:
      if (mode.keys)
        material.jwks = *mode.keys;
      else if (observed.cluster)
        TRY(readClusterKeys(*observed.cluster, material));
      if (configuration.aws.isCeph())
        putSigningFirst(material.jwks, publishedKeys(configuration, observed), mode.signing);
  }
  if (configuration.issuer.republish && !mode.documentsOnly)
    keepPublished(publishedKeys(configuration, observed), configuration.keys.x5c, material.jwks);
  if (configuration.keys.x5c)
    TRY(certify(material.jwks, nullptr, publishedKeys(configuration, observed), world.clock.now()));
  auto checked = checkKeys(material.jwks);
  if (!checked) return std::move(checked).error().during("putting the JWKS together");
  return {};
}

base::Result<Material> materialFor(const Configuration& configuration, const Observed& observed, const World& world,
                                   const Mode& mode) {
  const Phases& phases = mode.phases;
  Material material;
  material.account = observed.caller.account;
  bool publishes = configuration.issuer.hosting != Hosting::Existing && phases.contains(Phase::Issuer);
  if (publishes) TRY(fillKeys(configuration, observed, world, mode, material));
  if (!publishes) material.jwks = publishedKeys(configuration, observed);
  if (observed.front.accessControl) material.accessControl = observed.front.accessControl->id;
  if (observed.front.distribution) {
    material.distribution = observed.front.distribution->distribution.id;
    material.distributionDomain = observed.front.distribution->distribution.domainName;
  }
  if (!observed.cluster) return material;
  material.clusterUid = observed.cluster->uid;
  material.servesGuard = observed.cluster->servesGuard || !phases.contains(Phase::Webhook);
  material.apiServerPort = observed.cluster->apiServerPort;
  return material;
}

Plan destroyPlan(const Configuration& configuration, const Observed& observed, const PlanOptions& options) {
  Plan made = planDestroy(observed, options);
  made.region = configuration.aws.region;
  if (configuration.keys.source == KeySource::Generate && configuration.issuer.hosting != Hosting::Existing)
    made.notes.push_back("private keys in " + configuration.keys.directory + " are never deleted by irsa");
  return made;
}

void noteSkipped(const Phases& phases, Plan& plan) {
  std::string skipped;
  for (Phase phase : allPhases())
    if (!phases.contains(phase)) skipped += (skipped.empty() ? "" : ", ") + std::string(nameOf(phase));
  if (!skipped.empty()) plan.notes.push_back("not looked at: " + skipped);
}

base::Result<void> checkIssuerIsKnown(const Observed& observed, const Phases& phases) {
  if (phases.contains(Phase::Issuer) || !isUnnamed(observed.identifiers.issuer)) return {};
  return base::Error{base::ErrorKind::Conflict, "", "the issuer has no name yet: CloudFront gives its distribution one",
                     "irsa apply --only issuer makes it, or set issuer.domain"};
}

std::set<std::string> takenAwayBy(const Plan& plan) {
  std::set<std::string> taken;
  for (const Action& action : plan.actions)
    if (isDestructive(action)) taken.insert(nameOf(action.call) + " " + action.target);
  return taken;
}

// Looks again. What was done, and what is now to do, becomes the plan of the whole; the latter is answered.
base::Result<Plan> goOn(const Configuration& configuration, Plan& whole, World& world, const Mode& mode) {
  Plan next = TRY(makePlan(configuration, world, mode));
  const std::set<std::string> agreed = takenAwayBy(whole);
  for (const std::string& one : takenAwayBy(next))
    if (!agreed.contains(one))
      return base::Error{base::ErrorKind::Conflict, "", "the world changed meanwhile: " + one + " was not planned",
                         "irsa plan shows what is to do now"};
  const auto isToCome = [](const Action& action) { return action.awaitsNames; };
  whole.actions.erase(std::find_if(whole.actions.begin(), whole.actions.end(), isToCome), whole.actions.end());
  std::vector<Action> actions = std::move(whole.actions);
  actions.insert(actions.end(), next.actions.begin(), next.actions.end());
  const std::size_t looked = whole.awsCalls;
  whole = next;
  whole.actions = std::move(actions);
  whole.awsCalls = looked;
  return next;
}

}  // namespace

base::Result<Plan> makePlan(const Configuration& configuration, World& world, const Mode& mode) {
  if (configuration.cluster && !world.kube)
    return base::internal("irsa.yaml names a cluster, but there is no way to it");
  World seen = world;
  if (!configuration.cluster) seen.kube = nullptr;
  const std::size_t callsBefore = world.aws.calls();
  PlanOptions options{mode.adopt, mode.deleteBucket, mode.kind == Mode::Kind::Destroy ? allPhases() : mode.phases,
                      mode.documentsOnly, mode.isMoving};
  Observed observed = TRY(observe(configuration, seen, options.phases));
  Plan made;
  if (mode.kind == Mode::Kind::Destroy) {
    made = destroyPlan(configuration, observed, options);
  } else {
    TRY(checkIssuerIsKnown(observed, options.phases));
    aws::Partition partition = TRY(aws::partitionOf(configuration.aws.region));
    Material material = TRY(materialFor(configuration, observed, seen, mode));
    made = TRY(plan(desire(configuration, partition, material), observed, options));
    if (!options.phases.empty()) TRY(checkPreconditions(configuration, seen, made));
    noteSkipped(options.phases, made);
    made.published = publishedKeys(configuration, observed);
  }
  if (auto skew = world.aws.skew(); skew != std::chrono::seconds(0))
    made.notes.push_back("this machine's clock differs from AWS's by " + std::to_string(skew.count()) +
                         " seconds, which is allowed for; set it (timedatectl set-ntp true)");
  made.awsCalls = world.aws.calls() - callsBefore;
  return made;
}

base::Result<Desired> desireForPipeline(const Configuration& configuration, const World& world,
                                        const std::string& account) {
  World seen = world;
  if (!configuration.cluster) seen.kube = nullptr;
  aws::Partition partition = TRY(aws::partitionOf(configuration.aws.region));
  Observed observed;
  observed.name = configuration.name;
  observed.caller.account = account;
  observed.identifiers = identifiersOf(configuration, partition, account);
  if (seen.kube) observed.cluster = TRY(observeCluster(seen, configuration, allPhases()));
  Material material = TRY(materialFor(configuration, observed, seen, Mode()));
  material.isForPipeline = true;
  return desire(configuration, partition, material);
}

Outcome applyWholePlan(const Configuration& configuration, Plan& plan, World& world, const Mode& mode,
                       const Progress& progress) {
  constexpr int kMostLooks = 4;  // each brings names up: two do
  Outcome whole;
  Plan part = plan;
  for (int look = 0;; ++look) {
    Outcome outcome = applyPlan(part, world, mode, progress);
    whole.done += outcome.done;
    const bool isWhole =
        std::none_of(part.actions.begin(), part.actions.end(), [](const Action& action) { return action.awaitsNames; });
    whole.failures = std::move(outcome.failures);
    whole.left = std::move(outcome.left);
    if (isWhole || !whole.failures.empty()) return whole;
    auto next = look < kMostLooks ? goOn(configuration, plan, world, mode)
                                  : base::Result<Plan>(base::internal("names that AWS gives did not come up"));
    if (!next) {
      whole.failures.push_back({"plan", std::move(next).error()});
      return whole;
    }
    part = *std::move(next);
  }
}

base::Result<Plan> makeFormerPlan(const Configuration& configuration, World& world, std::string_view former) {
  World seen = world;
  seen.kube = nullptr;
  const Observed observed = TRY(observe(configuration, seen, {Phase::Provider, Phase::Roles}));
  return planFormer(observed, former);
}

}  // namespace setup
