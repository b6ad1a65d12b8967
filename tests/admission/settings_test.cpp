#include "admission/settings.h"

#include <gmock/gmock.h>

#include "admission/advice.h"

namespace {

using admission::identityOf;
using admission::Settings;

kube::Object annotated(const std::vector<std::pair<std::string, std::string>>& annotations) {
  kube::Object account;
  account.nameSpace = "ns1";
  account.name = "sa1";
  for (const auto& [key, value] : annotations) account.annotations.emplace_back("eks.amazonaws.com/" + key, value);
  return account;
}

TEST(Identity, IsEmptyWithoutAnnotations) {
  EXPECT_EQ(identityOf({}, {}), (admission::Identity{"", "sts.amazonaws.com", 86400, false}));
}

TEST(Identity, TakesEachAnnotation) {
  const auto identity = identityOf(annotated({{"role-arn", "arn:aws:iam::111122223333:role/r"},
                                              {"audience", "me"},
                                              {"sts-regional-endpoints", "t"},
                                              {"token-expiration", "+3600"}}),
                                   {});
  EXPECT_EQ(identity, (admission::Identity{"arn:aws:iam::111122223333:role/r", "me", 3600, true}));
}

TEST(Identity, KeepsTheFlagWhereAnAnnotationIsNoValue) {
  Settings settings;
  settings.tokenExpiration = 7200;
  settings.regionalSts = true;
  for (std::string value : {"", " 3600", "1e3", "0x10", "1_000", "99999999999999999999", "+-1"})
    EXPECT_EQ(identityOf(annotated({{"token-expiration", value}}), settings).expiration, 7200) << value;
  for (std::string value : {"", "yes", " true", "tRUE"})
    EXPECT_TRUE(identityOf(annotated({{"sts-regional-endpoints", value}}), settings).regionalSts) << value;
}

TEST(Identity, B11_RaisesShortExpirationsTo600) {
  for (std::string value : {"0", "-5", "599"})
    EXPECT_EQ(identityOf(annotated({{"token-expiration", value}}), {}).expiration, 600) << value;
  EXPECT_EQ(identityOf(annotated({{"token-expiration", "172800"}}), {}).expiration, 172800);
}

TEST(Identity, AdvisesOnNoMoreThanIsPassedOn) {
  std::vector<std::pair<std::string, std::string>> misspelt;
  for (char c = 'a'; c <= 'z'; ++c) misspelt.emplace_back(std::string("role-arn") + c, "x");
  EXPECT_EQ(identityOf(annotated(misspelt), {}).advice.size(), admission::kMostWarnings);
}

TEST(Identity, KeepsAnEmptyAudience) { EXPECT_EQ(identityOf(annotated({{"audience", ""}}), {}).audience, ""); }

TEST(Identity, ComposesNamesButNotArns) {
  Settings settings;
  settings.composeRoleArn = {"aws-cn", "111122223333"};
  EXPECT_EQ(identityOf(annotated({{"role-arn", "team/r"}}), settings).roleArn,
            "arn:aws-cn:iam::111122223333:role/team/r");
  EXPECT_EQ(identityOf(annotated({{"role-arn", "x-arn:y"}}), settings).roleArn, "x-arn:y");
  EXPECT_EQ(identityOf(annotated({{"role-arn", ""}}), settings).roleArn, "arn:aws-cn:iam::111122223333:role/");
}

TEST(RoleArn, B07_HasAnyPartitionATwelveDigitAccountAndAName) {
  for (std::string_view good : {"arn:aws:iam::111122223333:role/r", "arn:aws-us-gov:iam::111122223333:role/a/b",
                                "arn:aws-iso-b:iam::111122223333:role/x_-./@+=,"})
    EXPECT_TRUE(admission::isRoleArn(good)) << good;
  for (std::string_view bad : {"", "x", "arn:aws:iam::11112222333:role/r", "arn:aws:iam::111122223333:role/",
                               "arn:aws:iam::111122223333:user/r", "arn:AWS:iam::111122223333:role/r",
                               "arn:aws:iam::111122223333:role/r r", "arn:aws:iam::1111222233334:role/r"})
    EXPECT_FALSE(admission::isRoleArn(bad)) << bad;
}

TEST(Paths, JoinAsInGo) {
  EXPECT_EQ(admission::joinPath("/a/b", "token"), "/a/b/token");
  EXPECT_EQ(admission::joinPath("/a//b/../c/./", "token"), "/a/c/token");
  EXPECT_EQ(admission::joinPath("rel", "token"), "rel/token");
  EXPECT_EQ(admission::joinPath("", "token"), "token");
  EXPECT_EQ(admission::joinPath("..", "token"), "../token");
  EXPECT_EQ(admission::joinPath("/..", "token"), "/token");
  EXPECT_EQ(admission::windowsPath("/var/run/token"), "C:\\var\\run\\token");
}

}  // namespace
