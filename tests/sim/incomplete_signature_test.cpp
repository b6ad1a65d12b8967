#include "sim/incomplete_signature.h"

#include "local_account.h"

namespace sim {
namespace {

constexpr std::string_view kScope = "20261128/us-east-1/iam/aws4_request";

// What IAM says of that header; X-Amz-Date is there.
std::string answerTo(const std::string& authorization) {
  LocalAccount account;
  http::Request request = account.form("2010-05-08", {{"Action", "ListRoles"}});
  aws::sign(request, account.credentials, "us-east-1", "iam", account.clock.now());
  request.headers.set("Authorization", authorization);
  return account.receive(request).refusal();
}

std::string answerToQuery(const std::string& query) {
  LocalAccount account;
  http::Request request;
  request.method = "GET";
  request.target = "/?Action=ListRoles&Version=2010-05-08&" + query;
  request.headers.add("Host", "iam.amazonaws.com");
  return account.receive(request).refusal();
}

std::string header(const std::string& credential) {
  return "AWS4-HMAC-SHA256 Credential=" + credential + ", SignedHeaders=host, Signature=00";
}

TEST(IncompleteSignature, TakesNoOtherSchemeForASignature) {
  for (const char* other : {"invalid_header", "Bearer eyJ.eyJ.sig", "AWS AKIA:sig",
                            "AWS4-ECDSA-P256-SHA256 Credential=a", "AWS4-HMAC-SHA256Credential=a"})
    EXPECT_EQ(answerTo(other), "403 MissingAuthenticationToken: Request is missing Authentication Token") << other;
}

TEST(IncompleteSignature, NamesWhatTheHeaderLacksAndShowsItsHash) {
  EXPECT_EQ(
      answerTo("AWS4-HMAC-SHA256 Credential=ABCDEF"),
      "400 IncompleteSignature: Authorization header requires 'Signature' parameter. Authorization header requires "
      "'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) "
      "Authorization=+ctMHepRjPDA31eEmoiUVkJ1XR2Y8Gm9vQD3zgcga0A=");
  LocalAccount account;
  http::Request request = account.form("2010-05-08", {{"Action", "ListRoles"}});
  request.headers.add("Authorization", "AWS4-HMAC-SHA256");
  EXPECT_EQ(
      account.receive(request).refusal(),
      "400 IncompleteSignature: Authorization header requires 'Credential' parameter. Authorization header requires "
      "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header "
      "requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with "
      "Base64) Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=");
}

TEST(IncompleteSignature, SeesAWordWithoutAnEqualSign) {
  for (const std::string& bad : {header(" AKIA/" + std::string(kScope)), header("AKIA/x") + ", SignedHeaders-extra"})
    EXPECT_THAT(answerTo(bad), testing::MatchesRegex("400 IncompleteSignature: Invalid key=value pair \\(missing "
                                                     "equal-sign\\) in Authorization header \\(hashed with SHA-256 and "
                                                     "encoded with Base64\\): '[A-Za-z0-9+/]{43}='\\."))
        << bad;
}

TEST(IncompleteSignature, CountsTheElementsOfTheCredential) {
  for (const std::string& credential :
       {std::string("AKIA"), std::string("AKIA/20261128/us-east-1/iam"), "a/AKIA/" + std::string(kScope)})
    EXPECT_EQ(answerTo(header(credential)),
              "400 IncompleteSignature: Credential must have exactly 5 slash-delimited elements, e.g. "
              "keyid/date/region/service/term, got '" +
                  credential + "'");
  EXPECT_EQ(answerTo(header("AKIA/20261128/us-east-1/iam/aws_request")),
            "403 SignatureDoesNotMatch: Credential should be scoped with a valid terminator: 'aws4_request'. ");
}

TEST(IncompleteSignature, NamesWhatTheQueryLacks) {
  EXPECT_EQ(answerToQuery("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA"),
            "400 IncompleteSignature: AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string "
            "parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. "
            "Re-examine the query-string parameters.");
  EXPECT_EQ(answerToQuery("X-Amz-Algorithm=AWS2"), "403 MissingAuthenticationToken: Missing Authentication Token");
  EXPECT_THAT(answerToQuery("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA&X-Amz-Signature=0&"
                            "X-Amz-SignedHeaders=host&X-Amz-Date=20261128T000000Z"),
              testing::HasSubstr("got 'AKIA'"));
}

TEST(IncompleteSignature, IsNothingThatS3Says) {
  LocalAccount account;
  http::Request request = account.s3Request("GET", "/", "", {});
  request.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=ABCDEF");
  EXPECT_EQ(account.receive(request).code, "AuthorizationHeaderMalformed");
}

}  // namespace
}  // namespace sim
