#include "key_step.h"

#include "cluster/manifest_check.h"
#include "cluster/service_account_keys.h"
#include "crypto/key.h"

namespace cli {
namespace {

using migration::RotationStep;

constexpr std::uint32_t kKeyMode = 0600;

// A file of that content, made or there already.
base::Result<void> keep(const std::string& path, const std::string& content, base::Files& files) {
  const base::Result<void> created = files.create(path, content, kKeyMode);
  if (created || created.error().kind != base::ErrorKind::AlreadyExists) return created;
  const std::optional<base::FileInfo> info = TRY(files.info(path));
  const bool isPlain = info && !info->isFolder && !info->isSymbolicLink;
  const base::Result<std::string> there = files.read(path);
  if (isPlain && there && *there == content) return {};
  return unchanged(path + " is there and is not the key that was to be written");
}

base::Result<std::string> kidIn(const std::string& path, const base::Files& files) {
  const std::string pem = TRY(files.read(path));
  const std::vector<crypto::PublicKey> keys = TRY(crypto::PublicKey::allFromPem(pem));
  if (keys.size() != 1) return base::invalid(path + " holds " + std::to_string(keys.size()) + " keys");
  return keys.front().keyId();
}

// Where the file that this manifest names lies.
std::string onNode(const std::string& manifest, const std::string& root, const std::string& path) {
  const base::Result<std::optional<std::string>> place = cluster::pathOnNode(manifest, path);
  return root + (place ? place->value_or(path) : path);
}

// The file that the API server verifies this key with; empty when none does.
base::Result<std::string> fileOf(const std::string& kid, const std::string& manifest,
                                 const cluster::ServiceAccountKeys& keys, const std::string& root,
                                 const base::Files& files) {
  for (const std::string& file : keys.verifying) {
    const std::string found = TRY(kidIn(onNode(manifest, root, file), files));
    if (found == kid) return file;
  }
  return std::string();
}

base::Result<std::string> introduce(const KeyStep& step, const std::string& manifest,
                                    const cluster::ServiceAccountKeys& keys, const std::string& root,
                                    base::Files& files) {
  const crypto::SigningKey key = TRY(crypto::SigningKey::fromPem(step.pem));
  if (key.publicKey().keyId() != step.kid) return unchanged("the key that came is not " + step.kid);
  const std::string stem = base::folderOf(keys.signing) + "/" + step.name;
  TRY(keep(onNode(manifest, root, stem + ".key"), key.pem(), files));
  TRY(keep(onNode(manifest, root, stem + ".pub"), key.publicKey().pem(), files));
  return cluster::addVerifyingKey(manifest, stem + ".pub");
}

base::Result<std::string> promote(const KeyStep& step, std::string manifest, const cluster::ServiceAccountKeys& keys,
                                  const std::string& root, base::Files& files) {
  const std::string file = TRY(fileOf(step.kid, manifest, keys, root, files));
  if (file.empty()) return unchanged("the API server here does not verify with " + step.kid, "introduce it first");
  const std::string secret = file.substr(0, file.rfind('.')) + ".key";
  const std::string kid = TRY(kidIn(onNode(manifest, root, secret), files));
  if (kid != step.kid) return unchanged(secret + " is not the private half of " + file);
  manifest = TRY(cluster::setSigningKey(manifest, secret));
  for (const std::string& other : step.alone ? keys.verifying : std::vector<std::string>()) {
    if (other != file) manifest = TRY(cluster::removeVerifyingKey(manifest, other));
  }
  return manifest;
}

base::Result<std::string> retire(const KeyStep& step, const std::string& manifest,
                                 const cluster::ServiceAccountKeys& keys, const std::string& root, base::Files& files) {
  const std::string signing = TRY(kidIn(onNode(manifest, root, keys.signing), files));
  if (signing == step.kid) return unchanged("the API server here signs with " + step.kid, "promote the new key first");
  const std::string file = TRY(fileOf(step.kid, manifest, keys, root, files));
  return file.empty() ? base::Result<std::string>(manifest) : cluster::removeVerifyingKey(manifest, file);
}

}  // namespace

base::Result<ManifestSwitch> prepare(const KeyStep& step, const ManifestPlace& place, const std::string& root,
                                     base::Files& files) {
  ManifestSwitch change{.place = place, .root = root};
  change.before = TRY(files.read(place.path));
  change.flags = {"service-account-key-file", "service-account-signing-key-file"};
  const cluster::ServiceAccountKeys keys = TRY(cluster::readServiceAccountKeys(change.before));
  if (keys.signing.empty()) return unchanged("an external signer has the API server's key: it rotates it itself");
  switch (step.step) {
    case RotationStep::Introduce: change.after = TRY(introduce(step, change.before, keys, root, files)); break;
    case RotationStep::Promote: change.after = TRY(promote(step, change.before, keys, root, files)); break;
    case RotationStep::Retire: change.after = TRY(retire(step, change.before, keys, root, files)); break;
  }
  return change;
}

base::Result<bool> promoteController(const KeyStep& step, const ManifestPlace& server, const std::string& root,
                                     Ground& ground) {
  const std::string path = server.folder + "/kube-controller-manager.yaml";
  const std::optional<base::FileInfo> info = TRY(ground.files->info(path));
  if (!info) return false;
  const std::string manifest = TRY(ground.files->read(server.path));
  const cluster::ServiceAccountKeys keys = TRY(cluster::readServiceAccountKeys(manifest));
  const std::string kid = TRY(kidIn(onNode(manifest, root, keys.signing), *ground.files));
  if (kid != step.kid) return unchanged("the API server does not sign with " + step.kid + " yet");
  const ManifestPlace place = TRY(placeOf(path, server.backups, *ground.files));
  const std::string before = TRY(ground.files->read(path));
  const std::string after = TRY(cluster::setControllerKey(before, keys.signing));
  if (after == before) return false;
  TRY(keepPreImage(place, before, step.kid, ground.clock.now(), *ground.files));
  TRY(ground.files->replace(path, after, kKeyMode, place.parent));
  return true;
}

}  // namespace cli
