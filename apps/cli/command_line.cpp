#include "command_line.h"

#include <unistd.h>

#include <csignal>

#include "adopt_command.h"
#include "api_server_command.h"
#include "api_server_edit.h"
#include "api_server_lint.h"
#include "apply_command.h"
#include "cluster/flavour.h"
#include "command_line_parts.h"
#include "destroy_command.h"
#include "explain_command.h"
#include "on_node.h"
#include "plan_command.h"
#include "policy_command.h"
#include "setup/emit.h"
#include "sim_command.h"
#include "text/nearest.h"
#include "token_command.h"
#include "trust_command.h"
#include "verify_command.h"
#include "webhook_command.h"
#include "whoami_command.h"

namespace cli {
namespace {

// Everything that commands read into; lives as long as run().
struct Options {
  LifeCycleOptions plan, apply, destroy;
  PolicyOptions policy;
  AdoptOptions adopt;
  ApiServerOptions patch, rollback;
  ApiServerEditOptions edit;
  ApiServerLintOptions serverLint;
  MoveOptions move;
  VerifyOptions verify;
  CommonOptions whoami;
  ExplainOptions explain;
  TokenMintOptions mint;
  TokenInspectOptions inspect;
  SimOptions sim;
  WebhookRenderOptions render;
  WebhookLintOptions lint;
  TrustRenderOptions trustRender;
  TrustLintOptions trustLint;
  CanAssumeOptions canAssume;
  OnNodeOptions onNode;
};

void addPhases(CLI::App& app, LifeCycleOptions& options) {
  constexpr const char* kNames = "PHASE,...";
  app.add_option("--only", options.only, "only issuer, provider, roles, apiserver, webhook, bindings")
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->type_name(kNames);
  app.add_option("--skip", options.skip, "all but these")->delimiter(',')->expected(1)->take_all()->type_name(kNames);
}

void addEmit(CLI::App& app, LifeCycleOptions& options) {
  std::string forms;
  std::vector<std::string> names;
  for (const std::string_view name : setup::formNames()) {
    names.emplace_back(name);
    forms += (forms.empty() ? "" : "|") + names.back();
  }
  CLI::Option* emit = app.add_option("--emit", options.emit, "change nothing; write the same as files for another tool")
                          ->check(CLI::IsMember(names).description(""))
                          ->type_name(forms);
  for (const char* other : {"--only", "--skip", "--adopt", "--dry-run"}) emit->excludes(app.get_option(other));
  app.add_option("--out", options.emitFolder, "with --emit: the folder (default: the form's name)")
      ->needs(emit)
      ->type_name("DIR");
}

void addLifeCycle(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* plan = addCommand(root, "plan", "Show what apply would change, and why. Reads only.", chosen,
                              [&] { return runPlan(options.plan); });
  addCommon(*plan, options.plan.common);
  addPhases(*plan, options.plan);
  plan->add_flag("--detailed-exitcode", options.plan.detailedExitCode, "exit with 2 when there is something to change");
  plan->add_flag("--adopt", options.plan.adopt, "count objects that somebody else made as ours");
  example(*plan, "irsa plan -f irsa.yaml");

  CLI::App* apply = addCommand(root, "apply", "Make the world as irsa.yaml wants it. A second run changes nothing.",
                               chosen, [&] { return runApply(options.apply); });
  addCommon(*apply, options.apply.common);
  addPhases(*apply, options.apply);
  apply->add_flag("--dry-run", options.apply.common.dryRun, "show the plan and stop");
  apply->add_flag("-y,--yes", options.apply.common.yes, "do not ask; without a terminal: also what takes away");
  apply->add_flag("--adopt", options.apply.adopt, "take over objects that somebody else made");
  apply->add_flag("--no-wait", options.apply.noWait, "do not wait until the webhook works (else up to --timeout, 3m)");
  addEmit(*apply, options.apply);
  example(*apply, "irsa apply -f irsa.yaml --yes");

  CLI::App* destroy = addCommand(root, "destroy", "Remove what apply made: roles, then the provider, then the bucket.",
                                 chosen, [&] { return runDestroy(options.destroy); });
  addCommon(*destroy, options.destroy.common);
  destroy->add_flag("--dry-run", options.destroy.common.dryRun, "show what would go and stop");
  destroy->add_flag("-y,--yes", options.destroy.common.yes, "do not ask on the terminal");
  destroy->add_flag("--delete-bucket", options.destroy.deleteBucket, "the issuer's bucket too; it is kept otherwise");
  example(*destroy, "irsa destroy -f irsa.yaml --delete-bucket --yes");
}

void addAdopt(CLI::App& root, Options& options, Command& chosen) {
  AdoptOptions& adopt = options.adopt;
  CLI::App* app =
      addCommand(root, "adopt", "Find what is wrong with a set-up that others made, and mend what you name.", chosen,
                 [&adopt] { return runAdopt(adopt); });
  app->add_option("issuer", adopt.issuer, "its issuer; all of the account's when none is given")->type_name("URL");
  app->add_option("--fix", adopt.fixes, "mend these findings, and touch nothing else")
      ->delimiter(',')
      ->expected(1)
      ->take_all()
      ->type_name("CODE,...");
  app->add_option("--ca-file", adopt.caFile, "certificates of the issuer's authority, for THUMBPRINT_LEAF")
      ->type_name("FILE");
  addRepeated(*app, "--manifest", adopt.manifests, "the API server's manifest or folder; again for another", "PATH");
  addCluster(*app, adopt.cluster);
  app->add_option("-f,--file", adopt.common.file, "how to reach AWS and the cluster [irsa.yaml, if there is one]")
      ->type_name("FILE");
  addOutput(*app, adopt.common, findingFormats());
  addDuration(*app, "--timeout", adopt.common.timeout, "the longest wait for one answer");
  app->add_flag("--dry-run", adopt.common.dryRun, "with --fix: show the change and stop");
  app->add_flag("-y,--yes", adopt.common.yes, "with --fix: do not ask on the terminal");
  app->footer(
      "Example:\n  irsa adopt https://s3.us-west-2.amazonaws.com/my-bucket\n"
      "  irsa adopt https://s3.us-west-2.amazonaws.com/my-bucket --fix ISSUER_SLASH --yes\n"
      "Exit codes: 0 nothing to do or mended, 1 findings or refused, 4 AWS or the cluster could not be looked at\n");
}

void addPolicy(CLI::App& root, Options& options, Command& chosen) {
  PolicyOptions& policy = options.policy;
  CLI::App* app = addCommand(root, "policy", "Print the smallest IAM policy with which a command can do its work.",
                             chosen, [&policy] { return runPolicy(policy); });
  addCommon(*app, policy.cycle.common);
  app->add_option("--for", policy.command, "the command that needs it")
      ->required()
      ->check(CLI::IsMember({"plan", "apply", "destroy", "publish"}).description(""))
      ->type_name("plan|apply|destroy|publish");
  addPhases(*app, policy.cycle);
  app->add_flag("--delete-bucket", policy.cycle.deleteBucket, "for destroy --delete-bucket");
  app->add_option("--part", policy.part, "one of several policies, from 1, each small enough for a managed policy")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  example(*app, "irsa policy --for apply -f irsa.yaml");
}

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

// No help names it: a Job on a node runs it.
void addOnNode(CLI::App& root, OnNodeOptions& options, Command& chosen) {
  CLI::App* app = addCommand(root, "on-node", "Run irsa with a node's root folder as its own.", chosen,
                             [&options] { return runOnNode(options); });
  app->group("");
  app->add_option("--root", options.root, "where the node's root folder is mounted [/]")->type_name("FOLDER");
  app->add_option("--input", options.input, "a file to give as standard input")->type_name("FILE");
  app->add_option("arguments", options.arguments, "of irsa, behind --")->required()->type_name("");
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

void addProof(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* verify = addCommand(root, "verify", "Prove that a service account gets its role, or say why not.", chosen,
                                [&] { return runVerify(options.verify); });
  addCommon(*verify, options.verify.common);
  takesAccounts(verify->add_option("account", options.verify.serviceAccount, "NAMESPACE/NAME"))
      ->required()
      ->type_name("");
  verify->add_flag("--job", options.verify.job, "in a pod of the account, through the webhook");
  example(*verify, "irsa verify default/s3-echoer");

  CLI::App* whoami = addCommand(root, "whoami", "In a pod: say which role its service account gets.", chosen,
                                [&] { return runWhoami(options.whoami); });
  addOutput(*whoami, options.whoami);
  addDuration(*whoami, "--timeout", options.whoami.timeout, "the longest wait for one answer");
  example(*whoami,
          "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/s3-echoer AWS_WEB_IDENTITY_TOKEN_FILE=token \\\n"
          "    AWS_REGION=us-west-2 irsa whoami");
}

void addExplain(CLI::App& root, Options& options, Command& chosen) {
  ExplainOptions& explain = options.explain;
  CLI::App* app = addCommand(root, "explain", "Say why STS refuses a web identity, the cause first. Reads only.",
                             chosen, [&explain] { return runExplain(explain); });
  addCommon(*app, explain.common, findingFormats());
  app->add_option("text", explain.text, "what STS or an SDK said, or its code; - reads standard input")->type_name("");
  app->add_option("--token", explain.token, "the web identity token [AWS_WEB_IDENTITY_TOKEN_FILE]")->type_name("FILE");
  app->add_option("--role", explain.role, "the role that was asked for [AWS_ROLE_ARN]")->type_name("ARN");
  app->add_option("--session-name", explain.sessionName, "[AWS_ROLE_SESSION_NAME]")->type_name("NAME");
  addDuration(*app, "--duration", explain.duration, "the session that was asked for [1h]");
  app->add_option("--region", explain.region, "[that of irsa.yaml, AWS_REGION]")->type_name("NAME");
  app->add_option("--ca-file", explain.caFile, "more roots for fetching the issuer")->type_name("FILE");
  app->add_flag("--allow-loopback-issuers", explain.allowLoopbackIssuers, "the issuer may be on this host");
  app->add_flag("--offline", explain.offline, "ask neither AWS nor the issuer");
  app->footer(
      "Example:\n  irsa explain \"Incorrect token audience\"\n"
      "  irsa explain --token token --role arn:aws:iam::111122223333:role/s3-echoer\n"
      "Exit codes: 0 STS would give the role by what was seen, 1 causes were found or the text is unknown,\n"
      "3 nothing to explain, 4 a file can't be read\n"
      "(against a local AWS: irsa sim --listen 127.0.0.1:4566, then set AWS_ENDPOINT_URL)\n");
}

void addToken(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* group = root.add_subcommand("token", "Web identity tokens as kube-apiserver makes them");
  group->require_subcommand(1);
  CLI::App* mint = addCommand(*group, "mint", "Sign a token with a key that apply generated.", chosen,
                              [&] { return runTokenMint(options.mint); });
  addCommon(*mint, options.mint.common);
  takesAccounts(mint->add_option("account", options.mint.serviceAccount, "NAMESPACE/NAME"))->required()->type_name("");
  mint->add_option("--key", options.mint.key, "the private key [the one in keys.directory of irsa.yaml]")
      ->type_name("FILE");
  mint->add_option("--issuer", options.mint.issuer, "the issuer [that of irsa.yaml]")->type_name("URL");
  mint->add_option("--audience,--aud", options.mint.audience, "the audience [sts.amazonaws.com]")->type_name("NAME");
  mint->add_option("--pod", options.mint.pod, "the pod that the token is bound to")->type_name("NAME");
  addDuration(*mint, "--expiration", options.mint.lifetime, "from now until it expires [24h]");
  mint->add_option("--write", options.mint.write, "a new file for the token, readable by you alone")->type_name("FILE");
  example(*mint, "irsa token mint default/s3-echoer -f irsa.yaml --write token");

  CLI::App* inspect = addCommand(*group, "inspect", "Show a token's header and claims, never its signature.", chosen,
                                 [&] { return runTokenInspect(options.inspect); });
  addOutput(*inspect, options.inspect.common);
  inspect->add_option("file", options.inspect.path, "the token's file [standard input]")->type_name("");
  inspect->add_option("--jwks", options.inspect.jwks, "check signature and times against these keys")
      ->type_name("FILE");
  example(*inspect, "irsa token inspect token");
}

void addWebhookRender(CLI::App& group, Options& options, Command& chosen) {
  WebhookRenderOptions& render = options.render;
  CLI::App* app = addCommand(group, "render", "Print the webhook's manifests, for kubectl or GitOps.", chosen,
                             [&render] { return runWebhookRender(render); });
  app->add_option("-f,--file", render.common.file, "where to take the rest from [irsa.yaml, if there is one]")
      ->type_name("FILE");
  addOutput(*app, render.common, {{"yaml", Format::Yaml}, {"json", Format::Json}});
  app->add_option("--namespace", render.nameSpace, "[irsa-system]")->type_name("NAME");
  app->add_option("--image", render.image, "the image that holds irsa-webhook")->type_name("NAME");
  app->add_option("--replicas", render.replicas, "[2]")->check(CLI::Range(1, 10).description(""))->type_name("N");
  app->add_option("--failure-policy", render.failurePolicy, "of pods without a label [Ignore]")
      ->check(CLI::IsMember({"Ignore", "Fail"}).description(""))
      ->type_name("Ignore|Fail");
  app->add_option("--region", render.region, "the AWS Region that pods are told")->type_name("NAME");
  app->add_flag("--no-guard", render.noGuard, "no ValidatingAdmissionPolicy (it needs Kubernetes 1.30)");
  app->add_option("--cert-source", render.certificateSource,
                  "self: the webhook's own authority; files: a Secret [self]")
      ->check(CLI::IsMember({"self", "files"}).description(""))
      ->type_name("self|files");
  app->add_option("--secret", render.secret, "files: the Secret with tls.crt and tls.key")->type_name("NAME");
  app->add_option("--inject-ca-from", render.injectCaFrom, "files: cert-manager's Certificate, which fills caBundle")
      ->type_name("NAMESPACE/NAME");
  app->add_option("--api-server-port", render.apiServerPort,
                  "a port that the NetworkPolicy lets through, beside 443 and 6443")
      ->check(CLI::Range(1, 65535).description(""))
      ->type_name("PORT");
  app->footer(
      "Example:\n  irsa webhook render --region us-west-2 --image registry.example.com/irsa:1 | kubectl apply -f -\n");
}

void addWebhook(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* group =
      root.add_subcommand("webhook", "The admission webhook: its manifests, and what is wrong with those there");
  group->require_subcommand(1);
  addWebhookRender(*group, options, chosen);
  CLI::App* lint = addCommand(*group, "lint", "Find what would block pods or let them miss their role. Reads only.",
                              chosen, [&] { return runWebhookLint(options.lint); });
  addCommon(*lint, options.lint.common, findingFormats());
  addCluster(*lint, options.lint.cluster);
  lint->footer(
      "Example:\n  irsa webhook lint --kubeconfig ~/.kube/config\n"
      "Exit codes: 0 nothing to do, 1 findings, 4 the cluster did not answer, or not to us\n");
}

void addPolicyChoice(CLI::App& app, PolicyChoice& choice, CommonOptions& common, std::string& roleArn) {
  app.add_option("policy", choice.file, "the trust policy's file; - is standard input")->type_name("");
  app.add_option("--role", choice.role, "instead of a file: a role of the account, by name or ARN")->type_name("ROLE");
  app.add_option("--role-arn", roleArn, "of a file: the role that has the policy or will have it")->type_name("ARN");
  app.add_option("-f,--file", common.file, "for --role: how to reach AWS [irsa.yaml, if there is one]")
      ->type_name("FILE");
}

void addTrustRender(CLI::App& group, TrustRenderOptions& render, Command& chosen) {
  CLI::App* app = addCommand(group, "render", "Print a trust policy that pins audience and accounts.", chosen,
                             [&render] { return runTrustRender(render); });
  takesAccounts(
      app->add_option("accounts", render.wish.serviceAccounts, "NAMESPACE/NAME of those who may assume the role"))
      ->required()
      ->type_name("");
  addRepeated(*app, "--issuer", render.wish.issuers, "the cluster's issuer; again for another cluster", "URL")
      ->required();
  app->add_option("--account", render.wish.account, "the AWS account of the role and its providers")
      ->required()
      ->type_name("ID");
  app->add_option("--partition", render.wish.partition, "[aws]")->type_name("NAME");
  addRepeated(*app, "--audience", render.wish.audiences, "[sts.amazonaws.com]", "NAME");
  app->add_flag("--allow-wildcard", render.wish.allowsPatterns, "accounts may be patterns, such as shop/app-*");
  app->add_option("--merge", render.merge, "add to this policy and keep all its statements; - is standard input")
      ->type_name("FILE");
  app->add_option("--quota", render.quota, "the longest policy that IAM takes [2048]")
      ->check(CLI::Range(1, 131072).description(""))
      ->type_name("N");
  app->add_flag("--compact", render.compact, "on one line");
  addOutput(*app, render.common, {{"json", Format::Json}, {"yaml", Format::Yaml}});
  app->footer(
      "Example:\n  irsa trust render shop/orders shop/carts --account 111122223333 \\\n"
      "    --issuer https://s3.us-west-2.amazonaws.com/edge-prod-issuer > trust.json\n"
      "Exit codes: 0 printed, 1 longer than the quota, 3 not to be written so\n");
}

void addTrustLint(CLI::App& group, TrustLintOptions& lint, Command& chosen) {
  CLI::App* app = addCommand(group, "lint", "Find what lets in too many, or nobody. Reads only.", chosen,
                             [&lint] { return runTrustLint(lint); });
  addPolicyChoice(*app, lint.policy, lint.common, lint.roleArn);
  addRepeated(*app, "--issuer", lint.issuers, "an issuer that the role is meant for; again for another", "URL");
  addDuration(*app, "--token-expiration", lint.tokenExpiration, "how long the pods' tokens live");
  addOutput(*app, lint.common, findingFormats());
  addDuration(*app, "--timeout", lint.common.timeout, "the longest wait");
  app->footer(
      "Example:\n  irsa trust lint trust.json --role-arn arn:aws:iam::111122223333:role/orders -o sarif\n"
      "Exit codes: 0 nothing to do, 1 findings, 4 the file or the role could not be read\n");
}

void addCanAssume(CLI::App& group, CanAssumeOptions& options, Command& chosen) {
  CLI::App* app = addCommand(group, "can-assume", "Say whether a token gets the role, and which condition decides.",
                             chosen, [&options] { return runCanAssume(options); });
  addPolicyChoice(*app, options.policy, options.common, options.roleArn);
  app->add_option("--token", options.token, "the token's file; - is standard input")->type_name("FILE");
  takesAccounts(app->add_option("--service-account", options.serviceAccount, "instead of a token: NAMESPACE/NAME"))
      ->type_name("ACCOUNT");
  app->add_option("--issuer", options.issuer, "and its issuer")->type_name("URL");
  addRepeated(*app, "--audience", options.audiences, "and its audience [sts.amazonaws.com]", "NAME");
  addRepeated(*app, "--context", options.context, "what else the request has, such as aws:SourceIp=203.0.113.9",
              "KEY=VALUE");
  app->add_option("--session-name", options.sessionName, "sts:RoleSessionName [can-assume]")->type_name("NAME");
  addOutput(*app, options.common);
  addDuration(*app, "--timeout", options.common.timeout, "the longest wait");
  app->footer(
      "Example:\n  irsa trust can-assume trust.json --service-account shop/orders \\\n"
      "    --issuer https://s3.us-west-2.amazonaws.com/edge-prod-issuer\n"
      "Exit codes: 0 it may, 1 it may not, 3 IAM would refuse the policy or the question is wrong,\n"
      "4 policy or token could not be read\n");
}

void addTrust(CLI::App& root, Options& options, Command& chosen) {
  CLI::App* group = root.add_subcommand("trust", "Trust policies: who may assume a role");
  group->require_subcommand(1);
  addTrustRender(*group, options.trustRender, chosen);
  addTrustLint(*group, options.trustLint, chosen);
  addCanAssume(*group, options.canAssume, chosen);
}

void addSimOptions(CLI::App& app, SimOptions& options) {
  app.add_option("--listen", options.listen, "loopback address and port [127.0.0.1:0]")->type_name("ADDRESS:PORT");
  app.add_option("--i-know", options.iKnow, "listen on this address although others can reach it")
      ->type_name("ADDRESS");
  app.add_option("--account", options.account, "12 digits [111122223333]")->type_name("ID");
  app.add_option("--region", options.region, "[us-west-2]")->type_name("NAME");
  app.add_option("--access-key-id", options.accessKeyId, "the administrator's key id [random]")->type_name("ID");
  app.add_option("--secret-access-key", options.secretAccessKey, "and its secret [random]")->type_name("SECRET");
  app.add_option("--tls-cert", options.tlsCertificate, "serve TLS with this certificate chain")->type_name("FILE");
  app.add_option("--tls-key", options.tlsKey, "and this private key")->type_name("FILE");
  app.add_option("--ca-file", options.caFile, "more roots for fetching issuers")->type_name("FILE");
  app.add_flag("--allow-loopback-issuers", options.allowLoopbackIssuers, "issuers may be on this host, with a port");
  app.add_option("--dialect", options.dialect, "STS's words: classic, or opaque as since 2026 [classic]")
      ->check(CLI::IsMember({"classic", "opaque"}))
      ->type_name("NAME");
  app.add_option("--state", options.stateFile, "keep everything in this file; made when missing")->type_name("FILE");
  app.add_option("--time", options.time, "start the clock there, e.g. 2026-11-23T20:00:00Z")->type_name("RFC3339");
}

void addSim(CLI::App& root, Options& options, Command& chosen) {
  SimOptions& sim = options.sim;
  CLI::App* app = addCommand(root, "sim", "A local S3, IAM and STS that verify what they are sent.", chosen,
                             [&sim] { return runSim(sim); });
  addSimOptions(*app, sim);
  example(*app, "irsa sim --listen 127.0.0.1:4566");
}

void addVersion(CLI::App& root, Command& chosen) {
  addCommand(root, "version", "Print the version.", chosen, [] {
    Console(CommonOptions()).raw("irsa " IRSA_VERSION);
    return kOk;
  });
}

CLI::App& deepest(CLI::App& app) {
  CLI::App* found = &app;
  while (!found->get_subcommands().empty()) found = found->get_subcommands().back();
  return *found;
}

// The option or command of `app` that `word` may have meant; empty when none is near.
std::string suggestion(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  } else {
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return std::string(text::nearest(word.substr(0, word.find('=')), candidates));
}

std::string fullName(const CLI::App& app) {
  return app.get_parent() ? fullName(*app.get_parent()) + " " + app.get_name() : app.get_name();
}

int usage(CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& app = deepest(root);
  const bool wantsCommand = !app.get_subcommands({}).empty();
  base::Error shown = base::invalid(fullName(app) + ": " + (wantsCommand ? "a command is missing" : error.what()));
  const std::vector<std::string> unknown = app.remaining();
  shown.hint = fullName(app) + " --help";
  if (!unknown.empty()) {
    const bool isOption = unknown.front().starts_with("-");
    shown.message = fullName(app) + ": there is no " + (isOption ? "option " : "command ") + unknown.front();
    if (!isOption && !wantsCommand)
      shown.message = fullName(app) + ": '" + unknown.front() + "' is one argument too many";
    const std::string near = suggestion(app, unknown.front());
    if (!near.empty()) shown.hint = "did you mean " + (isOption ? near : fullName(app) + " " + near) + "?";
  }
  return Console(CommonOptions()).fail(shown, kUsage);
}

// An interrupted run ends with 128 + the signal's number; locks go with the process, files are renamed in whole.
extern "C" void endInterrupted(int signal) { _exit(128 + signal); }

}  // namespace

int run(int argc, char** argv) {
  std::signal(SIGINT, endInterrupted);
  std::signal(SIGTERM, endInterrupted);
  const bool isPlugin = argc > 0 && std::string_view(argv[0]).ends_with("kubectl-irsa");
  CLI::App root("IAM roles for service accounts on any Kubernetes you run yourself",
                isPlugin ? "kubectl irsa" : "irsa");
  root.set_version_flag("--version", "irsa " IRSA_VERSION);
  root.require_subcommand(1);
  root.get_formatter()->column_width(36);
  Options options;
  Command chosen;
  addLifeCycle(root, options, chosen);
  addAdopt(root, options, chosen);
  addPolicy(root, options, chosen);
  addApiServer(root, options, chosen);
  addIssuer(root, options.move, chosen);
  addMigrate(root, options.move, chosen);
  addKeys(root, options.move, chosen);
  addWebhook(root, options, chosen);
  addTrust(root, options, chosen);
  addProof(root, options, chosen);
  addExplain(root, options, chosen);
  addToken(root, options, chosen);
  addSim(root, options, chosen);
  addVersion(root, chosen);
  addOnNode(root, options.onNode, chosen);
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    Console(CommonOptions()).raw(root.help());
    return kOk;
  } catch (const CLI::CallForVersion& version) {
    Console(CommonOptions()).raw(version.what());
    return kOk;
  } catch (const CLI::ParseError& error) {
    return usage(root, error);
  }
  return chosen();
}

}  // namespace cli
