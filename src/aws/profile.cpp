#include "aws/profile.h"

#include "text/words.h"

namespace aws {
namespace {

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
    line = text::trimmed(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = text::trimmed(line.substr(1, line.find(']') - 1)) == header;
      into.found = into.found || inside;
      continue;
    }
    std::size_t equals = line.find('=');
    if (!inside || isIndented || equals == std::string_view::npos) continue;
    into.values[std::string(text::trimmed(line.substr(0, equals)))] = text::trimmed(line.substr(equals + 1));
  }
}

base::Result<std::string> readOrEmpty(const base::Files& files, const std::string& path) {
  auto contents = files.read(path);
  if (!contents && contents.error().kind == base::ErrorKind::NotFound) return std::string();
  return contents;
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
  bool isDefault = name.empty() || name == "default";
  if (name.empty()) name = "default";
  std::string home = valueOf(environment, "HOME");
  std::string credentialsPath = environment("AWS_SHARED_CREDENTIALS_FILE").value_or(home + "/.aws/credentials");

  std::string config = TRY(readOrEmpty(files, configPath(environment)));
  std::string credentials = TRY(readOrEmpty(files, credentialsPath));
  SectionSearch search;
  if (isDefault) readSection(config, "default", search);
  readSection(config, "profile " + name, search);
  readSection(credentials, name, search);
  if (!search.found && !isDefault)
    return base::notFound("there is no AWS profile \"" + name + "\" in " + configPath(environment) + " or " +
                          credentialsPath)
        .withHint(
            "aws configure list-profiles shows those that there are; name one of them (aws.profile, AWS_PROFILE)");
  return search.values;
}

std::string regionOf(const Environment& environment, const Profile& profile) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (std::string region = valueOf(environment, name); !region.empty()) return region;
  return settingOf(profile, "region");
}

}  // namespace aws
