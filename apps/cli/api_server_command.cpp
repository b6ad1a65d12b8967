#include "api_server_command.h"

#include "cluster/api_server_manifest.h"
#include "issuer_wait.h"
#include "manifest_backup.h"
#include "text/diff.h"
#include "wished_issuer.h"
#include "world.h"

namespace cli {
namespace {

constexpr std::chrono::seconds kDefaultTimeout{300};
constexpr std::chrono::seconds kAnswerTimeout{5};  // of one question to an API server that may be going away
constexpr std::uint32_t kManifestMode = 0600;

std::string rollbackCommand(const ApiServerOptions& options, const ManifestPlace& place) {
  std::string command = "irsa apiserver rollback --manifest " + place.path;
  if (!options.backupFolder.empty()) command += " --backup " + options.backupFolder;
  if (!options.cluster.kubeconfig.empty()) command += " --kubeconfig " + options.cluster.kubeconfig;
  return command;
}

base::Result<ClusterConnection> connect(const ApiServerOptions& options, Ground& ground) {
  CommonOptions common = options.common;
  common.timeout = kAnswerTimeout;
  return connectChosenCluster(options.cluster, common, ground);
}

// An edit of one manifest on a cluster with several would leave API servers that refuse each other's tokens.
base::Result<void> refuseSeveralNodes(const kube::Client& cluster) {
  std::string names;
  std::size_t count = 0;
  for (const char* label : {"control-plane", "master"}) {  // the latter before Kubernetes 1.24
    base::Result<text::Json> nodes =
        cluster.get(std::string("/api/v1/nodes?labelSelector=node-role.kubernetes.io%2F") + label);
    if (!nodes) {
      return std::move(nodes)
          .error()
          .during("counting the control-plane nodes")
          .withHint("see that the kubeconfig works, or vouch for the only node with --single-node");
    }
    const text::Json& items = text::at(*nodes, "items");
    count = items.is_array() ? items.size() : 0;
    for (const text::Json& node : items) names += " " + text::stringAt(text::at(node, "metadata"), "name");
    if (count > 0) break;
  }
  if (count == 1) return {};
  if (count == 0) {
    return base::Error{base::ErrorKind::Conflict, "",
                       "the cluster lists no control-plane node, so it is not known how many API servers there are",
                       "vouch for the only one with --single-node"};
  }
  return base::Error{base::ErrorKind::Conflict, "",
                     "the cluster has " + std::to_string(count) + " control-plane nodes (" + names.substr(1) +
                         "): with the new issuer on one of them, the others would refuse the tokens it signs",
                     "nothing was changed; on such a cluster the issuer has to be accepted everywhere before it signs"};
}

// A kubeconfig of another cluster would let us wait for the wrong API server.
void warnOfForeignCluster(const kube::Client& cluster, const cluster::IssuerEdit& edit, const std::string& issuer,
                          const Console& console) {
  const base::Result<std::string> served = servedIssuer(cluster);
  if (!served || *served == edit.signer || *served == issuer) return;
  console.warn("the API server of the kubeconfig serves the issuer " + *served + ", the manifest starts with " +
               edit.signer + ": is this its manifest?");
}

// Renames new contents in and waits. `backup` and `before` go into the result.
struct Switch {
  const ManifestPlace& place;
  std::string before, after, issuer, backup, verb;
};

int carryOut(const Switch& change, const ApiServerOptions& options, const kube::Client& cluster, Ground& ground,
             const Console& console) {
  const bool changed = change.before != change.after;
  if (changed) {
    if (!options.common.yes && console.canAsk() &&
        !console.confirm("The API server will be away for up to a minute. Go on?")) {
      return console.fail({base::ErrorKind::Conflict, "", "the manifest was not changed: the answer was not yes"});
    }
    const base::Result<void> written =
        ground.files->replace(change.place.path, change.after, kManifestMode, change.place.parent);
    if (!written) return console.fail(written.error(), kRefused);
    console.done(change.verb + " " + change.place.path + "; the kubelet restarts the API server");
  } else {
    console.done(change.place.path + " is already as it should be");
  }
  const std::chrono::seconds timeout = options.common.timeout.count() > 0 ? options.common.timeout : kDefaultTimeout;
  const base::Result<void> waited = waitForIssuer(cluster, change.issuer, timeout, ground.clock, console);
  if (!waited) {
    base::Error error = std::move(waited).error();
    error.message += "; the manifest has the issuer " + change.issuer + " first";
    if (!change.backup.empty()) error.message += ", its pre-image is " + change.backup;
    return console.fail(std::move(error).withHint(rollbackCommand(options, change.place)), kRefused);
  }
  const text::Json document = {
      {"manifest", change.place.path}, {"changed", changed}, {"issuer", change.issuer}, {"backup", change.backup}};
  std::string table = console.check("the API server is ready and signs as " + change.issuer);
  if (!change.backup.empty()) table += "  pre-image  " + change.backup + "\n";
  console.result(table, document);
  return kOk;
}

void showDiff(const Console& console, const ManifestPlace& place, const std::string& before, const std::string& after) {
  const std::string diff = text::unifiedDiff(before, after, place.path, place.path + " (proposed)");
  console.result(diff.empty() ? "no change\n" : diff,
                 {{"manifest", place.path}, {"changed", before != after}, {"diff", diff}});
}

base::Result<std::string> firstIssuer(const std::string& manifest) {
  const cluster::ApiServerFlags flags = TRY(cluster::readApiServerFlags(manifest));
  const std::vector<std::string> issuers = flags.issuers();
  if (issuers.empty()) return base::invalid("the manifest has no --service-account-issuer");
  return issuers.front();
}

// What a patch made of `preImage` can be taken back; what somebody changed since then would be lost.
base::Result<void> refuseLaterChanges(const std::string& preImage, const std::string& now) {
  const base::Result<std::string> issuer = firstIssuer(now);
  if (issuer) {
    const base::Result<cluster::IssuerEdit> edit = cluster::putIssuerFirst(preImage, *issuer);
    if (edit && edit->manifest == now) return {};
  }
  return base::Error{base::ErrorKind::Conflict, "",
                     "the manifest was changed after the patch, and putting the pre-image back would undo that too. "
                     "Nothing was changed; this is what would have been done:\n" +
                         text::unifiedDiff(now, preImage, "now", "pre-image"),
                     "take our --service-account-issuer line out by hand"};
}

}  // namespace

int runApiServerPatch(const ApiServerOptions& options) {
  const Console console(options.common);
  Ground ground;
  const base::Result<ManifestPlace> place = placeOf(options.manifest, options.backupFolder, *ground.files);
  if (!place) return console.fail(place.error());
  const base::Result<std::string> before = ground.files->read(place->path);
  if (!before) return console.fail(before.error());
  const base::Result<std::string> issuer = wishedIssuer(options.issuer, options.common);
  if (!issuer) return console.fail(issuer.error());
  const base::Result<cluster::IssuerEdit> edit = cluster::putIssuerFirst(*before, *issuer);
  if (!edit) return console.fail(base::Error(edit.error()).during(place->path), kRefused);
  for (const std::string& warning : edit->warnings) console.warn(warning);
  if (options.common.dryRun) {
    showDiff(console, *place, *before, edit->manifest);
    return kOk;
  }

  const base::Result<ClusterConnection> cluster = connect(options, ground);
  if (!cluster) return console.fail(cluster.error());
  if (!options.singleNode) {
    const base::Result<void> alone = refuseSeveralNodes(*cluster->client);
    if (!alone) return console.fail(alone.error());
  }
  warnOfForeignCluster(*cluster->client, *edit, *issuer, console);
  Switch change{*place, *before, edit->manifest, *issuer, "", "patched"};
  if (edit->manifest != *before) {
    const base::Result<std::string> kept = keepPreImage(*place, *before, *issuer, ground.clock.now(), *ground.files);
    if (!kept) return console.fail(base::Error(kept.error()).during("keeping a back-up of the manifest"), kRefused);
    change.backup = *kept;
  }
  return carryOut(change, options, *cluster->client, ground, console);
}

int runApiServerRollback(const ApiServerOptions& options) {
  const Console console(options.common);
  Ground ground;
  const base::Result<ManifestPlace> place = placeOf(options.manifest, options.backupFolder, *ground.files);
  if (!place) return console.fail(place.error());
  const base::Result<std::string> path = newestPreImage(*place, *ground.files);
  if (!path) return console.fail(path.error());
  const base::Result<std::string> preImage = ground.files->read(*path);
  if (!preImage) return console.fail(preImage.error());
  const base::Result<std::string> now = ground.files->read(place->path);
  if (!now) return console.fail(now.error());
  const base::Result<std::string> issuer = firstIssuer(*preImage);
  if (!issuer) return console.fail(base::Error(issuer.error()).during(*path), kRefused);
  if (*now != *preImage) {
    const base::Result<void> ours = refuseLaterChanges(*preImage, *now);
    if (!ours) return console.fail(ours.error());
  }
  if (options.common.dryRun) {
    showDiff(console, *place, *now, *preImage);
    return kOk;
  }
  const base::Result<ClusterConnection> cluster = connect(options, ground);
  if (!cluster) return console.fail(cluster.error());
  console.warn("tokens signed under the issuer that goes away are refused from now on; re-create pods that hold one");
  return carryOut({*place, *now, *preImage, *issuer, *path, "put back"}, options, *cluster->client, ground, console);
}

}  // namespace cli
