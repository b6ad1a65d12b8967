#include "aws/profile.h"

#include <memory>
#include <mutex>

#include "aws/sts.h"
#include "base/time.h"
#include "text/json.h"

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
  auto document = text::parseJson(output);
  // The output is secret: say nothing of what it holds.
  if (!document) return base::invalid("credential_process " + argv[0] + " did not print JSON");
  Credentials credentials{text::stringAt(*document, "AccessKeyId"), text::stringAt(*document, "SecretAccessKey"),
                          text::stringAt(*document, "SessionToken"), std::nullopt};
  if (credentials.accessKeyId.empty() || credentials.secretAccessKey.empty())
    return base::invalid("credential_process " + argv[0] + " printed no AccessKeyId and SecretAccessKey");
  std::string expiration = text::stringAt(*document, "Expiration");
  if (!expiration.empty()) credentials.expiration = TRY(base::parseRfc3339(expiration));
  return credentials;
}

struct WebIdentity {
  std::string roleArn, tokenFile, sessionName;
};

base::Result<Credentials> fromWebIdentity(const CredentialsSettings& settings, const WebIdentity& identity) {
  if (identity.roleArn.empty()) return base::invalid("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  std::string token = TRY(settings.files.read(identity.tokenFile));
  std::string session = identity.sessionName.empty() ? "irsa-" + std::to_string(base::unixSeconds(settings.clock.now()))
                                                     : identity.sessionName;
  auto none = []() -> base::Result<Credentials> { return base::internal("this call is not signed"); };
  Client sts(settings.http, settings.endpoints, none, settings.region, settings.clock, settings.random);
  AssumedRole assumed =
      TRY(sts.call(AssumeRoleWithWebIdentity{identity.roleArn, session, std::string(trimmed(token))}));
  return assumed.credentials;
}

base::Result<Credentials> look(const CredentialsSettings& settings) {
  const Environment& environment = settings.environment;
  Credentials keys{valueOf(environment, "AWS_ACCESS_KEY_ID"), valueOf(environment, "AWS_SECRET_ACCESS_KEY"),
                   valueOf(environment, "AWS_SESSION_TOKEN"), std::nullopt};
  bool isChosen = !settings.profile.empty();
  if (!isChosen && !keys.accessKeyId.empty() && !keys.secretAccessKey.empty()) return keys;

  WebIdentity identity{valueOf(environment, "AWS_ROLE_ARN"), valueOf(environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                       valueOf(environment, "AWS_ROLE_SESSION_NAME")};
  if (!isChosen && !identity.tokenFile.empty()) return fromWebIdentity(settings, identity);

  Profile profile = TRY(readProfile(settings.files, environment, settings.profile));
  if (auto id = find(profile, "aws_access_key_id"); !id.empty())
    return Credentials{id, find(profile, "aws_secret_access_key"), find(profile, "aws_session_token"), std::nullopt};
  if (auto command = find(profile, "credential_process"); !command.empty()) return fromProcess(settings, command);
  if (auto file = find(profile, "web_identity_token_file"); !file.empty())
    return fromWebIdentity(settings, {find(profile, "role_arn"), file, find(profile, "role_session_name")});
  return base::Error{
      base::ErrorKind::Denied, "NoCredentials", "no AWS credentials: neither the environment nor the profile has any",
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or for a single sign-on profile run: eval \"$(aws "
      "configure export-credentials --profile NAME --format env)\""};
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
