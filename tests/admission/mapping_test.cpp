#include "admission/mapping.h"

#include <gmock/gmock.h>

namespace {

using admission::Identity;
using admission::Mapping;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pointee;

class MappingOf : public testing::Test {
 protected:
  const Mapping& read(std::string_view config) {
    faults.clear();
    base::Result<Mapping> result = Mapping::read(config, settings, faults);
    EXPECT_TRUE(result) << result.error().message;
    if (result) mapping = std::move(*result);
    return mapping;
  }
  admission::Settings settings;
  std::vector<std::string> faults;
  Mapping mapping;
};

TEST_F(MappingOf, B08_GivesTheAccountsOwnEntryBeforeThatOfEveryNamespace) {
  read(R"({"*/a":{"RoleARN":"any"},"n/a":{"RoleARN":"own"}})");
  EXPECT_EQ(mapping.find("n", "a")->roleArn, "own");
  EXPECT_EQ(mapping.find("m", "a")->roleArn, "any");
  EXPECT_EQ(mapping.find("n", "b"), nullptr);
  EXPECT_EQ(mapping.findExact("m", "a"), nullptr);
}

TEST_F(MappingOf, LetsAnEntryWithoutARoleHideThatOfEveryNamespace) {
  read(R"({"*/a":{"RoleARN":"any"},"n/a":{"Audience":"x"}})");
  EXPECT_EQ(mapping.find("n", "a")->roleArn, "");
}

TEST_F(MappingOf, TakesNoDefaultFromTheFlagsButTheExpiration) {
  settings.tokenExpiration = 7200;
  settings.regionalSts = true;
  read(
      R"({"n/a":{"RoleARN":"r"},"n/b":{"RoleARN":"r","TokenExpiration":0},"n/c":{"RoleARN":"r","TokenExpiration":-5}})");
  EXPECT_THAT(mapping.find("n", "a"), Pointee(Identity{"r", "", 7200, false}));
  EXPECT_EQ(mapping.find("n", "b")->expiration, 7200);
  EXPECT_EQ(mapping.find("n", "c")->expiration, -5);
}

TEST_F(MappingOf, B08_ReadsMembersInAnyCaseAndTheLastOfSeveral) {
  read(
      R"({"n/a":{"rolearn":"x","ROLEARN":"r","audience":"me","useregionalsts":true,"tokenexpiration":700,"other":[1]},)"
      R"("n/b":{"RoleARN":"r","RoleARN":null},"n/b/c":{"RoleARN":"later"}})");
  EXPECT_THAT(mapping.find("n", "a"), Pointee(Identity{"r", "me", 700, true}));
  EXPECT_EQ(mapping.find("n", "b")->roleArn, "later");
  EXPECT_THAT(faults, IsEmpty());
}

TEST_F(MappingOf, B08_LeavesOutWhatIsWrongAndKeepsTheRest) {
  read(
      R"({"noslash":{"RoleARN":"r"},"n/null":null,"n/text":"r","n/number":{"RoleARN":5},"n/float":{"TokenExpiration":6e2},)"
      R"("n/bool":{"UseRegionalSTS":"true"},"n/audience":{"Audience":[]},"n/good":{"RoleARN":"r"}})");
  EXPECT_THAT(faults, ElementsAre(HasSubstr("\"noslash\" has no slash"), HasSubstr("\"n/null\" is no object"),
                                  HasSubstr("\"n/text\" is no object"), HasSubstr("\"n/number\": RoleARN"),
                                  HasSubstr("\"n/float\": TokenExpiration"), HasSubstr("\"n/bool\": UseRegionalSTS"),
                                  HasSubstr("\"n/audience\": Audience")));
  EXPECT_EQ(mapping.size(), 1u);
  EXPECT_EQ(mapping.find("n", "good")->roleArn, "r");
}

TEST_F(MappingOf, B08_TakesAMegabyteAndTheLastOfEntriesWithOneName) {
  std::string config = R"({"n/a":{"RoleARN":"first"})";
  for (int i = 0; config.size() < (1u << 20); ++i)
    config += ",\"n/" + std::to_string(i) + R"(":{"RoleARN":"r"},"bad )" + std::to_string(i) + "\":[]";
  read(config + R"(,"n/a":{"RoleARN":"last"}})");
  EXPECT_GT(mapping.size(), 10'000u);
  EXPECT_EQ(faults.size() + 1, mapping.size());
  EXPECT_EQ(mapping.find("n", "a")->roleArn, "last");
}

TEST_F(MappingOf, B08_IsEmptyForNullAndRefusesWhatIsNoObject) {
  EXPECT_EQ(read("null").size(), 0u);
  EXPECT_EQ(read(" {} ").size(), 0u);
  for (std::string_view bad : {"", "[]", "{", R"({"n/a":{}} x)", R"({"n/a":{"RoleARN":"\ud800"}})", "5"})
    EXPECT_FALSE(Mapping::read(bad, settings, faults)) << bad;
}

}  // namespace
