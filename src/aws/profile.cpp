#include "aws/profile.h"

#include <algorithm>

#include "text/shell_words.h"
#include "text/words.h"

namespace aws {
namespace {

// [profile "a name"] and [profile  a] as the SDKs take them.
std::string headerOf(std::string_view line) {
  const std::string_view inner = line.substr(1, line.find(']') - 1);
  auto words = text::shellWords(inner);
  return words ? text::joined(*words, " ") : std::string(inner);
}

// One section of the SDKs' dialect of INI: names of settings in any case, "=" or ":" after them. A line that is further
// in than the setting above goes on with its value, or is a nested setting of it when it has none ("s3.endpoint_url").
class Section {
 public:
  explicit Section(std::string header) : header_(std::move(header)) {}

  bool isFound() const { return isFound_; }
  const Profile& settings() const { return settings_; }

  Section& read(std::string_view document) {
    isInside_ = false;
    name_.clear();
    while (!document.empty()) {
      const std::size_t end = std::min(document.find('\n'), document.size());
      readLine(document.substr(0, end));
      document.remove_prefix(std::min(end + 1, document.size()));
    }
    return *this;
  }

 private:
  void readLine(std::string_view raw) {
    const std::string_view line = text::trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') return;
    const std::size_t indent = raw.find_first_not_of(" \t");
    if (!name_.empty() && indent > indent_) return goOn(line);
    indent_ = indent;
    name_.clear();
    if (line.front() == '[') {
      isInside_ = headerOf(line) == header_;
      isFound_ = isFound_ || isInside_;
      return;
    }
    const std::size_t mark = line.find_first_of("=:");
    if (mark == std::string_view::npos) return;
    name_ = text::lowerCase(text::trimmed(line.substr(0, mark)));
    if (isInside_) settings_[name_] = text::trimmed(line.substr(mark + 1));
  }

  void goOn(std::string_view line) {
    if (!isInside_) return;
    std::string& value = settings_[name_];
    const std::size_t mark = line.find('=');
    if (!value.empty()) {
      value.append("\n").append(line);
    } else if (mark != std::string_view::npos) {
      const std::string nested = name_ + "." + std::string(text::trimmed(line.substr(0, mark)));
      settings_[nested] = text::trimmed(line.substr(mark + 1));
    }
  }

  std::string header_;
  Profile settings_;
  bool isFound_ = false, isInside_ = false;
  std::string name_;  // of the setting above
  std::size_t indent_ = 0;
};

void overlay(Profile& below, const Profile& above) {
  for (const auto& [name, value] : above) below[name] = value;
}

// A home that this user can't even look into (HOME of root in a pod that runs as nobody) has no file, as for the SDKs;
// one that is there but can't be read might have said much.
base::Result<std::string> readOrEmpty(const base::Files& files, const std::string& path) {
  auto contents = files.read(path);
  if (contents) return contents;
  const bool isAbsent = contents.error().kind == base::ErrorKind::NotFound;
  if (isAbsent || (contents.error().kind == base::ErrorKind::Denied && !files.info(path))) return std::string();
  return std::move(contents).error().withHint(
      "make it readable, or name another with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE");
}

// The section that `services` names.
base::Result<void> addServices(Profile& profile, std::string_view config, const std::string& path) {
  const std::string name = settingOf(profile, "services");
  if (name.empty()) return {};
  Section services("services " + name);
  if (!services.read(config).isFound())
    return base::notFound("the AWS profile has services = " + name + ", but " + path + " has no [services " + name +
                          "]")
        .withHint("add that section, or take services out of the profile");
  for (const auto& [setting, value] : services.settings()) profile["services." + setting] = value;
  return {};
}

bool isSet(const Environment& environment, const std::string& variable, const Profile& profile) {
  std::string value = valueOf(environment, variable);
  // The setting is named as the variable is.
  if (value.empty()) value = settingOf(profile, text::lowerCase(std::string_view(variable).substr(4)));
  return text::lowerCase(value) == "true";
}

}  // namespace

std::string settingOf(const Profile& profile, std::string_view name) {
  auto found = profile.find(std::string(name));
  return found == profile.end() ? "" : found->second;
}

std::string configPath(const Environment& environment) {
  return environment("AWS_CONFIG_FILE").value_or(valueOf(environment, "HOME") + "/.aws/config");
}

base::Result<Profile> readProfile(const base::Files& files, const Environment& environment, std::string_view chosen) {
  std::string name(chosen);
  if (name.empty()) name = valueOf(environment, "AWS_PROFILE");
  const bool isNamed = !name.empty();
  if (!isNamed) name = "default";
  std::string home = valueOf(environment, "HOME");
  std::string credentialsPath = environment("AWS_SHARED_CREDENTIALS_FILE").value_or(home + "/.aws/credentials");

  const std::string config = TRY(readOrEmpty(files, configPath(environment)));
  const std::string credentials = TRY(readOrEmpty(files, credentialsPath));
  Section plain("default"), own("profile " + name), keys(name);
  if (name == "default") plain.read(config);
  own.read(config);
  keys.read(credentials);
  if (isNamed && !plain.isFound() && !own.isFound() && !keys.isFound())
    return base::notFound("there is no AWS profile \"" + name + "\" in " + configPath(environment) + " or " +
                          credentialsPath)
        .withHint(
            "aws configure list-profiles shows those that there are; name one of them (aws.profile, AWS_PROFILE)");
  Profile profile = plain.settings();
  overlay(profile, own.settings());
  overlay(profile, keys.settings());
  TRY(addServices(profile, config, configPath(environment)));
  return profile;
}

std::string regionOf(const Environment& environment, const Profile& profile) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (std::string region = valueOf(environment, name); !region.empty()) return region;
  return settingOf(profile, "region");
}

std::string caBundlePath(const Environment& environment, const Profile& profile) {
  const std::string path = valueOf(environment, "AWS_CA_BUNDLE");
  return path.empty() ? settingOf(profile, "ca_bundle") : path;
}

Endpoints configuredEndpoints(const Environment& environment, const Profile& profile) {
  if (isSet(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", profile)) return {};
  const auto of = [&](const std::string& variable, const std::string& service) {
    for (std::string url :
         {valueOf(environment, "AWS_ENDPOINT_URL_" + variable), valueOf(environment, "AWS_ENDPOINT_URL"),
          settingOf(profile, "services." + service + ".endpoint_url")})
      if (!url.empty()) return url;
    return settingOf(profile, "endpoint_url");
  };
  return {.s3 = of("S3", "s3"),
          .iam = of("IAM", "iam"),
          .sts = of("STS", "sts"),
          .cloudFront = of("CLOUDFRONT", "cloudfront")};
}

bool wantsFips(const Environment& environment, const Profile& profile) {
  return isSet(environment, "AWS_USE_FIPS_ENDPOINT", profile);
}

}  // namespace aws
