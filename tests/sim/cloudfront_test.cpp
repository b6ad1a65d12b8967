#include "sim/cloudfront.h"

#include "local_account.h"

namespace sim {
namespace {

using std::chrono::seconds;

constexpr std::string_view kApi = "/2020-05-31/";

// A private bucket, and the calls that put a distribution in front of it.
struct CloudFront : testing::Test {
  CloudFront() {
    account.makeBucket("issuer");
    account.s3("PUT", "/issuer/keys.json", "{\"keys\":[]}", {{"Content-Type", "application/json"}});
    account.s3("PUT", "/issuer/index.html", "home");
    account.s3("PUT", "/issuer/sub/keys.json", "below");
  }

  Reply call(std::string method, std::string target, std::string body = "", Fields headers = {}) {
    http::Request request = account.s3Request(std::move(method), std::string(kApi) + target, "", headers);
    request.body = std::move(body);
    return account.send(std::move(request), "cloudfront");
  }
  static std::string access(const std::string& name, const std::string& behavior = "always") {
    return "<OriginAccessControlConfig><Name>" + name +
           "</Name><SigningProtocol>sigv4</SigningProtocol><SigningBehavior>" + behavior +
           "</SigningBehavior><OriginAccessControlOriginType>s3</OriginAccessControlOriginType></"
           "OriginAccessControlConfig>";
  }
  static std::string config(const std::string& accessId, const std::string& more = "",
                            const std::string& enabled = "true") {
    return "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><CallerReference>1</"
           "CallerReference><Origins><Quantity>1</Quantity><Items><Origin><Id>bucket</Id>"
           "<DomainName>issuer.s3.us-west-2.amazonaws.com</DomainName><S3OriginConfig><OriginAccessIdentity/>"
           "</S3OriginConfig><OriginAccessControlId>" +
           accessId +
           "</OriginAccessControlId></Origin></Items></Origins><DefaultCacheBehavior><TargetOriginId>bucket</"
           "TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy><CachePolicyId>"
           "658327ea-f89d-4fab-a63d-7e88639e58f6</CachePolicyId></DefaultCacheBehavior><Comment/><Enabled>" +
           enabled + "</Enabled>" + more + "</DistributionConfig>";
  }
  void deploy(const std::string& more = "", const std::string& behavior = "always") {
    accessId = call("POST", "origin-access-control", access("issuer", behavior)).at("Id");
    Reply made = call("POST", "distribution", config(accessId, more));
    EXPECT_EQ(made.status, 201) << made.refusal();
    id = made.at("Id");
    arn = made.at("ARN");
    domain = made.at("DomainName");
    etag = made.header("ETag");
  }
  void letIn(const std::string& sourceArn, const std::string& action = "s3:GetObject") {
    std::string policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},)"
        R"("Action":")" +
        action + R"(","Resource":"arn:aws:s3:::issuer)" + (action == "s3:GetObject" ? "/*" : "") +
        R"(","Condition":{"StringEquals":{"AWS:SourceArn":")" + sourceArn + R"("}}}]})";
    EXPECT_EQ(account.s3("PUT", "/issuer?policy", policy).status, 204);
  }
  Reply view(const std::string& path, std::string method = "GET", Fields headers = {}) {
    http::Request request = account.s3Request(std::move(method), path, "", headers);
    request.origin = "https://" + domain;
    request.headers.set("Host", domain);
    return account.receive(request);
  }

  LocalAccount account;
  std::string accessId, id, arn, domain, etag;
};

TEST_F(CloudFront, ReadsAPrivateBucketAsItsPolicySays) {
  deploy();
  EXPECT_EQ(arn, "arn:aws:cloudfront::111122223333:distribution/" + id);
  EXPECT_EQ(view("/keys.json").refusal(), "403 AccessDenied: Access Denied");
  letIn("arn:aws:cloudfront::111122223333:distribution/ANOTHER");
  EXPECT_EQ(view("/keys.json").status, 403);
  letIn(arn);
  Reply got = view("/keys.json");
  EXPECT_EQ(got.status, 200) << got.refusal();
  EXPECT_EQ(got.response.body, "{\"keys\":[]}");
  EXPECT_EQ(got.header("content-type"), "application/json");
  EXPECT_EQ(got.header("x-cache"), "Miss from cloudfront");
  EXPECT_EQ(view("/keys.json", "HEAD").header("content-length"), "11");
  EXPECT_EQ(view("/keys.json", "GET", {{"Range", "bytes=0-1"}}).response.body, "{\"");
  EXPECT_EQ(view("/nothing").code, "AccessDenied");
  EXPECT_EQ(account.anonymous("GET", "/issuer/keys.json").status, 403);
}

TEST_F(CloudFront, IsNobodyInParticularWithoutSigning) {
  deploy("", "never");
  letIn(arn);
  EXPECT_EQ(view("/keys.json").status, 403);
  account.open("issuer");
  EXPECT_EQ(view("/keys.json").status, 200);
}

TEST_F(CloudFront, RefusesOtherMethodsAndUnknownNames) {
  deploy();
  letIn(arn);
  EXPECT_EQ(view("/keys.json", "DELETE").status, 403);
  EXPECT_EQ(view("/keys.json", "PUT").status, 403);
  EXPECT_EQ(account.s3("GET", "/issuer/keys.json").status, 200);
  domain = "d1234567890123.cloudfront.net";
  EXPECT_EQ(view("/keys.json").status, 403);
}

TEST_F(CloudFront, FollowsRootObjectAndBehaviors) {
  deploy("<DefaultRootObject>index.html</DefaultRootObject><CacheBehaviors><Quantity>0</Quantity></CacheBehaviors>");
  letIn(arn);
  EXPECT_EQ(view("/").response.body, "home");
  EXPECT_EQ(view("/sub/keys.json").response.body, "below");
}

TEST_F(CloudFront, DeploysInItsTime) {
  deploy();
  EXPECT_EQ(call("GET", "distribution/" + id).at("Status"), "InProgress");
  account.clock.advance(seconds(cloudfront::kDeployment));
  Reply got = call("GET", "distribution/" + id);
  EXPECT_EQ(got.at("Status"), "Deployed");
  EXPECT_EQ(got.header("ETag"), etag);
  EXPECT_EQ(got.at("DistributionConfig/ViewerCertificate/CloudFrontDefaultCertificate"), "true");
  EXPECT_EQ(got.at("DistributionConfig/DefaultCacheBehavior/AllowedMethods/Quantity"), "2");
}

TEST_F(CloudFront, ChangesOnlyWhatIsCurrent) {
  deploy();
  EXPECT_EQ(call("PUT", "distribution/" + id + "/config", config(accessId, "", "false")).refusal(),
            "400 InvalidIfMatchVersion: The If-Match version is missing or not valid for the resource.");
  EXPECT_EQ(call("PUT", "distribution/" + id + "/config", config(accessId), {{"If-Match", "EOTHER"}}).status, 412);
  EXPECT_EQ(call("DELETE", "distribution/" + id, "", {{"If-Match", etag}}).refusal(),
            "409 DistributionNotDisabled: The distribution you are trying to delete has not been disabled.");
  Reply off = call("PUT", "distribution/" + id + "/config", config(accessId, "", "false"), {{"If-Match", etag}});
  EXPECT_EQ(off.status, 200) << off.refusal();
  EXPECT_NE(off.header("ETag"), etag);
  EXPECT_EQ(view("/keys.json").status, 403);
  EXPECT_EQ(call("DELETE", "distribution/" + id, "", {{"If-Match", off.header("ETag")}}).code,
            "DistributionNotDisabled");
  account.clock.advance(seconds(cloudfront::kDeployment));
  EXPECT_EQ(call("DELETE", "distribution/" + id, "", {{"If-Match", etag}}).code, "PreconditionFailed");
  std::string accessTag = call("GET", "origin-access-control/" + accessId).header("ETag");
  EXPECT_EQ(call("DELETE", "origin-access-control/" + accessId, "", {{"If-Match", accessTag}}).code,
            "OriginAccessControlInUse");
  EXPECT_EQ(call("DELETE", "distribution/" + id, "", {{"If-Match", off.header("ETag")}}).status, 204);
  EXPECT_EQ(call("GET", "distribution/" + id).refusal(),
            "404 NoSuchDistribution: The specified distribution does not exist.");
  EXPECT_EQ(call("DELETE", "origin-access-control/" + accessId, "", {{"If-Match", accessTag}}).status, 204);
  EXPECT_EQ(call("GET", "origin-access-control/" + accessId).code, "NoSuchOriginAccessControl");
}

TEST_F(CloudFront, MakesOneDistributionForEachCallerReference) {
  deploy();
  EXPECT_EQ(call("POST", "distribution", config(accessId)).code, "DistributionAlreadyExists");
  EXPECT_EQ(call("POST", "distribution", config(accessId, "", "false")).code, "DistributionAlreadyExists");
  EXPECT_EQ(call("POST", "origin-access-control", access("issuer")).code, "OriginAccessControlAlreadyExists");
  EXPECT_EQ(call("GET", "distribution").at("Items/DistributionSummary/DomainName"), domain);
  EXPECT_EQ(call("GET", "origin-access-control").at("Items/OriginAccessControlSummary/Name"), "issuer");
}

TEST_F(CloudFront, RefusesWhatCouldNotWork) {
  deploy();
  auto made = [&](std::string from, std::string to) {
    std::string body = config(accessId);
    body.replace(body.find("<CallerReference>1"), 18, "<CallerReference>2");
    body.replace(body.find(from), from.size(), to);
    return call("POST", "distribution", body).code;
  };
  EXPECT_EQ(made("<TargetOriginId>bucket", "<TargetOriginId>other"), "NoSuchOrigin");
  EXPECT_EQ(made(accessId, "ENOTHERE"), "InvalidOriginAccessControl");
  EXPECT_EQ(made("<Quantity>1", "<Quantity>2"), "InconsistentQuantities");
  EXPECT_EQ(made("issuer.s3.us-west-2.amazonaws.com", "example.com"), "InvalidArgument");
  EXPECT_EQ(made("<Comment/>", ""), "MalformedXML");
  EXPECT_EQ(made("658327ea", "00000000"), "NoSuchCachePolicy");
  EXPECT_EQ(made("<Comment/>", "<Comment/><Aliases><Quantity>1</Quantity><Items><CNAME>a.b</CNAME></Items></Aliases>"),
            "InvalidViewerCertificate");
  EXPECT_EQ(made("<OriginAccessIdentity/>", "<OriginAccessIdentity>x</OriginAccessIdentity>"),
            "IllegalOriginAccessConfiguration");
  EXPECT_EQ(call("POST", "distribution", "").code, "MissingBody");
  EXPECT_EQ(call("POST", "distribution", "<Other/>").code, "MalformedXML");
}

TEST_F(CloudFront, InvalidatesInItsTime) {
  deploy();
  std::string batch =
      "<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/keys.json</Path></Items></"
      "Paths><CallerReference>r</"
      "CallerReference></InvalidationBatch>";
  Reply made = call("POST", "distribution/" + id + "/invalidation", batch);
  EXPECT_EQ(made.status, 201) << made.refusal();
  EXPECT_EQ(made.at("Status"), "InProgress");
  EXPECT_EQ(call("GET", "distribution/" + id).at("InProgressInvalidationBatches"), "1");
  EXPECT_EQ(call("POST", "distribution/" + id + "/invalidation", batch).at("Id"), made.at("Id"));
  account.clock.advance(seconds(cloudfront::kInvalidation));
  Reply done = call("GET", "distribution/" + id + "/invalidation/" + made.at("Id"));
  EXPECT_EQ(done.at("Status"), "Completed");
  EXPECT_EQ(done.at("InvalidationBatch/Paths/Items/Path"), "/keys.json");
  EXPECT_EQ(call("GET", "distribution/" + id + "/invalidation").at("Quantity"), "1");
  EXPECT_EQ(call("GET", "distribution/" + id + "/invalidation/INONE").code, "NoSuchInvalidation");
  std::string wrong = batch;
  wrong.replace(wrong.find("/keys"), 5, "keys");
  EXPECT_EQ(call("POST", "distribution/" + id + "/invalidation", wrong).code, "InvalidArgument");
  EXPECT_EQ(call("POST", "distribution/" + id + "/invalidation", "<InvalidationBatch/>").refusal(),
            "400 MalformedXML: 1 validation error detected: Value null at 'invalidationBatch.callerReference' failed "
            "to satisfy constraint: Member must not be null");
}

TEST_F(CloudFront, KeepsTags) {
  std::string tags = "<Tags><Items><Tag><Key>owner</Key><Value>irsa</Value></Tag></Items></Tags>";
  accessId = call("POST", "origin-access-control", access("issuer")).at("Id");
  Reply made = call("POST", "distribution?WithTags",
                    "<DistributionConfigWithTags>" + config(accessId) + tags + "</DistributionConfigWithTags>");
  std::string resource = "Resource=" + text::percentEncode(made.at("ARN"));
  EXPECT_EQ(call("GET", "tagging?" + resource).at("Items/Tag/Value"), "irsa");
  std::string more = "<Tags><Items><Tag><Key>owner</Key><Value>me</Value></Tag></Items></Tags>";
  EXPECT_EQ(call("POST", "tagging?Operation=Tag&" + resource, more).status, 204);
  EXPECT_EQ(call("GET", "tagging?" + resource).at("Items/Tag/Value"), "me");
  EXPECT_EQ(
      call("POST", "tagging?Operation=Untag&" + resource, "<TagKeys><Items><Key>owner</Key></Items></TagKeys>").status,
      204);
  EXPECT_EQ(call("GET", "tagging?" + resource).at("Items/Tag"), "(absent)");
  EXPECT_EQ(call("GET", "tagging?Resource=arn%3Aaws%3Acloudfront%3A%3A111122223333%3Adistribution%2FENONE").code,
            "NoSuchResource");
}

TEST_F(CloudFront, SaysNoInItsOwnForm) {
  Reply reply = account.receive(account.s3Request("GET", std::string(kApi) + "distribution", "", {}));
  EXPECT_EQ(reply.refusal(), "403 MissingAuthenticationToken: Request is missing Authentication Token");
  EXPECT_EQ(reply.xml.name, "ErrorResponse");
  EXPECT_EQ(call("GET", "function").status, 501);
}

TEST_F(CloudFront, ServesAnIssuer) {
  deploy();
  letIn(arn);
  std::string issuer = "https://" + domain;
  oidc::Jwks jwks = oidc::jwksOf({issuerKey().publicKey()});
  oidc::Discovery discovery{issuer, issuer + "/keys.json", oidc::signingAlgorithms(jwks)};
  account.s3("PUT", "/issuer/.well-known/openid-configuration", text::compact(oidc::render(discovery)));
  account.s3("PUT", "/issuer/keys.json", text::compact(oidc::render(jwks)));
  account.iam(
      {{"Action", "CreateOpenIDConnectProvider"}, {"Url", issuer}, {"ClientIDList.member.1", "sts.amazonaws.com"}});
  std::string provider = "arn:aws:iam::111122223333:oidc-provider/" + domain;
  account.iam({{"Action", "CreateRole"},
               {"RoleName", "echo"},
               {"AssumeRolePolicyDocument", text::compact(policy::trustPolicy(provider, domain, "sts.amazonaws.com",
                                                                              {"system:serviceaccount:a:b"}))}});
  text::Json claims = oidc::claimsOf({.issuer = issuer,
                                      .nameSpace = "a",
                                      .serviceAccount = "b",
                                      .issuedAt = account.clock.now(),
                                      .lifetime = seconds(3600)});
  auto assume = [&] {
    return account.unsignedSts({{"Action", "AssumeRoleWithWebIdentity"},
                                {"RoleArn", "arn:aws:iam::111122223333:role/echo"},
                                {"RoleSessionName", "test"},
                                {"WebIdentityToken", oidc::sign(claims, issuerKey()).value()}});
  };
  Reply good = assume();
  EXPECT_EQ(good.status, 200) << good.refusal();
  account.s3("DELETE", "/issuer?policy");
  EXPECT_EQ(assume().code, "InvalidIdentityToken");
}

}  // namespace
}  // namespace sim
