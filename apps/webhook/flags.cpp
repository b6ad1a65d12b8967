#include "webhook/flags.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "admission/go_values.h"
#include "text/words.h"

namespace webhook {
namespace {

using base::Result;

base::Error bad(std::string_view name, std::string_view value, std::string_view why) {
  return base::invalid("invalid argument \"" + std::string(value) + "\" for \"--" + std::string(name) +
                       "\" flag: " + std::string(why));
}

// One flag: what it is called, what stands for it in the help, and what to do with a value.
struct Flag {
  std::string name, shown, help;
  bool isBoolean = false;
  std::function<Result<void>(const std::string& value)> set;
};

class FlagSet {
 public:
  void text(std::string name, std::string& target, std::string help) {
    std::string shown = "string";
    if (!target.empty()) help += " (default \"" + target + "\")";
    add({std::move(name), std::move(shown), std::move(help), false,
         [&target](const std::string& value) -> Result<void> {
           target = value;
           return {};
         }});
  }
  void boolean(std::string name, bool& target, std::string help) {
    if (target) help += " (default true)";
    std::string copy = name;
    add({std::move(name), "", std::move(help), true, [&target, copy](const std::string& value) -> Result<void> {
           std::optional<bool> parsed = admission::parseGoBool(value);
           if (!parsed) return bad(copy, value, "it must be true or false");
           target = *parsed;
           return {};
         }});
  }
  template <typename Number>
  void number(std::string name, Number& target, std::int64_t least, std::int64_t most, std::string help) {
    help += " (default " + std::to_string(target) + ")";
    std::string copy = name;
    add({std::move(name), "int", std::move(help), false,
         [&target, least, most, copy](const std::string& value) -> Result<void> {
           std::optional<std::int64_t> parsed = admission::parseGoLiteral(value);
           if (!parsed || *parsed < least || *parsed > most)
             return bad(copy, value,
                        "it must be a number from " + std::to_string(least) + " to " + std::to_string(most));
           target = Number(*parsed);
           return {};
         }});
  }
  // What is below a millisecond counts as one. Below nothing is nothing.
  void duration(std::string name, std::chrono::milliseconds& target, std::string help) {
    help += " (default " + std::to_string(target.count()) + "ms)";
    std::string copy = name;
    add({std::move(name), "duration", std::move(help), false,
         [&target, copy](const std::string& value) -> Result<void> {
           const std::optional<std::chrono::nanoseconds> parsed = admission::parseGoDuration(value);
           if (!parsed) return bad(copy, value, "it must be a duration such as 250ms or 1s");
           target = std::max(std::chrono::ceil<std::chrono::milliseconds>(*parsed), std::chrono::milliseconds(0));
           return {};
         }});
  }
  void custom(std::string name, std::string shown, std::string help,
              std::function<Result<void>(const std::string&)> set) {
    const bool isBoolean = shown.empty();
    add({std::move(name), std::move(shown), std::move(help), isBoolean, std::move(set)});
  }
  // Taken for the sake of AWS's manifests, with values that AWS's takes; `note` is logged when it is given.
  enum class Kind { Boolean, Number, Duration, Text };
  void accepted(const std::string& name, Kind kind, std::string help, std::vector<std::string>& notes,
                std::string note = "");

  const Flag* find(const std::string& name) const {
    auto found = flags_.find(name);
    return found == flags_.end() ? nullptr : &found->second;
  }
  std::string help() const;

 private:
  void add(Flag flag) { flags_.emplace(flag.name, flag); }
  std::map<std::string, Flag> flags_;
};

void FlagSet::accepted(const std::string& name, Kind kind, std::string help, std::vector<std::string>& notes,
                       std::string note) {
  const char* shown = kind == Kind::Boolean    ? ""
                      : kind == Kind::Number   ? "int"
                      : kind == Kind::Duration ? "duration"
                                               : "string";
  add({name, shown, std::move(help), kind == Kind::Boolean,
       [&notes, name, kind, note = std::move(note)](const std::string& value) -> Result<void> {
         if (kind == Kind::Boolean && !admission::parseGoBool(value))
           return bad(name, value, "it must be true or false");
         if (kind == Kind::Number && !admission::parseGoInt(value)) return bad(name, value, "it must be a number");
         if (kind == Kind::Duration && !admission::parseGoDuration(value))
           return bad(name, value, "it must be a duration such as 60s or 1m");
         if (!note.empty()) notes.push_back("--" + name + ": " + note);
         return {};
       }});
}

std::string FlagSet::help() const {
  std::string out = "Usage of irsa-webhook:\n";
  for (const auto& [name, flag] : flags_) {
    std::string left = (name == "v" ? "  -v, --" : "      --") + name + (flag.shown.empty() ? "" : " " + flag.shown);
    left.resize(std::max<std::size_t>(left.size() + 2, 52), ' ');
    out += left + flag.help + "\n";
  }
  return out;
}

// Go's names of the suites of TLS 1.2 and below, and OpenSSL's.
constexpr std::pair<std::string_view, std::string_view> kSuites[] = {
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256"},
    {"TLS_AES_128_GCM_SHA256", ""},  // TLS 1.3's own are always on
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_RSA_WITH_RC4_128_SHA", ""},  // known to Go, and served by nobody any more
    {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", ""},
    {"TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", ""},
    {"TLS_ECDHE_RSA_WITH_RC4_128_SHA", ""},
    {"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", ""},
};

Result<void> setCipherSuites(const std::string& list, Flags& flags) {
  std::string& out = flags.tlsCipherSuites;
  out.clear();
  bool isNamed = false;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string_view name = text::trimmed(std::string_view(list).substr(at, end - at));
    at = end + 1;
    if (name.empty()) continue;
    auto found =
        std::find_if(std::begin(kSuites), std::end(kSuites), [&](const auto& entry) { return entry.first == name; });
    if (found == std::end(kSuites)) return bad("tls-cipher-suites", name, "there is no such cipher suite");
    if (!found->second.empty()) out.append(out.empty() ? "" : ":").append(found->second);
    isNamed = true;
  }
  flags.hasNoOldSuite = isNamed && out.empty();
  return {};
}

Result<void> setMinVersion(const std::string& value, Flags& flags) {
  flags.tlsMinVersion = "1.2";
  if (value.empty() || value == "1.2" || value == "VersionTLS12") return {};
  if (value == "1.3" || value == "VersionTLS13") {
    flags.tlsMinVersion = "1.3";
    return {};
  }
  for (const char* old : {"1.0", "1.1", "VersionTLS10", "VersionTLS11"})
    if (value == old) {
      flags.notes.push_back("--tls-min-version: 1.2 is the lowest that is served, and every API server speaks it");
      return {};
    }
  return bad("tls-min-version", value, "it must be 1.0, 1.1, 1.2 or 1.3");
}

void addCredentialFlags(FlagSet& set, Flags& flags) {
  admission::Settings& settings = flags.settings;
  set.text("annotation-prefix", settings.annotationPrefix, "Prefix of the annotations of service accounts and pods");
  set.text("token-audience", settings.tokenAudience, "Audience of tokens, unless an account says otherwise");
  set.text("token-mount-path", settings.tokenMountPath, "Where tokens are mounted");
  set.number("token-expiration", settings.tokenExpiration, INT64_MIN, INT64_MAX,
             "Life of tokens in seconds, at least 600");
  set.text("aws-default-region", settings.defaultRegion, "If set, AWS_DEFAULT_REGION and AWS_REGION are injected");
  set.boolean("sts-regional-endpoint", settings.regionalSts, "Whether to inject AWS_STS_REGIONAL_ENDPOINTS=regional");
  admission::ContainerCredentials& agent = settings.containerCredentials;
  set.text("container-credentials-audience", agent.audience, "Audience of tokens for container credentials");
  set.text("container-credentials-token-mount-path", agent.mountPath, "Where those tokens are mounted");
  set.text("container-credentials-token-volume-name", agent.volumeName, "Name of their volume");
  set.text("container-credentials-token-path", agent.tokenPath, "File name of the token in the volume");
  set.text("container-credentials-full-uri", agent.fullUri, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

admission::RoleArnParts& roleArnParts(Flags& flags) {
  if (!flags.settings.composeRoleArn) flags.settings.composeRoleArn.emplace();
  return *flags.settings.composeRoleArn;
}

void addSourceFlags(FlagSet& set, Flags& flags) {
  set.boolean("watch-config-map", flags.watchesConfigMap,
              "Also take roles from the ConfigMap pod-identity-webhook of --namespace");
  set.text("namespace", flags.nameSpace, "Namespace of the ConfigMap, and of the Secret of --cert-source=self");
  set.text("watch-container-credentials-config", flags.containerCredentialsFile,
           "A file with the accounts whose pods get container credentials (EKS Pod Identity)");
  set.boolean("compose-role-arn", flags.composesRoleArns,
              "Complete bare role names by the account and partition of the EC2 instance");
  set.custom("compose-role-arn-account", "string", "The account instead of the instance's; implies --compose-role-arn",
             [&](const std::string& value) -> Result<void> {
               if (value.size() != 12 || value.find_first_not_of("0123456789") != std::string::npos)
                 return bad("compose-role-arn-account", value, "an AWS account has twelve digits");
               roleArnParts(flags).account = value;
               return {};
             });
  set.custom("compose-role-arn-partition", "string", "Its partition (default \"aws\")",
             [&](const std::string& value) -> Result<void> {
               if (value.empty()) return bad("compose-role-arn-partition", value, "it must not be empty");
               roleArnParts(flags).partition = value;
               return {};
             });
}

void addServerFlags(FlagSet& set, Flags& flags) {
  set.number("port", flags.port, 0, 65535, "Port of /mutate and /healthz (TLS)");
  set.number("metrics-port", flags.metricsPort, 0, 65535, "Port of /metrics, /livez and /readyz (plain HTTP)");
  set.text("kubeconfig", flags.kubeconfig, "A kubeconfig file; without it, the pod's own service account is used");
  set.text("kube-api", flags.kubeApi, "URL of the API server, instead of the one configured");
  set.text("tls-cert", flags.tlsCert, "Certificate chain to serve with; read again when it changes");
  set.text("tls-key", flags.tlsKey, "Its private key");
  set.custom("cert-source", "string", "files (--tls-cert, --tls-key) or self (an own authority) (default \"files\")",
             [&](const std::string& value) -> Result<void> {
               if (value != "files" && value != "self") return bad("cert-source", value, "it must be files or self");
               flags.makesCertificate = value == "self";
               return {};
             });
  set.text("service-name", flags.serviceName, "self: the Service that the certificate is for");
  set.text("tls-secret", flags.tlsSecret, "self: the Secret that the replicas share, and the Lease beside it");
  set.text("webhook-configuration", flags.webhookConfiguration,
           "self: the MutatingWebhookConfiguration whose caBundle is kept right (default: the service's name)");
  set.duration("ca-lifetime", flags.authorityLife, "self: life of the authority; at two thirds the next one follows");
  set.duration("cert-lifetime", flags.certificateLife, "self: life of the serving certificate");
  set.duration("ca-settle", flags.settleTime, "self: how long a new authority is published before it signs");
  set.custom("tls-min-version", "string", "Lowest TLS version: 1.2 or 1.3; 1.0 and 1.1 are taken for 1.2 (default 1.2)",
             [&](const std::string& value) { return setMinVersion(value, flags); });
  set.custom("tls-cipher-suites", "string", "Comma-separated cipher suites for TLS 1.2 and below, by Go's names",
             [&](const std::string& value) { return setCipherSuites(value, flags); });
  set.duration("service-account-lookup-grace-period", flags.lookupBudget,
               "How long to ask the API server about an account that is not in the cache; 0: not at all");
  set.custom("log-format", "string", "text (klog's) or json (default \"text\")",
             [&](const std::string& value) -> Result<void> {
               if (value != "text" && value != "json") return bad("log-format", value, "it must be text or json");
               flags.logFormat = value == "json" ? admission::Log::Format::Json : admission::Log::Format::Text;
               return {};
             });
  set.boolean("log-decisions", flags.logsDecisions, "One log line for each review");
  set.number("max-connections", flags.maxConnections, 1, 1'000'000,
             "One more closes the idlest of the address that has the most");
  set.boolean("reuse-port", flags.reusePort, "Share the ports with another process, which may take over");
  set.number("loops", flags.loops, 1, 64, "Server loops, a thread each");
  set.duration("drain-time", flags.drainTime, "How long to go on answering after SIGTERM");
}

void addAcceptedFlags(FlagSet& set, Flags& flags) {
  set.custom("in-cluster", "", "Refused if true: see --tls-cert", [](const std::string& value) -> Result<void> {
    std::optional<bool> parsed = admission::parseGoBool(value);
    if (!parsed) return bad("in-cluster", value, "it must be true or false");
    if (!*parsed) return {};
    return bad("in-cluster", value,
               "it asks for a certificate from the signer kubernetes.io/legacy-unknown, which Kubernetes removed in "
               "1.22")
        .withHint(
            "use --in-cluster=false, with --cert-source=self for a certificate of its own, or with --tls-cert and "
            "--tls-key "
            "(a Secret mounted by cert-manager)");
  });
  using Kind = FlagSet::Kind;
  set.accepted("enable-debugging-handlers", Kind::Boolean, "Accepted; see /metrics and the log", flags.notes,
               "the debugging handlers do not exist here; the log names each decision");
  set.accepted("resync-period", Kind::Duration, "Accepted; the watch needs no resync", flags.notes);
  const std::string help = "klog's; accepted, the log always goes to standard error";
  for (const char* name : {"add_dir_header", "alsologtostderr", "legacy_stderr_threshold_behavior", "logtostderr",
                           "one_output", "skip_headers", "skip_log_headers"})
    set.accepted(name, Kind::Boolean, help, flags.notes);
  for (const char* name :
       {"alsologtostderrthreshold", "log_backtrace_at", "log_dir", "log_file", "stderrthreshold", "vmodule"})
    set.accepted(name, Kind::Text, help, flags.notes);
  for (const char* name : {"log_file_max_size", "v"}) set.accepted(name, Kind::Number, help, flags.notes);
}

FlagSet flagSet(Flags& flags) {
  FlagSet set;
  addCredentialFlags(set, flags);
  addSourceFlags(set, flags);
  addServerFlags(set, flags);
  addAcceptedFlags(set, flags);
  return set;
}

struct Given {
  std::string name;  // empty: a word that belongs to no flag
  std::optional<std::string> value;
};

Result<Given> split(const std::string& argument) {
  if (argument == "-h") return Given{"help", std::nullopt};
  const bool isShort = argument.starts_with("-v") && !argument.starts_with("--");
  if (isShort && argument.size() == 2) return Given{"v", std::nullopt};
  if (isShort) return Given{"v", argument.substr(argument[2] == '=' ? 3 : 2)};
  if (argument == "-" || !argument.starts_with('-')) return Given{"", argument};
  if (!argument.starts_with("--")) return base::invalid("unknown shorthand flag: " + argument);
  if (argument[2] == '-' || argument[2] == '=') return base::invalid("bad flag syntax: " + argument);
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos) return Given{argument.substr(2), std::nullopt};
  return Given{argument.substr(2, equals - 2), argument.substr(equals + 1)};
}

}  // namespace

base::Result<CommandLine> parseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  FlagSet set = flagSet(line.flags);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--") break;
    Given given = TRY(split(arguments[i]));
    if (given.name.empty()) {
      line.flags.notes.push_back("the word \"" + *given.value +
                                 "\" belongs to no flag and is not read: a switch takes its value after =, as in "
                                 "--watch-config-map=true");
      continue;
    }
    if (given.name == "help") {
      line.wish = CommandLine::Wish::Help;
      return line;
    }
    if (given.name == "version") {
      const std::optional<bool> isWished = admission::parseGoBool(given.value.value_or("true"));
      if (!isWished) return bad("version", *given.value, "it must be true or false");
      line.wish = *isWished ? CommandLine::Wish::Version : CommandLine::Wish::Serve;
      continue;
    }
    const Flag* flag = set.find(given.name);
    if (!flag) return base::invalid("unknown flag: --" + given.name);
    if (!given.value && flag->isBoolean) given.value = "true";
    if (!given.value && i + 1 == arguments.size()) return base::invalid("flag needs an argument: --" + given.name);
    if (!given.value) given.value = arguments[++i];
    TRY(flag->set(*given.value));
  }
  if (line.flags.hasNoOldSuite) line.flags.tlsMinVersion = "1.3";  // else OpenSSL would choose suites for 1.2
  std::int64_t& expiration = line.flags.settings.tokenExpiration;
  expiration = std::max(expiration, admission::kMinExpiration);
  const std::optional<admission::RoleArnParts>& parts = line.flags.settings.composeRoleArn;
  if (parts && parts->account.empty())
    return base::invalid("--compose-role-arn-partition needs --compose-role-arn-account beside it");
  if (line.flags.port == line.flags.metricsPort && line.flags.port != 0)
    return base::invalid("--port and --metrics-port are both " + std::to_string(line.flags.port) +
                         ": one speaks TLS and the other does not");
  // At two thirds of an authority's life the next one is published; there must be time left to sign with the old one.
  if (line.flags.settleTime > line.flags.authorityLife / 4)
    return base::invalid(
        "--ca-settle must be at most a quarter of --ca-lifetime: the old authority would end before the "
        "new one may sign");
  return line;
}

std::string usage() {
  Flags flags;
  return flagSet(flags).help() + "      --version" + std::string(37, ' ') + "Prints the version\n";
}

}  // namespace webhook
