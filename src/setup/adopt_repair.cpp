#include <algorithm>

#include "setup/adopt_rules.h"
#include "setup/documents.h"
#include "setup/plan_steps.h"

namespace setup {
namespace {

using text::Json;

// The documents as they will be: several codes may change one.
using Documents = std::map<std::string_view, aws::Object>;

void mend(std::string_view key, std::optional<std::string> body, Documents& documents, const aws::Object& live) {
  if (!body) return;
  documents.emplace(key, live).first->second.body = *std::move(body);
}

void repairDocuments(const FoundSetup& found, const std::set<std::string>& codes, PlanDraft& draft) {
  Documents documents;
  for (std::string_view key : kDocumentKeys) {
    const aws::Object* live = documentIn(found, key);
    if (!live) continue;
    if (key == kDiscoveryKey && codes.contains("ISSUER_SLASH"))
      mend(key, withoutSlash(live->body, found.issuer()), documents, *live);
    if (key != kDiscoveryKey && codes.contains("KID_EMPTY")) mend(key, withoutEmptyKids(live->body), documents, *live);
    if (codes.contains("DOCUMENT_HEADERS") && !hasUsualHeaders(*live)) {
      aws::Object& wanted = documents.emplace(key, *live).first->second;
      wanted.contentType = kDocumentType;
      wanted.cacheControl = kDocumentCacheControl;
    }
  }
  for (const auto& [key, wanted] : documents)
    draft.addWithDiff(Change::Replace, placeOf(found, key),
                      aws::PutObject{found.place->bucket, found.account, objectKey(found.place->prefix, key),
                                     wanted.body, wanted.contentType, wanted.cacheControl},
                      "was asked for", documentIn(found, key)->body, wanted.body);
}

// Ours instead of the statements that are too wide, or beside what is there.
std::string repairedPolicy(const FoundSetup& found, bool dropsWide) {
  auto live = text::parseJson(found.bucket.policy);
  auto ours = text::parseJson(bucketPolicy(found.partition, found.place->bucket, found.place->prefix));
  if (!live || !live->is_object()) return text::compact(*ours);
  Json statements = text::at(*live, "Statement");
  if (statements.is_object()) statements = Json::array({statements});
  Json kept = Json::array();
  for (const Json& statement : statements)
    if (!dropsWide || !isWide(statement, found)) kept.push_back(statement);
  const Json& mine = text::at(*ours, "Statement").front();
  if (std::find(kept.begin(), kept.end(), mine) == kept.end()) kept.push_back(mine);
  (*live)["Statement"] = std::move(kept);
  return text::compact(*live);
}

base::Result<void> repairAccess(const FoundSetup& found, const std::set<std::string>& codes, PlanDraft& draft) {
  const bool opens = codes.contains("DOCUMENTS_BY_ACL"), narrows = codes.contains("BUCKET_POLICY_WIDE");
  const bool closes = codes.contains("PUBLIC_ACLS");
  if (!opens && !narrows && !closes) return {};
  if (closes && !opens && !letsEverybodyReadTheDocuments(found))
    return base::conflict("PUBLIC_ACLS alone would take the documents from AWS, which reads them by their ACLs",
                          "mend it together with DOCUMENTS_BY_ACL: --fix DOCUMENTS_BY_ACL,PUBLIC_ACLS");
  const std::string target = "bucket " + found.place->bucket;
  aws::PublicAccessBlock block = found.bucket.publicAccess.value_or(aws::PublicAccessBlock{});
  const aws::PublicAccessBlock before = block;
  if (opens || narrows) {
    block.blockPublicPolicy = block.restrictPublicBuckets = false;
    if (block != before)
      draft.add(Change::Modify, target, aws::PutPublicAccessBlock{found.place->bucket, found.account, block},
                "a public bucket policy must be possible");
    const std::string policy = repairedPolicy(found, narrows);
    draft.addWithDiff(Change::Modify, target, aws::PutBucketPolicy{found.place->bucket, found.account, policy},
                      "everybody may read the documents",
                      found.bucket.policy.empty() ? "" : readablePolicy(found.bucket.policy), readablePolicy(policy));
  }
  if (!closes) return {};
  block.blockPublicAcls = block.ignorePublicAcls = true;
  draft.add(Change::Modify, target, aws::PutPublicAccessBlock{found.place->bucket, found.account, block},
            "no ACL may make anything public");
  return {};
}

base::Result<void> repairProvider(const FoundSetup& found, const std::set<std::string>& codes, PlanDraft& draft) {
  const std::string target = "OIDC provider " + found.issuer();
  if (codes.contains("PROVIDER_NO_AUDIENCE"))
    draft.add(Change::Modify, target,
              aws::AddClientIDToOpenIDConnectProvider{found.provider.arn, std::string(kAudience)}, "was asked for");
  if (!codes.contains("THUMBPRINT_LEAF")) return {};
  if (found.authorities.empty())
    return base::invalid("THUMBPRINT_LEAF: which authority's thumbprint belongs there is not known")
        .withHint("give the authority's certificate: --ca-file FILE");
  draft.add(Change::Modify, target, aws::UpdateOpenIDConnectProviderThumbprint{found.provider.arn, found.authorities},
            "was asked for");
  return {};
}

void repairRoles(const FoundSetup& found, const std::set<std::string>& codes, PlanDraft& draft) {
  if (!codes.contains(std::string(kAudienceCode))) return;
  for (const aws::Role& role : found.roles)
    if (auto trust = withAudience(role.assumeRolePolicyDocument, found))
      draft.addWithDiff(Change::Modify, "role " + role.name, aws::UpdateAssumeRolePolicy{role.name, *trust},
                        "the audience is pinned", readablePolicy(role.assumeRolePolicyDocument),
                        readablePolicy(*trust));
}

// Of the codes those that are there to mend; those that are not any more are noted, so that a repair that was cut off
// goes on with the same command.
base::Result<std::set<std::string>> toMend(const FoundSetup& found, const std::set<std::string>& codes,
                                           std::vector<std::string>& notes) {
  const text::Findings findings = lintSetup(found);
  std::set<std::string> wanted;
  for (const std::string& code : codes) {
    auto is = [&](const text::Finding& one) { return one.code == code; };
    const auto there = std::find_if(findings.begin(), findings.end(), is);
    const bool isThere = there != findings.end(), isOurs = repairableCodes().contains(code);
    if (!isThere && !isOurs)
      return base::conflict(code + " is not among what is wrong with " + found.issuer(),
                            "irsa adopt " + found.issuer() + " lists it");
    if (!isOurs)
      return base::conflict(
          code + " is nothing that irsa mends by itself: " + there->why,
          there->fix.empty() ? "irsa adopt " + found.issuer() + " lists what it does mend" : there->fix);
    if (isThere)
      wanted.insert(code);
    else
      notes.push_back(code + " is not, or no longer, among what is wrong with " + found.issuer());
  }
  return wanted;
}

}  // namespace

std::set<std::string_view> repairableCodes() {
  return {"ISSUER_SLASH", "DOCUMENT_HEADERS",     "KID_EMPTY",       "DOCUMENTS_BY_ACL", "BUCKET_POLICY_WIDE",
          "PUBLIC_ACLS",  "PROVIDER_NO_AUDIENCE", "THUMBPRINT_LEAF", kAudienceCode};
}

base::Result<Plan> planRepair(const FoundSetup& found, const std::set<std::string>& codes) {
  Plan made;
  const std::set<std::string> wanted = TRY(toMend(found, codes, made.notes));
  PlanDraft draft{{}};
  draft.enter(Phase::Issuer);
  if (found.place && found.bucket.exists) {
    TRY(repairAccess(found, wanted, draft));
    repairDocuments(found, wanted, draft);
  }
  draft.enter(Phase::Provider);
  TRY(repairProvider(found, wanted, draft));
  draft.enter(Phase::Roles);
  repairRoles(found, wanted, draft);
  made.account = found.account;
  made.issuer = found.issuer();
  made.providerArn = found.provider.arn;
  if (found.place) made.bucket = found.place->bucket;
  made.actions = std::move(draft.actions);
  return made;
}

}  // namespace setup
