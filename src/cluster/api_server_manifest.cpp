#include "cluster/api_server_manifest.h"

#include <algorithm>
#include <optional>

#include "cluster/object.h"
#include "text/diff.h"

namespace cluster {
namespace {

using text::YamlNode;
using text::YamlText;

base::Error wrongAt(const YamlNode& node, const std::string& why) {
  return base::invalid(text::place(node.start) + ": " + why);
}

base::Result<std::size_t> containerIn(const YamlNode& root, std::string_view wanted) {
  const YamlNode* kind = root.find("kind");
  if (!kind || kind->scalar != "Pod") return wrongAt(kind ? *kind : root, "the manifest is no Pod");
  const YamlNode* spec = root.find("spec");
  const YamlNode* containers = spec ? spec->find("containers") : nullptr;
  if (!containers || containers->kind != YamlNode::Kind::Sequence)
    return wrongAt(containers ? *containers : spec ? *spec : root, "the Pod has no list spec.containers");
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < containers->items.size(); ++i) {
    const YamlNode* name = containers->items[i].find("name");
    if (!name || name->scalar != wanted) continue;
    if (found) return wrongAt(*name, "the Pod has two containers named " + std::string(wanted));
    found = i;
  }
  if (!found) return wrongAt(*containers, "the Pod has no container named " + std::string(wanted));
  return *found;
}

void collectFlags(const YamlNode& list, const text::YamlPath& path, std::vector<LocatedFlag>& flags) {
  std::vector<std::string> words;
  for (const YamlNode& item : list.items) words.push_back(item.scalar);
  for (FlagWords& one : flagsIn(words))
    flags.push_back({std::move(one.flag), path, one.first, one.last, list.items[one.first].start});
}

std::vector<std::string> valuesNamed(const std::vector<Flag>& flags, std::string_view name) {
  std::vector<std::string> values;
  for (const Flag& flag : flags) {
    if (flag.name == name) values.push_back(flag.value);
  }
  return values;
}

std::string lineEnd(std::string_view text) {
  const std::size_t end = text.find('\n');
  return end != std::string_view::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

std::size_t lineBegin(std::string_view text, std::size_t offset) {
  if (offset == 0) return 0;
  const std::size_t before = text.rfind('\n', offset - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

// What a person would try first in a text we do not understand; shown in a diff, never written.
std::string proposal(std::string_view manifest, std::string_view issuer) {
  std::string result(manifest);
  std::size_t at = manifest.find("--service-account-issuer");
  if (at == std::string_view::npos) at = manifest.find("- --");
  const std::string flag = "- --service-account-issuer=" + std::string(issuer);
  if (at == std::string_view::npos) {
    if (!result.empty() && !result.ends_with('\n')) result += lineEnd(manifest);
    return result + flag + lineEnd(manifest);
  }
  const std::size_t begin = lineBegin(manifest, at);
  const std::size_t indent = manifest.find_first_not_of(" \t", begin) - begin;
  return result.insert(begin, std::string(manifest.substr(begin, indent)) + flag + lineEnd(manifest));
}

base::Error proposedRefusal(std::string_view manifest, std::string_view issuer, const std::string& why) {
  return base::invalid(why + ". Nothing was changed; this is what would have been done:\n" +
                       text::unifiedDiff(manifest, proposal(manifest, issuer), "kube-apiserver.yaml", "proposed"))
      .withHint(
          "make the change by hand, then run irsa apiserver patch again: it finds the issuer in its place and waits");
}

base::Result<std::vector<LocatedFlag>> flagsNamed(const YamlText& manifest, std::string_view name) {
  std::vector<LocatedFlag> flags = TRY(locateFlags(manifest));
  std::erase_if(flags, [name](const LocatedFlag& located) { return located.flag.name != name; });
  return flags;
}

constexpr std::string_view kUnkept =
    "the issuers do not stand one to an item in one list, so the edit could not keep the rest as it is";

base::Error unkept(const base::Error& error) { return base::invalid(error.message + ": " + std::string(kUnkept)); }

// Puts `issuer` at `index` of the issuers, moving the flag that is there or adding one.
base::Result<void> placeIssuer(YamlText& manifest, const std::string& issuer, std::size_t index) {
  const std::vector<LocatedFlag> flags = TRY(flagsNamed(manifest, kIssuerFlag));
  const auto ours = std::ranges::find(flags, issuer, [](const LocatedFlag& one) { return one.flag.value; });
  if (ours == flags.end()) {
    const LocatedFlag& neighbour = index < flags.size() ? flags[index] : flags.back();
    const std::size_t at = index < flags.size() ? neighbour.first : neighbour.last + 1;
    const base::Result<void> added =
        manifest.insertItem(0, neighbour.list, at, "--" + std::string(kIssuerFlag) + "=" + issuer);
    return added ? base::Result<void>() : unkept(added.error());
  }
  if (std::size_t(ours - flags.begin()) == index) return {};
  // Those before `index` are in their places already, so what is there now comes later.
  const LocatedFlag& there = flags[index];
  if (there.list != ours->list) return base::invalid(text::place(ours->at) + ": " + std::string(kUnkept));
  const base::Result<void> moved = manifest.moveItems(0, ours->list, ours->first, ours->last, there.first);
  return moved ? base::Result<void>() : unkept(moved.error());
}

base::Result<void> removeIssuersBut(YamlText& manifest, const std::vector<std::string>& wanted) {
  while (true) {
    const std::vector<LocatedFlag> flags = TRY(flagsNamed(manifest, kIssuerFlag));
    const auto stale = std::ranges::find_if(
        flags, [&](const LocatedFlag& one) { return std::ranges::find(wanted, one.flag.value) == wanted.end(); });
    if (stale == flags.end()) return {};
    for (std::size_t i = stale->last + 1; i > stale->first; --i) TRY(manifest.removeItem(0, stale->list, i - 1));
  }
}

// The last of several flags carries what is added: kube-apiserver reads them as one list.
base::Result<void> arrangeAudiences(YamlText& manifest, const std::vector<std::string>& before,
                                    const std::vector<std::string>& after, std::string_view issuer) {
  const std::vector<LocatedFlag> flags = TRY(flagsNamed(manifest, kAudiencesFlag));
  const std::vector<std::string> all = valuesOf(valuesOf(flags, kAudiencesFlag));
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const LocatedFlag& one = flags[i];
    const std::vector<std::string> entries = commaSplit(one.flag.value);
    const std::vector<std::string> wanted = wantedPart(entries, i + 1 == flags.size(), all, before, after, issuer);
    if (wanted == entries) continue;
    if (wanted.empty()) return refusal("AUDIENCE_EMPTY", one.at, "nothing would be left of --api-audiences");
    const std::string value = commaJoined(wanted);
    const std::string item = one.first == one.last ? manifest.find(0, one.list / one.first)->scalar : "";
    const std::string written = item.empty() ? value : item.substr(0, item.find('=') + 1) + value;
    TRY(manifest.setScalar(0, one.list / one.last, written));
  }
  return {};
}

}  // namespace

std::vector<std::string> ApiServerFlags::issuers() const { return valuesNamed(flags, kIssuerFlag); }

std::vector<std::string> ApiServerFlags::audiences() const {
  return commaSplit(commaJoined(valuesNamed(flags, kAudiencesFlag)));
}

base::Result<text::YamlPath> containerOf(const YamlText& manifest, std::string_view name) {
  if (manifest.documents().empty()) return base::invalid("line 1, column 1: the text holds no YAML document");
  if (manifest.documents().size() > 1) {
    return base::invalid(text::place(manifest.documents()[1].start) +
                         ": a second YAML document begins, of which the kubelet takes no notice");
  }
  const std::size_t container = TRY(containerIn(manifest.documents().front(), name));
  return text::YamlPath{"spec", "containers", container};
}

std::vector<FlagWords> flagsIn(const std::vector<std::string>& words) {
  std::vector<FlagWords> flags;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (!word.starts_with("--") || word.size() == 2) continue;
    word.remove_prefix(2);
    const std::size_t equals = word.find('=');
    FlagWords found{{std::string(word.substr(0, equals)), ""}, equals != std::string_view::npos, i, i};
    std::ranges::replace(found.flag.name, '_', '-');
    if (found.hasValue) {
      found.flag.value = word.substr(equals + 1);
    } else if (i + 1 < words.size() && !words[i + 1].starts_with("-")) {
      found.flag.value = words[i + 1];
      found.hasValue = true;
      found.last = ++i;
    }
    flags.push_back(std::move(found));
  }
  return flags;
}

base::Result<std::vector<LocatedFlag>> locateFlags(const YamlText& manifest, std::string_view name) {
  const text::YamlPath container = TRY(containerOf(manifest, name));
  std::vector<LocatedFlag> flags;
  for (const char* key : {"command", "args"}) {
    const text::YamlPath path = container / key;
    const YamlNode* list = manifest.find(0, path);
    if (!list) continue;
    if (list->kind != YamlNode::Kind::Sequence)
      return wrongAt(*list, std::string(key) + " of " + std::string(name) + " is no list");
    collectFlags(*list, path, flags);
  }
  return flags;
}

std::vector<Located> valuesOf(const std::vector<LocatedFlag>& flags, std::string_view name) {
  std::vector<Located> values;
  for (const LocatedFlag& one : flags) {
    if (one.flag.name != name) continue;
    if (name != kAudiencesFlag) values.push_back({one.flag.value, one.at});
    if (name != kAudiencesFlag) continue;
    for (const std::string& audience : commaSplit(one.flag.value)) values.push_back({audience, one.at});
  }
  return values;
}

base::Result<void> arrangeIssuers(YamlText& manifest, const IssuerWish& wish) {
  const std::vector<LocatedFlag> flags = TRY(locateFlags(manifest));
  const std::vector<Located> now = valuesOf(flags, kIssuerFlag);
  if (now.empty()) {
    const text::YamlPath container = TRY(containerOf(manifest));
    return refusal("ISSUER_MISSING", manifest.find(0, container)->start,
                   "kube-apiserver has no --service-account-issuer among command and args");
  }
  const std::vector<std::string> wanted = TRY(wantedIssuers(now, wish));
  TRY(removeIssuersBut(manifest, wanted));
  for (std::size_t i = 0; i < wanted.size(); ++i) TRY(placeIssuer(manifest, wanted[i], i));
  return arrangeAudiences(manifest, valuesOf(now), wanted, wish.issuer);
}

base::Result<ApiServerFlags> readApiServerFlags(std::string_view manifest) {
  const YamlText text = TRY(YamlText::parse(std::string(manifest)));
  const std::vector<LocatedFlag> located = TRY(locateFlags(text));
  ApiServerFlags flags;
  for (const LocatedFlag& one : located) flags.flags.push_back(one.flag);
  return flags;
}

base::Result<IssuerEdit> putIssuerFirst(std::string_view manifest, std::string_view issuer) {
  TRY(checkIssuer(issuer));
  base::Result<YamlText> text = YamlText::parse(std::string(manifest));
  if (!text) return proposedRefusal(manifest, issuer, text.error().message);
  const base::Result<ApiServerFlags> before = readApiServerFlags(manifest);
  if (!before) return proposedRefusal(manifest, issuer, before.error().message);
  const std::vector<std::string> now = before->issuers();
  const bool isAlone = now.size() == 1 && now.front() == issuer;
  const base::Result<void> arranged =
      isAlone ? base::Result<void>() : arrangeIssuers(*text, {std::string(issuer), "", Phase::Switch, ""});
  if (!arranged) return proposedRefusal(manifest, issuer, arranged.error().message);
  const ApiServerFlags after = TRY(readApiServerFlags(text->text()));
  return IssuerEdit{text->text(), before->issuers().front(), audienceWarnings(after.audiences(), issuer)};
}

}  // namespace cluster
