#include "aws/profile.h"

#include <gmock/gmock.h>

#include "base/time.h"
#include "support/manual_clock.h"
#include "support/memory_files.h"

namespace aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StsStub final : public http::Client {
 public:
  int asked = 0;
  std::string body;
  base::Result<http::Response> send(const http::Request& request) override {
    ++asked;
    body = request.body;
    return http::Response{
        .body =
            R"(<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>arn</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-11-24T13:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>)"};
  }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink&) override {
    return send(request);
  }
};

class CredentialsSearch : public testing::Test {
 protected:
  CredentialsSource source(std::string profile = "") {
    return findCredentials({.profile = profile,
                            .environment = [this](const std::string& name) -> std::optional<std::string> {
                              auto found = environment.find(name);
                              return found == environment.end() ? std::nullopt : std::optional(found->second);
                            },
                            .files = files,
                            .run = [this](const std::vector<std::string>& argv) -> base::Result<std::string> {
                              ran = argv;
                              return output;
                            },
                            .http = sts,
                            .endpoints = {},
                            .region = "us-west-2",
                            .clock = clock,
                            .random = [](std::size_t count) { return std::string(count, 'x'); }});
  }
  std::map<std::string, std::string> environment{{"HOME", "/home/priya"}};
  support::MemoryFiles files;
  support::ManualClock clock;
  StsStub sts;
  std::vector<std::string> ran;
  std::string output;
};

TEST_F(CredentialsSearch, TheEnvironmentComesFirstUnlessAProfileIsChosen) {
  environment["AWS_ACCESS_KEY_ID"] = "AKIA1";
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  files.files["/home/priya/.aws/credentials"].contents = "[edge]\naws_access_key_id = AKIA2\naws_secret_access_key=t\n";
  EXPECT_EQ(source()()->accessKeyId, "AKIA1");
  EXPECT_EQ(source("edge")()->accessKeyId, "AKIA2");
}

TEST_F(CredentialsSearch, BothFilesMakeOneProfileAndNestedSettingsAreNotIts) {
  files.files["/home/priya/.aws/config"].contents =
      "; comment\n[default]\nregion = eu-west-1\n[profile edge]\nregion=us-west-2\ns3 =\n  region = wrong\n[profile "
      "other]\nregion = no\n";
  files.files["/home/priya/.aws/credentials"].contents = "[edge]\naws_access_key_id=AKIA2\n";
  auto env = [this](const std::string& name) -> std::optional<std::string> {
    return environment.contains(name) ? std::optional(environment[name]) : std::nullopt;
  };
  auto profile = readProfile(files, env, "edge");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->at("region"), "us-west-2");
  EXPECT_EQ(profile->at("aws_access_key_id"), "AKIA2");
  EXPECT_EQ(regionOf(env, *profile), "us-west-2");
  environment["AWS_REGION"] = "ap-south-1";
  EXPECT_EQ(regionOf(env, *profile), "ap-south-1");
  EXPECT_THAT(readProfile(files, env, "gone").error().message, HasSubstr("no AWS profile \"gone\""));
  EXPECT_TRUE(readProfile(files, env, ""));
}

TEST_F(CredentialsSearch, AProcessIsRunWithoutAShellAndItsOutputNeverShown) {
  files.files["/home/priya/.aws/config"].contents = "[default]\ncredential_process = /opt/get \"a b\" c\n";
  output =
      R"({"Version":1,"AccessKeyId":"AKIA3","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-11-24T13:00:00Z"})";
  auto found = source()();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->accessKeyId, "AKIA3");
  EXPECT_THAT(ran, ElementsAre("/opt/get", "a b", "c"));
  output = "secret words";
  auto refused = source()();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("secret words"), std::string::npos);
}

TEST_F(CredentialsSearch, AWebIdentityIsExchangedAndRenewedBeforeItExpires) {
  environment["AWS_ROLE_ARN"] = "arn:aws:iam::111122223333:role/r";
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/token";
  files.files["/token"].contents = "eyJ.e.s\n";
  auto credentials = source();
  EXPECT_EQ(credentials()->accessKeyId, "ASIA1");
  EXPECT_THAT(sts.body, testing::EndsWith("WebIdentityToken=eyJ.e.s"));
  (void)credentials();
  EXPECT_EQ(sts.asked, 1);
  clock.advance(std::chrono::minutes(56));  // of the sixty that are left at the clock's start
  (void)credentials();
  EXPECT_EQ(sts.asked, 2);
}

TEST_F(CredentialsSearch, WithoutAnyTheErrorSaysWhatToDo) {
  auto none = source()();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "NoCredentials");
  EXPECT_FALSE(none.error().hint.empty());
}

}  // namespace
}  // namespace aws
