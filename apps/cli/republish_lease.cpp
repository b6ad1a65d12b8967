#include "republish_lease.h"

#include "setup/republisher_objects.h"

namespace cli {
namespace {

constexpr std::string_view kRetired = "irsa-anywhere/retired-keys", kRevoked = "irsa-anywhere/revoked-keys";

base::Result<text::Json> openLease(const World& world) {
  const kube::Client& cluster = *world.cluster->client;
  const LeasePlace place = republishLease(world.configuration);
  base::Result<text::Json> found = cluster.get(place.path());
  if (found || found.error().kind != base::ErrorKind::NotFound) return found;
  text::Json metadata = {{"name", place.name}, {"namespace", place.nameSpace}};
  metadata["labels"] = {{"app.kubernetes.io/managed-by", "irsa"}, {"irsa-anywhere/name", world.configuration.name}};
  base::Result<text::Json> made = cluster.create(place.list(), {{"apiVersion", "coordination.k8s.io/v1"},
                                                                {"kind", "Lease"},
                                                                {"metadata", std::move(metadata)},
                                                                {"spec", text::Json::object()}});
  const bool wasQuicker = !made && made.error().kind == base::ErrorKind::AlreadyExists;
  if (wasQuicker) return cluster.get(place.path());
  if (!made && made.error().kind == base::ErrorKind::NotFound)
    return std::move(made).error().withHint("irsa apply makes the namespace " + place.nameSpace);
  return made;
}

base::Result<RepublishMemory> memoryOf(const text::Json& lease) {
  const text::Json& annotations = text::at(text::at(lease, "metadata"), "annotations");
  RepublishMemory memory;
  memory.retiredAsWritten = text::stringAt(annotations, kRetired);
  memory.retired = migration::readRetired(memory.retiredAsWritten);
  const base::Result<text::Json> revoked = text::parseJson(text::stringAt(annotations, kRevoked, "[]"));
  if (!revoked) return base::Error(revoked.error()).during("the Lease's annotation " + std::string(kRevoked));
  for (const std::string& kid : text::stringsIn(*revoked)) memory.revoked.insert(kid);
  return memory;
}

base::Result<void> annotate(const World& world, std::string_view name, const std::string& value) {
  text::Json annotations;
  annotations[std::string(name)] = value;
  TRY(world.cluster->client->patch(republishLease(world.configuration).path(),
                                   {{"metadata", {{"annotations", std::move(annotations)}}}},
                                   "application/merge-patch+json"));
  return {};
}

}  // namespace

LeasePlace republishLease(const setup::Configuration& configuration) {
  if (configuration.issuer.republish) return {configuration.webhook.nameSpace, std::string(setup::kRepublisherName)};
  return {"kube-system", "irsa-republish-" + configuration.name};
}

base::Result<RepublishMemory> openRepublishLease(const World& world) { return memoryOf(TRY(openLease(world))); }

base::Result<RepublishMemory> readRepublishLease(const World& world) {
  const base::Result<text::Json> lease = world.cluster->client->get(republishLease(world.configuration).path());
  if (!lease && lease.error().kind == base::ErrorKind::NotFound) return RepublishMemory();
  if (!lease) return base::Error(lease.error());
  return memoryOf(*lease);
}

base::Result<void> rememberRetired(const World& world, const migration::Retired& retired, const std::string& before) {
  const std::string now = migration::writeRetired(retired);
  if (now == before || (retired.empty() && before.empty())) return {};
  return annotate(world, kRetired, now);
}

base::Result<void> revoke(const World& world, const std::set<std::string>& kids) {
  RepublishMemory memory = TRY(openRepublishLease(world));
  memory.revoked.insert(kids.begin(), kids.end());
  return annotate(world, kRevoked, text::compact(text::Json(memory.revoked)));
}

}  // namespace cli
