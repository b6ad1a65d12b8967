#include "aws/credential_chain.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <mutex>
#include <set>

#include "aws/assume_role.h"
#include "aws/metadata_credentials.h"
#include "aws/profile.h"
#include "aws/sts.h"
#include "base/time.h"
#include "text/shell_words.h"
#include "text/words.h"

namespace aws {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};

// Whoever gets this looks no further: an identity that was not meant is worse than none.
base::Error noCredentials(std::string message) {
  return {base::ErrorKind::Denied, "NoCredentials", std::move(message),
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile (aws.profile, AWS_PROFILE)"};
}

// Without a hint: what the profile lacks is said once for all, see ofProfile().
base::Error lacking(std::string message) { return noCredentials(std::move(message)).withHint(""); }

base::Result<Credentials> fromProcess(const CredentialsSettings& settings, const std::string& command) {
  auto argv = text::shellWords(command);
  if (!argv) return std::move(argv).error().during("credential_process");
  if (argv->empty()) return lacking("its credential_process is empty");
  auto output = settings.run(*argv);
  if (!output) return std::move(output).error().during("credential_process");
  return credentialsOf(*output, "credential_process " + argv->front());
}

struct WebIdentity {
  std::string roleArn, tokenFile, sessionName;
  std::string_view tokenFileSetting;  // where tokenFile stands, for messages
};

std::string sessionName(const CredentialsSettings& settings, const std::string& configured) {
  return configured.empty() ? "irsa-" + std::to_string(base::unixSeconds(settings.clock.now())) : configured;
}

base::Result<Credentials> fromWebIdentity(const CredentialsSettings& settings, const WebIdentity& identity) {
  auto token = settings.files.read(identity.tokenFile);
  if (!token) return std::move(token).error().during(identity.tokenFileSetting);
  std::string session = sessionName(settings, identity.sessionName);
  auto none = []() -> base::Result<Credentials> { return base::internal("this call is not signed"); };
  Client sts(settings.http, settings.endpoints, none, settings.region, settings.clock, settings.random);
  AssumedRole assumed =
      TRY(sts.call(AssumeRoleWithWebIdentity{identity.roleArn, session, std::string(text::trimmed(*token))}));
  return assumed.credentials;
}

Credentials keysOf(const CredentialsSettings& settings) {
  return {valueOf(settings.environment, "AWS_ACCESS_KEY_ID"), valueOf(settings.environment, "AWS_SECRET_ACCESS_KEY"),
          valueOf(settings.environment, "AWS_SESSION_TOKEN"), std::nullopt};
}

bool isWhole(const Credentials& keys) { return !keys.accessKeyId.empty() && !keys.secretAccessKey.empty(); }

// The AWS CLI keeps the tokens of single sign-on and of `aws login`; nothing else can renew them.
base::Result<Credentials> fromCommandLine(const CredentialsSettings& settings, const std::string& name,
                                          const std::string& login) {
  auto output = settings.run({"aws", "configure", "export-credentials", "--profile", name, "--format", "process"});
  if (!output) {
    base::Error error = std::move(output).error();
    const bool isOld = error.message.find("usage: aws ") != std::string::npos;
    if (isOld) error.message = "the AWS CLI that is installed is version 1; this needs the AWS CLI v2";
    const bool needsOther = isOld || error.kind == base::ErrorKind::NotFound;
    return std::move(error)
        .during("it signs in with " + login + ", so the AWS CLI was asked")
        .withHint((needsOther ? "install the AWS CLI v2, then: " : "") + login + " --profile " + name);
  }
  return credentialsOf(*output, "aws configure export-credentials");
}

bool says(const Profile& profile, std::string_view name) { return profile.contains(std::string(name)); }

bool saysOfCredentials(const Profile& profile) {
  constexpr std::array<std::string_view, 12> kSettings{
      "role_arn",      "source_profile",    "credential_source",     "web_identity_token_file",
      "sso_session",   "sso_start_url",     "sso_account_id",        "sso_role_name",
      "login_session", "aws_access_key_id", "aws_secret_access_key", "credential_process"};
  return std::ranges::any_of(kSettings, [&](std::string_view setting) { return says(profile, setting); });
}

// Follows source_profile from profile to profile.
class ProfileChain {
 public:
  explicit ProfileChain(const CredentialsSettings& settings) : settings_(settings) {}

  base::Result<Credentials> of(const std::string& name, const Profile& profile) {
    const bool isSource = !seen_.empty();
    if (!seen_.insert(name).second) return lacking("it refers to itself through source_profile");
    if (isSource && isWhole(staticKeys(profile))) return staticKeys(profile);
    if (says(profile, "web_identity_token_file")) return webIdentity(profile);
    if (says(profile, "role_arn")) return assumed(name, profile);
    if (says(profile, "sso_account_id") || says(profile, "sso_role_name"))
      return fromCommandLine(settings_, name, "aws sso login");
    if (says(profile, "aws_access_key_id") || says(profile, "aws_secret_access_key")) return wholeKeys(profile);
    if (says(profile, "login_session")) return fromCommandLine(settings_, name, "aws login");
    if (says(profile, "credential_process")) return fromProcess(settings_, settingOf(profile, "credential_process"));
    if (says(profile, "sso_session") || says(profile, "sso_start_url"))
      return lacking("its single sign-on has neither sso_account_id nor sso_role_name");
    if (saysOfCredentials(profile)) return lacking("it has a source of credentials, but no role_arn");
    return lacking("it has no credentials");
  }

 private:
  static Credentials staticKeys(const Profile& profile) {
    return {settingOf(profile, "aws_access_key_id"), settingOf(profile, "aws_secret_access_key"),
            settingOf(profile, "aws_session_token"), std::nullopt};
  }

  static base::Result<Credentials> wholeKeys(const Profile& profile) {
    Credentials keys = staticKeys(profile);
    if (isWhole(keys)) return keys;
    return lacking(keys.accessKeyId.empty() ? "it has aws_secret_access_key, but no aws_access_key_id"
                                            : "it has aws_access_key_id, but no aws_secret_access_key");
  }

  base::Result<Credentials> webIdentity(const Profile& profile) {
    if (settingOf(profile, "role_arn").empty()) return lacking("it has web_identity_token_file, but no role_arn");
    return fromWebIdentity(settings_, {settingOf(profile, "role_arn"), settingOf(profile, "web_identity_token_file"),
                                       settingOf(profile, "role_session_name"), "web_identity_token_file"});
  }

  base::Result<Credentials> assumed(const std::string& name, const Profile& profile) {
    if (says(profile, "mfa_serial"))
      return lacking("it wants a code of mfa_serial, which irsa does not ask for")
          .withHint("eval \"$(aws configure export-credentials --profile " + name + " --format env)\"");
    Credentials keys = TRY(sourceOf(name, profile));
    AssumeRole call{settingOf(profile, "role_arn"), sessionName(settings_, settingOf(profile, "role_session_name")),
                    settingOf(profile, "external_id")};
    const std::string duration = settingOf(profile, "duration_seconds");
    long count = 0;
    std::from_chars(duration.data(), duration.data() + duration.size(), count);
    if (count > 0) call.duration = std::chrono::seconds(count);
    auto source = [&keys]() -> base::Result<Credentials> { return keys; };
    Client sts(settings_.http, settings_.endpoints, source, settings_.region, settings_.clock, settings_.random);
    return sts.call(call);
  }

  base::Result<Credentials> sourceOf(const std::string& name, const Profile& profile) {
    const std::string source = settingOf(profile, "source_profile"), kind = settingOf(profile, "credential_source");
    if (!source.empty() && !kind.empty()) return lacking("it has both source_profile and credential_source");
    if (source.empty() && kind.empty())
      return lacking("it has role_arn, but neither source_profile nor credential_source");
    if (source.empty()) return ofPlace(kind);
    if (source == name && isWhole(staticKeys(profile))) return staticKeys(profile);  // its own keys are meant
    const auto named = readProfile(settings_.files, settings_.environment, source);
    auto found = named ? of(source, *named) : base::Result<Credentials>(named.error());
    if (!found) return std::move(found).error().during("source_profile " + source);
    return found;
  }

  base::Result<Credentials> ofPlace(const std::string& kind) {
    if (kind == "Environment") {
      if (isWhole(keysOf(settings_))) return keysOf(settings_);
      return lacking(
          "it has credential_source Environment, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    }
    if (kind == "EcsContainer" && settings_.metadata && isInContainer(settings_.environment))
      return fromContainer(*settings_.metadata, settings_.environment, settings_.files);
    if (kind == "Ec2InstanceMetadata" && settings_.metadata)
      return fromInstance(*settings_.metadata, settings_.environment);
    return lacking("it has credential_source " + kind + ", and there are none");
  }

  const CredentialsSettings& settings_;
  std::set<std::string> seen_;
};

// What the place has that the program runs in.
base::Result<Credentials> fromSurroundings(const CredentialsSettings& settings) {
  base::Error nothing = noCredentials("no AWS credentials: neither the environment nor the profile has any");
  if (!settings.metadata) return nothing;
  if (isInContainer(settings.environment))
    return fromContainer(*settings.metadata, settings.environment, settings.files);
  auto instance = fromInstance(*settings.metadata, settings.environment);
  return instance ? instance : nothing;
}

base::Result<Credentials> ofProfile(const CredentialsSettings& settings, const std::string& name,
                                    const Profile& profile) {
  auto found = ProfileChain(settings).of(name, profile);
  if (found) return found;
  base::Error error =
      std::move(found).error().during("AWS profile " + name + " (" + configPath(settings.environment) + ")");
  if (error.hint.empty())
    error.hint =
        "mend it (aws configure list --profile " + name + " shows it), or name another (aws.profile, AWS_PROFILE)";
  return error;
}

base::Result<Credentials> look(const CredentialsSettings& settings) {
  const Environment& environment = settings.environment;
  bool isChosen = !settings.profile.empty();
  Credentials keys = keysOf(settings);
  if (!isChosen && isWhole(keys)) return keys;
  if (!isChosen && !keys.accessKeyId.empty())
    return noCredentials("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");

  std::string name = isChosen ? settings.profile : valueOf(environment, "AWS_PROFILE");
  Profile profile = TRY(readProfile(settings.files, environment, name));
  if (name.empty()) name = "default";
  WebIdentity identity{valueOf(environment, "AWS_ROLE_ARN"), valueOf(environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                       valueOf(environment, "AWS_ROLE_SESSION_NAME"), "AWS_WEB_IDENTITY_TOKEN_FILE"};
  bool assumes = says(profile, "role_arn") && !says(profile, "web_identity_token_file");
  if (!isChosen && !assumes && !identity.tokenFile.empty()) {
    if (!identity.roleArn.empty()) return fromWebIdentity(settings, identity);
    return noCredentials("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  }
  if (isChosen || saysOfCredentials(profile)) return ofProfile(settings, name, profile);
  return fromSurroundings(settings);
}

// One kind for all: a token or a helper that is not there must not pass for an object of AWS that is not there, and a
// call is not tried again for it.
base::Result<Credentials> lookOnce(const CredentialsSettings& settings) {
  auto found = look(settings);
  if (found) return found;
  base::Error error = std::move(found).error();
  error.kind = base::ErrorKind::Denied;
  if (error.code.empty()) error.code = "NoCredentials";
  return error;
}

struct Cache {
  std::mutex mutex;
  std::optional<Credentials> credentials;
};

}  // namespace

CredentialsSource findCredentials(CredentialsSettings settings) {
  auto cache = std::make_shared<Cache>();
  return [cache, settings = std::move(settings)]() -> base::Result<Credentials> {
    std::lock_guard lock(cache->mutex);
    auto& kept = cache->credentials;
    bool isFresh = kept && (!kept->expiration || *kept->expiration - kRenewBefore > settings.clock.now());
    if (!isFresh) kept = TRY(lookOnce(settings));
    return *kept;
  };
}

}  // namespace aws
