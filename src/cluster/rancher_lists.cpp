#include "cluster/rancher_lists.h"

#include <algorithm>

#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

RancherEntry entryOf(const YamlNode& item, std::size_t index) {
  RancherEntry entry{"", 0, "", item.scalar.starts_with("--") ? "--" : "", false, index, item.start};
  const std::string text = item.scalar.substr(entry.dashes.size());
  const std::size_t equals = std::min(text.find('='), text.size());
  entry.name = text.substr(0, equals);
  if (!entry.name.empty() && (entry.name.back() == '+' || entry.name.back() == '-')) entry.sign = entry.name.back();
  while (!entry.name.empty() && (entry.name.back() == '+' || entry.name.back() == '-')) entry.name.pop_back();
  if (equals < text.size()) entry.value = text.substr(equals + 1);
  entry.underscored = entry.name.find('_') != std::string::npos;
  std::ranges::replace(entry.name, '_', '-');
  return entry;
}

base::Result<RancherList> listOf(const text::YamlMember& member, const std::string& name) {
  RancherList list{name, member.key.scalar, member.key.start, {}};
  const YamlNode& value = member.value;
  if (value.kind == YamlNode::Kind::Mapping) return refusal("ARGS_SHAPE", value.start, list.key + " is to be a list");
  if (value.kind == YamlNode::Kind::Scalar) list.entries.push_back(entryOf(value, 0));
  for (std::size_t i = 0; i < value.items.size(); ++i) list.entries.push_back(entryOf(value.items[i], i));
  return list;
}

base::Result<void> addFiles(std::vector<RancherList>& all, const std::vector<NamedFile>& files) {
  for (const NamedFile& file : files) {
    base::Result<YamlText> text = YamlText::parse(file.contents);
    if (!text) return base::Error(text.error()).during(file.name);
    base::Result<std::vector<RancherList>> lists = rancherListsIn(*text, file.name);
    if (!lists) return std::move(lists).error().during(file.name);
    std::ranges::move(*lists, std::back_inserter(all));
  }
  return {};
}

}  // namespace

base::Result<std::vector<RancherList>> rancherListsIn(const YamlText& file, const std::string& name) {
  if (file.documents().size() > 1)
    return base::invalid(text::place(file.documents()[1].start) +
                         ": a second YAML document begins where one is wanted");
  std::vector<RancherList> lists;
  if (file.documents().empty()) return lists;
  for (const text::YamlMember& member : file.documents().front().members) {
    if (member.key.scalar != kServerArguments && member.key.scalar != kAddedArguments) continue;
    lists.push_back(TRY(listOf(member, name)));
  }
  return lists;
}

base::Result<std::vector<RancherList>> rancherLists(const YamlText& file, const Sources& sources) {
  std::vector<RancherList> all;
  TRY(addFiles(all, sources.earlier));
  std::ranges::move(TRY(rancherListsIn(file, "")), std::back_inserter(all));
  TRY(addFiles(all, sources.later));
  const auto replaces = [](const RancherList& list) { return list.key == kServerArguments; };
  const auto last = std::ranges::find_if(all.rbegin(), all.rend(), replaces);
  if (last != all.rend()) all.erase(all.begin(), last.base() - 1);
  return all;
}

std::vector<RancherEntry> entriesNamed(const std::vector<RancherList>& lists, std::string_view name) {
  std::vector<RancherEntry> entries;
  for (const RancherList& list : lists) {
    for (RancherEntry entry : list.entries) {
      if (entry.name != name) continue;
      entry.file = list.file;
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

std::vector<Located> foldedEntries(const std::vector<RancherEntry>& entries, const std::string& initial) {
  std::vector<Located> values;
  bool first = true;
  for (const RancherEntry& entry : entries) {
    const bool keepsDefault = entry.sign != 0 || entry.underscored;
    if (first && keepsDefault && !initial.empty()) values.push_back({initial, entry.at, entry.file});
    values.insert(entry.sign == '-' ? values.begin() : values.end(), Located{entry.value, entry.at, entry.file});
    first = false;
  }
  if (entries.empty() && !initial.empty()) values.push_back({initial, {}});
  return values;
}

}  // namespace cluster
