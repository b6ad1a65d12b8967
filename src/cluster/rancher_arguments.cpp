#include "cluster/rancher_arguments.h"

#include <algorithm>

#include "cluster/kubeadm_arguments.h"
#include "cluster/object.h"
#include "cluster/rancher_lists.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

bool isAboutIssuers(const RancherEntry& entry) { return entry.name == kIssuerFlag || entry.name == kAudiencesFlag; }

const RancherEntry* entryAboutIssuers(const RancherList& list) {
  const auto found = std::ranges::find_if(list.entries, isAboutIssuers);
  return found == list.entries.end() ? nullptr : &*found;
}

// The one list that is edited, and the entries in it as they are at the time.
struct Target {
  YamlText& file;
  std::string key;

  std::vector<RancherEntry> named(std::string_view name) const {
    const YamlNode* list = file.find(0, {key});
    base::Result<std::vector<RancherList>> lists = rancherListsIn(file, "");
    std::vector<RancherEntry> entries;
    if (list && lists) entries = entriesNamed(*lists, name);
    return entries;
  }

  std::size_t size() const {
    const YamlNode* list = file.find(0, {key});
    return list ? list->items.size() : 0;
  }

  base::Result<void> insert(std::size_t index, const std::string& item) {
    const YamlNode* list = file.find(0, {key});
    if (list && list->kind == YamlNode::Kind::Sequence) return file.insertItem(0, {key}, index, item);
    return file.putMember(0, {}, key, text::Json::array({item}));
  }

  base::Result<void> append(const std::string& item) { return insert(size(), item); }
};

std::string written(std::string_view name, std::string_view sign, std::string_view value) {
  return std::string(name).append(sign).append("=").append(value);
}

base::Result<void> setEntry(Target& target, const RancherEntry& entry, std::string_view sign, std::string_view value) {
  return target.file.setScalar(0, {target.key, entry.index}, entry.dashes + written(entry.name, sign, value));
}

bool isLater(const Sources& sources, const std::string& name) {
  return std::ranges::find(sources.later, name, &NamedFile::name) != sources.later.end();
}

// What another list says about issuers would have to be edited with this one.
base::Result<void> refuseOtherLists(const std::vector<RancherList>& counting, const Sources& sources) {
  for (const RancherList& list : counting) {
    if (list.file.empty()) continue;
    const std::string place = list.file + ", line " + std::to_string(list.at.line) + ": ";
    if (list.key == kServerArguments && isLater(sources, list.file)) {
      return refusal("ISSUER_CONFLICT",
                     place + "this " + list.key +
                         " replaces the list of the file, so that an edit there would change nothing")
          .withHint("edit that file instead: --file " + list.file);
    }
    if (const RancherEntry* entry = entryAboutIssuers(list))
      return refusal("ISSUER_CONFLICT", place + entry->name + " is set there too")
          .withHint("keep what is about issuers in one file");
  }
  return {};
}

base::Result<void> refuseOwnLists(const std::vector<RancherList>& own) {
  if (own.size() > 1) {
    return refusal("ARGS_TWICE", own[1].at,
                   own[0].key + " and " + own[1].key +
                       " stand in one file, where their order decides which of them counts; make one list of them");
  }
  for (const RancherList& list : own) {
    for (const RancherEntry& entry : list.entries) {
      if (isAboutIssuers(entry) && entry.underscored)
        return refusal("ARGS_SHAPE", entry.at, entry.name + " is written with _, so that its default stays beside it")
            .withHint("write " + entry.name + " with -");
    }
  }
  return {};
}

// A single string becomes a list.
base::Result<YamlText> asList(YamlText file, const std::vector<RancherList>& own) {
  const YamlNode* value = own.empty() ? nullptr : file.find(0, {own.front().key});
  if (!value || value->kind != YamlNode::Kind::Scalar) return file;
  if (value->start.line != value->end.line)
    return refusal("ARGS_SHAPE", value->start, own.front().key + " is to be a list");
  std::string text = file.text();
  const std::string item = "[" + text::yamlScalar(value->scalar, value, text, true) + "]";
  text.replace(value->start.offset, value->end.offset - value->start.offset, item);
  return YamlText::parse(std::move(text));
}

// Entries that are all written with '=' are the whole list of issuers.
base::Result<void> arrangeEntries(Target& target, const std::vector<std::string>& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::vector<RancherEntry> entries = target.named(kIssuerFlag);
    const std::size_t to = i < entries.size() ? entries[i].index : entries.back().index + 1;
    const auto there = std::ranges::find(entries, wanted[i], &RancherEntry::value);
    if (there == entries.end()) {
      TRY(target.insert(to, entries.front().dashes + written(kIssuerFlag, "", wanted[i])));
    } else if (there->index != to) {
      TRY(target.file.moveItems(0, {target.key}, there->index, there->index, to));
    }
  }
  const std::vector<RancherEntry> entries = target.named(kIssuerFlag);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (std::ranges::find(wanted, entry->value) == wanted.end())
      TRY(target.file.removeItem(0, {target.key}, entry->index));
  }
  return {};
}

// One entry of ours, before the default or behind it; or else the whole list.
base::Result<void> arrangeBesideDefault(Target& target, const std::vector<std::string>& wanted,
                                        const std::string& initial, const IssuerWish& wish) {
  const std::vector<RancherEntry> entries = target.named(kIssuerFlag);
  std::vector<std::string> others = wanted;
  std::erase(others, wish.issuer);
  if (!others.empty() && others != std::vector{initial}) {
    if (entries.empty()) TRY(target.append(written(kIssuerFlag, "", wanted.front())));
    if (!entries.empty()) TRY(setEntry(target, entries.front(), "", entries.front().value));
    return arrangeEntries(target, wanted);
  }
  const std::string_view sign = wish.phase == Phase::Accept ? "+" : wish.phase == Phase::Switch ? "-" : "";
  return entries.empty() ? target.append(written(kIssuerFlag, sign, wish.issuer))
                         : setEntry(target, entries.front(), sign, wish.issuer);
}

base::Result<void> arrangeIssuers(Target& target, const std::vector<std::string>& wanted, const std::string& initial,
                                  const IssuerWish& wish) {
  const std::vector<RancherEntry> entries = target.named(kIssuerFlag);
  const auto withSign = std::ranges::find_if(entries, [](const RancherEntry& entry) { return entry.sign != 0; });
  const bool isOurs = entries.size() == 1 && entries.front().value == wish.issuer;
  if (entries.empty() || (isOurs && withSign != entries.end()))
    return arrangeBesideDefault(target, wanted, initial, wish);
  if (withSign == entries.end()) return arrangeEntries(target, wanted);
  return refusal("ISSUER_ORDER", withSign->at,
                 "service-account-issuer is written with + or - among others, so that the order depends on the "
                 "default; write the whole list with = first");
}

base::Result<void> arrangeAudiences(Target& target, const std::vector<std::string>& before,
                                    const std::vector<std::string>& after, const IssuerWish& wish,
                                    std::string_view program) {
  const std::vector<RancherEntry> entries = target.named(kAudiencesFlag);
  const bool isWhole = wish.phase == Phase::Finish;
  std::vector<std::string> beside = after;
  beside.emplace_back(program);
  if (entries.empty()) {  // the default lists the default issuer, so it has to be told of ours
    return target.append(written(kAudiencesFlag, isWhole ? "" : "+", isWhole ? commaJoined(beside) : wish.issuer));
  }
  if (entries.size() == 1 && entries.front().sign != 0 && entries.front().value == wish.issuer)
    return isWhole ? setEntry(target, entries.front(), "", commaJoined(beside)) : base::Result<void>();
  std::vector<std::string> all;
  for (const RancherEntry& entry : entries) {
    for (std::string& one : commaSplit(entry.value)) all.push_back(std::move(one));
  }
  for (const RancherEntry& entry : entries) {
    const std::vector<std::string> list = commaSplit(entry.value);
    const bool isLast = entry.index == entries.back().index;
    const std::vector<std::string> wanted = wantedPart(list, isLast, all, before, after, wish.issuer);
    const std::string sign = entry.sign == 0 ? "" : std::string(1, entry.sign);
    if (wanted != list) TRY(setEntry(target, entry, sign, commaJoined(wanted)));
  }
  return {};
}

// Of the domain that the last file names.
base::Result<std::string> initialIssuer(const YamlText& file, const Sources& sources) {
  std::string domain;
  const auto take = [&domain](const YamlText& text) {
    const std::string named = scalarAt(text, 0, {"cluster-domain"});
    if (!named.empty()) domain = named;
  };
  for (const NamedFile& one : sources.earlier) take(TRY(YamlText::parse(one.contents)));
  take(file);
  for (const NamedFile& one : sources.later) take(TRY(YamlText::parse(one.contents)));
  return defaultIssuer(domain);
}

std::vector<Located> audiencesIn(const std::vector<RancherEntry>& entries, const std::string& initial) {
  std::vector<Located> found;
  if (entries.empty()) return found;
  for (const Located& list : foldedEntries(entries, initial)) {
    for (const std::string& one : commaSplit(list.value)) found.push_back({one, list.at, list.file});
  }
  return found;
}

// A list that says something about issuers, and that another one replaces.
void findReplaced(const std::vector<RancherList>& own, const std::vector<RancherList>& counting,
                  text::Findings& findings) {
  for (const RancherList& list : own) {
    const auto counts = [&list](const RancherList& one) { return one.file.empty() && one.at.offset == list.at.offset; };
    const RancherEntry* entry = entryAboutIssuers(list);
    if (!entry || std::ranges::any_of(counting, counts)) continue;
    const std::string by =
        counting.front().file.empty() ? "line " + std::to_string(counting.front().at.line) : counting.front().file;
    findings.push_back({"ISSUER_CONFLICT", text::Severity::Error, "",
                        "the kube-apiserver-arg in " + by + " replaces this list, so that it is not in force",
                        "keep one list", entry->at.line, entry->at.column});
  }
}

}  // namespace

bool hasRancherArguments(const YamlText& file) {
  return file.find(0, {std::string(kServerArguments)}) || file.find(0, {std::string(kAddedArguments)});
}

base::Result<Survey> surveyRancher(const Sources& sources, std::string_view program) {
  const YamlText file = TRY(YamlText::parse(sources.file));
  const std::vector<RancherList> own = TRY(rancherListsIn(file, ""));
  const std::vector<RancherList> counting = TRY(rancherLists(file, sources));
  const std::string initial = TRY(initialIssuer(file, sources));
  Survey seen;
  const std::vector<RancherEntry> issuers = entriesNamed(counting, kIssuerFlag);
  seen.issuers = foldedEntries(issuers, initial);
  seen.beginsWithDefault = issuers.empty();
  seen.audiences = audiencesIn(entriesNamed(counting, kAudiencesFlag), initial + "," + std::string(program));
  seen.keyFiles = foldedEntries(entriesNamed(counting, "service-account-key-file"), "");
  seen.signingKeys = foldedEntries(entriesNamed(counting, "service-account-signing-key-file"), "");
  seen.jwksUris = foldedEntries(entriesNamed(counting, "service-account-jwks-uri"), "");
  seen.ownKeys = folderOr(scalarAt(file, 0, {"data-dir"}), "/var/lib/rancher/");
  findReplaced(own, counting, seen.findings);
  return seen;
}

base::Result<Edit> editRancher(const Sources& sources, const IssuerWish& wish, std::string_view program) {
  YamlText file = TRY(YamlText::parse(sources.file));
  const std::vector<RancherList> own = TRY(rancherListsIn(file, ""));
  TRY(refuseOwnLists(own));
  const std::vector<RancherList> counting = TRY(rancherLists(file, sources));
  TRY(refuseOtherLists(counting, sources));
  const std::string initial = TRY(initialIssuer(file, sources));
  Survey seen = TRY(surveyRancher(sources, program));
  seen = TRY(withFormer(std::move(seen), wish));
  const std::vector<std::string> wanted = TRY(wantedIssuers(seen.issuers, wish));
  file = TRY(asList(std::move(file), own));
  const std::string_view added = counting.empty() ? kServerArguments : kAddedArguments;
  Target target{file, own.empty() ? std::string(added) : own.front().key};
  if (valuesOf(seen.issuers) != wanted) TRY(arrangeIssuers(target, wanted, initial, wish));
  TRY(arrangeAudiences(target, valuesOf(seen.issuers), wanted, wish, program));
  const Survey after = TRY(surveyRancher({file.text(), "", sources.earlier, sources.later}, program));
  if (valuesOf(after.issuers) != wanted) {
    return refusal("ISSUER_ORDER", seen.issuers.front(),
                   "these entries can't be brought into the order " + commaJoined(wanted) + "; write them out with =");
  }
  Edit edit{{file.text(), ""}, audienceWarnings(valuesOf(after.audiences), wish.issuer), {}};
  edit.steps = {"the same on every server, then one after the other: systemctl restart " +
                std::string(program == "k3s" ? "k3s" : "rke2-server") + ", then wait for /readyz"};
  return edit;
}

}  // namespace cluster
