#include "aws/profile.h"

#include <gmock/gmock.h>

#include "support/memory_files.h"

namespace aws {
namespace {

using testing::HasSubstr;

class ProfileFiles : public testing::Test {
 protected:
  Environment env() {
    return [this](const std::string& name) -> std::optional<std::string> {
      auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
  }
  base::Result<Profile> read(std::string_view chosen = "") { return readProfile(files, env(), chosen); }
  std::map<std::string, std::string> environment{{"HOME", "/home/priya"}};
  support::MemoryFiles files;
  std::string& config = files.files["/home/priya/.aws/config"].contents;
};

TEST_F(ProfileFiles, BothFilesMakeOneProfileAndNestedSettingsAreNotIts) {
  config =
      "; comment\n[default]\nregion = eu-west-1\n[profile edge]\nregion=us-west-2\ns3 =\n  region = wrong\n[profile "
      "other]\nregion = no\n";
  files.files["/home/priya/.aws/credentials"].contents = "[edge]\naws_access_key_id=AKIA2\n";
  auto profile = read("edge");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->at("region"), "us-west-2");
  EXPECT_EQ(profile->at("aws_access_key_id"), "AKIA2");
  EXPECT_EQ(regionOf(env(), *profile), "us-west-2");
  environment["AWS_REGION"] = "ap-south-1";
  EXPECT_EQ(regionOf(env(), *profile), "ap-south-1");
  EXPECT_THAT(read("gone").error().message, HasSubstr("no AWS profile \"gone\""));
  EXPECT_TRUE(read());
  EXPECT_TRUE(read("default"));
  config.clear();
  EXPECT_TRUE(read());
  EXPECT_EQ(read("default").error().kind, base::ErrorKind::NotFound);
}

TEST_F(ProfileFiles, AreReadAsTheSdksReadThem) {
  config =
      "  [profile  spread]\n  Region = us-west-2\n  Role_ARN: arn:aws:iam::1:role/r\n[profile \"two words\"]\n"
      "region=eu-west-1\n[spread]\nregion = no\n[profile long]\ncredential_process = /opt/get\n  --for edge\n\n"
      "  # comment\n  --again\nregion = ap-south-1\n";
  EXPECT_EQ(read("spread")->at("region"), "us-west-2");
  EXPECT_EQ(read("spread")->at("role_arn"), "arn:aws:iam::1:role/r");
  EXPECT_EQ(read("two words")->at("region"), "eu-west-1");
  EXPECT_EQ(read("long")->at("credential_process"), "/opt/get\n--for edge\n--again");
  EXPECT_EQ(read("long")->at("region"), "ap-south-1");
}

TEST_F(ProfileFiles, NameEndpointsInTheSdksOrder) {
  config =
      "[profile edge]\nendpoint_url = http://profile\nservices = local\n[services local]\ns3 =\n"
      "  endpoint_url = http://services-s3\n  addressing_style = path\nsts =\n  endpoint_url = http://services-sts\n"
      "[services other]\niam =\n  endpoint_url = http://other\n";
  environment["AWS_PROFILE"] = "edge";
  const auto endpoints = [this] { return configuredEndpoints(env(), *read()); };
  EXPECT_EQ(endpoints().s3, "http://services-s3");
  EXPECT_EQ(endpoints().sts, "http://services-sts");
  EXPECT_EQ(endpoints().iam, "http://profile");
  EXPECT_EQ(endpoints().cloudFront, "http://profile");
  environment["AWS_ENDPOINT_URL"] = "http://environment";
  EXPECT_EQ(endpoints().s3, "http://environment");
  EXPECT_EQ(endpoints().iam, "http://environment");
  environment["AWS_ENDPOINT_URL_S3"] = "http://environment-s3";
  EXPECT_EQ(endpoints().s3, "http://environment-s3");
  EXPECT_EQ(endpoints().iam, "http://environment");
}

TEST_F(ProfileFiles, CanHaveTheirEndpointsIgnored) {
  config = "[default]\nendpoint_url = http://profile\nignore_configured_endpoint_urls = true\n";
  environment["AWS_ENDPOINT_URL_STS"] = "http://environment";
  EXPECT_EQ(configuredEndpoints(env(), *read()).sts, "");
  environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false";
  EXPECT_EQ(configuredEndpoints(env(), *read()).sts, "http://environment");
  EXPECT_EQ(configuredEndpoints(env(), *read()).iam, "http://profile");
  environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "True";
  EXPECT_EQ(configuredEndpoints(env(), *read()).iam, "");
}

TEST_F(ProfileFiles, WithServicesThatAreNotThereAreRefused) {
  config = "[default]\nservices = local\n";
  EXPECT_THAT(read().error().message, HasSubstr("no [services local]"));
}

TEST_F(ProfileFiles, NameTheCertificatesUnlessTheEnvironmentDoes) {
  config = "[default]\nca_bundle = /profile.pem\n";
  EXPECT_EQ(caBundlePath(env(), *read()), "/profile.pem");
  environment["AWS_CA_BUNDLE"] = "/environment.pem";
  EXPECT_EQ(caBundlePath(env(), *read()), "/environment.pem");
}

TEST_F(ProfileFiles, SayWhetherFipsIsWanted) {
  EXPECT_FALSE(wantsFips(env(), *read()));
  config = "[default]\nuse_fips_endpoint = true\n";
  EXPECT_TRUE(wantsFips(env(), *read()));
  environment["AWS_USE_FIPS_ENDPOINT"] = "false";
  EXPECT_FALSE(wantsFips(env(), *read()));
}

}  // namespace
}  // namespace aws
