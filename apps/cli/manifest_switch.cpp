#include "manifest_switch.h"

#include <algorithm>

#include "cluster/manifest_check.h"
#include "io/system.h"
#include "issuer_wait.h"
#include "migration/api_servers.h"
#include "server_process.h"
#include "text/words.h"

namespace cli {
namespace {

constexpr std::chrono::seconds kHelpTimeout{30};

// Several may run on a host of test clusters.
bool isOf(const ServerProcess& process, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted, [&](const std::string& argument) {
    const bool isOwn = argument.starts_with("--advertise-address=") || argument.starts_with("--etcd-servers=");
    return !isOwn || std::ranges::find(process.arguments, argument) != process.arguments.end();
  });
}

// Asks the program that runs now, which is the one of the new manifest too: the image stays.
base::Result<void> checkFlags(const ManifestSwitch& change, const base::Files& files, const Console& console) {
  const std::vector<std::string> wanted = TRY(cluster::argumentsOf(change.after));
  for (const ServerProcess& process : serverProcesses(files)) {
    if (!isOf(process, wanted)) continue;
    const std::string program = "/proc/" + std::to_string(process.id) + "/exe";
    const base::Result<io::ProcessResult> help = io::runProcess({program, "--help"}, {}, kHelpTimeout);
    if (!help || help->exitCode != 0) continue;
    const std::vector<std::string> unknown =
        cluster::unknownFlags(wanted, cluster::flagsInHelp(help->output + help->errors), process.arguments);
    if (unknown.empty()) return {};
    return unchanged("this kube-apiserver does not know " + text::joined(unknown) + ": it would not start");
  }
  console.warn("no kube-apiserver runs here that could be asked for its flags: they were not checked");
  return {};
}

base::Error putBack(const ManifestSwitch& change, base::Error why, const kube::Client& cluster, Ground& ground,
                    const Console& console) {
  console.failed(why.message);
  const base::Result<void> written =
      ground.files->replace(change.place.path, change.before, kManifestMode, change.place.parent);
  if (!written) {
    why.message += "; and the old manifest could not be put back: " + written.error().message;
    return why;
  }
  console.done("put back " + change.place.path + "; the kubelet restarts the API server");
  const base::Result<void> waited =
      waitForIssuer({cluster, change.formerIssuer, change.timeout}, ground.clock, console);
  why.kind = base::ErrorKind::Conflict;
  why.message += waited ? "; the old manifest was put back, and the API server is ready with it"
                        : "; the old manifest was put back, but " + waited.error().message;
  return why;
}

}  // namespace

base::Error unchanged(std::string why, std::string hint) {
  return base::conflict(std::move(why) + "; nothing was changed", std::move(hint));
}

base::Result<void> checkKeyFiles(const ManifestSwitch& change, const base::Files& files) {
  const cluster::ApiServerFlags flags = TRY(cluster::readApiServerFlags(change.after));
  for (const std::string& file : cluster::keyFilesOf(flags)) {
    const std::optional<std::string> place = TRY(cluster::pathOnNode(change.after, file));
    if (!place) continue;
    const std::optional<base::FileInfo> info = TRY(files.info(change.root + *place));
    if (info && !info->isFolder) continue;
    return unchanged("the manifest names the key " + file + ", which is not there: the API server would not start",
                     change.root.empty() ? "when the node's files lie elsewhere, say where with --root" : "");
  }
  return {};
}

base::Result<void> checkSwitch(const ManifestSwitch& change, const base::Files& files, const Console& console) {
  TRY(cluster::checkOnlyFlagsDiffer(change.before, change.after, change.flags));
  TRY(checkKeyFiles(change, files));
  return checkFlags(change, files, console);
}

base::Result<void> carryOut(const ManifestSwitch& change, const kube::Client& cluster, Ground& ground,
                            const Console& console) {
  const std::vector<std::string> before = TRY(cluster::argumentsOf(change.before));
  ServerWatch watch(*ground.files, before, TRY(cluster::argumentsOf(change.after)), change.root);
  IssuerWait wait{cluster, change.issuer, change.timeout};
  if (change.issuer == change.formerIssuer) wait.restartedAfter = TRY(migration::startOf(cluster));
  wait.ended = [&watch] { return watch.ended(); };
  TRY(ground.files->replace(change.place.path, change.after, kManifestMode, change.place.parent));
  console.done("wrote " + change.place.path + "; the kubelet restarts the API server");
  base::Result<void> waited = waitForIssuer(wait, ground.clock, console);
  if (waited) return {};
  return putBack(change, std::move(waited).error(), cluster, ground, console);
}

}  // namespace cli
