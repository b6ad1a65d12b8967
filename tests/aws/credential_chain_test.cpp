#include "aws/credential_chain.h"

#include <gmock/gmock.h>

#include "base/time.h"
#include "support/manual_clock.h"
#include "support/memory_files.h"

namespace aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// STS, and every answer of a metadata service that a test gives it, by method and URL.
class StsStub final : public http::Client {
 public:
  int asked = 0;
  std::string body, authorization;
  std::map<std::string, std::string> metadata = {};
  base::Result<http::Response> send(const http::Request& request) override {
    ++asked;
    body = request.body;
    authorization = request.headers.get("Authorization");
    auto given = metadata.find(request.method + " " + request.origin + request.target);
    if (given != metadata.end()) return http::Response{.body = given->second};
    if (request.origin.starts_with("http://")) return base::unavailable("connection refused");
    if (body.find("Action=AssumeRole&") != std::string::npos)
      return http::Response{
          .body =
              R"(<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA2</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-11-24T13:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>)"};
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
    return findCredentials({.profile = std::move(profile),
                            .environment = [this](const std::string& name) -> std::optional<std::string> {
                              auto found = environment.find(name);
                              return found == environment.end() ? std::nullopt : std::optional(found->second);
                            },
                            .files = files,
                            .run = [this](const std::vector<std::string>& argv) -> base::Result<std::string> {
                              ran = argv;
                              if (trouble) return *trouble;
                              return output;
                            },
                            .http = sts,
                            .endpoints = {},
                            .region = "us-west-2",
                            .clock = clock,
                            .random = [](std::size_t count) { return std::string(count, 'x'); },
                            .metadata = &sts});
  }
  // Asks for AWS_PROFILE=`profile` in a container, whose credentials must not be asked for.
  base::Error refusalOf(const std::string& profile) {
    environment["AWS_PROFILE"] = profile;
    environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
    sts.metadata["GET http://169.254.170.2/v2/x"] = R"({"AccessKeyId":"ASIA5","SecretAccessKey":"s","Token":"t"})";
    auto found = source()();
    EXPECT_FALSE(found) << profile << " falls through to " << found->accessKeyId;
    EXPECT_EQ(sts.asked, 0) << profile;
    return found ? base::Error() : found.error();
  }
  void config(const std::string& text) { files.files["/home/priya/.aws/config"].contents = text; }
  std::map<std::string, std::string> environment{{"HOME", "/home/priya"}};
  support::MemoryFiles files;
  support::ManualClock clock;
  StsStub sts;
  std::vector<std::string> ran;
  std::string output;
  std::optional<base::Error> trouble;  // of what is run
};

TEST_F(CredentialsSearch, TheEnvironmentComesFirstUnlessAProfileIsChosen) {
  environment["AWS_ACCESS_KEY_ID"] = "AKIA1";
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  files.files["/home/priya/.aws/credentials"].contents = "[edge]\naws_access_key_id = AKIA2\naws_secret_access_key=t\n";
  EXPECT_EQ(source()()->accessKeyId, "AKIA1");
  EXPECT_EQ(source("edge")()->accessKeyId, "AKIA2");
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

TEST_F(CredentialsSearch, AProcessIsSplitAsAShellSplits) {
  config("[default]\ncredential_process = sh -c 'get \"$1\"' x\\ y\n");
  output = R"({"Version":1,"AccessKeyId":"AKIA3","SecretAccessKey":"s"})";
  ASSERT_TRUE(source()());
  EXPECT_THAT(ran, ElementsAre("sh", "-c", "get \"$1\"", "x y"));
  config("[default]\ncredential_process = sh -c 'get\n");
  const base::Error open = source()().error();
  EXPECT_EQ(open.kind, base::ErrorKind::Denied);
  EXPECT_THAT(open.message, HasSubstr("credential_process: a ' is not closed"));
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
  files.files["/token"].contents = "eyJ.the.next\n";
  clock.advance(std::chrono::minutes(56));  // of the sixty that are left at the clock's start
  (void)credentials();
  EXPECT_EQ(sts.asked, 2);
  EXPECT_THAT(sts.body, testing::EndsWith("WebIdentityToken=eyJ.the.next"));
}

TEST_F(CredentialsSearch, AProfileAssumesItsRoleWithWhatItsSourceHas) {
  config(
      "[profile edge]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base\nexternal_id = x1\n"
      "role_session_name = priya\nduration_seconds = 900\n"
      "[profile base]\naws_access_key_id = AKIA9\naws_secret_access_key = s\n");
  EXPECT_EQ(source("edge")()->accessKeyId, "ASIA2");
  EXPECT_THAT(sts.authorization, HasSubstr("Credential=AKIA9/"));
  for (const char* field : {"RoleSessionName=priya", "ExternalId=x1", "DurationSeconds=900"})
    EXPECT_THAT(sts.body, HasSubstr(field));
}

TEST_F(CredentialsSearch, AProfileMayBeItsOwnSourceButNoCircle) {
  config(
      "[profile own]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = own\naws_access_key_id = AKIA8\n"
      "aws_secret_access_key = s\n[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\n"
      "source_profile = a\n");
  EXPECT_EQ(source("own")()->accessKeyId, "ASIA2");
  EXPECT_THAT(sts.authorization, HasSubstr("Credential=AKIA8/"));
  EXPECT_THAT(source("a")().error().message, HasSubstr("refers to itself"));
}

TEST_F(CredentialsSearch, TheSourceMayBeTheEnvironmentTheContainerOrTheInstance) {
  config(
      "[profile e]\nrole_arn = r\ncredential_source = Environment\n[profile c]\nrole_arn = r\n"
      "credential_source = EcsContainer\n[profile m]\nrole_arn = r\nmfa_serial = x\nsource_profile = e\n");
  EXPECT_EQ(source("e")().error().code, "NoCredentials");
  environment["AWS_ACCESS_KEY_ID"] = "AKIA7";
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(source("e")()->accessKeyId, "ASIA2");
  EXPECT_THAT(sts.authorization, HasSubstr("Credential=AKIA7/"));
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  sts.metadata["GET http://169.254.170.2/v2/x"] = R"({"AccessKeyId":"ASIA5","SecretAccessKey":"s","Token":"t"})";
  EXPECT_EQ(source("c")()->accessKeyId, "ASIA2");
  EXPECT_THAT(sts.authorization, HasSubstr("Credential=ASIA5/"));
  EXPECT_THAT(source("m")().error().message, HasSubstr("mfa_serial"));
}

TEST_F(CredentialsSearch, SingleSignOnIsTheAwsClisAndItsHintSaysHowToSignIn) {
  config("[profile sso]\nsso_session = corp\nsso_account_id = 1\n");
  output = R"({"Version":1,"AccessKeyId":"ASIA4","SecretAccessKey":"s","SessionToken":"t"})";
  EXPECT_EQ(source("sso")()->accessKeyId, "ASIA4");
  EXPECT_THAT(ran, ElementsAre("aws", "configure", "export-credentials", "--profile", "sso", "--format", "process"));
}

TEST_F(CredentialsSearch, SingleSignOnNeedsTheSecondAwsCli) {
  config("[default]\nsso_session = corp\nsso_account_id = 1\n");
  trouble =
      base::invalid("aws ended with exit code 2: usage: Note: AWS CLI version 2 ...\nusage: aws [options] <command>");
  const base::Error old = source()().error();
  EXPECT_THAT(old.message, HasSubstr("AWS CLI v2"));
  EXPECT_EQ(old.message.find("usage:"), std::string::npos) << old.message;
  EXPECT_THAT(old.hint, HasSubstr("aws sso login --profile default"));
  EXPECT_THAT(old.hint, HasSubstr("install the AWS CLI v2"));
  trouble = base::notFound("running aws: No such file or directory");
  EXPECT_THAT(source()().error().hint, HasSubstr("install the AWS CLI v2"));
  trouble = base::invalid("aws ended with exit code 255: Error loading SSO Token: Token for corp does not exist");
  EXPECT_EQ(source()().error().hint, "aws sso login --profile default");
}

TEST_F(CredentialsSearch, AContainersEndpointIsAskedWithItsToken) {
  environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/token";
  files.files["/token"].contents = "eyJ\n";
  sts.metadata["GET http://169.254.170.23/v1/credentials"] =
      R"({"AccessKeyId":"ASIA3","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-24T13:00:00Z"})";
  auto found = source()();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->accessKeyId, "ASIA3");
  EXPECT_EQ(found->sessionToken, "t");
  EXPECT_EQ(sts.authorization, "eyJ");
  environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://metadata.example.com/";
  EXPECT_THAT(source()().error().message, HasSubstr("without TLS"));
}

TEST_F(CredentialsSearch, AnInstanceGivesItsRolesCredentialsThroughASessionOnly) {
  sts.metadata["PUT http://169.254.169.254/latest/api/token"] = "session";
  const std::string roles = "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  sts.metadata[roles] = "edge\n";
  sts.metadata[roles + "edge"] = R"({"AccessKeyId":"ASIA6","SecretAccessKey":"s","Token":"t"})";
  EXPECT_EQ(source()()->accessKeyId, "ASIA6");
  environment["AWS_EC2_METADATA_DISABLED"] = "True";
  EXPECT_EQ(source()().error().code, "NoCredentials");
  environment.erase("AWS_EC2_METADATA_DISABLED");
  sts.metadata.erase("PUT http://169.254.169.254/latest/api/token");
  EXPECT_EQ(source()().error().code, "NoCredentials");
}

TEST_F(CredentialsSearch, AProfileWhoseCredentialsAreBrokenIsNotPassedOver) {
  config(
      "[profile web]\nrole_arn = r\nweb_identity_token_file = /gone\n[profile web-alone]\n"
      "web_identity_token_file = /gone\n[profile process]\ncredential_process = /gone/helper\n"
      "[profile unsaid]\ncredential_process =\n[profile chain]\nrole_arn = r\nsource_profile = nope\n"
      "[profile bare]\nregion = us-west-2\n[profile on-bare]\nrole_arn = r\nsource_profile = bare\n"
      "[profile role-alone]\nrole_arn = r\n[profile both]\nrole_arn = r\nsource_profile = bare\n"
      "credential_source = Environment\n[profile instance]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n"
      "[profile environment]\nrole_arn = r\ncredential_source = Environment\n[profile odd]\nrole_arn = r\n"
      "credential_source = Moon\n[profile sso]\nsso_session = corp\nsso_account_id = 1\n[profile login]\nlogin_session "
      "= arn\n"
      "[profile half]\naws_access_key_id = AKIA1\n[profile other-half]\naws_secret_access_key = s\n"
      "[profile own]\nrole_arn = r\nsource_profile = own\n[profile a]\nrole_arn = r\nsource_profile = b\n"
      "[profile b]\nrole_arn = r\nsource_profile = a\n[profile mfa]\nrole_arn = r\nsource_profile = bare\n"
      "mfa_serial = x\n");
  environment["AWS_EC2_METADATA_DISABLED"] = "true";
  trouble = base::notFound("running it: No such file or directory");
  const std::map<std::string, std::string> said{{"web", "/gone"},
                                                {"web-alone", "role_arn"},
                                                {"process", "credential_process: running it"},
                                                {"unsaid", "credential_process is empty"},
                                                {"chain", "\"nope\""},
                                                {"on-bare", "source_profile bare: it has no credentials"},
                                                {"role-alone", "source_profile"},
                                                {"both", "source_profile and credential_source"},
                                                {"instance", "AWS_EC2_METADATA_DISABLED"},
                                                {"environment", "AWS_ACCESS_KEY_ID"},
                                                {"odd", "Moon"},
                                                {"sso", "AWS CLI"},
                                                {"login", "AWS CLI"},
                                                {"half", "aws_secret_access_key"},
                                                {"other-half", "aws_access_key_id"},
                                                {"own", "refers to itself"},
                                                {"a", "refers to itself"},
                                                {"mfa", "mfa_serial"},
                                                {"no-such", "no AWS profile \"no-such\""}};
  for (const auto& [profile, words] : said) {
    const base::Error refusal = refusalOf(profile);
    EXPECT_THAT(refusal.message, HasSubstr(words)) << profile;
    EXPECT_THAT(refusal.message, HasSubstr(profile)) << profile;
    EXPECT_THAT(refusal.message, HasSubstr("/home/priya/.aws/config")) << profile;
    EXPECT_FALSE(refusal.hint.empty()) << profile;
    EXPECT_EQ(refusal.kind, base::ErrorKind::Denied) << profile;
  }
  environment["AWS_PROFILE"] = "bare";
  EXPECT_EQ(source()()->accessKeyId, "ASIA5");
}

TEST_F(CredentialsSearch, HalfOfAPairInTheEnvironmentIsNotPassedOver) {
  environment["AWS_ACCESS_KEY_ID"] = "AKIA1";
  EXPECT_THAT(refusalOf("default").message, HasSubstr("AWS_SECRET_ACCESS_KEY"));
}

TEST_F(CredentialsSearch, WhatIsMissingForCredentialsIsNeverTakenForAMissingObjectOfAws) {
  environment["AWS_ROLE_ARN"] = "arn:aws:iam::111122223333:role/r";
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/gone";
  EXPECT_EQ(source()().error().kind, base::ErrorKind::Denied);
  EXPECT_THAT(source()().error().message, HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"));
  environment.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/gone";
  EXPECT_EQ(source()().error().kind, base::ErrorKind::Denied);
}

TEST_F(CredentialsSearch, AProfileWithARoleComesBeforeTheEnvironmentsWebIdentity) {
  config(
      "[profile edge]\nrole_arn = r\nsource_profile = base\n[profile base]\naws_access_key_id = AKIA9\n"
      "aws_secret_access_key = s\n");
  environment.insert({{"AWS_PROFILE", "edge"}, {"AWS_ROLE_ARN", "r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}});
  EXPECT_EQ(source()()->accessKeyId, "ASIA2");
}

TEST_F(CredentialsSearch, ASourceWithKeysOfItsOwnIsTakenAtThem) {
  config(
      "[profile edge]\nrole_arn = r\nsource_profile = base\n[profile base]\naws_access_key_id = AKIA9\n"
      "aws_secret_access_key = s\nrole_arn = other\nsource_profile = gone\n");
  EXPECT_EQ(source("edge")()->accessKeyId, "ASIA2");
  EXPECT_THAT(sts.authorization, HasSubstr("Credential=AKIA9/"));
}

TEST_F(CredentialsSearch, WithoutAnyTheErrorSaysWhatToDo) {
  auto none = source()();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "NoCredentials");
  EXPECT_FALSE(none.error().hint.empty());
}

}  // namespace
}  // namespace aws
