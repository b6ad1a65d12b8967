#include "cluster/manifest_check.h"

#include <algorithm>

#include "cluster/object.h"

namespace cluster {
namespace {

using text::Json;
using text::YamlText;

bool isNamed(const LocatedFlag& flag, const std::vector<std::string_view>& names) {
  return std::ranges::find(names, std::string_view(flag.flag.name)) != names.end();
}

std::string keyOf(const text::YamlPath& list) { return std::get<std::string>(list.back()); }

// The tree of the manifest, its container without flags of these names.
base::Result<Json> without(std::string_view manifest, const std::vector<std::string_view>& names) {
  const YamlText text = TRY(YamlText::parse(std::string(manifest)));
  const text::YamlPath container = TRY(containerOf(text));
  const std::vector<LocatedFlag> flags = TRY(locateFlags(text));
  Json tree = text::toJson(text.documents().front());
  Json& about = tree["spec"]["containers"][std::get<std::size_t>(container.back())];
  for (const char* key : {"command", "args"}) {
    if (!about.contains(key)) continue;
    Json kept = Json::array();
    for (std::size_t i = 0; i < about[key].size(); ++i) {
      const bool isDropped = std::ranges::any_of(flags, [&](const LocatedFlag& flag) {
        return isNamed(flag, names) && keyOf(flag.list) == key && flag.first <= i && i <= flag.last;
      });
      if (!isDropped) kept.push_back(about[key][i]);
    }
    about[key] = std::move(kept);
  }
  return tree;
}

std::string nameIn(std::string_view argument) {
  std::string name(argument.substr(2, argument.find('=') - 2));
  std::ranges::replace(name, '_', '-');
  return name;
}

}  // namespace

base::Result<void> checkOnlyFlagsDiffer(std::string_view before, std::string_view after,
                                        const std::vector<std::string_view>& names) {
  const Json was = TRY(without(before, names));
  const Json is = TRY(without(after, names));
  if (was == is) return {};
  return base::invalid("the edited manifest differs in more than it should; nothing was changed");
}

base::Result<std::vector<std::string>> argumentsOf(std::string_view manifest) {
  const YamlText text = TRY(YamlText::parse(std::string(manifest)));
  const text::YamlPath container = TRY(containerOf(text));
  std::vector<std::string> arguments;
  for (const char* key : {"command", "args"}) {
    const text::YamlNode* list = text.find(0, container / std::string(key));
    if (!list) continue;
    for (const text::YamlNode& item : list->items) arguments.push_back(item.scalar);
  }
  return arguments;
}

std::vector<std::string> keyFilesOf(const ApiServerFlags& flags) {
  std::vector<std::string> files;
  for (const Flag& flag : flags.flags) {
    const bool isKey = flag.name == "service-account-key-file" || flag.name == "service-account-signing-key-file";
    if (isKey && std::ranges::find(files, flag.value) == files.end()) files.push_back(flag.value);
  }
  return files;
}

base::Result<std::optional<std::string>> pathOnNode(std::string_view manifest, const std::string& path) {
  const YamlText text = TRY(YamlText::parse(std::string(manifest)));
  const text::YamlPath container = TRY(containerOf(text));
  const text::YamlNode* mounts = text.find(0, container / "volumeMounts");
  std::string folder, volume;  // of the innermost mount above the file
  for (std::size_t i = 0; mounts && i < mounts->items.size(); ++i) {
    std::string mounted = scalarAt(mounts->items[i], "mountPath");
    while (mounted.ends_with('/')) mounted.pop_back();
    const bool isAbove = path.starts_with(mounted) && (path.size() == mounted.size() || path[mounted.size()] == '/');
    if (!isAbove || mounted.size() < folder.size()) continue;
    folder = std::move(mounted);
    volume = scalarAt(mounts->items[i], "name");
  }
  if (volume.empty()) return std::optional(path);
  const text::YamlNode* volumes = text.find(0, {"spec", "volumes"});
  for (std::size_t i = 0; volumes && i < volumes->items.size(); ++i) {
    if (scalarAt(volumes->items[i], "name") != volume) continue;
    const std::string host = scalarAt(text, 0, {"spec", "volumes", i, "hostPath", "path"});
    if (host.empty()) return std::optional<std::string>();
    return std::optional(host.substr(0, host.find_last_not_of('/') + 1) + path.substr(folder.size()));
  }
  return std::optional(path);
}

std::set<std::string> flagsInHelp(std::string_view help) {
  std::set<std::string> flags;
  for (std::size_t at = help.find("--"); at != std::string_view::npos; at = help.find("--", at + 2)) {
    const bool begins = at == 0 || help[at - 1] == ' ' || help[at - 1] == '\n';
    const std::size_t end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at + 2);
    if (begins && end != at + 2) flags.emplace(help.substr(at + 2, end - at - 2));
  }
  return flags;
}

std::vector<std::string> unknownFlags(const std::vector<std::string>& arguments, const std::set<std::string>& listed,
                                      const std::vector<std::string>& running) {
  std::set<std::string> known = listed;
  for (const std::string& argument : running) {
    if (argument.starts_with("--")) known.insert(nameIn(argument));
  }
  std::vector<std::string> unknown;
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.size() > 2 && !known.contains(nameIn(argument)))
      unknown.push_back("--" + nameIn(argument));
  }
  return unknown;
}

}  // namespace cluster
