#include "aws/profile.h"

#include <charconv>
#include <memory>
#include <mutex>
#include <set>

#include "aws/assume_role.h"
#include "aws/sts.h"
#include "base/time.h"

namespace aws {
namespace {

constexpr std::chrono::minutes kRenewBefore{5};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

struct SectionSearch {
  bool found = false;
  Profile values;
};

// The INI dialect of the SDKs; indented lines belong to nested settings (s3 = ...) and are passed over.
void readSection(std::string_view document, std::string_view header, SectionSearch& into) {
  bool inside = false;
  while (!document.empty()) {
    std::size_t end = document.find('\n');
    std::string_view line = document.substr(0, end);
    document = end == std::string_view::npos ? std::string_view() : document.substr(end + 1);
    bool isIndented = line.starts_with(' ') || line.starts_with('\t');
    line = trimmed(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = trimmed(line.substr(1, line.find(']') - 1)) == header;
      into.found = into.found || inside;
      continue;
    }
    std::size_t equals = line.find('=');
    if (!inside || isIndented || equals == std::string_view::npos) continue;
    into.values[std::string(trimmed(line.substr(0, equals)))] = trimmed(line.substr(equals + 1));
  }
}

base::Result<std::string> readOrEmpty(const base::Files& files, const std::string& path) {
  auto contents = files.read(path);
  if (!contents && contents.error().kind == base::ErrorKind::NotFound) return std::string();
  return contents;
}

std::string valueOf(const Environment& environment, const std::string& name) { return environment(name).value_or(""); }

std::string find(const Profile& profile, const std::string& name) {
  auto found = profile.find(name);
  return found == profile.end() ? "" : found->second;
}

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
      TRY(sts.call(AssumeRoleWithWebIdentity{identity.roleArn, session, std::string(trimmed(token))}));
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
    std::string role = find(profile, "role_arn");
    if (auto file = find(profile, "web_identity_token_file"); !file.empty())
      return fromWebIdentity(settings_, {role, file, find(profile, "role_session_name")});
    bool hasSource = !find(profile, "source_profile").empty() || !find(profile, "credential_source").empty();
    if (!role.empty() && hasSource) return assumed(name, profile, role);
    if (!find(profile, "sso_session").empty() || !find(profile, "sso_start_url").empty())
      return fromSingleSignOn(settings_, name);
    if (auto id = find(profile, "aws_access_key_id"); !id.empty()) return staticKeys(profile);
    if (auto command = find(profile, "credential_process"); !command.empty()) return fromProcess(settings_, command);
    return base::notFound("the AWS profile " + name + " has no credentials");
  }

 private:
  static Credentials staticKeys(const Profile& profile) {
    return {find(profile, "aws_access_key_id"), find(profile, "aws_secret_access_key"),
            find(profile, "aws_session_token"), std::nullopt};
  }

  base::Result<Credentials> assumed(const std::string& name, const Profile& profile, const std::string& role) {
    if (!find(profile, "mfa_serial").empty())
      return noCredentials("the AWS profile " + name + " wants a code of mfa_serial, which irsa does not ask for")
          .withHint("eval \"$(aws configure export-credentials --profile " + name + " --format env)\"");
    Credentials keys = TRY(sourceOf(name, profile));
    AssumeRole call{role, sessionName(settings_, find(profile, "role_session_name")), find(profile, "external_id")};
    const std::string duration = find(profile, "duration_seconds");
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
    std::string source = find(profile, "source_profile");
    if (source == name) return staticKeys(profile);  // its own keys are meant
    if (!source.empty()) return of(source, TRY(readProfile(settings_.files, settings_.environment, source)));
    std::string kind = find(profile, "credential_source");
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

base::Result<Profile> readProfile(const base::Files& files, const Environment& environment, std::string_view chosen) {
  std::string name(chosen);
  if (name.empty()) name = valueOf(environment, "AWS_PROFILE");
  bool isDefault = name.empty() || name == "default";
  if (name.empty()) name = "default";
  std::string home = valueOf(environment, "HOME");
  std::string configPath = environment("AWS_CONFIG_FILE").value_or(home + "/.aws/config");
  std::string credentialsPath = environment("AWS_SHARED_CREDENTIALS_FILE").value_or(home + "/.aws/credentials");

  std::string config = TRY(readOrEmpty(files, configPath));
  std::string credentials = TRY(readOrEmpty(files, credentialsPath));
  SectionSearch search;
  if (isDefault) readSection(config, "default", search);
  readSection(config, "profile " + name, search);
  readSection(credentials, name, search);
  if (!search.found && !isDefault)
    return base::notFound("there is no AWS profile \"" + name + "\" in " + configPath + " or " + credentialsPath);
  return search.values;
}

std::string regionOf(const Environment& environment, const Profile& profile) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (std::string region = valueOf(environment, name); !region.empty()) return region;
  return find(profile, "region");
}

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
