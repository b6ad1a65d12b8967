// MicroK8s' argument file, no YAML: kubelite drops quotes, splits each line at its blanks, and hands all parts over in
// their order, so that a flag may share its line, or have its value on the next one. Edits take flags of a line each.
#include <algorithm>

#include "cluster/flavour.h"

namespace cluster {
namespace {

constexpr std::string_view kIssuerWord = "--service-account-issuer", kAudiencesWord = "--api-audiences";

struct FlagLine {
  std::string text;  // with its line end
  std::string name;  // of a flag, '_' as '-', as in kube-apiserver; empty for anything else
  std::string value;
  std::string quote, gap;  // around and before the value
};

FlagLine flagLineOf(std::string text) {
  FlagLine line{std::move(text), "", "", "", "="};
  const std::size_t begin = line.text.find_first_not_of(" \t");
  if (begin == std::string::npos || line.text.compare(begin, 2, "--") != 0) return line;
  const std::size_t nameEnd = std::min(line.text.find_first_of("= \t\r\n", begin), line.text.size());
  line.name = line.text.substr(begin, nameEnd - begin);
  std::ranges::replace(line.name, '_', '-');
  const std::size_t valueBegin = std::min(line.text.find_first_not_of("= \t", nameEnd), line.text.size());
  line.gap = line.text.substr(nameEnd, valueBegin - nameEnd);
  std::string rest = line.text.substr(valueBegin);
  rest.erase(std::min(rest.find_last_not_of(" \t\r\n") + 1, rest.size()));
  if (rest.size() >= 2 && (rest[0] == '\'' || rest[0] == '"') && rest.back() == rest[0]) {
    line.quote = rest.substr(0, 1);
    rest = rest.substr(1, rest.size() - 2);
  }
  line.value = std::move(rest);
  return line;
}

std::vector<FlagLine> flagLinesOf(std::string_view text) {
  std::vector<FlagLine> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(flagLineOf(std::string(text.substr(0, end))));
    text.remove_prefix(end);
  }
  return lines;
}

std::string lineEndOf(const std::vector<FlagLine>& lines) {
  return !lines.empty() && lines.front().text.ends_with("\r\n") ? "\r\n" : "\n";
}

void setValue(FlagLine& line, const std::string& value) {
  const std::size_t from = line.text.find("--") + line.name.size() + line.gap.size() + line.quote.size();
  line.text.replace(from, line.value.size(), value);
  line.value = value;
}

// A flag as kubelite hands it over.
struct Handed {
  std::string name;  // as in FlagLine
  Located value;     // at the flag
  bool isAlone;      // on its line, with its value
};

struct Part {
  std::string text;  // without quotes
  std::size_t line = 0;
  text::Position at;
};

std::vector<Part> partsOf(const std::vector<FlagLine>& lines) {
  constexpr std::string_view kBlank = " \t\r\n";
  std::vector<Part> parts;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& text = lines[i].text;
    std::size_t begin = text.find_first_not_of(kBlank);
    if (begin != std::string::npos && text[begin] == '#') continue;
    while (begin != std::string::npos) {
      const std::size_t end = std::min(text.find_first_of(kBlank, begin), text.size());
      std::string part = text.substr(begin, end - begin);
      std::erase_if(part, [](char c) { return c == '\'' || c == '"'; });
      parts.push_back({std::move(part), i, {i + 1, begin + 1, 0}});
      begin = text.find_first_not_of(kBlank, end);
    }
  }
  return parts;
}

std::vector<Handed> handedOver(const std::vector<FlagLine>& lines) {
  const std::vector<Part> parts = partsOf(lines);
  std::vector<Handed> flags;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].text.starts_with("--")) continue;
    const std::size_t first = i, equals = std::min(parts[i].text.find('='), parts[i].text.size());
    Handed flag{parts[i].text.substr(0, equals), {"", parts[i].at}, false};
    std::ranges::replace(flag.name, '_', '-');
    const bool hasNext = i + 1 < parts.size() && !parts[i + 1].text.starts_with("--");
    if (equals < parts[i].text.size())
      flag.value.value = parts[i].text.substr(equals + 1);
    else if (hasNext)
      flag.value.value = parts[++i].text;
    const bool begins = first == 0 || parts[first - 1].line < parts[first].line;
    const bool ends = i + 1 == parts.size() || parts[i + 1].line > parts[first].line;
    flag.isAlone = begins && ends && parts[i].line == parts[first].line;
    flags.push_back(std::move(flag));
  }
  return flags;
}

Survey surveyOf(const std::vector<FlagLine>& lines) {
  Survey seen;
  for (const Handed& flag : handedOver(lines)) {
    if (flag.name == kIssuerWord) seen.issuers.push_back(flag.value);
    if (flag.name == "--service-account-key-file") seen.keyFiles.push_back(flag.value);
    if (flag.name == "--service-account-signing-key-file") seen.signingKeys.push_back(flag.value);
    if (flag.name == "--service-account-jwks-uri") seen.jwksUris.push_back(flag.value);
    if (flag.name != kAudiencesWord) continue;
    for (const std::string& one : commaSplit(flag.value.value)) seen.audiences.push_back({one, flag.value.at});
  }
  seen.beginsWithDefault = seen.issuers.empty();
  if (seen.issuers.empty()) seen.issuers.push_back({"https://kubernetes.default.svc", {}});
  seen.ownKeys = "${SNAP_DATA}/certs/";
  return seen;
}

base::Result<void> refuseSharedLines(const std::vector<FlagLine>& lines) {
  for (const Handed& flag : handedOver(lines)) {
    if (flag.isAlone || (flag.name != kIssuerWord && flag.name != kAudiencesWord)) continue;
    return refusal("ARGS_SHAPE", flag.value.at, flag.name + " shares its line, or has its value on another one")
        .withHint("write " + flag.name + "=VALUE on a line of its own");
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const FlagLine& line = lines[i];
    if ((line.name != kIssuerWord && line.name != kAudiencesWord) ||
        line.value.find_first_of("'\"") == std::string::npos)
      continue;
    return refusal("ARGS_SHAPE", {i + 1, 1, 0}, line.name + " has quotes within its value")
        .withHint("quote the value as a whole, or not at all");
  }
  return {};
}

FlagLine issuerLine(const std::vector<FlagLine>& lines, const std::string& issuer) {
  const auto model = std::ranges::find(lines, kIssuerWord, &FlagLine::name);
  const std::string gap = model == lines.end() || model->gap.empty() ? "=" : model->gap,
                    quote = model == lines.end() ? "'" : model->quote;
  return flagLineOf(std::string(kIssuerWord) + gap + quote + issuer + quote + lineEndOf(lines));
}

// The issuers' lines in the wanted order, where the first one stood; the others stay.
void arrange(std::vector<FlagLine>& lines, const std::vector<std::string>& wanted) {
  const auto first = std::ranges::find(lines, kIssuerWord, &FlagLine::name);
  std::size_t at = std::size_t(first - lines.begin());
  std::vector<FlagLine> ordered;
  for (const std::string& issuer : wanted) {
    const auto there = std::ranges::find_if(
        lines, [&](const FlagLine& line) { return line.name == kIssuerWord && line.value == issuer; });
    ordered.push_back(there == lines.end() ? issuerLine(lines, issuer) : *there);
    if (!ordered.back().text.ends_with('\n')) ordered.back().text += lineEndOf(lines);
  }
  std::erase_if(lines, [](const FlagLine& line) { return line.name == kIssuerWord; });
  at = std::min(at, lines.size());
  if (at > 0 && !lines[at - 1].text.ends_with('\n')) lines[at - 1].text += lineEndOf(lines);
  lines.insert(lines.begin() + std::ptrdiff_t(at), ordered.begin(), ordered.end());
}

void arrangeAudiences(std::vector<FlagLine>& lines, const std::vector<std::string>& before,
                      const std::vector<std::string>& after, const std::string& issuer) {
  const std::vector<std::string> all = valuesOf(surveyOf(lines).audiences);
  std::size_t left = std::size_t(std::ranges::count(lines, kAudiencesWord, &FlagLine::name));
  for (FlagLine& line : lines) {
    if (line.name != kAudiencesWord) continue;
    const std::vector<std::string> list = commaSplit(line.value);
    const std::vector<std::string> wanted = wantedPart(list, --left == 0, all, before, after, issuer);
    if (wanted != list) setValue(line, commaJoined(wanted));
  }
}

bool isMicroK8s(const text::YamlText& file) { return isArgumentFile(file.text()); }

base::Result<Survey> surveyMicroK8s(const Sources& sources, std::string_view) {
  return surveyOf(flagLinesOf(sources.file));
}

base::Result<Edit> editMicroK8s(const Sources& sources, const IssuerWish& wish) {
  std::vector<FlagLine> lines = flagLinesOf(sources.file);
  if (!isArgumentFile(sources.file) && !sources.file.empty()) {
    return base::invalid("the file holds no flags, one a line")
        .withHint("--file /var/snap/microk8s/current/args/kube-apiserver");
  }
  TRY(refuseSharedLines(lines));
  const Survey seen = TRY(withFormer(surveyOf(lines), wish));
  const std::vector<std::string> wanted = TRY(wantedIssuers(seen.issuers, wish));
  if (valuesOf(seen.issuers) != wanted) arrange(lines, wanted);
  arrangeAudiences(lines, valuesOf(seen.issuers), wanted, wish.issuer);
  Edit edit;
  for (const FlagLine& line : lines) edit.sources.file += line.text;
  edit.warnings = audienceWarnings(valuesOf(surveyOf(lines).audiences), wish.issuer);
  edit.steps = {
      "the same on every node, then one after the other: snap restart microk8s.daemon-kubelite, then microk8s "
      "status --wait-ready"};
  return edit;
}

}  // namespace

bool isArgumentFile(std::string_view text) {
  for (const FlagLine& line : flagLinesOf(text)) {
    const std::size_t begin = line.text.find_first_not_of(" \t\r\n");
    if (begin != std::string::npos && line.text[begin] != '#') return line.name.size() > 2 && line.name[2] != '-';
  }
  return false;
}

Flavour microK8s() {
  return {.name = "microk8s",
          .title = "MicroK8s",
          .file = "/var/snap/microk8s/current/args/kube-apiserver",
          .contents = "kube-apiserver's flags, one a line",
          .hasPatch = false,
          .upgrades = "the file in the snap's data; look again after snap refresh to another channel",
          .recognises = isMicroK8s,
          .survey = surveyMicroK8s,
          .edit = editMicroK8s};
}

}  // namespace cluster
