#include "api_server_command.h"

#include "cluster/api_server_manifest.h"
#include "cluster/flavour.h"
#include "cluster/manifest_check.h"
#include "issuer_wait.h"
#include "key_step.h"
#include "manifest_switch.h"
#include "node_job.h"
#include "oidc/discovery.h"
#include "seen_servers.h"
#include "server_process.h"
#include "text/diff.h"
#include "wished_issuer.h"
#include "world.h"

namespace cli {
namespace {

struct PhaseWish {
  cluster::Phase phase = cluster::Phase::Switch;
  std::string issuer, former;
};

constexpr std::chrono::seconds kDefaultTimeout{300};
constexpr std::chrono::seconds kAnswerTimeout{3};  // of one question to an API server that may be going away
constexpr std::chrono::seconds kJobAnswerTimeout{10};

std::string rollbackCommand(const ApiServerOptions& options, const ManifestPlace& place) {
  std::string command = "irsa apiserver rollback --manifest " + place.path;
  if (!options.backupFolder.empty()) command += " --backup " + options.backupFolder;
  if (!options.root.empty()) command += " --root " + options.root;
  if (!options.cluster.kubeconfig.empty()) command += " --kubeconfig " + options.cluster.kubeconfig;
  if (!options.cluster.context.empty()) command += " --context " + options.cluster.context;
  return command;
}

base::Result<ClusterConnection> connect(const ApiServerOptions& options, Ground& ground,
                                        std::chrono::seconds answerTimeout = kAnswerTimeout) {
  CommonOptions common = options.common;
  common.timeout = answerTimeout;
  return connectChosenCluster(options.cluster, common, ground);
}

base::Result<std::size_t> countNodes(const kube::Client& cluster, std::string& names) {
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
  return count;
}

// An issuer that signs on one of several API servers must be accepted by all of them, and the one that goes must sign
// nowhere.
base::Result<void> refuseAhead(const ClusterConnection& cluster, cluster::Phase phase, const std::string& issuer,
                               const std::string& nodes, Ground& ground, const Console& console) {
  if (phase == cluster::Phase::Accept) return {};
  const migration::Cluster seen = TRY(lookAtServers(cluster, {}, ground.clock, console));
  for (const migration::ApiServer& server : seen.servers) {
    const bool isGood = phase == cluster::Phase::Switch ? server.accepts(issuer) : server.signer == issuer;
    if (server.trouble.empty() && isGood) continue;
    const std::string what = phase == cluster::Phase::Switch
                                 ? " does not accept the new issuer: it would refuse the tokens that this one signs"
                                 : " does not sign as the new issuer: its tokens would be refused";
    return base::Error{base::ErrorKind::Conflict, "",
                       "the cluster has " + nodes + ", and the API server " + server.name + what +
                           (server.trouble.empty() ? "" : " (" + server.trouble + ")") + "; nothing was changed",
                       "first --phase " + std::string(phase == cluster::Phase::Switch ? "accept" : "switch") +
                           " on every node; irsa migrate next goes from node to node"};
  }
  return {};
}

// On one of several nodes the API server of this node is waited for, and not one behind a load balancer.
std::string ownOrigin(const std::string& manifest) {
  const base::Result<cluster::ApiServerFlags> flags = cluster::readApiServerFlags(manifest);
  std::string address, port = "6443";
  if (!flags) return "";
  for (const cluster::Flag& flag : flags->flags) {
    if (flag.name == "advertise-address") address = flag.value;
    if (flag.name == "secure-port") port = flag.value;
  }
  if (address.find(':') != std::string::npos) address = "[" + address + "]";
  return address.empty() ? "" : "https://" + address + ":" + port;
}

// The API server that this manifest makes. Counts nodes unless there is known to be one.
base::Result<std::optional<kube::Client>> ownServer(const ApiServerOptions& options, const ClusterConnection& cluster,
                                                    const PhaseWish& wish, const std::string& manifest, Ground& ground,
                                                    const Console& console) {
  if (options.singleNode) return std::optional(clientAt(cluster, cluster.access.server));
  std::string names;
  const std::size_t count = TRY(countNodes(*cluster.client, names));
  if (count == 0) {
    return base::Error{base::ErrorKind::Conflict, "",
                       "the cluster lists no control-plane node, so it is not known how many API servers there are",
                       "vouch for the only one with --single-node"};
  }
  if (count == 1) return std::optional(clientAt(cluster, cluster.access.server));
  const std::string nodes = std::to_string(count) + " control-plane nodes (" + names.substr(1) + ")";
  TRY(refuseAhead(cluster, wish.phase, wish.issuer, nodes, ground, console));
  const std::string own = ownOrigin(manifest);
  return std::optional(clientAt(cluster, own.empty() ? cluster.access.server : own));
}

// A kubeconfig of another cluster would let us wait for the wrong API server.
void warnOfForeignCluster(const kube::Client& cluster, const std::string& signer, const std::string& issuer,
                          const Console& console) {
  const base::Result<std::string> served = servedIssuer(cluster);
  if (!served || *served == signer || *served == issuer) return;
  console.warn("the API server of the kubeconfig serves the issuer " + *served + ", the manifest starts with " +
               signer + ": is this its manifest?");
}

base::Result<void> agree(const ApiServerOptions& options, const Console& console) {
  if (options.common.yes || !console.canAsk() ||
      console.confirm("The API server will be away for up to a minute. Go on?"))
    return {};
  return base::Error{base::ErrorKind::Conflict, "", "the manifest was not changed: the answer was not yes"};
}

int finish(const ManifestSwitch& change, const std::string& backup, const Console& console) {
  const bool changed = change.before != change.after;
  const text::Json document = {
      {"manifest", change.place.path}, {"changed", changed}, {"issuer", change.issuer}, {"backup", backup}};
  std::string table = console.check("the API server is ready and signs as " + change.issuer);
  if (!backup.empty()) table += "  pre-image  " + backup + "\n";
  console.result(table, document);
  return kOk;
}

// When there is nothing to change, an earlier run may have been cut off: the API server is waited for all the same.
base::Result<void> awaitAsItIs(const ManifestSwitch& change, const kube::Client& cluster,
                               const ApiServerOptions& options, Ground& ground, const Console& console) {
  console.done(change.place.path + " is already as it should be");
  base::Result<void> waited = waitForIssuer({cluster, change.issuer, change.timeout}, ground.clock, console);
  if (waited) return {};
  base::Error error = std::move(waited).error();
  error.message += "; the manifest has the issuer " + change.issuer + " first";
  return std::move(error).withHint(rollbackCommand(options, change.place));
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

// What a patch made of `preImage` can be taken back: it differs in issuers, audiences and keys alone. What somebody
// changed since then would be lost.
base::Result<void> refuseLaterChanges(const std::string& preImage, const std::string& now) {
  if (cluster::checkOnlyFlagsDiffer(
          preImage, now,
          {"service-account-issuer", "api-audiences", "service-account-key-file", "service-account-signing-key-file"}))
    return {};
  return base::Error{base::ErrorKind::Conflict, "",
                     "the manifest was changed after the patch, and putting the pre-image back would undo that too. "
                     "Nothing was changed; this is what would have been done:\n" +
                         text::unifiedDiff(now, preImage, "now", "pre-image"),
                     "take our --service-account-issuer line out by hand"};
}

// Beside other API servers the pre-image must accept what they sign, and they what it does.
base::Result<void> refuseApart(const ClusterConnection& cluster, const ManifestSwitch& change, const std::string& own,
                               Ground& ground, const Console& console) {
  const std::vector<std::string> issuers = TRY(cluster::readApiServerFlags(change.after)).issuers();
  const migration::Cluster seen = TRY(lookAtServers(cluster, {}, ground.clock, console));
  for (const migration::ApiServer& server : seen.servers) {
    if (!server.trouble.empty() || own.ends_with("//" + server.name)) continue;
    const bool isHeard = std::ranges::find(issuers, server.signer) != issuers.end();
    if (isHeard && server.accepts(change.issuer)) continue;
    const std::string what = isHeard ? " does not accept " + change.issuer + ", as which this one would sign"
                                     : " signs as " + server.signer + ", which this one would refuse";
    return unchanged("the API server " + server.name + what, "roll that node back first");
  }
  return {};
}

// The API server whose manifest is rolled back. It may be away: then nobody is there to count them.
base::Result<kube::Client> serverToWaitFor(const ManifestSwitch& change, const ClusterConnection& cluster,
                                           Ground& ground, const Console& console) {
  std::string names;
  const base::Result<std::size_t> count = countNodes(*cluster.client, names);
  if (!count || *count < 2) return *cluster.client;
  const std::string own = ownOrigin(change.after);
  if (!own.empty() && change.before != change.after) TRY(refuseApart(cluster, change, own, ground, console));
  return own.empty() ? *cluster.client : clientAt(cluster, own);
}

base::Result<void> putPreImageBack(const ManifestSwitch& change, const kube::Client& own, Ground& ground,
                                   const Console& console) {
  const std::vector<std::string> before = TRY(cluster::argumentsOf(change.before));
  ServerWatch watch(*ground.files, before, TRY(cluster::argumentsOf(change.after)), change.root);
  IssuerWait wait{own, change.issuer, change.timeout};
  const base::Result<base::Time> started = migration::startOf(own);
  if (started && change.issuer == change.formerIssuer) wait.restartedAfter = *started;
  wait.ended = [&watch] { return watch.ended(); };
  TRY(ground.files->replace(change.place.path, change.after, kManifestMode, change.place.parent));
  console.done("put back " + change.place.path + "; the kubelet restarts the API server");
  return waitForIssuer(wait, ground.clock, console);
}

int rollBack(const ApiServerOptions& options, const ManifestSwitch& change, const std::string& preImage,
             const ClusterConnection& cluster, Ground& ground, const Console& console) {
  const base::Result<void> checked = checkKeyFiles(change, *ground.files);
  if (!checked) return console.fail(checked.error(), kRefused);
  const base::Result<kube::Client> own = serverToWaitFor(change, cluster, ground, console);
  if (!own) return console.fail(own.error());
  if (change.before == change.after) {
    const base::Result<void> waited = awaitAsItIs(change, *own, options, ground, console);
    return waited ? finish(change, preImage, console) : console.fail(waited.error(), kRefused);
  }
  console.warn("tokens signed under the issuer that goes away are refused from now on; re-create pods that hold one");
  const base::Result<void> agreed = agree(options, console);
  if (!agreed) return console.fail(agreed.error());
  const base::Result<void> waited = putPreImageBack(change, *own, ground, console);
  return waited ? finish(change, preImage, console) : console.fail(waited.error(), kRefused);
}

base::Result<PhaseWish> wishOf(const ApiServerOptions& options) {
  const std::optional<cluster::Phase> phase = cluster::phaseNamed(options.phase);
  if (!phase) return base::invalid("--phase is accept, switch or finish");
  // At the end nothing is written but what signs already.
  const bool isThere = options.issuerIsChecked || *phase == cluster::Phase::Finish;
  const IssuerForm form = isThere ? IssuerForm::AsItIs : options.allowsPort ? IssuerForm::WithPort : IssuerForm::ForIam;
  std::string issuer = TRY(wishedIssuer(options.issuer, options.common, form));
  return PhaseWish{*phase, std::move(issuer), options.former};
}

// The edited manifest and the issuer that signs by it.
base::Result<ManifestSwitch> edited(const ManifestPlace& place, const std::string& before, const PhaseWish& wish,
                                    const ApiServerOptions& options, const Console& console) {
  ManifestSwitch change{.place = place, .before = before, .root = options.root};
  if (options.common.timeout.count() > 0) change.timeout = options.common.timeout;
  if (wish.phase == cluster::Phase::Switch && wish.former.empty()) {
    const cluster::IssuerEdit edit = TRY(cluster::putIssuerFirst(before, wish.issuer));
    for (const std::string& warning : edit.warnings) console.warn(warning);
    change.after = edit.manifest;
    const cluster::ApiServerFlags flags = TRY(cluster::readApiServerFlags(before));
    if (flags.issuers().size() == 1 && change.after == before)
      console.warn(wish.issuer + " signs alone; to accept the former issuer again, name it with --former");
  } else {
    const cluster::Edit edit = TRY(cluster::staticPod().edit({before, ""}, {wish.issuer, wish.former, wish.phase, ""}));
    for (const std::string& warning : edit.warnings) console.warn(warning);
    change.after = edit.sources.file;
  }
  const cluster::Edit whole{{change.after, ""}, {}, {}};
  for (const std::string& warning : cluster::leftWarnings(cluster::staticPod(), {before, ""}, whole, ""))
    console.warn(warning);
  change.issuer = TRY(firstIssuer(change.after));
  change.formerIssuer = TRY(firstIssuer(before));
  return change;
}

int putIntoForce(const ApiServerOptions& options, const ManifestSwitch& change, const std::string& why,
                 const kube::Client& own, Ground& ground, const Console& console) {
  if (change.after == change.before) {
    const base::Result<void> waited = awaitAsItIs(change, own, options, ground, console);
    return waited ? finish(change, "", console) : console.fail(waited.error(), kRefused);
  }
  const base::Result<void> checked = checkSwitch(change, *ground.files, console);
  if (!checked) return console.fail(checked.error(), kRefused);
  const base::Result<void> agreed = agree(options, console);
  if (!agreed) return console.fail(agreed.error());
  const base::Result<std::string> kept =
      keepPreImage(change.place, change.before, why, ground.clock.now(), *ground.files);
  if (!kept) return console.fail(base::Error(kept.error()).during("keeping a back-up of the manifest"), kRefused);
  const base::Result<void> done = carryOut(change, own, ground, console);
  return done ? finish(change, *kept, console) : console.fail(done.error(), kRefused);
}

int patchHere(const ApiServerOptions& options, const PhaseWish& wish, const Console& console) {
  Ground ground;
  const base::Result<ManifestPlace> place = placeOf(options.manifest, options.backupFolder, *ground.files);
  if (!place) return console.fail(place.error());
  const base::Result<std::string> before = ground.files->read(place->path);
  if (!before) return console.fail(before.error());
  const base::Result<ManifestSwitch> change = edited(*place, *before, wish, options, console);
  if (!change) return console.fail(base::Error(change.error()).during(place->path), kRefused);
  if (options.common.dryRun) {
    showDiff(console, *place, *before, change->after);
    return kOk;
  }
  const base::Result<ClusterConnection> cluster = connect(options, ground);
  if (!cluster) return console.fail(cluster.error());
  const base::Result<std::optional<kube::Client>> own = ownServer(options, *cluster, wish, *before, ground, console);
  if (!own) return console.fail(own.error());
  warnOfForeignCluster(**own, change->formerIssuer, change->issuer, console);
  return putIntoForce(options, *change, wish.issuer + options.phase, **own, ground, console);
}

base::Result<KeyStep> keyStepOf(const KeyOptions& options, const Ground& ground) {
  const std::optional<migration::RotationStep> step = migration::stepNamed(options.step);
  if (!step) return base::invalid("--key-step is introduce, promote or retire");
  if (options.kid.empty()) return base::invalid("--key-step needs --kid");
  KeyStep wanted{.step = *step, .kid = options.kid, .name = options.name, .alone = options.isAlone};
  if (*step != migration::RotationStep::Introduce) return wanted;
  const std::optional<migration::NamedKey> named = migration::namedKey(options.name + ".key");
  if (!named || named->kid != options.kid) return base::invalid("--key-name is sa-TIME-KID, with the kid of --kid");
  wanted.pem = options.file == "-" ? io::readIn() : TRY(ground.files->read(options.file));
  return wanted;
}

// kube-controller-manager too, once the API server signs with the key.
int finishKey(int code, const KeyStep& step, const ManifestPlace& place, const ApiServerOptions& options,
              Ground& ground, const Console& console) {
  if (code != kOk || step.step != migration::RotationStep::Promote) return code;
  const base::Result<bool> changed = promoteController(step, place, options.root, ground);
  if (!changed) return console.fail(changed.error(), kRefused);
  if (*changed) console.done("kube-controller-manager signs the tokens of Secrets with the key too");
  return code;
}

int patchKeysHere(const ApiServerOptions& options, const Console& console) {
  Ground ground;
  const base::Result<KeyStep> step = keyStepOf(options.key, ground);
  if (!step) return console.fail(step.error());
  const base::Result<ManifestPlace> place = placeOf(options.manifest, options.backupFolder, *ground.files);
  if (!place) return console.fail(place.error());
  base::Result<ManifestSwitch> change = prepare(*step, *place, options.root, *ground.files);
  if (!change) return console.fail(base::Error(change.error()).during(place->path), kRefused);
  const base::Result<std::string> issuer = firstIssuer(change->before);
  if (!issuer) return console.fail(issuer.error(), kRefused);
  change->issuer = change->formerIssuer = *issuer;
  if (options.common.timeout.count() > 0) change->timeout = options.common.timeout;
  const base::Result<ClusterConnection> cluster = connect(options, ground);
  if (!cluster) return console.fail(cluster.error());
  const base::Result<std::optional<kube::Client>> own =
      ownServer(options, *cluster, {cluster::Phase::Accept, *issuer, ""}, change->before, ground, console);
  if (!own) return console.fail(own.error());
  const int code = putIntoForce(options, *change, options.key.step + step->kid, **own, ground, console);
  return finishKey(code, *step, *place, options, ground, console);
}

void give(std::vector<std::string>& arguments, const char* name, const std::string& value) {
  if (!value.empty()) arguments.insert(arguments.end(), {name, value});
}

// The same command on each node, without what is about nodes.
std::vector<std::string> argumentsFor(const ApiServerOptions& options, const char* verb) {
  std::vector<std::string> arguments{"apiserver", verb, "--manifest", options.manifest, "--yes", "--no-color"};
  give(arguments, "--backup", options.backupFolder);
  give(arguments, "--root", options.root);
  if (!options.nodes.job) {  // with Jobs it is how to reach the cluster from here
    give(arguments, "--kubeconfig", options.cluster.kubeconfig);
    give(arguments, "--context", options.cluster.context);
  }
  if (options.common.timeout.count() > 0) give(arguments, "--timeout", std::to_string(options.common.timeout.count()));
  if (options.common.dryRun) arguments.emplace_back("--dry-run");
  if (options.singleNode) arguments.emplace_back("--single-node");
  return arguments;
}

std::vector<std::string> patchArguments(const ApiServerOptions& options, const std::string& issuer) {
  std::vector<std::string> arguments = argumentsFor(options, "patch");
  const KeyOptions& key = options.key;
  if (key.step.empty()) {
    give(arguments, "--issuer", issuer);
    give(arguments, "--phase", options.phase);
    give(arguments, "--former", options.former);
    if (!oidc::checkIssuer(issuer)) arguments.emplace_back("--allow-port");
  }
  give(arguments, "--key-step", key.step);
  give(arguments, "--kid", key.kid);
  give(arguments, "--key-name", key.name);
  if (!key.sent.empty()) give(arguments, "--key", "-");
  if (key.isAlone) arguments.emplace_back("--key-alone");
  return arguments;
}

base::Result<std::string> imageOf(const ApiServerOptions& options, const Ground& ground) {
  if (!options.nodes.image.empty()) return options.nodes.image;
  const std::optional<base::FileInfo> there = TRY(ground.files->info(options.common.file));
  if (!there) return std::string(setup::kDefaultImage);
  const setup::Configuration configuration = TRY(loadConfiguration(options.common, *ground.files));
  return configuration.webhook.image;
}

base::Result<std::vector<std::string>> runThere(const ApiServerOptions& options, const NodeCall& call,
                                                const Console& console) {
  if (!options.nodes.job) return runBySsh(options.nodes, call, console);
  Ground ground;
  Nodes nodes = options.nodes;
  nodes.image = TRY(imageOf(options, ground));
  const ClusterConnection cluster = TRY(connect(options, ground, kJobAnswerTimeout));
  return runByJobs(nodes, call, *cluster.client, ground, console);
}

// `about` is what the result says beside the nodes and what was said there.
int onNodes(const ApiServerOptions& options, std::vector<std::string> arguments, const text::Json& about,
            const Console& console) {
  const std::chrono::seconds timeout = options.common.timeout.count() > 0 ? options.common.timeout : kDefaultTimeout;
  const NodeCall call{std::move(arguments), options.key.sent, timeout * 2};
  const base::Result<std::vector<std::string>> done = runThere(options, call, console);
  if (!done) return console.fail(done.error());
  std::string table;
  text::Json document = {{"nodes", options.nodes.names}, {"output", text::Json::object()}};
  for (std::size_t i = 0; i < done->size(); ++i) {
    table += "node " + options.nodes.names[i] + "\n" + (*done)[i];
    document["output"][options.nodes.names[i]] = (*done)[i];
  }
  document.update(about);
  console.result(table, document);
  return kOk;
}

int patchOnNodes(const ApiServerOptions& options, const PhaseWish& wish, const Console& console) {
  return onNodes(options, patchArguments(options, wish.issuer), {{"issuer", wish.issuer}, {"phase", options.phase}},
                 console);
}

// A manifest at /mnt/etc/kubernetes/manifests is of a node whose files lie below /mnt.
ApiServerOptions withRoot(ApiServerOptions options) {
  const std::size_t at = options.manifest.rfind("/etc/kubernetes/manifests/");
  if (options.root.empty() && at != std::string::npos) options.root = options.manifest.substr(0, at);
  return options;
}

}  // namespace

int runApiServerPatch(const ApiServerOptions& given) {
  const ApiServerOptions options = withRoot(given);
  const Console console(options.common);
  const bool isHere = options.nodes.names.empty(), isKey = !options.key.step.empty();
  if (isHere && isKey) return patchKeysHere(options, console);
  const base::Result<PhaseWish> wish = isKey ? PhaseWish() : wishOf(options);
  if (!wish) return console.fail(wish.error());
  return isHere ? patchHere(options, *wish, console) : patchOnNodes(options, *wish, console);
}

int runApiServerRollback(const ApiServerOptions& given) {
  const ApiServerOptions options = withRoot(given);
  const Console console(options.common);
  if (!options.nodes.names.empty())
    return onNodes(options, argumentsFor(options, "rollback"), text::Json::object(), console);
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
  ManifestSwitch change{.place = *place, .before = *now, .after = *preImage, .issuer = *issuer, .root = options.root};
  if (const base::Result<std::string> former = firstIssuer(*now)) change.formerIssuer = *former;
  if (options.common.timeout.count() > 0) change.timeout = options.common.timeout;
  return rollBack(options, change, *path, *cluster, ground, console);
}

}  // namespace cli
