// The rules of lintSetup(), and what they share with the repairs.
#pragma once
#include <string>
#include <string_view>

#include "setup/adopt.h"

namespace setup {

inline constexpr std::string_view kAudienceCode = "AUD_MISSING";

struct AdoptLint {
  const FoundSetup& found;
  text::Findings findings;

  // The command that mends a code.
  std::string repair(std::string_view code) const {
    return "irsa adopt " + found.issuer() + " --fix " + std::string(code);
  }
  void add(std::string_view code, text::Severity severity, std::string place, std::string why, std::string fix) {
    findings.push_back({std::string(code), severity, std::move(place), std::move(why), std::move(fix)});
  }
};

void lintIssuer(AdoptLint& lint);
void lintDocuments(AdoptLint& lint);
void lintAccess(AdoptLint& lint);
void lintProvider(AdoptLint& lint);

// The bucket's object under one of kDocumentKeys; null when it is not there.
const aws::Object* documentIn(const FoundSetup& found, std::string_view key);
std::string placeOf(const FoundSetup& found, std::string_view key);  // "s3://BUCKET/KEY"

// A JWKS without the entries that have no kid: the same keys are there under their own. Absent when there is none such.
std::optional<std::string> withoutEmptyKids(std::string_view jwks);
// The discovery document with the issuer, and the keys' address below it, as AWS compares them. Absent when it is so.
std::optional<std::string> withoutSlash(std::string_view discovery, const std::string& issuer);
// A trust policy whose statements for the provider pin the audience. Absent when they do.
std::optional<std::string> withAudience(std::string_view trust, const FoundSetup& found);

bool hasUsualHeaders(const aws::Object& object);
bool letsEverybodyReadTheDocuments(const FoundSetup& found);
bool isWide(const text::Json& statement, const FoundSetup& found);  // public, and for more than reading the documents

}  // namespace setup
