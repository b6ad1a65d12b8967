#include "cluster/api_server_manifest.h"

#include <algorithm>
#include <optional>

#include "text/diff.h"
#include "text/yaml.h"

namespace cluster {
namespace {

using text::Json;
using text::YamlNode;

constexpr std::string_view kContainer = "kube-apiserver";
constexpr std::string_view kIssuerFlag = "service-account-issuer";
constexpr std::string_view kAudiencesFlag = "api-audiences";

// A flag and where it stands: items [first, last] of `list`.
struct LocatedFlag {
  Flag flag;
  const YamlNode* list = nullptr;
  std::string_view key;  // "command" or "args"
  std::size_t first = 0, last = 0;
};

struct Parsed {
  Parsed() = default;
  Parsed(Parsed&&) = default;  // moving keeps the nodes where they are, copying would not
  Parsed& operator=(Parsed&&) = default;

  YamlNode root;  // holds what `flags` points into
  std::size_t container = 0;
  std::vector<LocatedFlag> flags;
};

base::Result<std::size_t> findContainer(const YamlNode& root) {
  const YamlNode* kind = root.find("kind");
  if (!kind || kind->scalar != "Pod") return base::invalid("the manifest is no Pod");
  const YamlNode* spec = root.find("spec");
  const YamlNode* containers = spec ? spec->find("containers") : nullptr;
  if (!containers || containers->kind != YamlNode::Kind::Sequence) {
    return base::invalid("the Pod has no list spec.containers");
  }
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < containers->items.size(); ++i) {
    const YamlNode* name = containers->items[i].find("name");
    if (!name || name->scalar != kContainer) continue;
    if (found) return base::invalid("the Pod has two containers named kube-apiserver");
    found = i;
  }
  if (!found) return base::invalid("the Pod has no container named kube-apiserver");
  return *found;
}

void collectFlags(const YamlNode& list, std::string_view key, std::vector<LocatedFlag>& flags) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    std::string_view item = list.items[i].scalar;
    if (!item.starts_with("--") || item.size() == 2) continue;
    item.remove_prefix(2);
    const std::size_t equals = item.find('=');
    LocatedFlag located{{std::string(item.substr(0, equals)), ""}, &list, key, i, i};
    std::replace(located.flag.name.begin(), located.flag.name.end(), '_', '-');
    if (equals != std::string_view::npos) {
      located.flag.value = item.substr(equals + 1);
    } else if (i + 1 < list.items.size() && !list.items[i + 1].scalar.starts_with("-")) {
      located.flag.value = list.items[i + 1].scalar;
      located.last = ++i;
    }
    flags.push_back(std::move(located));
  }
}

base::Result<Parsed> parse(std::string_view manifest) {
  Parsed parsed;
  parsed.root = TRY(text::parseYaml(manifest));
  parsed.container = TRY(findContainer(parsed.root));
  const YamlNode& container = parsed.root.find("spec")->find("containers")->items[parsed.container];
  for (std::string_view key : {"command", "args"}) {
    const YamlNode* list = container.find(key);
    if (!list) continue;
    if (list->kind != YamlNode::Kind::Sequence)
      return base::invalid(std::string(key) + " of kube-apiserver is no list");
    collectFlags(*list, key, parsed.flags);
  }
  return base::Result<Parsed>(std::move(parsed));
}

std::vector<std::string> valuesOf(const std::vector<Flag>& flags, std::string_view name) {
  std::vector<std::string> values;
  for (const Flag& flag : flags) {
    if (flag.name == name) values.push_back(flag.value);
  }
  return values;
}

ApiServerFlags plainFlags(const Parsed& parsed) {
  ApiServerFlags flags;
  for (const LocatedFlag& located : parsed.flags) flags.flags.push_back(located.flag);
  return flags;
}

// Only what a URL may hold and what neither YAML nor the kubelet's $(VAR) reads otherwise.
base::Result<void> checkIssuerText(std::string_view issuer) {
  const std::string named = "the issuer '" + std::string(issuer) + "' ";
  if (issuer.find(',') != std::string_view::npos) {
    return base::invalid(named +
                         "contains a comma: kube-apiserver takes the whole value as one issuer and then refuses "
                         "every token issued earlier");
  }
  if (!issuer.starts_with("https://") || issuer.size() <= 8) {
    return base::invalid(named + "does not start with https:// and a host");
  }
  if (issuer.ends_with('/')) {
    const std::string right(issuer.substr(0, issuer.find_last_not_of('/') + 1));
    return base::invalid(named + "ends in a slash, which the issuer in the tokens would not have")
        .withHint("write " + right);
  }
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~:/%[]").find(c) != std::string_view::npos;
  };
  if (!std::all_of(issuer.begin(), issuer.end(), allowed)) {
    return base::invalid(named + "contains a character that an issuer URL may not have");
  }
  return {};
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

std::size_t nextLine(std::string_view text, std::size_t offset) {
  const std::size_t end = text.find('\n', offset);
  return end == std::string_view::npos ? text.size() : end + 1;
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

base::Error refusal(std::string_view manifest, std::string_view issuer, const std::string& why) {
  return base::invalid(why + ". Nothing was changed; this is what would have been done:\n" +
                       text::unifiedDiff(manifest, proposal(manifest, issuer), "kube-apiserver.yaml", "proposed"))
      .withHint(
          "make the change by hand, then run irsa apiserver patch again: it finds the issuer in its place and waits");
}

// The bytes to insert and the bytes to leave out; `from` == `to` when nothing is left out. The insertion comes first.
struct Splice {
  std::size_t at = 0;
  std::string text;
  std::size_t from = 0, to = 0;
};

std::string applied(const Splice& splice, std::string_view manifest) {
  std::string result(manifest.substr(0, splice.at));
  result += splice.text;
  result += manifest.substr(splice.at, splice.from - splice.at);
  return result += manifest.substr(splice.to);
}

// The flag as one more item, quoted as its neighbour is.
std::string itemLike(const YamlNode& neighbour, std::string_view manifest, std::string_view issuer) {
  const char first = manifest[neighbour.start.offset];
  const std::string quote = first == '"' || first == '\'' ? std::string(1, first) : "";
  return quote + "--" + std::string(kIssuerFlag) + "=" + std::string(issuer) + quote;
}

// "    - " before an item that has its line to itself; absent for anything else (anchors, tags, nested lists).
std::optional<std::string> bulletOf(const YamlNode& item, std::string_view manifest) {
  const std::size_t begin = lineBegin(manifest, item.start.offset);
  const std::string lead(manifest.substr(begin, item.start.offset - begin));
  const std::size_t dash = lead.find_first_not_of(' ');
  if (dash == std::string::npos || lead[dash] != '-' || dash + 1 == lead.size()) return std::nullopt;
  if (lead.find_first_not_of(' ', dash + 1) != std::string::npos) return std::nullopt;
  return lead;
}

std::optional<Splice> splice(const LocatedFlag& first, const LocatedFlag* ours, std::string_view manifest,
                             std::string_view issuer) {
  const std::vector<YamlNode>& items = first.list->items;
  const YamlNode& anchor = items[first.first];
  if (first.list->flow) {
    const std::size_t at = anchor.start.offset;
    if (!ours) return Splice{at, itemLike(anchor, manifest, issuer) + ", ", at, at};
    const std::size_t begin = items[ours->first].start.offset, end = items[ours->last].end.offset;
    return Splice{at, std::string(manifest.substr(begin, end - begin)) + ", ", items[ours->first - 1].end.offset, end};
  }
  const std::optional<std::string> bullet = bulletOf(anchor, manifest);
  if (!bullet) return std::nullopt;
  const std::size_t at = lineBegin(manifest, anchor.start.offset);
  if (!ours) return Splice{at, *bullet + itemLike(anchor, manifest, issuer) + lineEnd(manifest), at, at};
  if (!bulletOf(items[ours->first], manifest)) return std::nullopt;
  const std::size_t begin = lineBegin(manifest, items[ours->first].start.offset);
  const std::size_t end = nextLine(manifest, items[ours->last].end.offset);
  std::string lines(manifest.substr(begin, end - begin));
  if (!lines.ends_with('\n')) lines += lineEnd(manifest);
  return Splice{at, std::move(lines), begin, end};
}

// The tree that the edit must lead to, and nothing else.
Json wished(const Parsed& parsed, const LocatedFlag& first, const LocatedFlag* ours, std::string_view issuer) {
  Json tree = text::toJson(parsed.root);
  Json& list = tree["spec"]["containers"][parsed.container][std::string(first.key)];
  const auto at = [&list](std::size_t index) { return list.begin() + static_cast<std::ptrdiff_t>(index); };
  if (!ours) {
    list.insert(at(first.first), "--" + std::string(kIssuerFlag) + "=" + std::string(issuer));
  } else {
    std::rotate(at(first.first), at(ours->first), at(ours->last + 1));
  }
  return tree;
}

std::vector<std::string> warningsAbout(const ApiServerFlags& flags, std::string_view issuer) {
  std::vector<std::string> warnings;
  const std::vector<std::string> audiences = flags.audiences();
  for (const std::string& audience : audiences) {
    if (!audience.starts_with("sts.")) continue;
    warnings.push_back(
        "--api-audiences lists " + audience +
        ": every pod's ordinary token is a web identity for AWS, and a web identity token is accepted by "
        "the API server; remove it");
  }
  if (!audiences.empty() && std::find(audiences.begin(), audiences.end(), issuer) == audiences.end()) {
    warnings.push_back("--api-audiences is set and does not list " + std::string(issuer) +
                       ": left as it is; clients that ask for a token with the issuer as audience are refused");
  }
  return warnings;
}

}  // namespace

std::vector<std::string> ApiServerFlags::issuers() const { return valuesOf(flags, kIssuerFlag); }

std::vector<std::string> ApiServerFlags::audiences() const {
  std::vector<std::string> audiences;
  for (const std::string& list : valuesOf(flags, kAudiencesFlag)) {
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t comma = std::min(list.find(',', begin), list.size());
      if (comma > begin) audiences.push_back(list.substr(begin, comma - begin));
      begin = comma + 1;
    }
  }
  return audiences;
}

base::Result<ApiServerFlags> readApiServerFlags(std::string_view manifest) {
  const Parsed parsed = TRY(parse(manifest));
  return plainFlags(parsed);
}

base::Result<IssuerEdit> putIssuerFirst(std::string_view manifest, std::string_view issuer) {
  TRY(checkIssuerText(issuer));
  const base::Result<Parsed> parsed = parse(manifest);
  if (!parsed) return refusal(manifest, issuer, parsed.error().message);

  const LocatedFlag* first = nullptr;
  const LocatedFlag* ours = nullptr;
  std::vector<std::string> seen;
  for (const LocatedFlag& located : parsed->flags) {
    if (located.flag.name != kIssuerFlag) continue;
    const std::string& value = located.flag.value;
    if (value.find(',') != std::string::npos) {
      return refusal(manifest, issuer,
                     "--service-account-issuer=" + value +
                         " joins issuers by a comma: kube-apiserver takes "
                         "that as one issuer; the flag must be repeated");
    }
    if (std::find(seen.begin(), seen.end(), value) != seen.end()) {
      return refusal(manifest, issuer,
                     "--service-account-issuer=" + value +
                         " stands there twice, which kube-apiserver "
                         "does not start with");
    }
    seen.push_back(value);
    if (!first) first = &located;
    if (value == issuer) ours = &located;
  }
  if (!first) return refusal(manifest, issuer, "kube-apiserver has no --service-account-issuer among command and args");

  IssuerEdit edit{std::string(manifest), first->flag.value, warningsAbout(plainFlags(*parsed), issuer)};
  if (ours == first) return edit;
  const std::string unkept =
      "the issuers do not stand one to an item in one list, so the edit could not keep the rest as it is";
  if (ours && ours->list != first->list) return refusal(manifest, issuer, unkept);
  const std::optional<Splice> change = splice(*first, ours, manifest, issuer);
  if (!change) return refusal(manifest, issuer, unkept);
  edit.manifest = applied(*change, manifest);
  const base::Result<YamlNode> reread = text::parseYaml(edit.manifest);
  if (!reread || text::toJson(*reread) != wished(*parsed, *first, ours, issuer))
    return refusal(manifest, issuer, unkept);
  return edit;
}

}  // namespace cluster
