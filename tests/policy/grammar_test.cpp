#include "policy/grammar.h"

#include <gmock/gmock.h>

namespace policy {
namespace {

// What AWS says about a document of one statement; empty when it accepts it.
std::string sentence(const std::string& statement, PolicyKind kind) {
  auto parsed = parsePolicy(R"({"Version":"2012-10-17","Statement":[)" + statement + "]}", kind);
  return parsed ? "" : parsed.error().message;
}

std::string trusting(const std::string& principal, const std::string& action = R"("sts:AssumeRoleWithWebIdentity")") {
  return R"({"Effect":"Allow","Principal":)" + principal + R"(,"Action":)" + action + "}";
}

std::string onBucket(const std::string& action, const std::string& resource, const std::string& principal = R"("*")") {
  return R"({"Effect":"Allow","Principal":)" + principal + R"(,"Action":)" + action + R"(,"Resource":)" + resource +
         "}";
}

TEST(TrustGrammar, AcceptsTheFormsThatAwsAccepts) {
  for (const char* principal :
       {R"({"Federated":"arn:aws:iam::111122223333:oidc-provider/s3.us-west-2.amazonaws.com/bucket"})",
        R"({"Federated":["arn:aws-cn:iam::111122223333:saml-provider/x","accounts.google.com"]})",
        R"({"Federated":"*"})", R"("*")", R"({"AWS":"*"})",
        R"({"AWS":["111122223333","arn:aws:iam::111122223333:root","AROAEXAMPLEEXAMPLE12"]})",
        R"({"Service":"ec2.amazonaws.com"})"})
    EXPECT_EQ(sentence(trusting(principal), PolicyKind::Trust), "") << principal;
  for (const char* action :
       {R"("sts:*")", R"("STS:assumerole*")", R"(["sts:AssumeRoleWithWebIdentity","sts:TagSession"])"})
    EXPECT_EQ(sentence(trusting(R"("*")", action), PolicyKind::Trust), "") << action;
  EXPECT_EQ(sentence(R"({"Effect":"Allow","Principal":"*","NotAction":"sts:TagSession"})", PolicyKind::Trust), "");
}

TEST(TrustGrammar, RefusesInAwssWords) {
  const std::pair<std::string, const char*> cases[] = {
      {trusting(R"({"Federated":""})"), "Federated principals must be valid domain names or SAML metadata ARNs"},
      {trusting(R"({"Federated":[]})"), "Federated principals must be valid domain names or SAML metadata ARNs"},
      {trusting(R"({"Federated":"arn:aws:iam::1:oidc-provider/x"})"),
       "Federated principals must be valid domain names or SAML metadata ARNs"},
      {trusting(R"({"Federated":"arn:aws:iam::111122223333:oidc-provider/"})"),
       "Federated principals must be valid domain names or SAML metadata ARNs"},
      {trusting(R"({"Federated":"arn:aws:iam::111122223333:role/x"})"),
       "Federated principals must be valid domain names or SAML metadata ARNs"},
      {trusting(R"({"Federated":"https://oidc.example.com"})"),
       "Federated principals must be valid domain names or SAML metadata ARNs"},
      {trusting(R"({"AWS":"arn:aws:iam::111122223333:role/*"})"),
       R"(Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/*")"},
      {trusting(R"({"AWS":"somebody"})"), R"(Invalid principal in policy: "AWS":"somebody")"},
      {trusting(R"({"Service":"ec2"})"), R"(Invalid principal in policy: "SERVICE":"ec2")"},
      {R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"})",
       "Has prohibited field Resource"},
      {R"({"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","NotResource":"*"})",
       "Has prohibited field NotResource"},
      {R"({"Effect":"Allow","Action":"sts:AssumeRole"})", "Missing required field Principal"},
      {R"({"Effect":"Allow","Principal":"*"})", "Policy statement must contain actions."},
      {trusting(R"("*")", "[]"), "Policy statement must contain actions."},
      {trusting(R"("*")", R"("s3:GetObject")"),
       "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and "
       "sts:AssumeRoleWithWebIdentity"},
      {trusting(R"("*")", R"("*")"),
       "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and "
       "sts:AssumeRoleWithWebIdentity"},
      {trusting(R"("*")", R"("sts:GetCallerIdentity")"), "AssumeRole policy may only specify STS AssumeRole actions."},
      {R"({"Sid":"a b","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"})",
       "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
       "[0-9A-Za-z]*"},
  };
  for (const auto& [statement, expected] : cases)
    EXPECT_EQ(sentence(statement, PolicyKind::Trust), expected) << statement;
}

TEST(IdentityGrammar, RefusesInAwssWords) {
  const std::pair<std::string, const char*> cases[] = {
      {R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})", ""},
      {R"({"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:::a","arn:aws:s3:::a/*"]})", ""},
      {R"({"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"})",
       "Policy document should not specify a principal."},
      {R"({"Effect":"Allow","Action":"s3:*"})", "Policy statement must contain resources."},
      {R"({"Effect":"Allow","Resource":"*"})", "Policy statement must contain actions."},
      {R"({"Effect":"Allow","Action":"GetObject","Resource":"*"})",
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
      {R"({"Effect":"Allow","Action":"s3:*","Resource":"bucket"})", "Resource bucket must be in ARN format or \"*\"."},
      {R"({"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"s3:*","Resource":"*"})",
       "Statement IDs (SID) in a single policy must be unique."},
  };
  for (const auto& [statement, expected] : cases)
    EXPECT_EQ(sentence(statement, PolicyKind::Identity), expected) << statement;
}

TEST(IdentityGrammar, RefusesVersionsBeforeTheFirst) {
  auto parsed = parsePolicy(R"({"Version":"2001-01-01","Statement":[]})", PolicyKind::Identity);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "Policy document must be version 2012-10-17 or greater.");
}

TEST(BucketGrammar, RefusesInS3sWords) {
  const std::pair<std::string, const char*> cases[] = {
      {onBucket(R"("s3:GetObject")",
                R"(["arn:aws:s3:::b/.well-known/openid-configuration","arn:aws:s3:::b/openid/v1/jwks"])"),
       ""},
      {onBucket(R"("s3:ListBucket")", R"("arn:aws:s3:::b")"), ""},
      {onBucket(R"("s3:*")", R"("arn:aws:s3:::b")"), ""},
      {onBucket(R"(["s3:GetObject","s3:ListBucket"])", R"(["arn:aws:s3:::b","arn:aws:s3:::b/*"])"), ""},
      {onBucket(R"("s3:GetObject")", R"("arn:aws:s3:::b*")"), ""},
      {onBucket(R"("s3:GetObject")", R"("arn:aws:s3:::b/*")", R"({"CanonicalUser":"79a59df900b949e55d96a1e698fb"})"),
       ""},
      {onBucket(R"("s3:GetObject")", R"("arn:aws:s3:::b")"), "Action does not apply to any resource(s) in statement"},
      {onBucket(R"("s3:ListBucket")", R"("arn:aws:s3:::b/*")"),
       "Action does not apply to any resource(s) in statement"},
      {onBucket(R"("s3:GetObject")", R"("*")"), "Policy has invalid resource"},
      {onBucket(R"("s3:GetObject")", R"("arn:aws:ec2:::b/*")"), "Policy has invalid resource"},
      {onBucket(R"("iam:GetRole")", R"("arn:aws:s3:::b/*")"), "Policy has invalid action"},
      {onBucket(R"("s3:GetObject")", R"("arn:aws:s3:::b/*")", R"("me")"), "Invalid principal in policy"},
      {onBucket(R"("s3:GetObject")", R"("arn:aws:s3:::b/*")", R"({"AWS":"me"})"), "Invalid principal in policy"},
      {onBucket(R"("s3:GetObject")", R"("arn:aws:s3:::b/*")", R"({"Human":"me"})"), "Invalid principal in policy"},
      {R"({"Effect":"Allow","Principal":"*","Action":"s3:GetObject"})", "Missing required field Resource"},
      {R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"})",
       "Missing required field Principal"},
      {R"({"Effect":"Allow","Principal":"*","Resource":"arn:aws:s3:::b/*"})", "Missing required field Action"},
      {R"({"Principal":"*"})", "Missing required field Effect"},
      {R"({"Effect":"allow","Principal":"*"})", "Invalid effect: allow"},
      {R"({"Effect":"Allow","Resources":"x"})", "Unknown field Resources"},
      {R"({"Effect":"Allow","Principal":"*","Condition":{"StringIs":{"a":"b"}}})", "Invalid Condition type : StringIs"},
  };
  for (const auto& [statement, expected] : cases)
    EXPECT_EQ(sentence(statement, PolicyKind::Bucket), expected) << statement;
}

TEST(BucketGrammar, StartsWithABrace) {
  for (const char* document : {"", " {}", "notjson", "[]", "{", R"({"Statement":[],"Statement":[]})"}) {
    auto parsed = parsePolicy(document, PolicyKind::Bucket);
    ASSERT_FALSE(parsed) << document;
    EXPECT_EQ(parsed.error().code, "MalformedPolicy");
    EXPECT_EQ(parsed.error().message, "Policies must be valid JSON and the first byte must be '{'") << document;
  }
}

}  // namespace
}  // namespace policy
