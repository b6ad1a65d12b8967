#include "command_line.h"

#include <unistd.h>

#include <csignal>

#include "command_line_groups.h"
#include "text/nearest.h"

namespace cli {
namespace {

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
