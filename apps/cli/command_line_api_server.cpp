#include "cluster/flavour.h"
#include "command_line_groups.h"

namespace cli {
namespace {

void addManifest(CLI::App& app, ApiServerOptions& options) {
  addCommon(app, options.common);
  app.add_option("--manifest", options.manifest, "the static pod's manifest [" + options.manifest + "]")
      ->type_name("FILE");
  addCluster(app, options.cluster);
  app.add_option("--backup", options.backupFolder,
                 "where pre-images are kept [irsa-backup beside the manifests folder]")
      ->type_name("FOLDER");
  app.add_option("--root", options.root, "where the node's /etc and /var lie [as --manifest does]")
      ->type_name("FOLDER");
  app.add_flag("--dry-run", options.common.dryRun, "show the change as a diff and stop");
  app.add_flag("-y,--yes", options.common.yes, "do not ask on the terminal");
}

// With --for, --file is the file to edit; without, it is irsa.yaml.
int runPatch(const CLI::App& app, Options& options) {
  ApiServerEditOptions& edit = options.edit;
  if (edit.flavour.empty()) {
    options.patch.phase = edit.phase;
    options.patch.former = edit.former;
    for (const char* name : {"--version", "--patches"}) {
      if (app.count(name) > 0)
        return Console(options.patch.common)
            .fail(base::invalid(std::string(name) + " goes with --for").withHint("irsa apiserver patch --help"));
    }
    return runApiServerPatch(options.patch);
  }
  edit.common = options.patch.common;
  edit.common.file = CommonOptions().file;
  if (app.count("--file") > 0) edit.file = options.patch.common.file;
  edit.issuer = options.patch.issuer;
  edit.allowsPort = options.patch.allowsPort;
  edit.cluster = options.patch.cluster;
  return runApiServerEdit(edit);
}

void addKeyStep(CLI::App& app, KeyOptions& key) {
  app.add_option("--key-step", key.step, "instead of the issuer: introduce, promote or retire a key (irsa keys rotate)")
      ->type_name("NAME");
  app.add_option("--kid", key.kid, "with --key-step: the key")->type_name("KID");
  app.add_option("--key-name", key.name, "with --key-step introduce: its files' name")->type_name("NAME");
  app.add_option("--key", key.file, "and the private key; - is standard input")->type_name("FILE");
  app.add_flag("--key-alone", key.isAlone, "with --key-step promote: verify with no other key from now on");
}

void addEdit(CLI::App& app, ApiServerEditOptions& edit) {
  std::string names;
  for (const cluster::Flavour& flavour : cluster::flavours()) names.append(flavour.name).append(" ");
  app.add_option("--for", edit.flavour,
                 "edit the file that the distribution keeps (--file, - for standard input) and stop: " + names +
                     "or auto, by what the file looks like, or else the cluster")
      ->type_name("NAME");
  app.add_option("--phase", edit.phase,
                 "accept the issuer beside the old one, switch to it, or finish with it alone [switch]")
      ->type_name("NAME");
  app.add_option("--former", edit.former, "the issuer that signs now [what the file says]")->type_name("URL");
  app.add_option("--version", edit.version, "with --for kind and talos: which, when the file does not say")
      ->type_name("VERSION");
  app.add_option("--patches", edit.patches, "with --for kubeadm and kind: where kubeadm's patch goes [patches]")
      ->type_name("FOLDER");
}

void addApiServerLint(CLI::App& group, ApiServerLintOptions& lint, Command& chosen) {
  CLI::App* app = addCommand(group, "lint", "Find wrong issuers, audiences, keys and volumes. Reads only.", chosen,
                             [&lint] { return runApiServerLint(lint); });
  app->add_option("path", lint.paths, "files, manifests folders, - for standard input [the cluster of the kubeconfig]")
      ->type_name("");
  addOutput(*app, lint.common, findingFormats());
  app->add_option("--for", lint.flavour, "the distribution [what each file looks like]")->type_name("NAME");
  app->add_option("--issuer", lint.issuer, "the issuer that is to sign [any]")->type_name("URL");
  app->add_option("--version", lint.version, "kind and talos: which, when the file does not say")->type_name("VERSION");
  app->add_option("--patches", lint.patches, "kubeadm and kind: where kubeadm's patches lie [patches beside the file]")
      ->type_name("FOLDER");
  addCluster(*app, lint.cluster);
  addDuration(*app, "--timeout", lint.common.timeout, "the longest wait for one answer of the cluster");
  app->footer(
      "Example:\n  irsa apiserver lint /etc/kubernetes/manifests\n  irsa apiserver lint kubeadm.yaml -o sarif\n"
      "Exit codes: 0 nothing to do, 1 findings, 4 a file or the cluster could not be read\n");
}

}  // namespace

void addApiServer(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* group = root.add_subcommand("apiserver", "The API server's issuers, as each distribution has them");
  group->require_subcommand(1);
  CLI::App* patch = group->add_subcommand("patch", "Put the issuer first and keep the old one, here or in a file.");
  patch->final_callback([&, patch] { chosen = [&, patch] { return runPatch(*patch, options); }; });
  addManifest(*patch, options.patch);
  patch->add_option("--issuer", options.patch.issuer, "the issuer [that of irsa.yaml]")->type_name("URL");
  patch->add_flag("--allow-port", options.patch.allowsPort, "the issuer may have a port: Ceph takes one, IAM does not");
  patch->add_flag("--single-node", options.patch.singleNode, "vouch that this is the only control-plane node");
  addNodes(*patch, options.patch.nodes);
  addKeyStep(*patch, options.patch.key);
  addEdit(*patch, options.edit);
  patch->footer(
      "Example:\n  irsa apiserver patch -f irsa.yaml --manifest /etc/kubernetes/manifests/kube-apiserver.yaml "
      "--dry-run\n  irsa apiserver patch --for kubeadm --file kubeadm.yaml --issuer https://issuer.example.com "
      "--phase accept\n  irsa apiserver patch --for k3s --issuer https://issuer.example.com --dry-run\n");

  addApiServerLint(*group, options.serverLint, chosen);
  CLI::App* rollback = addCommand(*group, "rollback", "Put the manifest back as it was before the patch.", chosen,
                                  [&] { return runApiServerRollback(options.rollback); });
  addManifest(*rollback, options.rollback);
  addNodes(*rollback, options.rollback.nodes);
  example(*rollback,
          "irsa apiserver rollback --manifest /etc/kubernetes/manifests/kube-apiserver.yaml --dry-run\n"
          "  irsa apiserver rollback --node root@cp1 --node root@cp2 --node root@cp3");
}

// No help names it: a Job on a node runs it.
void addOnNode(CLI::App& root, OnNodeOptions& options, Command& chosen) {
  CLI::App* app = addCommand(root, "on-node", "Run irsa with a node's root folder as its own.", chosen,
                             [&options] { return runOnNode(options); });
  app->group("");
  app->add_option("--root", options.root, "where the node's root folder is mounted [/]")->type_name("FOLDER");
  app->add_option("--input", options.input, "a file to give as standard input")->type_name("FILE");
  app->add_option("arguments", options.arguments, "of irsa, behind --")->required()->type_name("");
}

}  // namespace cli
