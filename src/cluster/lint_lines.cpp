#include <algorithm>
#include <functional>

#include "cluster/lint_rules.h"

namespace cluster {
namespace {

constexpr std::string_view kBlank = " \t\r";

struct Line {
  std::string_view text;  // without its line end
  std::size_t number = 0;
  std::size_t begin = 0;  // of what is not blank
};

std::vector<Line> linesOf(std::string_view text) {
  std::vector<Line> lines;
  for (std::size_t from = 0, number = 1; from < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string_view line = text.substr(from, end - from);
    lines.push_back({line, number, std::min(line.find_first_not_of(kBlank), line.size())});
    from = end + 1;
  }
  return lines;
}

// What an item or a member of one line says, without bullet, quotes and comment; `at` moves to it.
std::string_view contentOf(std::string_view line, std::size_t& at) {
  while (at < line.size() && (line[at] == ' ' || (line[at] == '-' && line.substr(at, 2) == "- "))) ++at;
  std::string_view content = line.substr(at);
  content = content.substr(0, std::min(content.find(" #"), content.size()));
  content = content.substr(0, content.find_last_not_of(kBlank) + 1);
  const bool quoted = content.size() > 1 && (content[0] == '"' || content[0] == '\'') && content.back() == content[0];
  return quoted ? content.substr(1, content.size() - 2) : content;
}

void eachFlag(std::string_view text,
              const std::function<void(std::string_view, std::string_view, text::Position)>& take) {
  for (const Line& line : linesOf(text)) {
    std::size_t at = line.begin;
    const std::string_view content = contentOf(line.text, at);
    const std::size_t equals = content.find('=');
    if (!content.starts_with("--") || equals == std::string_view::npos) continue;
    take(content.substr(2, equals - 2), content.substr(equals + 1), {line.number, at + 1, 0});
  }
}

bool isKey(std::string_view text, std::string_view key) {
  return text.starts_with(key) && text.substr(key.size()).starts_with(":");
}

}  // namespace

Survey surveyLines(std::string_view text) {
  Survey seen;
  eachFlag(text, [&seen](std::string_view name, std::string_view value, const text::Position& at) {
    if (name == kIssuerFlag) seen.issuers.push_back({std::string(value), at});
    if (name == "service-account-key-file") seen.keyFiles.push_back({std::string(value), at});
    if (name == "service-account-signing-key-file") seen.signingKeys.push_back({std::string(value), at});
    if (name == "service-account-jwks-uri") seen.jwksUris.push_back({std::string(value), at});
    if (name != kAudiencesFlag) return;
    for (const std::string& one : commaSplit(value)) seen.audiences.push_back({one, at});
  });
  return seen;
}

void lintLines(std::string_view text, FindingList& out) {
  for (const Line& line : linesOf(text)) {
    const std::size_t at = line.text.find("x509ignoreCN");
    if (at == std::string_view::npos) continue;
    const std::size_t quote = line.text.find_last_of(" \"'", at);
    const std::size_t column = quote == std::string_view::npos ? at : line.text[quote] == ' ' ? quote + 1 : quote;
    out.add(
        "GODEBUG_X509", text::Severity::Warning, {line.number, column + 1, 0},
        "x509ignoreCN is gone since Go 1.17 (Kubernetes 1.23): a webhook's certificate without SAN is refused all the "
        "same",
        "take it out, and give the webhook a certificate with a SAN (irsa-webhook makes its own)");
  }
  const std::vector<Line> lines = linesOf(text);
  std::size_t hostPath = std::string_view::npos;  // the column of the hostPath that is open
  for (const Line& line : lines) {
    std::size_t at = line.begin;
    const std::string_view content = contentOf(line.text, at);
    if (content.empty()) continue;
    if (hostPath != std::string_view::npos && at <= hostPath) hostPath = std::string_view::npos;
    if (hostPath != std::string_view::npos && isKey(content, "name")) {
      out.add("VOLUME_SHAPE", text::Severity::Error, {line.number, at + 1, 0},
              "name stands inside hostPath, so the volume has none and the kubelet refuses the pod",
              "indent name as far as hostPath");
    }
    if (hostPath != std::string_view::npos && isKey(content, "path") &&
        content.find(kStaticPodFolder) != std::string_view::npos) {
      out.add(keyAmongManifests(
          {std::string(content.substr(content.find('/'))), {line.number, line.text.find('/', at) + 1, 0}}));
    }
    if (content == "hostPath:") hostPath = at;
  }
}

std::vector<Located> hostFolderLines(std::string_view text) {
  std::vector<Located> paths;
  for (const Line& line : linesOf(text)) {
    std::size_t at = line.begin;
    const std::string_view content = contentOf(line.text, at);
    const std::size_t slash = content.find('/');
    if (isKey(content, "path") && slash != std::string_view::npos)
      paths.push_back({std::string(content.substr(slash)), {line.number, at + slash + 1, 0}});
  }
  return paths;
}

bool looksLikeApiServer(std::string_view text) {
  return text.find("kind: Pod") != std::string_view::npos &&
         text.find("name: kube-apiserver") != std::string_view::npos;
}

std::optional<text::Position> misindentedVolume(std::string_view text, std::size_t line) {
  const std::vector<Line> lines = linesOf(text);
  const std::size_t last = std::min(line, lines.size());
  for (std::size_t i = last; i > 0 && i + 4 > last; --i) {
    std::size_t begin = lines[i - 1].begin;
    const std::string_view head = contentOf(lines[i - 1].text, begin);
    if (!isKey(head, "mountPath") && !isKey(head, "hostPath")) continue;
    if (i >= lines.size()) return std::nullopt;
    const Line& next = lines[i];
    const std::string_view key = next.text.substr(next.begin);
    const bool isDeeper =
        next.begin > begin && (isKey(key, "name") || isKey(key, "readOnly") || isKey(key, "mountPath"));
    if (isDeeper && isKey(head, "mountPath")) return text::Position{next.number, next.begin + 1, 0};
  }
  return std::nullopt;
}

}  // namespace cluster
