#include "cluster/rancher_arguments.h"

#include <algorithm>
#include <optional>

#include "cluster/kubeadm_arguments.h"
#include "cluster/object.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

constexpr std::string_view kIssuer = "service-account-issuer", kAudiences = "api-audiences";

// "+" in the key of a drop-in file adds to the list of the files before it.
constexpr std::string_view kKeys[] = {"kube-apiserver-arg", "kube-apiserver-arg+"};

struct Entry {
  std::string name;
  char sign = 0;  // '+', '-' or none
  std::string value;
  std::string dashes;  // "--" where the user wrote it
  std::size_t index = 0;
  text::Position at;
};

Entry entryOf(const YamlNode& item, std::size_t index) {
  Entry entry{"", 0, "", item.scalar.starts_with("--") ? "--" : "", index, item.start};
  const std::string text = item.scalar.substr(entry.dashes.size());
  const std::size_t equals = std::min(text.find('='), text.size());
  entry.name = text.substr(0, equals);
  if (!entry.name.empty() && (entry.name.back() == '+' || entry.name.back() == '-')) entry.sign = entry.name.back();
  while (!entry.name.empty() && (entry.name.back() == '+' || entry.name.back() == '-')) entry.name.pop_back();
  if (equals < text.size()) entry.value = text.substr(equals + 1);
  return entry;
}

base::Result<std::string> keyIn(const YamlText& file) {
  if (file.documents().size() > 1)
    return base::invalid(text::place(file.documents()[1].start) +
                         ": a second YAML document begins where one is wanted");
  std::string key(kKeys[0]);
  for (const std::string_view name : kKeys) {
    const YamlNode* list = file.find(0, {std::string(name)});
    if (!list) continue;
    key = name;
    if (list->kind != YamlNode::Kind::Sequence && list->kind != YamlNode::Kind::Null)
      return refusal("ARGS_SHAPE", list->start, key + " is to be a list");
  }
  return key;
}

std::vector<Entry> entriesNamed(const YamlText& file, const std::string& key, std::string_view name) {
  std::vector<Entry> entries;
  const YamlNode* list = file.find(0, {key});
  for (std::size_t i = 0; list && i < list->items.size(); ++i) {
    Entry entry = entryOf(list->items[i], i);
    if (entry.name == name) entries.push_back(std::move(entry));
  }
  return entries;
}

// What k3s makes of the entries. A default that no "+" or "-" has taken in by then is gone.
std::vector<Located> folded(const std::vector<Entry>& entries, const std::string& initial) {
  std::vector<Located> values;
  bool first = true;
  for (const Entry& entry : entries) {
    const Located own{entry.value, entry.at};
    if (first && entry.sign != 0 && !initial.empty()) values.push_back({initial, entry.at});
    values.insert(entry.sign == '-' ? values.begin() : values.end(), own);
    first = false;
  }
  if (entries.empty() && !initial.empty()) values.push_back({initial, {}});
  return values;
}

std::string written(std::string_view name, std::string_view sign, std::string_view value) {
  return std::string(name).append(sign).append("=").append(value);
}

base::Result<void> append(YamlText& file, const std::string& key, const std::string& item, std::size_t index) {
  const YamlNode* list = file.find(0, {key});
  if (list && list->kind == YamlNode::Kind::Sequence) return file.insertItem(0, {key}, index, item);
  return file.putMember(0, {}, key, text::Json::array({item}));
}

base::Result<void> setEntry(YamlText& file, const std::string& key, const Entry& entry, std::string_view sign,
                            std::string_view value) {
  return file.setScalar(0, {key, entry.index}, entry.dashes + written(entry.name, sign, value));
}

base::Result<void> removeOthers(YamlText& file, const std::string& key, const std::string& issuer) {
  const std::vector<Entry> entries = entriesNamed(file, key, kIssuer);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->value != issuer) TRY(file.removeItem(0, {key}, entry->index));
  }
  return {};
}

// Entries that are all written with '=' are the whole list of issuers.
base::Result<void> arrangeList(YamlText& file, const std::string& key, const IssuerWish& wish) {
  if (wish.phase == Phase::Finish) return removeOthers(file, key, wish.issuer);
  const std::vector<Entry> entries = entriesNamed(file, key, kIssuer);
  const auto ours = std::ranges::find(entries, wish.issuer, &Entry::value);
  const std::size_t to = wish.phase == Phase::Switch ? entries.front().index : entries.back().index + 1;
  if (ours != entries.end()) return file.moveItems(0, {key}, ours->index, ours->index, to);
  return append(file, key, entries.front().dashes + written(kIssuer, "", wish.issuer), to);
}

base::Result<void> arrangeIssuer(YamlText& file, const std::string& key, const IssuerWish& wish) {
  const std::vector<Entry> entries = entriesNamed(file, key, kIssuer);
  const std::string_view sign = wish.phase == Phase::Accept ? "+" : wish.phase == Phase::Switch ? "-" : "";
  if (entries.empty()) {
    const YamlNode* list = file.find(0, {key});
    return append(file, key, written(kIssuer, sign, wish.issuer), list ? list->items.size() : 0);
  }
  if (entries.size() == 1 && entries.front().sign != 0 && entries.front().value == wish.issuer)
    return setEntry(file, key, entries.front(), sign, wish.issuer);
  const auto withSign = std::ranges::find_if(entries, [](const Entry& entry) { return entry.sign != 0; });
  if (withSign != entries.end()) {
    return refusal(
        "ISSUER_ORDER", withSign->at,
        "service-account-issuer is written with + or - among others, so that the order depends on the default; "
        "write the whole list with = first");
  }
  return arrangeList(file, key, wish);
}

base::Result<void> arrangeAudience(YamlText& file, const std::string& key, const std::vector<std::string>& before,
                                   const std::vector<std::string>& after, const IssuerWish& wish,
                                   std::string_view program) {
  const std::vector<Entry> entries = entriesNamed(file, key, kAudiences);
  if (entries.empty()) {  // the default lists the default issuer, so it has to be told of ours
    const YamlNode* list = file.find(0, {key});
    const std::string all = wish.issuer + "," + std::string(program);
    const bool finished = wish.phase == Phase::Finish;
    return append(file, key, written(kAudiences, finished ? "" : "+", finished ? all : wish.issuer),
                  list ? list->items.size() : 0);
  }
  if (entries.size() == 1 && entries.front().sign != 0 && entries.front().value == wish.issuer) {
    if (wish.phase != Phase::Finish) return {};
    return setEntry(file, key, entries.front(), "", wish.issuer + "," + std::string(program));
  }
  std::vector<std::string> all;
  for (const Entry& entry : entries) {
    for (std::string& one : commaSplit(entry.value)) all.push_back(std::move(one));
  }
  for (const Entry& entry : entries) {
    const std::vector<std::string> list = commaSplit(entry.value);
    const bool isLast = entry.index == entries.back().index;
    const std::vector<std::string> wanted = wantedPart(list, isLast, all, before, after, wish.issuer);
    const std::string sign = entry.sign == 0 ? "" : std::string(1, entry.sign);
    if (wanted != list) TRY(setEntry(file, key, entry, sign, commaJoined(wanted)));
  }
  return {};
}

std::string initialIssuer(const YamlText& file) { return defaultIssuer(scalarAt(file, 0, {"cluster-domain"})); }

std::vector<Located> audiencesIn(const YamlText& file, const std::string& key, const std::string& initial) {
  std::vector<Located> found;
  const std::vector<Entry> entries = entriesNamed(file, key, kAudiences);
  if (entries.empty()) return found;
  for (const Located& list : folded(entries, initial)) {
    for (const std::string& one : commaSplit(list.value)) found.push_back({one, list.at});
  }
  return found;
}

}  // namespace

bool hasRancherArguments(const YamlText& file) {
  return std::ranges::any_of(kKeys, [&](std::string_view key) { return file.find(0, {std::string(key)}) != nullptr; });
}

base::Result<Survey> surveyRancher(const Sources& sources, std::string_view program) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const std::string key = TRY(keyIn(file));
  const std::string initial = initialIssuer(file);
  Survey seen;
  seen.issuers = folded(entriesNamed(file, key, kIssuer), initial);
  seen.audiences = audiencesIn(file, key, initial + "," + std::string(program));
  seen.keyFiles = folded(entriesNamed(file, key, "service-account-key-file"), "");
  seen.signingKeys = folded(entriesNamed(file, key, "service-account-signing-key-file"), "");
  seen.ownKeys = "/var/lib/rancher/";
  return seen;
}

base::Result<Edit> editRancher(const Sources& sources, const IssuerWish& wish, std::string_view program) {
  YamlText file = TRY(YamlText::parse(sources.file));
  const std::string key = TRY(keyIn(file));
  const std::string initial = wish.former.empty() ? initialIssuer(file) : wish.former;
  const std::vector<Located> now = folded(entriesNamed(file, key, kIssuer), initial);
  const std::vector<std::string> wanted = TRY(wantedIssuers(now, wish));
  if (valuesOf(now) != wanted) TRY(arrangeIssuer(file, key, wish));
  const std::vector<Entry> entries = entriesNamed(file, key, kIssuer);
  if (valuesOf(folded(entries, initial)) != wanted) {
    return refusal("ISSUER_ORDER", entries.empty() ? text::Position() : entries.front().at,
                   "these entries can't be brought into the order " + commaJoined(wanted) + "; write them out with =");
  }
  TRY(arrangeAudience(file, key, valuesOf(now), wanted, wish, program));
  Edit edit{{file.text(), ""}, {}, {}};
  edit.warnings = audienceWarnings(valuesOf(audiencesIn(file, key, initial + "," + std::string(program))), wish.issuer);
  edit.steps = {"the same on every server, then one after the other: systemctl restart " +
                std::string(program == "k3s" ? "k3s" : "rke2-server") + ", then wait for /readyz"};
  return edit;
}

}  // namespace cluster
