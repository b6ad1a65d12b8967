#include "command_line_groups.h"
#include "setup/emit.h"

namespace cli {
namespace {

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

}  // namespace

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

}  // namespace cli
