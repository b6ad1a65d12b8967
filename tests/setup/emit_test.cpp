#include "setup/emit.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "setup/two_worlds.h"
#include "text/yaml.h"

namespace setup {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

const std::string kAccount = "111122223333";
const std::string kWish = R"(apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: us-west-2, accountId: "111122223333"}
keys: {source: files, publicKeys: [sa.pub]}
bindings:
- serviceAccounts: [default/s3-echoer, tools/job-*]
  role:
    name: s3-echoer
    policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
    inline: more.json
    boundary: arn:aws:iam::aws:policy/AmazonS3FullAccess
    maxSessionDuration: 2h
- serviceAccount: other/plain
  role: {name: Plain_One, path: /team/, tags: {owner: "priya@example.com"}}
tags: {team: edge}
)";
const std::string kFront = kWish + "issuer: {hosting: cloudfront}\n";
const std::string kFolder = kWish + "issuer: {hosting: directory, url: \"https://id.example.com/edge\"}\n";

class Emit : public testing::Test {
 protected:
  Emit() {
    worlds.files.files["more.json"].contents =
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::home/${aws:username}/*"}})";
    worlds.files.files["sa.pub"].contents =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE43+ke4lgY8tQz4lm4mFZx3G7ykcH\n"
        "B7/hrgep9ISd8p8/skkUDZaCAy2M5lSnDmBBjxAhi6zOwTGpfnR7GmgWcw==\n"
        "-----END PUBLIC KEY-----\n";
  }

  base::Result<std::vector<EmittedFile>> emitted(const std::string& wish, Form form) {
    auto configuration = parseConfiguration(wish, "irsa.yaml", worlds.files);
    if (!configuration) return std::move(configuration).error();
    World world = worlds.view();
    Desired desired = TRY(desireForPipeline(*configuration, world, kAccount));
    aws::Partition partition = TRY(aws::partitionOf(configuration->aws.region));
    return emit(desired, identifiersOf(*configuration, partition, kAccount), kAccount, form);
  }

  TwoWorlds worlds;
};

std::string readFile(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

// IRSA_WRITE_GOLDEN=1 writes the folder anew, for a reader to look at the difference.
void compareWithGolden(const std::filesystem::path& folder, const std::vector<EmittedFile>& files) {
  const bool writes = std::getenv("IRSA_WRITE_GOLDEN") != nullptr;
  if (writes) std::filesystem::remove_all(folder);
  for (const EmittedFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    if (writes) {
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << file.body;
    }
    EXPECT_EQ(readFile(path), file.body) << path;
  }
  std::size_t found = 0;
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) found += entry.is_regular_file();
  EXPECT_EQ(found, files.size()) << "files in " << folder;
}

TEST_F(Emit, EveryFormIsAsItWasReviewed) {
  for (std::string_view name : formNames()) {
    auto files = emitted(kWish, *formNamed(name));
    ASSERT_TRUE(files) << files.error().message;
    compareWithGolden(std::filesystem::path("emitted/s3") / name, *files);
    auto front = emitted(kFront, *formNamed(name));
    if (name == "ack") {
      ASSERT_FALSE(front);
      EXPECT_THAT(front.error().hint, HasSubstr("terraform"));
    } else if (name != "kustomize" && name != "helm-values") {
      ASSERT_TRUE(front) << front.error().message;
      compareWithGolden(std::filesystem::path("emitted/cloudfront") / name, *front);
    }
  }
}

TEST_F(Emit, NothingIsLeftToFillIn) {
  for (const std::string& wish : {kWish, kFront, kFolder})
    for (std::string_view name : formNames()) {
      auto files = emitted(wish, *formNamed(name));
      if (!files) continue;
      EXPECT_THAT(*files, Not(IsEmpty()));
      for (const EmittedFile& file : *files) {
        SCOPED_TRACE(std::string(name) + "/" + file.path);
        for (const char* mark : {"???", "TODO", "CHANGEME", "PLACEHOLDER", "REPLACE", "YOUR_"})
          EXPECT_THAT(file.body, Not(HasSubstr(mark)));
        EXPECT_THAT(file.body, Not(HasSubstr("PRIVATE KEY")));
      }
    }
}

TEST_F(Emit, FilesThatCanCarryAMarkAndTheFirstOfEveryFormCarryIt) {
  for (std::string_view name : formNames()) {
    auto files = emitted(kWish, *formNamed(name));
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_TRUE(isMarkedAsEmitted(files->front().body)) << name;
    for (const EmittedFile& file : *files)
      EXPECT_TRUE(isMarkedAsEmitted(file.body) || file.path.starts_with("files/")) << name << "/" << file.path;
  }
  EXPECT_FALSE(isMarkedAsEmitted("resource \"aws_iam_role\" \"mine\" {}\n"));
}

TEST_F(Emit, TheYamlIsYaml) {
  for (Form form : {Form::Kustomize, Form::HelmValues, Form::Ack}) {
    auto files = emitted(kWish, form);
    ASSERT_TRUE(files) << files.error().message;
    for (const EmittedFile& file : *files) {
      if (file.path.ends_with(".yaml")) {
        EXPECT_TRUE(text::parseYamlDocuments(file.body)) << file.path;
      }
    }
  }
}

TEST_F(Emit, TheFilesOfAnyHostLieBesideThem) {
  for (Form form : {Form::Terraform, Form::CloudFormation, Form::AwsCli, Form::Ack}) {
    auto files = emitted(kFolder, form);
    ASSERT_TRUE(files);
    std::size_t documents = 0;
    for (const EmittedFile& file : *files) {
      documents += file.path.starts_with("documents/");
      EXPECT_THAT(file.body, Not(HasSubstr("aws_s3_bucket")));
    }
    EXPECT_EQ(documents, 3u);
  }
}

TEST_F(Emit, ANamespaceOfBucketsIsRefusedWhereTheFormDoesNotKnowIt) {
  const std::string wish = kWish + "issuer: {bucketNamespace: account-regional}\n";
  EXPECT_FALSE(emitted(wish, Form::Terraform));
  auto files = emitted(wish, Form::AwsCli);
  ASSERT_TRUE(files);
  EXPECT_THAT(files->front().body, HasSubstr("--bucket-namespace account-regional"));
}

TEST_F(Emit, TheRepublisherComesOutWithItsPodAndItsRole) {
  std::string wish = kWish;
  wish.replace(wish.find("keys: {source: files, publicKeys: [sa.pub]}"), 43, "cluster: {context: edge}");
  auto bodyOf = [&](const std::string& issuer, Form form, std::size_t file = 0) {
    auto files = emitted(wish + issuer, form);
    return files ? files->at(file).body : files.error().message;
  };
  const std::string s3 = "issuer: {republish: true}\n", front = "issuer: {hosting: cloudfront, republish: true}\n";
  EXPECT_THAT(bodyOf(s3, Form::Kustomize, 1),
              AllOf(HasSubstr("name: irsa-republisher"), HasSubstr(":role/edge-prod-republisher")));
  for (Form form : {Form::Terraform, Form::CloudFormation, Form::Ack, Form::AwsCli}) {
    SCOPED_TRACE(int(form));
    EXPECT_THAT(bodyOf(s3, form), HasSubstr("edge-prod-republisher"));
  }
  auto helm = emitted(wish + s3, Form::HelmValues);
  ASSERT_TRUE(helm);
  for (const EmittedFile& file : *helm) EXPECT_THAT(file.path, Not(HasSubstr("republisher")));
  EXPECT_THAT(bodyOf(front, Form::Terraform), HasSubstr("distribution/${aws_cloudfront_distribution.issuer.id}"));
  EXPECT_THAT(bodyOf(front, Form::CloudFormation),
              HasSubstr(R"(\"cloudfront:CreateInvalidation\"],\"Resource\":\"arn:aws:cloudfront::111122223333:)"
                        R"(distribution/${Distribution}\")"));
}

const std::string kLookAlikes = R"(apiVersion: irsa-anywhere/v1
name: edge-prod
aws: {region: us-west-2, accountId: "111122223333"}
keys: {source: files, publicKeys: [sa.pub]}
bindings:
- {serviceAccount: app/a, role: {name: a.b, policies: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}}
- {serviceAccount: app/b, role: {name: a_b, policies: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}}
- {serviceAccount: app/c, role: {name: a@b}}
- {serviceAccount: app/d, role: {name: a+b-}}
- {serviceAccount: app/e, role: {name: "+"}}
)";

std::vector<std::string> all(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

// By the form, the pattern of what a role is called in it.
const std::map<Form, std::string> kCalled{{Form::Terraform, R"re(resource "aws_iam_role" "(\S+)")re"},
                                          {Form::CloudFormation, R"re("(Role\w+)": \{)re"},
                                          {Form::Ack, R"re(kind: Role\nmetadata:\n  name: (\S+))re"}};

TEST_F(Emit, RolesWhoseNamesLookAlikeAreDifferentResources) {
  for (const auto& [form, pattern] : kCalled) {
    auto files = emitted(kLookAlikes, form);
    ASSERT_TRUE(files) << files.error().message;
    const std::vector<std::string> names = all(files->front().body, pattern);
    EXPECT_EQ(names.size(), 5u);
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), 5u) << testing::PrintToString(names);
  }
  auto terraform = emitted(kLookAlikes, Form::Terraform);
  EXPECT_THAT(all(terraform->front().body, kCalled.at(Form::Terraform)),
              ElementsAre(MatchesRegex("r_a_b_[0-9a-f]{8}"), "r_a_b", MatchesRegex("r_a_b_[0-9a-f]{8}"),
                          MatchesRegex("r_a_b-_[0-9a-f]{8}"), MatchesRegex("r___[0-9a-f]{8}")));
  EXPECT_THAT(all(terraform->front().body, R"re("aws_iam_role_policy_attachment" "(\S+)")re"),
              ElementsAre(MatchesRegex("r_a_b_[0-9a-f]{8}_1"), "r_a_b_1"));
  EXPECT_THAT(all(emitted(kWish, Form::CloudFormation)->front().body, kCalled.at(Form::CloudFormation)),
              ElementsAre(MatchesRegex("Roles3echoer[0-9a-f]{8}"), MatchesRegex("RolePlainOne[0-9a-f]{8}")));
}

TEST_F(Emit, WhatARoleIsCalledDependsOnNoOtherRoleAndNoPlace) {
  const std::size_t begin = kLookAlikes.find("- {");
  const std::string head = kLookAlikes.substr(0, begin);
  std::vector<std::string> bindings;
  std::istringstream lines(kLookAlikes.substr(begin));
  for (std::string line; std::getline(lines, line);) bindings.push_back(line + "\n");
  for (const auto& [form, pattern] : kCalled) {
    const std::vector<std::string> together = all(emitted(kLookAlikes, form)->front().body, pattern);
    ASSERT_EQ(together.size(), bindings.size());
    for (std::size_t i = 0; i < bindings.size(); ++i)
      EXPECT_THAT(all(emitted(head + bindings[i], form)->front().body, pattern), ElementsAre(together[i]));
  }
}

std::string withRoles(int count, const std::string& role) {
  std::string wish = kLookAlikes.substr(0, kLookAlikes.find("- {"));
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    wish += "- {serviceAccount: app/a" + number + ", role: {name: a" + number + role + "}}\n";
  }
  return wish;
}

TEST_F(Emit, ATemplateThatCloudFormationDoesNotTakeIsRefused) {
  auto most = emitted(withRoles(494, ""), Form::CloudFormation);
  ASSERT_TRUE(most) << most.error().message;
  auto more = emitted(withRoles(495, ""), Form::CloudFormation);
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message, HasSubstr("501 resources, CloudFormation takes 500"));
  EXPECT_THAT(more.error().hint, HasSubstr("terraform"));
}

TEST_F(Emit, ATemplateOfMoreThanAMegabyteIsRefused) {
  std::string policy = R"({"Version":"2012-10-17","Statement":[)";
  for (int i = 0; i < 85; ++i)
    policy += (i == 0 ? "" : ",") + (R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::home/)" +
                                     std::to_string(i) + std::string(40, 'x') + R"("})");
  worlds.files.files["large.json"].contents = policy + "]}";
  auto fitting = emitted(withRoles(55, ", inline: large.json"), Form::CloudFormation);
  ASSERT_TRUE(fitting) << fitting.error().message;
  EXPECT_THAT(fitting->front().body, Not(HasSubstr("\n ")));  // as people read it, it would not fit
  auto large = emitted(withRoles(120, ", inline: large.json"), Form::CloudFormation);
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message, HasSubstr("bytes, CloudFormation takes 1048576 bytes"));
}

TEST_F(Emit, AwsIsNotAskedAndNothingIsChanged) {
  std::string before = worlds.dump();
  const std::size_t calls = worlds.aws->calls();
  for (std::string_view name : formNames()) ASSERT_TRUE(emitted(kWish, *formNamed(name)));
  EXPECT_EQ(worlds.aws->calls(), calls);
  EXPECT_EQ(worlds.dump(), before);
}

}  // namespace
}  // namespace setup
