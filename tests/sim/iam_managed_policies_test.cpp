#include <gmock/gmock.h>

#include "local_account.h"

namespace sim {
namespace {

const std::string kReader =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]})";
const std::string kWriter =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]})";
const std::string kArn = "arn:aws:iam::111122223333:policy/team/reader";
const std::string kAws = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

struct PolicyAccount : LocalAccount {
  PolicyAccount() { EXPECT_EQ(create("reader").status, 200); }

  Reply create(const std::string& name, const std::string& document = kReader) {
    return iam({{"Action", "CreatePolicy"},
                {"PolicyName", name},
                {"Path", "/team/"},
                {"Description", "may list"},
                {"PolicyDocument", document}});
  }
  Reply of(const std::string& action, const std::string& arn = kArn, Fields more = {}) {
    more.insert(more.begin(), {{"Action", action}, {"PolicyArn", arn}});
    return iam(std::move(more));
  }
  Reply addVersion(const std::string& document, const std::string& isDefault = "false") {
    return of("CreatePolicyVersion", kArn, {{"PolicyDocument", document}, {"SetAsDefault", isDefault}});
  }
};

TEST(CustomerPolicy, ComesBackAsItWasMade) {
  PolicyAccount account;
  const Reply reply = account.of("GetPolicy");
  const std::string at = "GetPolicyResult/Policy/";
  EXPECT_EQ(reply.at(at + "Arn"), kArn);
  EXPECT_EQ(reply.at(at + "Path"), "/team/");
  EXPECT_EQ(reply.at(at + "Description"), "may list");
  EXPECT_EQ(reply.at(at + "DefaultVersionId"), "v1");
  EXPECT_THAT(reply.at(at + "PolicyId"), testing::MatchesRegex("ANPA[A-Z2-7]{17}"));
  EXPECT_EQ(
      account.of("GetPolicyVersion", kArn, {{"VersionId", "v1"}}).at("GetPolicyVersionResult/PolicyVersion/Document"),
      text::percentEncode(kReader));
}

TEST(CustomerPolicy, IsUniqueWhateverItsCase) {
  PolicyAccount account;
  EXPECT_EQ(account.create("READER").refusal(),
            "409 EntityAlreadyExists: A policy called READER already exists. Duplicate names are not allowed.");
}

TEST(CustomerPolicy, HoldsToItsLimits) {
  PolicyAccount account;
  EXPECT_EQ(account.create("bad", "{}").code, "MalformedPolicyDocument");
  std::string large = kReader;
  large.insert(large.find("\"*\""), "\"arn:aws:s3:::" + std::string(6144, 'x') + "\",");
  large.insert(large.find("\"Resource\":") + 11, "[");
  large.insert(large.rfind("}]}"), "]");
  EXPECT_EQ(account.create("large", large).refusal(), "409 LimitExceeded: Cannot exceed quota for PolicySize: 6144");
  for (int version = 2; version <= 5; ++version) EXPECT_EQ(account.addVersion(kWriter).status, 200);
  EXPECT_EQ(account.addVersion(kWriter).code, "LimitExceeded");
  EXPECT_EQ(account.create("with space").code, "ValidationError");
}

TEST(CustomerPolicy, HasVersionsOfWhichOneCounts) {
  PolicyAccount account;
  EXPECT_EQ(account.addVersion(kWriter).at("CreatePolicyVersionResult/PolicyVersion/VersionId"), "v2");
  EXPECT_EQ(account.of("GetPolicy").at("GetPolicyResult/Policy/DefaultVersionId"), "v1");
  EXPECT_EQ(account.of("SetDefaultPolicyVersion", kArn, {{"VersionId", "v2"}}).status, 200);
  EXPECT_EQ(account.of("DeletePolicyVersion", kArn, {{"VersionId", "v2"}}).refusal(),
            "409 DeleteConflict: Cannot delete the default version of a policy.");
  EXPECT_EQ(account.of("DeletePolicyVersion", kArn, {{"VersionId", "v1"}}).status, 200);
  EXPECT_EQ(account.addVersion(kReader, "true").at("CreatePolicyVersionResult/PolicyVersion/VersionId"), "v3")
      << "numbers are not used twice";
  EXPECT_EQ(account.of("DeletePolicyVersion", kArn, {{"VersionId", "v1"}}).refusal(),
            "404 NoSuchEntity: Policy " + kArn + " version v1 does not exist or is not attachable.");
  EXPECT_EQ(account.of("GetPolicyVersion", kArn, {{"VersionId", "1"}}).code, "ValidationError");
  EXPECT_EQ(account.of("ListPolicyVersions").at("ListPolicyVersionsResult/Versions/member/VersionId"), "v3");
}

TEST(CustomerPolicy, GoesOnlyWhenNobodyUsesIt) {
  PolicyAccount account;
  const std::string trust =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})";
  account.iam({{"Action", "CreateRole"}, {"RoleName", "r"}, {"AssumeRolePolicyDocument", trust}});
  EXPECT_EQ(account.of("AttachRolePolicy", kArn, {{"RoleName", "r"}}).status, 200);
  EXPECT_EQ(account.of("GetPolicy").at("GetPolicyResult/Policy/AttachmentCount"), "1");
  EXPECT_EQ(account.of("ListEntitiesForPolicy").at("ListEntitiesForPolicyResult/PolicyRoles/member/RoleName"), "r");
  EXPECT_EQ(account.of("DeletePolicy").refusal(), "409 DeleteConflict: Cannot delete a policy attached to entities.");
  EXPECT_EQ(account.of("DetachRolePolicy", kArn, {{"RoleName", "r"}}).status, 200);
  account.addVersion(kWriter);
  EXPECT_EQ(account.of("DeletePolicy").code, "DeleteConflict") << "it has a second version";
  account.of("DeletePolicyVersion", kArn, {{"VersionId", "v2"}});
  EXPECT_EQ(account.of("DeletePolicy").status, 200);
  EXPECT_EQ(account.of("GetPolicy").refusal(), "404 NoSuchEntity: Policy " + kArn + " was not found.");
}

TEST(ManagedPolicies, AreListedByScope) {
  PolicyAccount account;
  auto names = [&](Fields more) {
    more.insert(more.begin(), {"Action", "ListPolicies"});
    std::string out;
    const Reply reply = account.iam(std::move(more));
    const text::XmlElement* list = reply.xml.find("ListPoliciesResult")->find("Policies");
    for (const text::XmlElement* policy : list->all("member")) out += std::string(policy->textOf("PolicyName")) + " ";
    return out;
  };
  EXPECT_EQ(names({}), "AdministratorAccess AmazonS3FullAccess AmazonS3ReadOnlyAccess reader ");
  EXPECT_EQ(names({{"Scope", "Local"}}), "reader ");
  EXPECT_EQ(names({{"Scope", "AWS"}, {"MaxItems", "1"}}), "AdministratorAccess ");
  EXPECT_EQ(names({{"OnlyAttached", "true"}}), "");
  EXPECT_EQ(names({{"PathPrefix", "/team/"}}), "reader ");
  EXPECT_EQ(account.iam({{"Action", "ListPolicies"}, {"Scope", "Mine"}}).code, "ValidationError");
}

TEST(ManagedPolicies, OfAwsCannotBeChanged) {
  PolicyAccount account;
  EXPECT_EQ(account.of("DeletePolicy", kAws).code, "AccessDenied");
  EXPECT_EQ(account.of("CreatePolicyVersion", kAws, {{"PolicyDocument", kReader}}).code, "AccessDenied");
  EXPECT_EQ(account.of("GetPolicyVersion", kAws, {{"VersionId", "v3"}}).status, 200);
  EXPECT_EQ(account.of("GetPolicy", "arn:aws:s3:::a-bucket-of-mine").refusal(),
            "400 InvalidInput: ARN arn:aws:s3:::a-bucket-of-mine is not valid.");
  EXPECT_EQ(account.of("GetPolicy", "longpolicynamebutnoarn").refusal(),
            "400 ValidationError: ARN longpolicynamebutnoarn is not valid.");
}

TEST(CustomerPolicy, IsToldInFullByGetPolicyAlone) {
  PolicyAccount account;
  const Reply made = account.create("other");
  EXPECT_EQ(made.at("CreatePolicyResult/Policy/Description"), "(absent)");
  EXPECT_EQ(made.at("CreatePolicyResult/Policy/Tags"), "(absent)");
  EXPECT_EQ(account.of("GetPolicy").at("GetPolicyResult/Policy/Tags"), "");
  EXPECT_EQ(account.of("GetPolicy", kAws).at("GetPolicyResult/Policy/Tags"), "");
  const Reply listed = account.iam({{"Action", "ListPolicies"}, {"Scope", "AWS"}, {"MaxItems", "1"}});
  EXPECT_EQ(listed.at("ListPoliciesResult/Policies/member/Description"), "(absent)");
}

TEST(CustomerPolicy, MissesTheVersionsOfAPolicyThatIsNotThere) {
  PolicyAccount account;
  const std::string arn = "arn:aws:iam::111122223333:policy/none";
  for (const char* action : {"GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"})
    EXPECT_EQ(account.of(action, arn, {{"VersionId", "v1"}}).refusal(),
              "404 NoSuchEntity: Policy " + arn + " version v1 does not exist or is not attachable.");
}

TEST(CustomerPolicy, HasTagsWhoseKeysHaveACase) {
  PolicyAccount account;
  const Fields both = {{"Tags.member.1.Key", "a"},
                       {"Tags.member.1.Value", "1"},
                       {"Tags.member.2.Key", "A"},
                       {"Tags.member.2.Value", "2"}};
  EXPECT_EQ(account.of("TagPolicy", kArn, both).status, 200);
  EXPECT_EQ(account.of("UntagPolicy", kArn, {{"TagKeys.member.1", "A"}}).status, 200);
  EXPECT_EQ(account.of("ListPolicyTags").at("ListPolicyTagsResult/Tags/member/Value"), "1");
  Fields twice = both;
  twice[2].second = "a";
  EXPECT_EQ(account.of("TagPolicy", kArn, twice).refusal(), "400 InvalidInput: Duplicate tag keys found.");
}

TEST(CustomerPolicy, HasTags) {
  PolicyAccount account;
  EXPECT_EQ(account.of("TagPolicy", kArn, {{"Tags.member.1.Key", "a"}, {"Tags.member.1.Value", "b"}}).status, 200);
  EXPECT_EQ(account.of("ListPolicyTags").at("ListPolicyTagsResult/Tags/member/Value"), "b");
  EXPECT_EQ(account.of("UntagPolicy", kArn, {{"TagKeys.member.1", "a"}}).status, 200);
  EXPECT_EQ(account.of("ListPolicyTags").at("ListPolicyTagsResult/Tags/member/Value"), "(absent)");
}

// Of a session that has the policy attached and, when there is one, the boundary.
Reply listBuckets(const std::string& policy, const std::string& boundary) {
  IssuerAccount account;
  for (
      const auto& [name, document] :
      {std::pair{"reader", kReader},
       std::pair{
           "nothing",
           std::string(
               R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetAccessKeyInfo","Resource":"*"}]})")}})
    EXPECT_EQ(account.iam({{"Action", "CreatePolicy"}, {"PolicyName", name}, {"PolicyDocument", document}}).status,
              200);
  const std::string prefix = "arn:aws:iam::111122223333:policy/";
  EXPECT_EQ(account.iam({{"Action", "AttachRolePolicy"}, {"RoleName", "echo"}, {"PolicyArn", prefix + policy}}).status,
            200);
  if (!boundary.empty())
    account.iam(
        {{"Action", "PutRolePermissionsBoundary"}, {"RoleName", "echo"}, {"PermissionsBoundary", prefix + boundary}});
  account.becomeRole();
  return account.s3("GET", "/");
}

TEST(CustomerPolicy, DecidesWhatASessionMayDo) {
  EXPECT_EQ(listBuckets("reader", "").status, 200);
  EXPECT_EQ(listBuckets("nothing", "").code, "AccessDenied");
  EXPECT_EQ(listBuckets("reader", "reader").status, 200);
  const Reply cut = listBuckets("reader", "nothing");
  EXPECT_EQ(cut.code, "AccessDenied");
  EXPECT_THAT(cut.message, testing::HasSubstr("because no permissions boundary allows the s3:ListAllMyBuckets action"));
}

TEST(Simulate, SaysWhatPoliciesWouldAllow) {
  LocalAccount account;
  const std::string conditional =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"edge"}}},{"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}]})";
  const Fields tagged{{"ContextEntries.member.1.ContextKeyName", "aws:PrincipalTag/team"},
                      {"ContextEntries.member.1.ContextKeyType", "string"},
                      {"ContextEntries.member.1.ContextKeyValues.member.1", "edge"}};
  auto run = [&](const std::string& action, Fields more) {
    Fields fields{{"Action", "SimulateCustomPolicy"},
                  {"PolicyInputList.member.1", conditional},
                  {"ActionNames.member.1", action},
                  {"ResourceArns.member.1", "arn:aws:s3:::b/k"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return account.iam(fields);
  };
  const std::string at = "SimulateCustomPolicyResult/EvaluationResults/member/";
  EXPECT_EQ(run("s3:GetObject", tagged).at(at + "EvalDecision"), "allowed");
  EXPECT_EQ(run("s3:GetObject", tagged).at(at + "MatchedStatements/member/SourcePolicyId"), "PolicyInputList.1");
  EXPECT_EQ(run("s3:GetObject", {}).at(at + "EvalDecision"), "implicitDeny");
  EXPECT_EQ(run("s3:GetObject", {}).at(at + "MissingContextValues/member"), "aws:PrincipalTag/team");
  EXPECT_EQ(run("s3:DeleteObject", {}).at(at + "EvalDecision"), "explicitDeny");
  Fields bounded = tagged;
  bounded.emplace_back("PermissionsBoundaryPolicyInputList.member.1", kReader);
  EXPECT_EQ(run("s3:GetObject", bounded).at(at + "EvalDecision"), "implicitDeny");
  EXPECT_EQ(run("s3:GetObject", bounded).at(at + "PermissionsBoundaryDecisionDetail/AllowedByPermissionsBoundary"),
            "false");
  EXPECT_EQ(run("GetObject", {}).code, "InvalidInput");
  EXPECT_EQ(account.iam({{"Action", "SimulateCustomPolicy"}, {"ActionNames.member.1", "s3:GetObject"}}).code,
            "ValidationError");
}

TEST(Simulate, LooksAtARoleWithAllItHas) {
  IssuerAccount account;
  account.iam({{"Action", "AttachRolePolicy"}, {"RoleName", "echo"}, {"PolicyArn", kAws}});
  auto run = [&](const std::string& arn) {
    return account.iam({{"Action", "SimulatePrincipalPolicy"},
                        {"PolicySourceArn", arn},
                        {"ActionNames.member.1", "s3:GetObject"},
                        {"ActionNames.member.2", "s3:PutObject"},
                        {"MaxItems", "1"}});
  };
  const Reply reply = run(std::string(IssuerAccount::kRole));
  const std::string at = "SimulatePrincipalPolicyResult/";
  EXPECT_EQ(reply.at(at + "EvaluationResults/member/EvalDecision"), "allowed");
  EXPECT_EQ(reply.at(at + "EvaluationResults/member/MatchedStatements/member/SourcePolicyId"),
            "AmazonS3ReadOnlyAccess");
  EXPECT_EQ(reply.at(at + "IsTruncated"), "true");
  EXPECT_EQ(run("arn:aws:iam::111122223333:user/administrator").at(at + "EvaluationResults/member/EvalDecision"),
            "allowed");
  EXPECT_EQ(run("arn:aws:iam::111122223333:role/nobody").code, "NoSuchEntity");
}

}  // namespace
}  // namespace sim
