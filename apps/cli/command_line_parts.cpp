#include "command_line_parts.h"

namespace cli {
namespace {

constexpr const char* kSimExample =
    "\n  (against a local AWS: irsa sim --listen 127.0.0.1:4566, then set AWS_ENDPOINT_URL, "
    "AWS_ACCESS_KEY_ID\n  and AWS_SECRET_ACCESS_KEY from the line it prints)\n";

std::string toSeconds(std::string& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string unit = text.substr(digits);
  const long factor = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (digits == 0 || digits > 7 || factor == 0) return "'" + text + "' is no duration: write 90s, 5m or 2h";
  text = std::to_string(std::stol(text.substr(0, digits)) * factor);
  return "";
}

std::string toAccount(std::string& text) {
  constexpr std::string_view kSubject = "system:serviceaccount:";
  const std::size_t colon = text.find(':', kSubject.size());
  if (text.starts_with(kSubject) && colon != std::string::npos && text.find('/') == std::string::npos) {
    text = text.replace(colon, 1, "/").substr(kSubject.size());
  }
  return "";
}

}  // namespace

CLI::Option* takesAccounts(CLI::Option* option) { return option->transform(CLI::Validator(toAccount, "")); }

CLI::Option* addDuration(CLI::App& app, const std::string& name, std::chrono::seconds& target,
                         const std::string& help) {
  const auto store = [&target](const std::vector<std::string>& values) {
    target = std::chrono::seconds(std::stol(values.back()));
    return true;
  };
  return app.add_option(name, store, help)
      ->transform(CLI::Validator(toSeconds, ""))
      ->type_name("DURATION")
      ->expected(1);
}

CLI::Option* addRepeated(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                         const std::string& help, const std::string& type) {
  return app.add_option(name, target, help)->allow_extra_args(false)->type_name(type);
}

const Formats& allFormats() {
  static const Formats kFormats{{"table", Format::Table}, {"json", Format::Json}, {"yaml", Format::Yaml}};
  return kFormats;
}

const Formats& findingFormats() {
  static const Formats kFormats{
      {"table", Format::Table}, {"json", Format::Json}, {"yaml", Format::Yaml}, {"sarif", Format::Sarif}};
  return kFormats;
}

void addOutput(CLI::App& app, CommonOptions& common, const Formats& formats) {
  std::string names;
  for (const auto& [name, format] : formats) names += (names.empty() ? "" : "|") + name;
  app.add_option("-o,--output", common.format, "the form of the result")
      ->transform(CLI::CheckedTransformer(formats).description(""))
      ->type_name(names);
  app.add_flag("-q,--quiet", common.quiet, "no progress on standard error");
  app.add_flag("--no-color", common.noColor, "no colors (so does NO_COLOR)");
}

void addCommon(CLI::App& app, CommonOptions& common, const Formats& formats) {
  app.add_option("-f,--file", common.file, "the file that says what you want [irsa.yaml]")->type_name("FILE");
  addOutput(app, common, formats);
  addDuration(app, "--timeout", common.timeout, "the longest wait");
}

void addCluster(CLI::App& app, ClusterChoice& cluster) {
  app.add_option("--kubeconfig", cluster.kubeconfig, "how to reach the API server [that of irsa.yaml, KUBECONFIG]")
      ->type_name("FILE");
  app.add_option("--context", cluster.context, "the kubeconfig's context")->type_name("NAME");
}

void example(CLI::App& app, const std::string& lines) {
  app.footer("Example:\n  " + lines + (lines.find("irsa sim") == std::string::npos ? kSimExample : "\n"));
}

CLI::App* addCommand(CLI::App& parent, const std::string& name, const std::string& help, Command& chosen,
                     Command command) {
  CLI::App* app = parent.add_subcommand(name, help);
  app->final_callback([&chosen, command = std::move(command)] { chosen = command; });
  return app;
}

void addNodes(CLI::App& app, Nodes& nodes) {
  CLI::Option* node =
      addRepeated(app, "--node", nodes.names, "do it there, one after the other, by ssh; again for the next", "HOST");
  CLI::Option* ssh = app.add_option("--ssh", nodes.ssh, "how to get there [" + nodes.ssh + "]")->type_name("COMMAND");
  CLI::Option* sudo = app.add_flag("--sudo", nodes.sudo, "with sudo, where one does not arrive as root");
  CLI::Option* job =
      app.add_flag("--job", nodes.job, "instead of ssh: by a privileged Job on each --node, by its name in Kubernetes");
  job->needs(node)->excludes(ssh)->excludes(sudo);
  app.add_option("--image", nodes.image, "with --job: the image that holds irsa [webhook.image of irsa.yaml]")
      ->needs(job)
      ->type_name("NAME");
}

}  // namespace cli
