// The edits of files that people keep, for every distribution, and of keys in static pods' manifests.
//
// The first byte of an input says whose file it is ('a': the first of flavours(), ...; behind the last: a static pod's
// keys), the second the phase, whether --former is given, and --version. The file follows, and behind a 0x1e kubeadm's
// patch.
//
// Covers: src/cluster/api_server_manifest.cpp src/cluster/cluster_api.cpp src/cluster/eks_anywhere.cpp
// Covers: src/cluster/gardener.cpp src/cluster/issuer.cpp:checkInForce src/cluster/issuer.cpp:wantedAudiences
// Covers: src/cluster/issuer.cpp:wantedPart src/cluster/issuer_fields.cpp src/cluster/k3s.cpp
// Covers: src/cluster/kind.cpp src/cluster/kops.cpp src/cluster/kubeadm.cpp src/cluster/kubeadm_arguments.cpp
// Covers: src/cluster/microk8s.cpp src/cluster/openshift.cpp src/cluster/rancher_arguments.cpp src/cluster/rke2.cpp
// Covers: src/cluster/service_account_keys.cpp src/cluster/static_pod.cpp src/cluster/talos.cpp
// Covers: src/text/yaml_text.cpp
// Unreached: src/cluster/api_server_manifest.cpp: a brace that gcov counts for what is thrown
// Unreached: src/cluster/eks_anywhere.cpp: half of a sentence, and a brace, that gcov counts for what is thrown
// Unreached: src/cluster/kubeadm_arguments.cpp: braces that gcov counts for what is thrown
// Unreached: src/cluster/microk8s.cpp: a brace that gcov counts for what is thrown
// Unreached: src/cluster/rancher_arguments.cpp: what drop-ins decide, which no input has, and braces that gcov counts
// Unreached: src/text/yaml_text.cpp: braces that gcov counts for what is thrown
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "cluster/api_server_manifest.h"
#include "cluster/flavour.h"
#include "cluster/manifest_check.h"
#include "cluster/service_account_keys.h"
#include "fuzz/support/line_mutator.h"
#include "fuzz/target.h"
#include "text/yaml_text.h"

namespace {

using cluster::Edit;
using cluster::Flavour;
using cluster::IssuerWish;
using cluster::Phase;
using cluster::Sources;
using cluster::Survey;
using fuzz::require;
using text::YamlNode;

constexpr std::string_view kNew = "https://new.example.com", kFormer = "https://former.example.com";
constexpr std::string_view kVersions[] = {"", "1.35", "1.36", "1.14"};
constexpr char kPatchFollows = '\x1e';

struct Input {
  const Flavour* flavour = nullptr;  // null: a static pod's keys
  IssuerWish wish;
  Sources sources;
};

Input inputOf(std::string_view bytes) {
  const auto flavours = cluster::flavours();
  const std::size_t which = std::uint8_t(bytes[0] - 'a') % (flavours.size() + 1),
                    options = std::uint8_t(bytes[1] - '0');
  Input input;
  if (which < flavours.size()) input.flavour = &flavours[which];
  input.wish = {std::string(kNew), options / 3 % 2 == 1 ? std::string(kFormer) : "", Phase(options % 3),
                std::string(kVersions[options / 6 % std::size(kVersions)])};
  const std::size_t end = bytes.find(kPatchFollows);
  input.sources.file = bytes.substr(2, end - std::min<std::size_t>(end, 2));
  if (end != std::string_view::npos && input.flavour && input.flavour->hasPatch)
    input.sources.patch = bytes.substr(end + 1);
  return input;
}

// Without their ends.
std::vector<std::string_view> linesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool isAbout(std::string_view text, const std::vector<std::string>& values) {
  for (const std::string_view word : {"ssuer", "udience", "-key-file"})
    if (text.find(word) != std::string_view::npos) return true;
  return std::ranges::any_of(
      values, [&](const std::string& value) { return !value.empty() && text.find(value) != std::string_view::npos; });
}

// The lines that an edit may change: those that say something about issuers, and those that share a piece of the file
// with them because it is written in flow style, over several lines, or as a whole.
class Touchable {
 public:
  Touchable(std::string_view text, std::vector<std::string> values, bool isBlockRewritten)
      : lines_(linesOf(text)),
        may_(lines_.size() + 2),
        values_(std::move(values)),
        isBlockRewritten_(isBlockRewritten) {
    for (std::size_t i = 0; i < lines_.size(); ++i)
      may_[i] = isAbout(lines_[i], values_) || lines_[i].find_first_of("{}[]") != std::string_view::npos;
    const auto documents = text::parseYamlDocuments(text);
    if (documents && !lines_.empty())
      for (const YamlNode& document : *documents) walk(document, text);
    spreadOverComments();
  }

  std::vector<std::string_view> kept() const {
    std::vector<std::string_view> lines;
    for (std::size_t i = 0; i < lines_.size(); ++i)
      if (!may_[i]) lines.push_back(lines_[i]);
    return lines;
  }

 private:
  void mark(const text::Position& from, const text::Position& to) {
    const std::size_t first = lineOf(from), last = lineOf(to);
    for (std::size_t i = first; i <= last && i < may_.size(); ++i) may_[i] = true;
  }

  // Counted as linesOf() does: a lone CR ends none.
  std::size_t lineOf(const text::Position& at) const {
    const char* place = lines_.front().data() + at.offset;
    const auto behind = std::ranges::upper_bound(lines_, place, {}, [](std::string_view line) { return line.data(); });
    return std::size_t(behind - lines_.begin()) - 1;
  }

  void walk(const YamlNode& node, std::string_view text) {
    const bool isLiteral = node.kind == YamlNode::Kind::Scalar && text.substr(node.start.offset, 1) == "|";
    const bool isWhole = node.kind == YamlNode::Kind::Scalar && (!isLiteral || isBlockRewritten_);
    if ((isWhole || node.flow) && lineOf(node.start) != lineOf(node.end)) mark(node.start, node.end);
    bool isValue = false;  // of the flag before it
    for (const YamlNode& item : node.items) {
      const YamlNode* name = item.find("name");
      if (isValue || (name && isAbout(name->scalar, values_))) mark(item.start, item.end);
      isValue = isAbout(item.scalar, {}) && item.scalar.find('=') == std::string::npos;
      walk(item, text);
    }
    for (const text::YamlMember& member : node.members) {
      const bool becomesList =
          member.value.kind == YamlNode::Kind::Scalar && member.key.scalar.starts_with("kube-apiserver-arg");
      if (becomesList || isAbout(member.key.scalar, values_)) mark(member.key.start, member.value.end);
      walk(member.value, text);
    }
  }

  void spreadOverComments() {
    const auto isComment = [&](std::size_t i) {
      const std::size_t content = lines_[i].find_first_not_of(" \t\r");
      return content == std::string_view::npos || lines_[i][content] == '#';
    };
    for (std::size_t i = 1; i < lines_.size(); ++i) may_[i] = may_[i] || (may_[i - 1] && isComment(i));
    for (std::size_t i = lines_.size(); i > 1; --i) may_[i - 2] = may_[i - 2] || (may_[i - 1] && isComment(i - 2));
  }

  std::vector<std::string_view> lines_;
  std::vector<bool> may_;
  std::vector<std::string> values_;
  bool isBlockRewritten_;
};

// Every line that an edit has no business with is there afterwards, in its order.
void requireKept(std::string_view before, std::string_view after, std::vector<std::string> values,
                 bool isBlockRewritten = false) {
  const std::vector<std::string_view> there = linesOf(after);
  auto at = there.begin();
  for (const std::string_view line : Touchable(before, std::move(values), isBlockRewritten).kept()) {
    at = std::find(at, there.end(), line);
    require(at != there.end(), "a line that the edit is not about stays as it is", line);
    ++at;
  }
}

std::vector<std::string> valuesOf(const Survey& seen) {
  std::vector<std::string> values = cluster::valuesOf(seen.issuers);
  for (const cluster::Located& audience : seen.audiences) values.push_back(audience.value);
  return values;
}

bool isSame(const Sources& one, const Sources& other) { return one.file == other.file && one.patch == other.patch; }

void requireIssuers(const Input& input, const Edit& edit) {
  if (input.flavour->name == "openshift" && input.wish.phase == Phase::Accept) return;  // has one field
  const base::Result<Survey> seen = input.flavour->survey(edit.sources, input.wish.version);
  require(bool(seen), "what was edited can be looked at", edit.sources.file);
  const std::vector<std::string> issuers = cluster::valuesOf(seen->issuers);
  require(!issuers.empty() && std::ranges::count(issuers, kNew) == 1, "the new issuer is there, once",
          edit.sources.file);
  if (input.wish.phase == Phase::Accept) require(issuers.back() == kNew, "what is accepted comes last");
  if (input.wish.phase != Phase::Accept) require(issuers.front() == kNew, "the new issuer signs", edit.sources.file);
  if (input.wish.phase == Phase::Finish) require(issuers.size() == 1, "the former issuer is gone", edit.sources.file);
}

// From the switch back to the state before it.
void requireWayBack(const Input& input, const Sources& accepted) {
  const Flavour& flavour = *input.flavour;
  IssuerWish wish = input.wish;
  wish.phase = Phase::Switch;
  const base::Result<Edit> switched = flavour.edit(accepted, wish);
  if (!switched) return;
  wish.phase = Phase::Accept;
  const base::Result<Edit> back = flavour.edit(switched->sources, wish);
  if (!back) return;
  const base::Result<Survey> before = flavour.survey(accepted, wish.version),
                             after = flavour.survey(back->sources, wish.version);
  require(before && after, "what was edited can be looked at");
  require(wish.former.empty() ? cluster::valuesOf(before->issuers) == cluster::valuesOf(after->issuers)
                              : after->issuers.back().value == kNew,
          "the way back leads to the issuers from before", back->sources.file);
}

void editIssuers(const Input& input) {
  const Flavour& flavour = *input.flavour;
  if (const auto file = text::YamlText::parse(input.sources.file)) (void)flavour.recognises(*file);
  const base::Result<Survey> before = flavour.survey(input.sources, input.wish.version);
  const base::Result<Edit> edit = flavour.edit(input.sources, input.wish);
  if (!edit) return require(!edit.error().message.empty(), "a refusal has a reason");
  require(flavour.name == "microk8s" ? cluster::isArgumentFile(edit->sources.file)
                                     : bool(text::YamlText::parse(edit->sources.file)),
          "an edited file can be read", edit->sources.file);
  require(flavour.hasPatch || edit->sources.patch.empty(), "no patch comes from a flavour without one");
  requireIssuers(input, *edit);
  std::vector<std::string> values = before ? valuesOf(*before) : std::vector<std::string>();
  values.insert(values.end(), {"patch", "directory"});
  requireKept(input.sources.file, edit->sources.file, values, flavour.name == "cluster-api");
  const base::Result<Edit> again = flavour.edit(edit->sources, input.wish);
  require(bool(again), "an edit can be done twice", edit->sources.file);
  require(isSame(again->sources, edit->sources), "twice is once", again->sources.file);
  if (flavour.name == "static-pod")
    require(bool(cluster::checkOnlyFlagsDiffer(input.sources.file, edit->sources.file,
                                               {"service-account-issuer", "api-audiences"})),
            "nothing but issuers and audiences changes", edit->sources.file);
  if (input.wish.phase == Phase::Accept && flavour.name != "openshift") requireWayBack(input, edit->sources);
}

text::Json treeOf(std::string_view manifest) {
  const auto read = text::parseYaml(manifest);
  require(bool(read), "an edited manifest can be read", manifest);
  return text::toJson(*read);
}

using KeyEdit = base::Result<std::string> (*)(std::string_view manifest, const std::string& file);

// What the edit made, or nothing where it refuses.
std::string edited(KeyEdit edit, const std::string& manifest, const std::string& file) {
  const base::Result<std::string> after = edit(manifest, file);
  if (!after) return require(!after.error().message.empty(), "a refusal has a reason"), "";
  const base::Result<std::string> again = edit(*after, file);
  require(again && *again == *after, "twice is once", *after);
  requireKept(manifest, *after, {file});
  return *after;
}

void editKeys(const std::string& manifest) {
  const std::string file = "/etc/kubernetes/pki/sa-new.pub", secret = "/etc/kubernetes/pki/sa-new.key";
  const auto before = cluster::readServiceAccountKeys(manifest);
  const std::string added = edited(cluster::addVerifyingKey, manifest, file);
  if (!added.empty() && before && std::ranges::count(before->verifying, file) == 0) {
    auto wanted = before->verifying;
    wanted.push_back(file);
    auto there = cluster::readServiceAccountKeys(added)->verifying;
    require(std::ranges::is_permutation(there, wanted), "the key is among those that verify", added);
    const std::string removed = edited(cluster::removeVerifyingKey, added, file);
    require(!removed.empty() && treeOf(removed) == treeOf(manifest), "what was added can be taken out again", added);
  }
  const std::string promoted = edited(cluster::setSigningKey, manifest, secret);
  if (!promoted.empty() && before) {
    require(cluster::readServiceAccountKeys(promoted)->signing == secret, "the key signs", promoted);
    const std::string back = edited(cluster::setSigningKey, promoted, before->signing);
    require(back.empty() || treeOf(back) == treeOf(manifest), "the former key can sign again", back);
  }
  (void)edited(cluster::setControllerKey, manifest, secret);
}

void putFirst(const std::string& manifest) {
  const auto before = cluster::readApiServerFlags(manifest);
  const auto edit = cluster::putIssuerFirst(manifest, kNew);
  if (!edit) return require(!edit.error().message.empty(), "a refusal has a reason");
  require(before && before->issuers().front() == edit->signer, "the edit tells who signed", edit->manifest);
  const auto after = cluster::readApiServerFlags(edit->manifest);
  require(after && after->issuers().front() == kNew, "the new issuer comes first", edit->manifest);
  for (const std::string& issuer : before->issuers())
    require(std::ranges::count(after->issuers(), issuer) == 1, "the others stay", edit->manifest);
  require(bool(cluster::checkOnlyFlagsDiffer(manifest, edit->manifest, {"service-account-issuer", "api-audiences"})),
          "nothing but issuers and audiences changes", edit->manifest);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize,
                                               unsigned seed) {
  return fuzz::mutateLines(data, size, maxSize, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Input input = inputOf(fuzz::textOf(data, size));
  if (input.flavour) {
    editIssuers(input);
  } else {
    editKeys(input.sources.file);
    putFirst(input.sources.file);
  }
  return 0;
}
