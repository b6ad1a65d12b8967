#include "policy/trust_policy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "policy/policy_document.h"
#include "text/glob.h"

namespace policy {
namespace {

using text::Json;
using Texts = std::set<std::string>;

constexpr std::string_view kProviderKind = ":oidc-provider/";

bool isPattern(std::string_view text) { return text.find_first_of("*?") != text.npos; }

// Whether all that `other` matches, `pattern` does: what stands in the way of a star is taken by it, wildcard or not.
bool covers(std::string_view pattern, std::string_view other) {
  if (pattern == other || !isPattern(pattern)) return false;
  bool isComparable = pattern.find('?') == pattern.npos || !isPattern(other);
  return isComparable && text::glob(pattern, other);
}

Texts withoutCovered(const std::vector<std::string>& subjects) {
  Texts all(subjects.begin(), subjects.end()), out;
  for (const std::string& subject : all)
    if (std::ranges::none_of(all, [&](const std::string& other) { return covers(other, subject); }))
      out.insert(subject);
  return out;
}

Json oneOrMore(const Texts& values) { return values.size() == 1 ? Json(*values.begin()) : Json(values); }

Json conditionOf(const TrustedIssuer& issuer) {
  Texts subjects = withoutCovered(issuer.subjects);
  Json condition = Json::object();
  condition["StringEquals"][issuer.providerName + ":aud"] =
      oneOrMore(Texts(issuer.audiences.begin(), issuer.audiences.end()));
  // Operators are ANDed, so one pattern takes all subjects to StringLike, where plain ones still match only themselves.
  bool hasPattern = std::ranges::any_of(subjects, isPattern);
  condition[hasPattern ? "StringLike" : "StringEquals"][issuer.providerName + ":sub"] = oneOrMore(subjects);
  return condition;
}

Json statementOf(const TrustedIssuer& issuer) {
  Json statement = Json::object();
  statement["Effect"] = "Allow";
  statement["Principal"] = Json{{"Federated", issuer.providerArn}};
  statement["Action"] = kWebIdentityAction;
  statement["Condition"] = conditionOf(issuer);
  return statement;
}

// Lists of one as strings, so that both ways of writing them are equal.
Json simplified(const Json& json) {
  if (json.is_array() && json.size() == 1) return simplified(json[0]);
  if (!json.is_object() && !json.is_array()) return json;
  Json out = json;
  for (auto item = out.begin(); item != out.end(); ++item) *item = simplified(*item);
  return out;
}

// Whom a statement of our form lets in; absent for statements of any other form.
std::optional<TrustedIssuer> readOurForm(const Json& statement) {
  Json plain = simplified(statement);
  plain.erase("Sid");
  TrustedIssuer issuer;
  issuer.providerArn = text::stringAt(text::at(plain, "Principal"), "Federated");
  auto kind = issuer.providerArn.find(kProviderKind);
  if (kind == std::string::npos) return std::nullopt;
  issuer.providerName = issuer.providerArn.substr(kind + kProviderKind.size());
  const Json& condition = text::at(plain, "Condition");
  const Json& exact = text::at(condition, "StringEquals");
  const Json& like = text::at(condition, "StringLike");
  issuer.audiences = text::stringsIn(text::at(exact, issuer.providerName + ":aud"));
  issuer.subjects = text::stringsIn(text::at(like.is_object() ? like : exact, issuer.providerName + ":sub"));
  if (issuer.audiences.empty() || issuer.subjects.empty()) return std::nullopt;
  // Unordered: nlohmann's ordered_json tells members in another order apart.
  bool isOurs = nlohmann::json::parse(plain.dump()) == nlohmann::json::parse(statementOf(issuer).dump());
  return isOurs ? std::optional(issuer) : std::nullopt;
}

bool isSameGroup(const TrustedIssuer& one, const TrustedIssuer& other) {
  return one.providerArn == other.providerArn &&
         Texts(one.audiences.begin(), one.audiences.end()) == Texts(other.audiences.begin(), other.audiences.end());
}

// `wanted` without the subjects that `statements` let in already.
TrustedIssuer stillMissing(TrustedIssuer wanted, const Json& statements) {
  for (const Json& statement : statements) {
    std::optional<TrustedIssuer> there = readOurForm(statement);
    if (!there || !isSameGroup(*there, wanted)) continue;
    std::erase_if(wanted.subjects, [&](const std::string& subject) {
      return std::ranges::any_of(there->subjects,
                                 [&](const auto& one) { return one == subject || covers(one, subject); });
    });
  }
  return wanted;
}

// Puts the subjects into a statement for the same issuer and audiences. False when there is none.
bool foldInto(Json& statements, const TrustedIssuer& missing) {
  for (Json& statement : statements) {
    std::optional<TrustedIssuer> there = readOurForm(statement);
    if (!there || !isSameGroup(*there, missing)) continue;
    there->subjects.insert(there->subjects.end(), missing.subjects.begin(), missing.subjects.end());
    statement["Condition"] = conditionOf(*there);
    return true;
  }
  return false;
}

}  // namespace

std::size_t quotaSize(std::string_view document) {
  // White space as JSON has it; a character is counted at its first byte.
  return std::size_t(std::ranges::count_if(document, [](char c) {
    bool isBlank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    return !isBlank && (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

Json trustPolicy(const std::vector<TrustedIssuer>& issuers) {
  Json document = Json::object();
  document["Version"] = "2012-10-17";
  document["Statement"] = Json::array();
  for (const TrustedIssuer& issuer : issuers) document["Statement"].push_back(statementOf(issuer));
  return document;
}

Json trustPolicy(std::string_view providerArn, std::string_view providerName, std::string_view audience,
                 const std::vector<std::string>& subjects) {
  return trustPolicy(
      {TrustedIssuer{std::string(providerArn), std::string(providerName), {std::string(audience)}, subjects}});
}

base::Result<Json> mergeTrust(std::string_view document, const std::vector<TrustedIssuer>& issuers, std::size_t quota) {
  TRY(parsePolicy(document, PolicyKind::Trust));
  Json appended = TRY(text::parseJson(document));
  Json& statements = appended["Statement"];
  if (statements.is_object()) statements = Json::array({statements});
  Json folded = appended;
  for (const TrustedIssuer& issuer : issuers) {
    TrustedIssuer missing = stillMissing(issuer, statements);
    if (missing.subjects.empty()) continue;
    statements.push_back(statementOf(missing));
    if (!foldInto(folded["Statement"], missing)) folded["Statement"].push_back(statementOf(missing));
  }
  bool isShortEnough = quotaSize(text::compact(appended)) <= quota;
  return isShortEnough ? appended : folded;
}

}  // namespace policy
