#include "sim/authenticate.h"

#include "base/time.h"
#include "local_account.h"
#include "presigned.h"
#include "sim/operation.h"

namespace sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kS3Mismatch =
    "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check "
    "your "
    "key and signing method.";

TEST(Authenticate, RefusesAnUnknownKey) {
  LocalAccount account;
  account.credentials.accessKeyId = "AKIAUNKNOWN";
  EXPECT_EQ(account.s3("GET", "/").refusal(),
            "403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.");
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}}).refusal(),
            "403 InvalidClientTokenId: The security token included in the request is invalid.");
}

TEST(Authenticate, RefusesAWrongSecret) {
  LocalAccount account;
  account.credentials.secretAccessKey += "x";
  EXPECT_EQ(account.s3("GET", "/").refusal(), kS3Mismatch);
  EXPECT_EQ(
      account.sts({{"Action", "GetCallerIdentity"}}).refusal(),
      "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check "
      "your AWS Secret Access Key and signing method. Consult the service documentation for details.");
}

TEST(Authenticate, WantsASignatureFromTheQueryServices) {
  LocalAccount account;
  for (std::string action : {"ListRoles", "GetCallerIdentity", "Nonsense"})
    EXPECT_EQ(account.unsignedSts({{"Action", action}}).refusal(),
              "403 MissingAuthenticationToken: Request is missing Authentication Token");
}

TEST(Authenticate, KeepsTheWindowOfS3) {
  LocalAccount account;
  http::Request request = account.s3Request("GET", "/", "", {});
  aws::sign(request, account.credentials, "us-west-2", "s3", account.clock.now());
  account.clock.advance(minutes(15));
  EXPECT_EQ(account.receive(request).status, 200);
  account.clock.advance(seconds(1));
  EXPECT_EQ(account.receive(request).refusal(),
            "403 RequestTimeTooSkewed: The difference between the request time and the current time is too large.");
}

TEST(Authenticate, KeepsTheWindowOfTheQueryServices) {
  LocalAccount account;
  base::Time start = account.clock.now();
  http::Request late = account.form("2010-05-08", {{"Action", "ListRoles"}}), early = late;
  aws::sign(late, account.credentials, "us-west-2", "iam", start - minutes(6));
  aws::sign(early, account.credentials, "us-west-2", "iam", start + minutes(6));
  auto text = [&](int shift) { return base::iso8601Basic(start + minutes(shift)); };
  EXPECT_EQ(account.receive(late).refusal(), "403 SignatureDoesNotMatch: Signature expired: " + text(-6) +
                                                 " is now earlier than " + text(-5) + " (" + text(0) + " - 5 min.)");
  EXPECT_EQ(account.receive(early).refusal(), "403 SignatureDoesNotMatch: Signature not yet current: " + text(6) +
                                                  " is still later than " + text(5) + " (" + text(0) + " + 5 min.)");
}

TEST(Authenticate, NoticesEveryChangeAfterSigning) {
  LocalAccount account;
  account.makeBucket("bucket");
  http::Request good = account.s3Request("PUT", "/bucket/key", "body", {});
  aws::sign(good, account.credentials, "us-west-2", "s3", account.clock.now());
  http::Request body = good, target = good, method = good, header = good, added = good;
  body.body = "bodY";
  body.headers.remove("Content-MD5");
  target.target = "/bucket/other";
  method.method = "DELETE";
  header.headers.set("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");
  added.headers.add("x-amz-acl", "public-read");
  EXPECT_EQ(account.receive(target).refusal(), kS3Mismatch);
  EXPECT_EQ(account.receive(method).refusal(), kS3Mismatch);
  EXPECT_EQ(account.receive(header).refusal(), kS3Mismatch);
  EXPECT_EQ(account.receive(body).refusal(), kS3Mismatch);
  EXPECT_EQ(account.receive(added).refusal(),
            "403 AccessDenied: There were headers present in the request which were not signed");
  EXPECT_EQ(account.receive(good).status, 200);
}

TEST(Authenticate, HoldsThePayloadToItsHash) {
  LocalAccount account;
  account.makeBucket("bucket");
  std::string hash = text::hex(crypto::sha256("another body"));
  EXPECT_EQ(
      account.s3("PUT", "/bucket/key", "body", {{"x-amz-content-sha256", hash}}).refusal(),
      "400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed.");
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "body", {{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}}).status, 200);
  EXPECT_EQ(account.s3("PUT", "/bucket/key", "body", {{"x-amz-content-sha256", "whatever"}}).code, "InvalidArgument");
}

TEST(Authenticate, AcceptsAnyRegionButOnlyItsOwnServices) {
  LocalAccount account;
  account.region = "ap-east-1";
  EXPECT_EQ(account.s3("GET", "/").status, 200);
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}}).status, 200);
  EXPECT_EQ(account.query("ec2", "2010-05-08", {{"Action", "ListRoles"}}).code, "SignatureDoesNotMatch");
  EXPECT_EQ(account.query("sts", "2010-05-08", {{"Action", "ListRoles"}}).refusal(),
            "400 InvalidAction: Could not find operation ListRoles for version 2010-05-08");
}

TEST(Authenticate, WantsTheSessionsOwnToken) {
  IssuerAccount account;
  account.becomeRole();
  account.credentials.sessionToken += "x";
  EXPECT_EQ(account.sts({{"Action", "GetCallerIdentity"}}).code, "InvalidClientTokenId");
  account.credentials.sessionToken.clear();
  EXPECT_EQ(account.s3("GET", "/").code, "InvalidToken");
}

TEST(Authenticate, TakesAPresignedUrlUntilItExpires) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  http::Request request = presigned(account, "60");
  EXPECT_EQ(account.receive(request).response.body, "body");
  http::Request both = request;
  aws::sign(both, account.credentials, "us-west-2", "s3", account.clock.now());
  EXPECT_EQ(account.receive(both).code, "InvalidArgument");
  account.clock.advance(seconds(61));
  EXPECT_EQ(account.receive(request).refusal(), "403 AccessDenied: Request has expired");
  EXPECT_EQ(account.receive(presigned(account, "604801")).code, "AuthorizationQueryParametersError");
  EXPECT_EQ(account.receive(presigned(account, "604800")).status, 200);
}

TEST(Authenticate, TellsASignerOfS3WhatItSigned) {
  LocalAccount account;
  account.credentials.secretAccessKey += "x";
  const Reply reply = account.s3("GET", "/");
  EXPECT_EQ(reply.at("AWSAccessKeyId"), account.credentials.accessKeyId);
  EXPECT_EQ(reply.at("SignatureProvided").size(), 64u);
  EXPECT_TRUE(reply.at("StringToSign").starts_with("AWS4-HMAC-SHA256\n"));
  EXPECT_TRUE(reply.at("StringToSignBytes").starts_with("41 57 53 34 2d "));
  EXPECT_TRUE(reply.at("CanonicalRequest").starts_with("GET\n/\n\nhost:127.0.0.1:4566\n"));
  EXPECT_TRUE(reply.at("CanonicalRequestBytes").starts_with("47 45 54 0a 2f 0a "));
  EXPECT_EQ(account.iam({{"Action", "ListRoles"}}).response.body.find("StringToSign"), std::string::npos);
  account.credentials.accessKeyId = "AKIAUNKNOWN";
  EXPECT_EQ(account.s3("GET", "/").at("AWSAccessKeyId"), "AKIAUNKNOWN");
}

TEST(Authenticate, TellsS3sClocksAndHashes) {
  LocalAccount account;
  account.makeBucket("bucket");
  http::Request old = account.s3Request("GET", "/", "", {});
  const std::string then = base::iso8601Basic(account.clock.now());
  aws::sign(old, account.credentials, "us-west-2", "s3", account.clock.now());
  account.clock.advance(minutes(16));
  const std::string now = base::rfc3339(account.clock.now());
  const Reply skewed = account.receive(old);
  EXPECT_EQ(skewed.at("RequestTime"), then);
  EXPECT_EQ(skewed.at("ServerTime"), now);
  EXPECT_EQ(skewed.at("MaxAllowedSkewMilliseconds"), "900000");
  const std::string hash(64, '0');
  const Reply other = account.s3("PUT", "/bucket/key", "body", {{"x-amz-content-sha256", hash}});
  EXPECT_EQ(other.at("ClientComputedContentSHA256"), hash);
  EXPECT_EQ(other.at("S3ComputedContentSHA256"), text::hex(crypto::sha256("body")));
  const Reply none = account.s3("PUT", "/bucket/key", "body", {{"x-amz-content-sha256", "whatever"}});
  EXPECT_EQ(none.at("ArgumentName") + "=" + none.at("ArgumentValue"), "x-amz-content-sha256=whatever");
}

TEST(Authenticate, NamesTheHeadersThatAreNotSigned) {
  LocalAccount account;
  http::Request request = account.s3Request("GET", "/", "", {});
  aws::sign(request, account.credentials, "us-west-2", "s3", account.clock.now());
  request.headers.add("X-Amz-Meta-A", "1");
  request.headers.add("X-Amz-Tagging", "a=b");
  const Reply reply = account.receive(request);
  EXPECT_EQ(reply.refusal(), "403 AccessDenied: There were headers present in the request which were not signed");
  EXPECT_EQ(reply.at("HeadersNotSigned"), "x-amz-meta-a, x-amz-tagging");
}

TEST(Authenticate, SaysOfAPresignedUrlWhatItsQueryLacks) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  const http::Request good = presigned(account, "60");
  auto without = [&](const std::string& name) {
    http::Request request = good;
    const std::size_t at = request.target.find(name), end = request.target.find('&', at);
    request.target.erase(at, end == std::string::npos ? end : end + 1 - at);
    return account.receive(request).refusal();
  };
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Expires", "X-Amz-SignedHeaders"})
    EXPECT_EQ(without(name),
              "400 AuthorizationQueryParametersError: Query-string authentication version 4 requires the "
              "X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires "
              "parameters.")
        << name;
  http::Request iam = good;
  iam.target.replace(iam.target.find("%2Fs3%2F"), 8, "%2Fs4%2F");
  EXPECT_EQ(account.receive(iam).refusal(),
            "400 AuthorizationQueryParametersError: Error parsing the X-Amz-Credential parameter; incorrect service "
            "\"s4\". This endpoint belongs to \"s3\".");
  const std::string end = base::rfc3339(account.clock.now() + seconds(60));
  account.clock.advance(seconds(61));
  const Reply expired = account.receive(good);
  EXPECT_EQ(expired.at("X-Amz-Expires"), "60");
  EXPECT_EQ(expired.at("Expires"), end);
  EXPECT_EQ(expired.at("ServerTime"), base::rfc3339(account.clock.now()));
}

// Nothing that is not listed, and nothing unsigned, is answered.
TEST(Authenticate, DeniesByDefault) {
  LocalAccount account;
  account.makeBucket("bucket");
  account.s3("PUT", "/bucket/key", "body");
  for (std::string method : {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"})
    for (std::string target :
         {"/", "/bucket", "/bucket/key", "/bucket?policy", "/bucket?acl", "/bucket?uploads", "/bucket?delete",
          "/bucket/key?uploadId=1", "/_irsa/calls", "/_irsa/expect", "/?Action=ListRoles"}) {
      Reply reply = account.anonymous(method, target);
      EXPECT_GE(reply.status, 400) << method << " " << target;
    }
  EXPECT_EQ(account.s3("GET", "/bucket/key").response.body, "body");
}

}  // namespace
}  // namespace sim
