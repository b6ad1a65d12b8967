#include "aws/iam.h"

#include <gmock/gmock.h>

#include "aws/s3.h"
#include "aws/sts.h"
#include "base/time.h"

namespace aws {
namespace {

using testing::ElementsAre;

TEST(Iam, ACreateRoleIsAFormWithNumberedTags) {
  Operation made = encode(CreateRole{.roleName = "r",
                                     .assumeRolePolicyDocument = "{}",
                                     .maxSessionDuration = std::chrono::hours(2),
                                     .tags = {{"a", "1"}, {"b", "x y"}}});
  EXPECT_EQ(
      made.body,
      "Action=CreateRole&Version=2010-05-08&RoleName=r&Path=%2F&AssumeRolePolicyDocument=%7B%7D&MaxSessionDuration=7200"
      "&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b&Tags.member.2.Value=x%20y");
}

TEST(Iam, AProviderIsCreatedWithoutThumbprints) {
  EXPECT_EQ(encode(CreateOpenIDConnectProvider{"https://i.test", {"sts.amazonaws.com"}, {}}).body,
            "Action=CreateOpenIDConnectProvider&Version=2010-05-08&Url=https%3A%2F%2Fi.test&ClientIDList.member.1=sts."
            "amazonaws.com");
}

TEST(Iam, PolicyDocumentsComeBackDecoded) {
  http::Response response{
      .body = R"(<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role>
<Path>/team/</Path><RoleName>r</RoleName><RoleId>AROA1</RoleId><Arn>arn:aws:iam::1:role/team/r</Arn>
<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument><MaxSessionDuration>7200</MaxSessionDuration>
<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:b</PermissionsBoundaryArn></PermissionsBoundary>
<Tags><member><Key>k</Key><Value>v</Value></member></Tags></Role></GetRoleResult></GetRoleResponse>)"};
  auto role = decode(GetRole{"r"}, response);
  ASSERT_TRUE(role) << role.error().message;
  EXPECT_EQ(role->assumeRolePolicyDocument, R"({"Version":"2012-10-17"})");
  EXPECT_EQ(role->path, "/team/");
  EXPECT_EQ(role->maxSessionDuration, std::chrono::hours(2));
  EXPECT_EQ(role->permissionsBoundary, "arn:b");
  EXPECT_EQ(role->tags.at("k"), "v");
}

TEST(Iam, AProviderComesBackWithAudiencesAndTags) {
  http::Response response{.body =
                              R"(<GetOpenIDConnectProviderResponse><GetOpenIDConnectProviderResult><Url>i.test/p</Url>
<ClientIDList><member>a</member><member>b</member></ClientIDList><ThumbprintList><member>ff</member></ThumbprintList>
<Tags><member><Key>k</Key><Value>v</Value></member></Tags></GetOpenIDConnectProviderResult></GetOpenIDConnectProviderResponse>)"};
  auto provider = decode(GetOpenIDConnectProvider{"arn"}, response);
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->url, "i.test/p");
  EXPECT_THAT(provider->clientIds, ElementsAre("a", "b"));
  EXPECT_EQ(provider->tags.at("k"), "v");
}

TEST(Iam, CephsRolesAreReadToo) {
  http::Response response{
      .body = R"(<GetRoleResponse><ResponseMetadata><RequestId>tx1</RequestId></ResponseMetadata><GetRoleResult><Role>
<RoleId>7b51</RoleId><RoleName>r</RoleName><Path>/team/</Path><Arn>arn:aws:iam:::role/team/r</Arn>
<CreateDate>2026-11-27T07:24:05.400Z</CreateDate><MaxSessionDuration>3600</MaxSessionDuration>
<AssumeRolePolicyDocument>{&quot;Version&quot;:&quot;a%20b&quot;}</AssumeRolePolicyDocument>
<Tags><Key><Key>a</Key></Key><Value><Value>old</Value></Value><Key><Key>a</Key></Key><Value><Value>new</Value></Value>
<Key><Key>b</Key></Key><Value><Value>2</Value></Value></Tags></Role></GetRoleResult></GetRoleResponse>)"};
  auto role = decode(GetRole{"r"}, response);
  ASSERT_TRUE(role) << role.error().message;
  EXPECT_EQ(role->arn, "arn:aws:iam:::role/team/r");
  EXPECT_EQ(role->assumeRolePolicyDocument, R"({"Version":"a%20b"})");
  EXPECT_EQ(role->tags, (Tags{{"a", "new"}, {"b", "2"}}));
}

TEST(Iam, CephsProvidersAreReadToo) {
  http::Response list{.body = R"(<ListOpenIDConnectProvidersResponse><ListOpenIDConnectProvidersResult>
<OpenIDConnectProviderList><Arn><Arn>arn:1</Arn></Arn><Arn><Arn>arn:2</Arn></Arn></OpenIDConnectProviderList>
</ListOpenIDConnectProvidersResult></ListOpenIDConnectProvidersResponse>)"};
  auto arns = decode(ListOpenIDConnectProviders{}, list);
  ASSERT_TRUE(arns) << arns.error().message;
  EXPECT_THAT(*arns, ElementsAre("arn:1", "arn:2"));
  http::Response one{.body = R"(<GetOpenIDConnectProviderResponse><GetOpenIDConnectProviderResult>
<ClientIDList><member>a</member></ClientIDList><ThumbprintList><member>ff</member></ThumbprintList>
<Url>https://rgw.test:8443/b</Url></GetOpenIDConnectProviderResult></GetOpenIDConnectProviderResponse>)"};
  auto provider = decode(GetOpenIDConnectProvider{"arn:1"}, one);
  ASSERT_TRUE(provider) << provider.error().message;
  EXPECT_EQ(provider->url, "rgw.test:8443/b");
}

TEST(Iam, AnAnswerOfAnotherShapeIsAnErrorNotAGuess) {
  for (const char* body : {"", "<html/>", "<GetRoleResponse><GetRoleResult/></GetRoleResponse>", "{}"})
    EXPECT_FALSE(decode(GetRole{"r"}, http::Response{.body = body})) << body;
}

}  // namespace
}  // namespace aws
