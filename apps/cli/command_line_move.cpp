#include "command_line_groups.h"

namespace cli {
namespace {

void addLook(CLI::App& app, LookOptions& look) {
  addRepeated(app, "--server", look.servers, "an API server's own address [those of the Service kubernetes]", "URL");
  app.add_option("--former", look.former, "the issuer that goes [what the API servers tell]")->type_name("URL");
  addDuration(app, "--longest-token", look.longestToken, "the longest life of tokens that programs ask the API for");
  app.add_flag("--stale-is-fine", look.staleIsFine, "clients that never read their token again may lose it");
  app.add_option("--audit-log", look.auditLog, "names the accounts that use tokens which were renewed")
      ->type_name("FILE");
}

void addPlace(CLI::App& app, std::string& manifest, std::string& root) {
  app.add_option("--manifest", manifest,
                 "the static pod's on the nodes; without --node: on this one, which is the only one")
      ->type_name("FILE");
  app.add_option("--root", root, "where a node's /etc and /var lie [/]")->type_name("FOLDER");
}

}  // namespace

void addMigrate(CLI::App& root, MoveOptions& move, Command& chosen) {
  MigrateOptions& options = move.migrate;
  CLI::App* group = root.add_subcommand("migrate", "Another issuer for a running cluster, without refusing a token");
  group->require_subcommand(1);
  CLI::App* plan = addCommand(*group, "plan", "Show the way and where the cluster is on it. Reads only.", chosen,
                              [&] { return runMigratePlan(options); });
  CLI::App* next = addCommand(*group, "next", "Take the next step, if everything it needs is so.", chosen,
                              [&] { return runMigrateNext(options); });
  CLI::App* status = addCommand(*group, "status", "Show API servers, gates and until when to wait. Reads only.", chosen,
                                [&] { return runMigrateStatus(options); });
  for (CLI::App* app : {plan, next, status}) {
    addCommon(*app, options.common);
    addLook(*app, options.look);
  }
  addNodes(*next, options.nodes);
  addPlace(*next, options.manifest, options.root);
  next->add_flag("--back", options.back, "to the state before");
  next->add_flag("--dry-run", options.common.dryRun, "show what would be done");
  next->add_flag("-y,--yes", options.common.yes, "do not ask on the terminal");
  example(*plan, "irsa migrate plan -f irsa.yaml");
  example(*status, "irsa migrate status -f irsa.yaml -o json");
  next->footer(
      "Example:\n  irsa migrate next -f irsa.yaml --node root@cp1 --node root@cp2 --node root@cp3\n"
      "Exit codes: 0 the step is done, 1 not yet or not possible, 2 the step is yours (the commands are printed)\n");
}

void addIssuer(CLI::App& root, MoveOptions& move, Command& chosen) {
  IssuerPublishOptions& options = move.publish;
  CLI::App* group = root.add_subcommand("issuer", "The documents that AWS reads of the issuer");
  group->require_subcommand(1);
  CLI::App* app = addCommand(*group, "publish", "Publish every key that the API servers serve, once or all the time.",
                             chosen, [&options] { return runIssuerPublish(options); });
  addCommon(*app, options.common);
  addRepeated(*app, "--server", options.look.servers, "an API server's own address [those of the Service kubernetes]",
              "URL");
  app->add_flag("--watch", options.watch, "stay, and follow the API servers while holding a Lease");
  addDuration(*app, "--interval", options.interval, "with --watch: between two looks [1m]");
  addDuration(*app, "--grace", options.grace,
              "how long a key stays published that no API server serves any more [48h]");
  app->add_option("--metrics", options.metrics, "with --watch: serve /metrics and /livez there")
      ->type_name("ADDRESS:PORT");
  app->add_flag("--dry-run", options.common.dryRun, "show what would be published and stop")->excludes("--watch");
  example(*app, "irsa issuer publish -f irsa.yaml --watch --metrics 127.0.0.1:9998");
}

void addKeys(CLI::App& root, MoveOptions& move, Command& chosen) {
  KeysOptions& options = move.keys;
  CLI::App* group = root.add_subcommand("keys", "Another signing key for a running cluster, without refusing a token");
  group->require_subcommand(1);
  CLI::App* status = addCommand(*group, "status", "Show which keys sign, verify and are published. Reads only.", chosen,
                                [&] { return runKeysStatus(options); });
  CLI::App* rotate =
      addCommand(*group, "rotate", "Take the next step of introduce, promote and retire, if everything it needs is so.",
                 chosen, [&] { return runKeysRotate(options); });
  for (CLI::App* app : {status, rotate}) {
    addCommon(*app, options.common);
    addLook(*app, options.look);
    addDuration(*app, "--cached", options.cached, "how long caches may hold the published JWKS [1h]");
    app->add_flag("--legacy-is-fine", options.legacyIsFine, "tokens of Secrets may be refused");
  }
  rotate->add_option("step", options.step, "introduce, promote or retire [the next]")
      ->check(CLI::IsMember({"introduce", "promote", "retire"}).description(""))
      ->type_name("");
  rotate->add_option("--algorithm", options.algorithm, "of the new key [ES256]")
      ->check(CLI::IsMember({"ES256", "RS256"}).description(""))
      ->type_name("ES256|RS256");
  rotate->add_flag("--emergency", options.emergency,
                   "the key is in wrong hands: replace it at once, refuse its tokens");
  addNodes(*rotate, options.nodes);
  addPlace(*rotate, options.manifest, options.root);
  rotate->add_flag("--dry-run", options.common.dryRun, "show what would come next");
  rotate->add_flag("-y,--yes", options.common.yes,
                   "do not ask on the terminal; refuse tokens in use (--emergency, and promote with Ceph)");
  example(*status, "irsa keys status -f irsa.yaml");
  rotate->footer(
      "Example:\n  irsa keys rotate introduce --node root@cp1 --node root@cp2 --node root@cp3\n"
      "Exit codes: 0 the step is done, 1 not yet or not possible, 2 the step is yours\n");
}

}  // namespace cli
