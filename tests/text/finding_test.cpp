#include "text/finding.h"

#include <gmock/gmock.h>

namespace text {
namespace {

const Finding kWarning{"POD_OLD", Severity::Warning, "Pod a/b", "it is older than the role", "delete it"};
const Finding kError{"ROLE_GONE", Severity::Error, "role x", "there is no such role", ""};
const Finding kNote{"LOOK_DENIED", Severity::Note, "Secret a/b", "it could not be read", ""};

TEST(Finding, TheWorstComesFirstAndNothingTwice) {
  Finding other = kWarning;
  other.place = "Pod a/a";
  Findings findings{kNote, kWarning, kError, other, kWarning};
  sortFindings(findings);
  EXPECT_EQ(findings, (Findings{kError, other, kWarning, kNote}));
}

TEST(Finding, NotesAloneAreClean) {
  EXPECT_TRUE(isClean({}));
  EXPECT_TRUE(isClean({kNote}));
  EXPECT_FALSE(isClean({kNote, kWarning}));
  EXPECT_FALSE(isClean({kError}));
}

TEST(Finding, IsToldToPeopleWithReasonFixAndTotal) {
  EXPECT_EQ(describe({kError, kWarning}),
            "error ROLE_GONE  role x\n"
            "    there is no such role\n"
            "warning POD_OLD  Pod a/b\n"
            "    it is older than the role\n"
            "    fix: delete it\n"
            "1 error, 1 warning, 0 notes\n");
  EXPECT_EQ(describe({}), "no findings\n");
}

TEST(Finding, IsToldToProgramsInWhole) {
  EXPECT_EQ(compact(toJson({kWarning, kWarning, kNote})["findings"][0]),
            R"({"code":"POD_OLD","severity":"warning","place":"Pod a/b","why":"it is older than the role",)"
            R"("fix":"delete it"})");
  const Json document = toJson({kWarning, kWarning, kNote});
  EXPECT_EQ(document["errors"], 0);
  EXPECT_EQ(document["warnings"], 2);
  EXPECT_EQ(document["notes"], 1);
  EXPECT_TRUE(toJson({})["findings"].is_array());
}

TEST(Finding, SarifNamesEachRuleOnceAndPointsAtIt) {
  const Json log = toSarif({kError, kWarning, kWarning}, "1.2.3");
  EXPECT_EQ(log["version"], "2.1.0");
  const Json& run = log["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["name"], "irsa");
  EXPECT_EQ(run["tool"]["driver"]["version"], "1.2.3");
  EXPECT_EQ(compact(run["tool"]["driver"]["rules"]),
            R"([{"id":"ROLE_GONE"},{"id":"POD_OLD","help":{"text":"delete it"}}])");
  EXPECT_EQ(run["columnKind"], "unicodeCodePoints");
  ASSERT_EQ(run["results"].size(), 3u);
  EXPECT_EQ(compact(run["results"][2]),
            R"({"ruleId":"POD_OLD","ruleIndex":1,"level":"warning",)"
            R"("message":{"text":"it is older than the role. Fix: delete it"},)"
            R"("locations":[{"logicalLocations":[{"fullyQualifiedName":"Pod a/b","kind":"resource"}]}]})");
  EXPECT_TRUE(toSarif({}, "1")["runs"][0]["results"].is_array());
}

TEST(Finding, InATextItHasALineAndAColumn) {
  Finding finding = kError;
  finding.place = "etc/my file.yaml";
  finding.line = 3;
  finding.column = 7;
  EXPECT_THAT(describe({finding}), testing::HasSubstr("error ROLE_GONE  etc/my file.yaml:3:7\n"));
  EXPECT_EQ(toJson({finding})["findings"][0]["line"], 3);
  EXPECT_EQ(toJson({finding})["findings"][0]["column"], 7);
  EXPECT_EQ(compact(toSarif({finding}, "1")["runs"][0]["results"][0]["locations"]),
            R"([{"physicalLocation":{"artifactLocation":{"uri":"etc/my%20file.yaml"},)"
            R"("region":{"startLine":3,"startColumn":7}}}])");
}

TEST(Finding, InOneTextTheyStandInItsOrder) {
  Finding first = kError, second = kError;
  first.line = 9;
  second.line = 10;
  Findings findings{second, first};
  sortFindings(findings);
  EXPECT_EQ(findings, (Findings{first, second}));
}

}  // namespace
}  // namespace text
