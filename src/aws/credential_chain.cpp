#include "aws/credential_chain.h"

#include <charconv>
#include <memory>
#include <mutex>
#include <set>

#include "aws/assume_role.h"
#include "aws/metadata_credentials.h"
#include "aws/profile.h"
#include "aws/sts.h"
#include "base/time.h"
#include "text/words.h"

namespace aws {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};

// Blanks separate, "..." keeps them; as the SDKs split credential_process on every platform.
std::vector<std::string> splitCommand(std::string_view command) {
  std::vector<std::string> argv;
  std::string word;
  bool quoted = false, any = false;
  for (char c : command) {
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) argv.push_back(std::move(word));
      word.clear();
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) argv.push_back(std::move(word));
  return argv;
}

base::Result<Credentials> fromProcess(const CredentialsSettings& settings, const std::string& command) {
  std::vector<std::string> argv = splitCommand(command);
  if (argv.empty()) return base::invalid("the profile's credential_process is empty");
  std::string output = TRY(settings.run(argv));
  return credentialsOf(output, "credential_process " + argv[0]);
}

struct WebIdentity {
  std::string roleArn, tokenFile, sessionName;
};

std::string sessionName(const CredentialsSettings& settings, const std::string& configured) {
  return configured.empty() ? "irsa-" + std::to_string(base::unixSeconds(settings.clock.now())) : configured;
}

base::Result<Credentials> fromWebIdentity(const CredentialsSettings& settings, const WebIdentity& identity) {
  if (identity.roleArn.empty()) return base::invalid("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  std::string token = TRY(settings.files.read(identity.tokenFile));
  std::string session = sessionName(settings, identity.sessionName);
  auto none = []() -> base::Result<Credentials> { return base::internal("this call is not signed"); };
  Client sts(settings.http, settings.endpoints, none, settings.region, settings.clock, settings.random);
  AssumedRole assumed =
      TRY(sts.call(AssumeRoleWithWebIdentity{identity.roleArn, session, std::string(text::trimmed(token))}));
  return assumed.credentials;
}

base::Error noCredentials(std::string message) {
  return {base::ErrorKind::Denied, "NoCredentials", std::move(message),
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile (aws.profile, AWS_PROFILE)"};
}

Credentials keysOf(const CredentialsSettings& settings) {
  return {valueOf(settings.environment, "AWS_ACCESS_KEY_ID"), valueOf(settings.environment, "AWS_SECRET_ACCESS_KEY"),
          valueOf(settings.environment, "AWS_SESSION_TOKEN"), std::nullopt};
}

bool isWhole(const Credentials& keys) { return !keys.accessKeyId.empty() && !keys.secretAccessKey.empty(); }

// The AWS CLI keeps single sign-on's tokens; nothing else can renew them.
base::Result<Credentials> fromSingleSignOn(const CredentialsSettings& settings, const std::string& name) {
  auto output = settings.run({"aws", "configure", "export-credentials", "--profile", name, "--format", "process"});
  if (!output)
    return std::move(output)
        .error()
        .during("profile " + name + " uses single sign-on, so the AWS CLI was asked")
        .withHint("aws sso login --profile " + name);
  return credentialsOf(*output, "aws configure export-credentials");
}

// Follows source_profile from profile to profile.
class ProfileChain {
 public:
  explicit ProfileChain(const CredentialsSettings& settings) : settings_(settings) {}

  // NotFound when the profile says nothing of credentials.
  base::Result<Credentials> of(const std::string& name, const Profile& profile) {
    if (!seen_.insert(name).second)
      return base::invalid("the AWS profile " + name + " refers to itself through source_profile");
    std::string role = settingOf(profile, "role_arn");
    if (auto file = settingOf(profile, "web_identity_token_file"); !file.empty())
      return fromWebIdentity(settings_, {role, file, settingOf(profile, "role_session_name")});
    bool hasSource = !settingOf(profile, "source_profile").empty() || !settingOf(profile, "credential_source").empty();
    if (!role.empty() && hasSource) return assumed(name, profile, role);
    if (!settingOf(profile, "sso_session").empty() || !settingOf(profile, "sso_start_url").empty())
      return fromSingleSignOn(settings_, name);
    if (auto id = settingOf(profile, "aws_access_key_id"); !id.empty()) return staticKeys(profile);
    if (auto command = settingOf(profile, "credential_process"); !command.empty())
      return fromProcess(settings_, command);
    return base::notFound("the AWS profile " + name + " has no credentials");
  }

 private:
  static Credentials staticKeys(const Profile& profile) {
    return {settingOf(profile, "aws_access_key_id"), settingOf(profile, "aws_secret_access_key"),
            settingOf(profile, "aws_session_token"), std::nullopt};
  }

  base::Result<Credentials> assumed(const std::string& name, const Profile& profile, const std::string& role) {
    if (!settingOf(profile, "mfa_serial").empty())
      return noCredentials("the AWS profile " + name + " wants a code of mfa_serial, which irsa does not ask for")
          .withHint("eval \"$(aws configure export-credentials --profile " + name + " --format env)\"");
    Credentials keys = TRY(sourceOf(name, profile));
    AssumeRole call{role, sessionName(settings_, settingOf(profile, "role_session_name")),
                    settingOf(profile, "external_id")};
    const std::string duration = settingOf(profile, "duration_seconds");
    long count = 0;
    std::from_chars(duration.data(), duration.data() + duration.size(), count);
    if (count > 0) call.duration = std::chrono::seconds(count);
    auto source = [&keys]() -> base::Result<Credentials> { return keys; };
    Client sts(settings_.http, settings_.endpoints, source, settings_.region, settings_.clock, settings_.random);
    auto credentials = sts.call(call);
    if (!credentials) return std::move(credentials).error().during("AWS profile " + name);
    return credentials;
  }

  base::Result<Credentials> sourceOf(const std::string& name, const Profile& profile) {
    std::string source = settingOf(profile, "source_profile");
    if (source == name) return staticKeys(profile);  // its own keys are meant
    if (!source.empty()) return of(source, TRY(readProfile(settings_.files, settings_.environment, source)));
    std::string kind = settingOf(profile, "credential_source");
    if (kind == "Environment" && isWhole(keysOf(settings_))) return keysOf(settings_);
    if (kind == "EcsContainer" && settings_.metadata)
      return fromContainer(*settings_.metadata, settings_.environment, settings_.files);
    if (kind == "Ec2InstanceMetadata" && settings_.metadata)
      return fromInstance(*settings_.metadata, settings_.environment);
    return noCredentials("the AWS profile " + name + " has credential_source " + kind + ", and there are none");
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

base::Result<Credentials> look(const CredentialsSettings& settings) {
  const Environment& environment = settings.environment;
  bool isChosen = !settings.profile.empty();
  if (Credentials keys = keysOf(settings); !isChosen && isWhole(keys)) return keys;

  WebIdentity identity{valueOf(environment, "AWS_ROLE_ARN"), valueOf(environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                       valueOf(environment, "AWS_ROLE_SESSION_NAME")};
  if (!isChosen && !identity.tokenFile.empty()) return fromWebIdentity(settings, identity);

  std::string name = isChosen ? settings.profile : valueOf(environment, "AWS_PROFILE");
  Profile profile = TRY(readProfile(settings.files, environment, name));
  auto found = ProfileChain(settings).of(name.empty() ? "default" : name, profile);
  if (found || found.error().kind != base::ErrorKind::NotFound || isChosen) return found;
  return fromSurroundings(settings);
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
    if (!isFresh) kept = TRY(look(settings));
    return *kept;
  };
}

}  // namespace aws
