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
}

}  // namespace
}  // namespace aws
