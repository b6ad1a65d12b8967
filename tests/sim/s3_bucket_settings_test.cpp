#include "local_account.h"

namespace sim {
namespace {

std::string policy(const std::string& principal, const std::string& resource, const std::string& more = "") {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)" + principal +
         R"(,"Action":"s3:GetObject","Resource":")" + resource + "\"" + more + "}]}";
}

const std::string kPublic = policy("\"*\"", "arn:aws:s3:::bucket/*");

TEST(NewBucket, RefusesAcls) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("PUT", "/bucket?acl", "", {{"x-amz-acl", "public-read"}}).refusal(),
            "400 AccessControlListNotSupported: The bucket does not allow ACLs");
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "x", {{"x-amz-acl", "public-read"}}).refusal(),
            "400 AccessControlListNotSupported: The bucket does not allow ACLs");
}

TEST(NewBucket, BlocksPublicPolicies) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("GET", "/bucket?publicAccessBlock").at("BlockPublicPolicy"), "true");
  EXPECT_EQ(account.s3("PUT", "/bucket?policy", kPublic).refusal(),
            "403 AccessDenied: User: arn:aws:iam::111122223333:user/administrator is not authorized to perform: "
            "s3:PutBucketPolicy on resource: \"arn:aws:s3:::bucket\" because public policies are blocked by the "
            "BlockPublicPolicy block public access setting.");
}

TEST(PublicAccessBlock, IsGoneAfterItsDeletion) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("DELETE", "/bucket?publicAccessBlock").status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket?publicAccessBlock").refusal(),
            "404 NoSuchPublicAccessBlockConfiguration: The public access block configuration was not found");
  EXPECT_EQ(account.s3("PUT", "/bucket?policy", kPublic).status, 204);
}

TEST(AnonymousReader, IsLetInByTheBucketPolicyAlone) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  EXPECT_EQ(account.anonymous("GET", "/bucket/key").refusal(), "403 AccessDenied: Access Denied");
  account.open("bucket", "/key");
  EXPECT_EQ(account.anonymous("GET", "/bucket/key").response.body, "body");
  EXPECT_EQ(account.anonymous("GET", "/bucket/other").status, 403);
  EXPECT_EQ(account.anonymous("GET", "/bucket").status, 403);
  EXPECT_EQ(account.anonymous("PUT", "/bucket/key", "x").status, 403);
  EXPECT_EQ(account.anonymous("GET", "/missing/key").code, "NoSuchBucket");
}

TEST(AnonymousReader, IsKeptOutByRestrictPublicBuckets) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  account.open("bucket");
  std::string block =
      "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></"
      "PublicAccessBlockConfiguration>";
  EXPECT_EQ(account.s3("PUT", "/bucket?publicAccessBlock", block).status, 200);
  EXPECT_EQ(account.anonymous("GET", "/bucket/key").status, 403);
  EXPECT_EQ(account.s3("GET", "/bucket/key").status, 200);
}

TEST(BucketPolicy, IsRefusedInAwsWords) {
  LocalAccount account;
  account.makeBucket("bucket");
  auto refusal = [&](const std::string& document) { return account.s3("PUT", "/bucket?policy", document).refusal(); };
  EXPECT_EQ(refusal("notjson"), "400 MalformedPolicy: Policies must be valid JSON and the first byte must be '{'");
  EXPECT_EQ(refusal(policy("\"*\"", "arn:aws:s3:::other/*")), "400 MalformedPolicy: Policy has invalid resource");
  EXPECT_EQ(refusal(policy("\"*\"", "arn:aws:s3:::bucket")),
            "400 MalformedPolicy: Action does not apply to any resource(s) in statement");
  EXPECT_EQ(account.s3("GET", "/bucket?policy").refusal(), "404 NoSuchBucketPolicy: The bucket policy does not exist");
}

TEST(BucketPolicy, ComesBackAsItWasPut) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.open("bucket");
  EXPECT_EQ(account.s3("PUT", "/bucket?policy", kPublic).status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket?policy").response.body, kPublic);
  EXPECT_EQ(account.s3("GET", "/bucket?policyStatus").at("IsPublic"), "true");
}

TEST(BucketPolicy, IsNotPublicWhenItNamesItsReaders) {
  LocalAccount account;
  account.makeBucket("bucket");
  std::string condition = R"(,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}})";
  EXPECT_EQ(account.s3("PUT", "/bucket?policy", policy("\"*\"", "arn:aws:s3:::bucket/*", condition)).status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket?policyStatus").at("IsPublic"), "false");
}

TEST(BucketPolicy, IsPublicWhenTheAddressesAreManyPeoples) {
  LocalAccount account;
  account.makeBucket("bucket");
  auto put = [&](const std::string& addresses) {
    std::string condition = R"(,"Condition":{"IpAddress":{"aws:SourceIp":)" + addresses + "}}";
    return account.s3("PUT", "/bucket?policy", policy("\"*\"", "arn:aws:s3:::bucket/*", condition));
  };
  for (const char* wide : {R"("0.0.0.0/0")", R"("0.0.0.0/1")", R"("8.0.0.0/7")", R"("::/0")", R"("2000::/16")",
                           R"("2001:db8::/31")", R"(["203.0.113.0/24","128.0.0.0/1"])"}) {
    EXPECT_EQ(put(wide).code, "AccessDenied") << wide;
  }
  for (const char* narrow : {R"("8.0.0.0/8")", R"("10.0.0.0/8")", R"("203.0.113.7")", R"("2001:db8::/32")"}) {
    EXPECT_EQ(put(narrow).status, 204) << narrow;
    EXPECT_EQ(account.s3("GET", "/bucket?policyStatus").at("IsPublic"), "false") << narrow;
  }
}

TEST(BucketPolicy, LetsARoleInByNameAndTheAccountOnlyWithItsOwnPolicies) {
  IssuerAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  const aws::Credentials administrator = account.credentials;
  account.becomeRole();
  const aws::Credentials role = account.credentials;
  auto readWith = [&](const std::string& document) {
    account.credentials = administrator;
    EXPECT_EQ(account.s3("PUT", "/bucket?policy", document).status, 204) << document;
    account.credentials = role;
    return account.s3("GET", "/bucket/key");
  };
  auto lets = [](const std::string& principal) {
    return policy(R"({"AWS":")" + principal + R"("})", "arn:aws:s3:::bucket/*");
  };
  EXPECT_EQ(readWith(lets("arn:aws:iam::111122223333:role/echo")).status, 200);
  EXPECT_EQ(readWith(lets("arn:aws:sts::111122223333:assumed-role/echo/test")).status, 200);
  EXPECT_EQ(readWith(lets("arn:aws:sts::111122223333:assumed-role/echo/other")).status, 403);
  EXPECT_EQ(readWith(lets("arn:aws:iam::111122223333:root")).refusal(),
            "403 AccessDenied: User: arn:aws:sts::111122223333:assumed-role/echo/test is not authorized to perform: "
            "s3:GetObject on resource: \"arn:aws:s3:::bucket/key\" because no identity-based policy allows the "
            "s3:GetObject action");
  EXPECT_EQ(readWith(lets("111122223333")).code, "AccessDenied");
  account.credentials = administrator;
  account.iam({{"Action", "AttachRolePolicy"},
               {"RoleName", "echo"},
               {"PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}});
  EXPECT_EQ(readWith(lets("111122223333")).status, 200) << "the role's own policy allows it";
  std::string denial = lets("111122223333");
  denial.replace(denial.find("Allow"), 5, "Deny");
  EXPECT_EQ(readWith(denial).code, "AccessDenied") << "a denial for the account is one for its roles";
}

// What the session of the role "echo" gets of a bucket whose policy lets `principal` in, when the role's boundary is
// `statement`.
Reply readPastBoundary(const std::string& principal, const std::string& statement) {
  IssuerAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  account.open("bucket", "/none");
  account.s3("PUT", "/bucket?policy", policy(principal, "arn:aws:s3:::bucket/*"));
  account.iam({{"Action", "CreatePolicy"},
               {"PolicyName", "limit"},
               {"PolicyDocument", R"({"Version":"2012-10-17","Statement":)" + statement + "}"}});
  account.iam({{"Action", "PutRolePermissionsBoundary"},
               {"RoleName", "echo"},
               {"PermissionsBoundary", "arn:aws:iam::111122223333:policy/limit"}});
  account.becomeRole();
  return account.s3("GET", "/bucket/key");
}

const std::string kSilentBoundary = R"({"Effect":"Allow","Action":"iam:*","Resource":"*"})";
const std::string kDenyingBoundary =
    R"([{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}])";

TEST(BucketPolicy, LetsNoRolePassItsBoundary) {
  EXPECT_EQ(readPastBoundary(R"({"AWS":"arn:aws:iam::111122223333:role/echo"})", kSilentBoundary).refusal(),
            "403 AccessDenied: User: arn:aws:sts::111122223333:assumed-role/echo/test is not authorized to perform: "
            "s3:GetObject on resource: \"arn:aws:s3:::bucket/key\" because no permissions boundary allows the "
            "s3:GetObject action");
}

// "Permissions granted directly to a session are not limited by an implicit deny in an identity-based policy, a
// permissions boundary, or a session policy", and with a wildcard Principal neither.
TEST(BucketPolicy, LetsASessionThatItNamesPassASilentBoundaryButNoDenial) {
  for (const char* principal :
       {R"({"AWS":"arn:aws:sts::111122223333:assumed-role/echo/test"})", R"("*")", R"({"AWS":"*"})"}) {
    EXPECT_EQ(readPastBoundary(principal, kSilentBoundary).status, 200) << principal;
    EXPECT_EQ(readPastBoundary(principal, kDenyingBoundary).code, "AccessDenied") << principal;
  }
}

TEST(BucketPolicy, LetsASessionThatItNamesPassASilentSessionPolicy) {
  IssuerAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  const aws::Credentials administrator = account.credentials;
  auto readWith = [&](const std::string& principal, const std::string& sessionPolicy) {
    account.credentials = administrator;
    EXPECT_EQ(account.s3("PUT", "/bucket?policy", policy(principal, "arn:aws:s3:::bucket/*")).status, 204);
    account.becomeRole({{"Policy", R"({"Version":"2012-10-17","Statement":)" + sessionPolicy + "}"}});
    return account.s3("GET", "/bucket/key").status;
  };
  const std::string session = R"({"AWS":"arn:aws:sts::111122223333:assumed-role/echo/test"})";
  EXPECT_EQ(readWith(session, kSilentBoundary), 200);
  EXPECT_EQ(readWith(session, kDenyingBoundary), 403);
  EXPECT_EQ(readWith(R"({"AWS":"arn:aws:iam::111122223333:role/echo"})", kSilentBoundary), 403);
}

TEST(BucketTags, RoundTrip) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("GET", "/bucket?tagging").refusal(), "404 NoSuchTagSet: The TagSet does not exist");
  std::string body = "<Tagging><TagSet><Tag><Key>irsa-anywhere/name</Key><Value>edge</Value></Tag></TagSet></Tagging>";
  EXPECT_EQ(account.s3("PUT", "/bucket?tagging", body).status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket?tagging").at("TagSet/Tag/Value"), "edge");
  EXPECT_EQ(account.s3("DELETE", "/bucket?tagging").status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket?tagging").status, 404);
}

TEST(BucketTags, LeaveAwsKeysToAws) {
  LocalAccount account;
  account.makeBucket("bucket");
  auto put = [&](const std::string& key) {
    return account.s3("PUT", "/bucket?tagging",
                      "<Tagging><TagSet><Tag><Key>" + key + "</Key><Value>v</Value></Tag></TagSet></Tagging>");
  };
  EXPECT_EQ(put("aws:a").refusal(), "400 InvalidTag: System tags cannot be added/updated by requester");
  EXPECT_EQ(put("k#").refusal(), "400 InvalidTag: The TagKey you have provided is invalid");
  EXPECT_EQ(put("k#").at("TagKey"), "k#");
  const Reply value = put("k</Key><Value>v#</Value></Tag><Tag><Key>l");
  EXPECT_EQ(value.refusal(), "400 InvalidTag: The TagValue you have provided is invalid");
  EXPECT_EQ(value.at("TagKey") + "=" + value.at("TagValue"), "k=v#");
  const Reply twice = put("k</Key><Value>v</Value></Tag><Tag><Key>k");
  EXPECT_EQ(twice.refusal(), "400 InvalidTag: Cannot provide multiple Tags with the same key");
  EXPECT_EQ(twice.at("TagKey"), "k");
}

TEST(OwnershipControls, StartAsBucketOwnerEnforced) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(account.s3("GET", "/bucket?ownershipControls").at("Rule/ObjectOwnership"), "BucketOwnerEnforced");
  EXPECT_EQ(account.s3("DELETE", "/bucket?ownershipControls").status, 204);
  EXPECT_EQ(account.s3("GET", "/bucket?ownershipControls").code, "OwnershipControlsNotFoundError");
}

TEST(OwnershipControls, LeaveAclsToWhatIsNotThere) {
  LocalAccount account;
  account.makeBucket("bucket");
  EXPECT_EQ(
      account
          .s3("PUT", "/bucket?ownershipControls",
              "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>")
          .status,
      200);
  for (const char* target : {"/bucket?acl", "/bucket/key", "/bucket/key?acl"})
    EXPECT_EQ(account.s3("PUT", target, "", {{"x-amz-acl", "public-read"}}).code, "NotImplemented") << target;
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "x", {{"x-amz-acl", "private"}}).status, 200);
}

TEST(Settings, AreNeverTakenForThePlainOperation) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  EXPECT_EQ(account.s3("PUT", "/bucket/key?retention", "<Retention/>").status, 501);
  EXPECT_EQ(account.s3("DELETE", "/bucket?lifecycle").status, 501);
  EXPECT_EQ(account.s3("GET", "/bucket/key").response.body, "body");
}

}  // namespace
}  // namespace sim
