#include "local_account.h"

namespace sim {
namespace {

const std::string kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/i.example.com"},"Action":"sts:AssumeRoleWithWebIdentity"}]})";

Fields create(std::string name, Fields more = {}) {
  more.insert(more.begin(),
              {{"Action", "CreateRole"}, {"RoleName", std::move(name)}, {"AssumeRolePolicyDocument", kTrust}});
  return more;
}

Fields on(std::string action, Fields more = {}) {
  more.insert(more.begin(), {{"Action", std::move(action)}, {"RoleName", "echo"}});
  return more;
}

TEST(Role, ComesBackWithAnEncodedTrustPolicy) {
  LocalAccount account;
  Reply made =
      account.iam(create("echo", {{"Path", "/team/"}, {"Tags.member.1.Key", "k"}, {"Tags.member.1.Value", "v"}}));
  EXPECT_EQ(made.at("CreateRoleResult/Role/Arn"), "arn:aws:iam::111122223333:role/team/echo");
  EXPECT_EQ(made.at("CreateRoleResult/Role/RoleId").size(), 21u);
  Reply got = account.iam(on("GetRole"));
  EXPECT_EQ(got.at("GetRoleResult/Role/AssumeRolePolicyDocument"), text::percentEncode(kTrust));
  EXPECT_EQ(got.at("GetRoleResult/Role/MaxSessionDuration"), "3600");
  EXPECT_EQ(got.at("GetRoleResult/Role/Tags/member/Value"), "v");
}

TEST(Role, IsToldInFullByGetRoleAlone) {
  LocalAccount account;
  const std::string boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  const Reply made = account.iam(create("echo", {{"Description", "a role"}, {"PermissionsBoundary", boundary}}));
  const Reply got = account.iam(on("GetRole")), listed = account.iam({{"Action", "ListRoles"}});
  const std::string create = "CreateRoleResult/Role/", get = "GetRoleResult/Role/",
                    list = "ListRolesResult/Roles/member/", arn = "PermissionsBoundary/PermissionsBoundaryArn";
  for (const char* name : {"Description", "MaxSessionDuration", "RoleLastUsed"}) {
    EXPECT_EQ(made.at(create + name), "(absent)");
    EXPECT_NE(got.at(get + name), "(absent)");
  }
  EXPECT_EQ(made.at(create + arn), boundary);
  EXPECT_EQ(got.at(get + arn), boundary);
  EXPECT_EQ(listed.at(list + arn), "(absent)");
  EXPECT_EQ(listed.at(list + "RoleLastUsed"), "(absent)");
  EXPECT_EQ(listed.at(list + "Description"), "a role");
}

TEST(Role, HasTagsWhoseKeysHaveNoCase) {
  LocalAccount account;
  account.iam(create("echo", {{"Tags.member.1.Key", "team"}, {"Tags.member.1.Value", "edge"}}));
  EXPECT_EQ(account
                .iam(on("TagRole", {{"Tags.member.1.Key", "a"},
                                    {"Tags.member.1.Value", "1"},
                                    {"Tags.member.2.Key", "A"},
                                    {"Tags.member.2.Value", "2"}}))
                .refusal(),
            "400 InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  EXPECT_EQ(account.iam(on("UntagRole", {{"TagKeys.member.1", "TEAM"}})).status, 200);
  EXPECT_EQ(account.iam(on("ListRoleTags")).at("ListRoleTagsResult/Tags/member"), "(absent)");
  EXPECT_EQ(account.iam(on("UntagRole", {{"TagKeys.member.1", "team#"}})).refusal(),
            "400 ValidationError: 1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member "
            "must satisfy constraint: [Member must have length less than or equal to 128, Member must have length "
            "greater than or equal to 1, Member must satisfy regular expression pattern: "
            "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+, Member must not be null]");
}

TEST(Role, IsUniqueWhateverItsCase) {
  LocalAccount account;
  account.iam(create("echo"));
  EXPECT_EQ(account.iam(create("ECHO")).refusal(), "409 EntityAlreadyExists: Role with name ECHO already exists.");
}

TEST(Role, IsMissedByName) {
  LocalAccount account;
  EXPECT_EQ(account.iam(on("GetRole")).refusal(), "404 NoSuchEntity: The role with name echo cannot be found.");
}

TEST(Role, HoldsToItsLimits) {
  LocalAccount account;
  EXPECT_EQ(account.iam(create("has space")).code, "ValidationError");
  EXPECT_EQ(account.iam(create(std::string(65, 'r'))).code, "ValidationError");
  EXPECT_EQ(account.iam(create("echo", {{"MaxSessionDuration", "100"}})).code, "ValidationError");
  EXPECT_EQ(account.iam(create("echo", {{"Path", "no-slash"}})).code, "ValidationError");
  for (const char* description : {"\x02", "\xe2\x82\xac", "\xc2\x85"})
    EXPECT_EQ(account.iam(create("echo", {{"Description", description}})).code, "ValidationError");
  EXPECT_EQ(account.iam(create("umlaut", {{"Description", "\xc3\xbc, a line\n"}})).status, 200);
  EXPECT_EQ(account.iam(create("echo", {{"Tags.member.1.Key", "k#"}, {"Tags.member.1.Value", "v"}})).code,
            "ValidationError");
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}, {"PathPrefix", "pg"}}).refusal(),
            "400 ValidationError: 1 validation error detected: Value at 'pathPrefix' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: \\u002F[\\u0021-\\u007F]*");
  Fields large = create("echo");
  large[2].second.insert(large[2].second.size() - 3, std::string(R"(,"Sid":")") + std::string(2000, 's') + "\"");
  EXPECT_EQ(account.iam(large).refusal(), "409 LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048");
  Fields bad = create("echo");
  bad[2].second = "{";
  EXPECT_EQ(account.iam(bad).code, "MalformedPolicyDocument");
}

TEST(Role, GoesOnlyWithoutPolicies) {
  LocalAccount account;
  const std::string arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  account.iam(create("echo"));
  account.iam(on("AttachRolePolicy", {{"PolicyArn", arn}}));
  account.iam(on("PutRolePolicy",
                 {{"PolicyName", "p"},
                  {"PolicyDocument",
                   R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})"}}));
  EXPECT_EQ(account.iam(on("DeleteRole")).refusal(),
            "409 DeleteConflict: Cannot delete entity, must detach all policies first.");
  account.iam(on("DetachRolePolicy", {{"PolicyArn", arn}}));
  EXPECT_EQ(account.iam(on("DeleteRole")).refusal(),
            "409 DeleteConflict: Cannot delete entity, must delete policies first.");
  account.iam(on("DeleteRolePolicy", {{"PolicyName", "p"}}));
  EXPECT_EQ(account.iam(on("DeleteRole")).status, 200);
}

TEST(Role, IsListedInPages) {
  LocalAccount account;
  for (std::string name : {"a", "b", "c"}) account.iam(create(name));
  Reply first = account.iam({{"Action", "ListRoles"}, {"MaxItems", "2"}});
  EXPECT_EQ(first.at("ListRolesResult/IsTruncated"), "true");
  Reply rest = account.iam({{"Action", "ListRoles"}, {"Marker", first.at("ListRolesResult/Marker")}});
  EXPECT_EQ(rest.at("ListRolesResult/Roles/member/RoleName"), "c");
  EXPECT_EQ(rest.at("ListRolesResult/IsTruncated"), "false");
}

TEST(RolePolicies, RoundTrip) {
  LocalAccount account;
  account.iam(create("echo"));
  const std::string document =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]})";
  EXPECT_EQ(account.iam(on("PutRolePolicy", {{"PolicyName", "list"}, {"PolicyDocument", document}})).status, 200);
  EXPECT_EQ(account.iam(on("GetRolePolicy", {{"PolicyName", "list"}})).at("GetRolePolicyResult/PolicyDocument"),
            text::percentEncode(document));
  EXPECT_EQ(account.iam(on("ListRolePolicies")).at("ListRolePoliciesResult/PolicyNames/member"), "list");
  EXPECT_EQ(account.iam(on("GetRolePolicy", {{"PolicyName", "x"}})).refusal(),
            "404 NoSuchEntity: The role policy with name x cannot be found.");
  EXPECT_EQ(account.iam(on("AttachRolePolicy", {{"PolicyArn", "arn:aws:iam::aws:policy/Nonsense"}})).code,
            "NoSuchEntity");
}

TEST(RolePolicies, AreOfTheirOwnPartition) {
  const std::string world = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
                    china = "arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess";
  for (const std::string region : {"us-west-2", "cn-north-1"}) {
    Settings settings;
    settings.region = region;
    LocalAccount account(settings);
    account.region = region;
    Fields role = create("echo");
    if (region == "cn-north-1") role[2].second.replace(role[2].second.find("arn:aws:"), 8, "arn:aws-cn:");
    ASSERT_EQ(account.iam(role).status, 200);
    auto attach = [&](const std::string& arn) { return account.iam(on("AttachRolePolicy", {{"PolicyArn", arn}})); };
    const bool isChina = region == "cn-north-1";
    EXPECT_EQ(attach(isChina ? china : world).status, 200);
    const std::string other = isChina ? world : china;
    EXPECT_EQ(account.iam(create("bound", {{"PermissionsBoundary", other}})).refusal(),
              "400 InvalidInput: ARN " + other + " is not valid.");
    EXPECT_EQ(attach(other).refusal(), "400 InvalidInput: ARN " + other + " is not valid.");
  }
}

TEST(RolePolicies, DecideWhatASessionMayDo) {
  IssuerAccount account;
  account.makeBucket("data");
  account.s3("PUT", "/data/key", "body");
  aws::Credentials administrator = account.credentials;
  account.iam(on("AttachRolePolicy", {{"PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}));
  account.becomeRole();
  EXPECT_EQ(account.s3("GET", "/data/key").response.body, "body");
  EXPECT_EQ(
      account.s3("PUT", "/data/key", "x").refusal(),
      "403 AccessDenied: User: arn:aws:sts::111122223333:assumed-role/echo/test is not authorized to perform: "
      "s3:PutObject on resource: \"arn:aws:s3:::data/key\" because no identity-based policy allows the s3:PutObject "
      "action");
  EXPECT_EQ(account.iam(on("GetRole")).refusal(),
            "403 AccessDenied: User: arn:aws:sts::111122223333:assumed-role/echo/test is not authorized to perform: "
            "iam:GetRole on resource: role echo because no identity-based policy allows the iam:GetRole action");
  std::swap(account.credentials, administrator);
  account.iam(
      on("PutRolePermissionsBoundary", {{"PermissionsBoundary", "arn:aws:iam::aws:policy/AmazonS3FullAccess"}}));
  account.iam(on("DetachRolePolicy", {{"PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}));
  std::swap(account.credentials, administrator);
  EXPECT_EQ(account.s3("GET", "/data/key").status, 403);
}

}  // namespace
}  // namespace sim
