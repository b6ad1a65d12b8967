#include "text/finding.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "text/position.h"
#include "text/uri.h"

namespace text {
namespace {

constexpr std::array<std::string_view, 3> kNames{"note", "warning", "error"};

std::size_t count(const Findings& findings, Severity severity) {
  return std::size_t(std::ranges::count(findings, severity, &Finding::severity));
}

std::string counted(std::size_t number, std::string_view thing) {
  return std::to_string(number) + " " + std::string(thing) + (number == 1 ? "" : "s");
}

Json ruleOf(const Finding& finding) {
  Json rule = {{"id", finding.code}};
  if (!finding.fix.empty()) rule["help"] = {{"text", finding.fix}};
  return rule;
}

// Section 3.29 for texts (a uri may have no blank and no percent sign of its own), else section 3.33.
Json locationOf(const Finding& finding) {
  if (finding.line == 0) {
    Json where = {{"fullyQualifiedName", finding.place}, {"kind", "resource"}};
    return {{"logicalLocations", Json::array({std::move(where)})}};
  }
  Json region = {{"startLine", finding.line}, {"startColumn", finding.column}};
  Json file = {{"uri", percentEncode(finding.place, "/")}};
  return {{"physicalLocation", {{"artifactLocation", std::move(file)}, {"region", std::move(region)}}}};
}

std::string placeOf(const Finding& finding) {
  return finding.line == 0 ? finding.place : place(finding.place, Position{finding.line, finding.column, 0});
}

Json resultOf(const Finding& finding, std::size_t rule) {
  const std::string message = finding.fix.empty() ? finding.why : finding.why + ". Fix: " + finding.fix;
  return {{"ruleId", finding.code},
          {"ruleIndex", rule},
          {"level", nameOf(finding.severity)},
          {"message", {{"text", message}}},
          {"locations", Json::array({locationOf(finding)})}};
}

}  // namespace

std::string_view nameOf(Severity severity) { return kNames[std::size_t(severity)]; }

void append(Findings& all, Findings more) { std::ranges::move(more, std::back_inserter(all)); }

void sortFindings(Findings& findings) {
  auto key = [](const Finding& one) { return std::tie(one.place, one.line, one.column, one.code, one.why, one.fix); };
  std::ranges::sort(findings, [&](const Finding& a, const Finding& b) {
    return a.severity != b.severity ? a.severity > b.severity : key(a) < key(b);
  });
  const auto repeated = std::ranges::unique(findings);
  findings.erase(repeated.begin(), repeated.end());
}

bool isClean(const Findings& findings) { return count(findings, Severity::Note) == findings.size(); }

std::string describe(const Findings& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out.append(nameOf(finding.severity)).append(" ").append(finding.code).append("  ").append(placeOf(finding));
    out.append("\n    ").append(finding.why).append("\n");
    if (!finding.fix.empty()) out.append("    fix: ").append(finding.fix).append("\n");
  }
  if (findings.empty()) return "no findings\n";
  return out + counted(count(findings, Severity::Error), "error") + ", " +
         counted(count(findings, Severity::Warning), "warning") + ", " +
         counted(count(findings, Severity::Note), "note") + "\n";
}

Json toJson(const Findings& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    Json one = {{"code", finding.code},
                {"severity", nameOf(finding.severity)},
                {"place", finding.place},
                {"why", finding.why},
                {"fix", finding.fix}};
    if (finding.line > 0) one.update({{"line", finding.line}, {"column", finding.column}});
    list.push_back(std::move(one));
  }
  Json document = {{"findings", std::move(list)}};
  document["errors"] = count(findings, Severity::Error);
  document["warnings"] = count(findings, Severity::Warning);
  document["notes"] = count(findings, Severity::Note);
  return document;
}

Json toSarif(const Findings& findings, std::string_view version) {
  Json rules = Json::array(), results = Json::array();
  for (const Finding& finding : findings) {
    auto known = std::ranges::find_if(rules, [&](const Json& rule) { return rule["id"] == finding.code; });
    const auto index = std::size_t(known - rules.begin());
    if (known == rules.end()) rules.push_back(ruleOf(finding));
    results.push_back(resultOf(finding, index));
  }
  Json driver = {{"name", "irsa"}, {"version", version}, {"rules", std::move(rules)}};
  Json run = {{"tool", {{"driver", std::move(driver)}}}, {"results", std::move(results)}};
  run["columnKind"] = "unicodeCodePoints";  // section 3.14.17; a position counts them (text/position.h)
  return {{"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", Json::array({std::move(run)})}};
}

}  // namespace text
