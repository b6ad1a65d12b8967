#include "aws/sigv4.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/time.h"
#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/json.h"
#include "text/uri.h"

namespace aws {
namespace {

using testing::ElementsAre;
namespace fs = std::filesystem;

const fs::path kVectors = "data/sigv4";

std::string contentsOf(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<std::string> vectorNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kVectors)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// As the vectors write a request: fields without a blank after the colon, folded values, no CR.
http::Request parseRequest(const std::string& message) {
  http::Request request;
  std::size_t headEnd = std::min(message.find("\n\n"), message.size());
  std::istringstream head(message.substr(0, headEnd));
  std::string line;
  std::getline(head, line);
  std::size_t space = line.find(' ');
  request.method = line.substr(0, space);
  request.target = line.substr(space + 1, line.rfind(" HTTP/") - space - 1);
  std::vector<std::pair<std::string, std::string>> fields;
  while (std::getline(head, line)) {
    if (line.empty()) continue;
    if (line[0] == ' ') {
      fields.back().second += "\n" + line;
      continue;
    }
    std::size_t colon = line.find(':');
    fields.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  if (headEnd < message.size()) request.body = message.substr(headEnd + 2);
  return request;
}

std::vector<std::string> namesOf(const http::Headers& headers) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    std::string name(headers.at(i).first);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

struct Vector {
  fs::path folder;
  http::Request request;
  Credentials credentials;
  Scope scope;
  std::string date, expires;
  bool signBody = false, omitToken = false;
  PathStyle style = PathStyle::Normalized;

  std::string text(const std::string& file) const { return contentsOf(folder / file); }
  std::string payloadHash() const { return text::hex(crypto::sha256(signBody ? request.body : "")); }
};

Vector load(const std::string& name) {
  Vector vector;
  vector.folder = kVectors / name;
  text::Json context = text::parseJson(vector.text("context.json")).value();
  const text::Json& keys = context["credentials"];
  vector.request = parseRequest(vector.text("request.txt"));
  vector.credentials = {text::stringAt(keys, "access_key_id"), text::stringAt(keys, "secret_access_key"),
                        text::stringAt(keys, "token"), std::nullopt};
  vector.date = base::iso8601Basic(base::parseRfc3339(text::stringAt(context, "timestamp")).value());
  vector.scope = {vector.date.substr(0, 8), text::stringAt(context, "region"), text::stringAt(context, "service")};
  vector.expires = std::to_string(context["expiration_in_seconds"].get<int>());
  vector.signBody = context["sign_body"].get<bool>();
  vector.omitToken = context.value("omit_session_token", false);
  vector.style = context["normalize"].get<bool>() ? PathStyle::Normalized : PathStyle::S3;
  return vector;
}

std::string signatureOf(const Vector& vector, const std::string& toSign) {
  return signature(signingKey(vector.credentials.secretAccessKey, vector.scope), toSign);
}

TEST(SigV4, J10_SignsEveryPublishedVectorInTheHeaderForm) {
  std::vector<std::string> names = vectorNames();
  ASSERT_EQ(names.size(), 38u);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    Vector vector = load(name);
    http::Request& request = vector.request;
    request.headers.add("X-Amz-Date", vector.date);
    if (vector.signBody) request.headers.add("x-amz-content-sha256", vector.payloadHash());
    if (!vector.credentials.sessionToken.empty() && !vector.omitToken)
      request.headers.add("X-Amz-Security-Token", vector.credentials.sessionToken);
    std::vector<std::string> signedHeaders = namesOf(request.headers);

    std::string canonical = canonicalRequest(request, signedHeaders, vector.payloadHash(), vector.style);
    EXPECT_EQ(canonical, vector.text("header-canonical-request.txt"));
    std::string toSign = stringToSign(canonical, vector.date, vector.scope);
    EXPECT_EQ(toSign, vector.text("header-string-to-sign.txt"));
    std::string signatureHex = signatureOf(vector, toSign);
    EXPECT_EQ(signatureHex, vector.text("header-signature.txt"));
    EXPECT_EQ(authorizationHeader(vector.credentials.accessKeyId, vector.scope, signedHeaders, signatureHex),
              parseRequest(vector.text("header-signed-request.txt")).headers.get("Authorization"));
  }
}

TEST(SigV4, SignsEveryPublishedVectorInTheQueryForm) {
  for (const std::string& name : vectorNames()) {
    SCOPED_TRACE(name);
    Vector vector = load(name);
    http::Request& request = vector.request;
    std::vector<std::string> signedHeaders = namesOf(request.headers);
    std::string list;
    for (const std::string& header : signedHeaders) list += (list.empty() ? "" : ";") + header;
    text::FormFields parameters{{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                                {"X-Amz-Credential", vector.credentials.accessKeyId + "/" + vector.scope.text()},
                                {"X-Amz-Date", vector.date},
                                {"X-Amz-SignedHeaders", list},
                                {"X-Amz-Expires", vector.expires}};
    if (!vector.credentials.sessionToken.empty() && !vector.omitToken)
      parameters.emplace_back("X-Amz-Security-Token", vector.credentials.sessionToken);
    request.target += (request.query().empty() ? "?" : "&") + text::formEncode(parameters);

    std::string canonical = canonicalRequest(request, signedHeaders, vector.payloadHash(), vector.style);
    EXPECT_EQ(canonical, vector.text("query-canonical-request.txt"));
    std::string toSign = stringToSign(canonical, vector.date, vector.scope);
    EXPECT_EQ(toSign, vector.text("query-string-to-sign.txt"));
    EXPECT_EQ(signatureOf(vector, toSign), vector.text("query-signature.txt"));
  }
}

TEST(SigV4, ReadsThePresignedFormOfEveryVector) {
  for (const std::string& name : vectorNames()) {
    SCOPED_TRACE(name);
    Vector vector = load(name);
    http::Request presigned = parseRequest(vector.text("query-signed-request.txt"));
    auto authorization = parsePresigned(presigned.query());
    ASSERT_TRUE(authorization);
    EXPECT_EQ(authorization->accessKeyId, "AKIDEXAMPLE");
    EXPECT_EQ(authorization->signature, vector.text("query-signature.txt"));
    if (vector.omitToken) continue;  // the token was appended after signing
    EXPECT_EQ(canonicalRequest(presigned, authorization->signedHeaders, vector.payloadHash(), vector.style),
              vector.text("query-canonical-request.txt"));
  }
}

// A signed request of the suite, and what a server knows when it gets it.
struct Received {
  http::Request request;
  Authorization claimed;
  std::string date, payloadHash, key;
  PathStyle style = PathStyle::Normalized;
  bool verifies() const { return verify(request, claimed, date, payloadHash, style, key); }
};

Received receive(const Vector& vector, bool inQuery) {
  Received received;
  received.request = parseRequest(vector.text(inQuery ? "query-signed-request.txt" : "header-signed-request.txt"));
  auto claimed = inQuery ? parsePresigned(received.request.query())
                         : parseAuthorization(received.request.headers.get("Authorization"));
  EXPECT_TRUE(claimed);
  received.claimed = std::move(claimed).value();
  received.date = vector.date;
  received.payloadHash = vector.payloadHash();
  received.key = signingKey(vector.credentials.secretAccessKey, received.claimed.scope);
  received.style = vector.style;
  return received;
}

TEST(SigV4, VerifiesEverySignedRequestOfTheSuite) {
  std::size_t verified = 0;
  for (const std::string& name : vectorNames()) {
    for (bool inQuery : {false, true}) {
      SCOPED_TRACE(name + (inQuery ? " in the query" : " in a header"));
      Vector vector = load(name);
      if (inQuery && vector.omitToken) continue;  // the token was appended after signing
      EXPECT_TRUE(receive(vector, inQuery).verifies());
      ++verified;
    }
  }
  EXPECT_GE(verified, 75u);
}

TEST(SigV4, VerifiesNoRequestOfTheSuiteThatWasChanged) {
  for (const std::string& name : vectorNames()) {
    for (bool inQuery : {false, true}) {
      SCOPED_TRACE(name + (inQuery ? " in the query" : " in a header"));
      const Received good = receive(load(name), inQuery);
      auto refused = [&](const std::function<void(Received&)>& change) {
        Received changed = good;
        change(changed);
        return !changed.verifies();
      };
      EXPECT_TRUE(refused([](Received& r) { r.request.method = "DELETE"; }));
      EXPECT_TRUE(refused([](Received& r) { r.request.target += r.request.query().empty() ? "?a=b" : "&a=b"; }));
      EXPECT_TRUE(refused([](Received& r) { r.request.target.insert(1, "x/y/"); }));
      EXPECT_TRUE(refused([](Received& r) { r.request.headers.set("Host", "example.com"); }));
      EXPECT_TRUE(refused([](Received& r) { r.payloadHash.back() ^= 1; }));
      EXPECT_TRUE(refused([](Received& r) { r.date.back() = 'X'; }));
      EXPECT_TRUE(refused([](Received& r) { r.key.back() ^= 1; }));
      EXPECT_TRUE(refused([](Received& r) { r.claimed.scope.region += "x"; }));
      EXPECT_TRUE(refused([](Received& r) { r.claimed.signature.back() ^= 1; }));
      EXPECT_TRUE(refused([](Received& r) { r.claimed.signature.pop_back(); }));
      EXPECT_TRUE(refused([](Received& r) { r.claimed.signature.clear(); }));
      EXPECT_TRUE(refused([](Received& r) { r.claimed.signedHeaders.pop_back(); }));
    }
  }
}

const Credentials kKeys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", std::nullopt};

TEST(SigV4, SignAddsWhatTheVectorAdds) {
  Vector vector = load("post-vanilla-query");
  vector.request.origin = "https://example.amazonaws.com";
  sign(vector.request, kKeys, "us-east-1", "service", base::parseIso8601Basic(vector.date).value());
  EXPECT_EQ(vector.request.headers.get("Authorization"),
            parseRequest(vector.text("header-signed-request.txt")).headers.get("Authorization"));
}

TEST(SigV4, J10_WhatSignWritesParsesAndVerifies) {
  http::Request request{.method = "PUT", .origin = "http://127.0.0.1:5557", .target = "/bucket/a%20b//../c?policy"};
  request.headers.add("Content-Type", "application/json");
  request.headers.add("User-Agent", "irsa");
  request.body = "{}";
  Credentials temporary = kKeys;
  temporary.sessionToken = "token";
  sign(request, temporary, "us-west-2", "s3", base::fromUnixSeconds(1795521600));

  auto authorization = parseAuthorization(request.headers.get("Authorization"));
  ASSERT_TRUE(authorization);
  EXPECT_THAT(authorization->signedHeaders,
              ElementsAre("content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"));
  EXPECT_EQ(request.headers.get("Host"), "127.0.0.1:5557");
  EXPECT_EQ(request.headers.get("X-Amz-Content-Sha256"), text::hex(crypto::sha256("{}")));
  std::string canonical = canonicalRequest(request, authorization->signedHeaders,
                                           request.headers.get("X-Amz-Content-Sha256"), PathStyle::S3);
  EXPECT_TRUE(canonical.starts_with("PUT\n/bucket/a%20b//../c\npolicy=\n")) << canonical;
  EXPECT_EQ(authorization->signature,
            signature(signingKey(temporary.secretAccessKey, authorization->scope),
                      stringToSign(canonical, request.headers.get("X-Amz-Date"), authorization->scope)));
}

TEST(SigV4, SigningTwiceGivesTheSameHeaders) {
  http::Request request{.method = "POST", .origin = "https://iam.amazonaws.com"};
  base::Time now = base::fromUnixSeconds(1795521600);
  sign(request, kKeys, "us-east-1", "iam", now);
  std::string first(request.headers.get("Authorization"));
  sign(request, kKeys, "us-east-1", "iam", now);
  EXPECT_EQ(request.headers.get("Authorization"), first);
  EXPECT_EQ(request.headers.count("Host"), 1u);
}

TEST(SigV4, OtherServicesEncodeThePathTwice) {
  http::Request request{.target = "/a%20b/./c"};
  EXPECT_TRUE(canonicalRequest(request, {}, "", PathStyle::Normalized).starts_with("GET\n/a%2520b/c\n"));
}

TEST(SigV4, RefusesIncompleteAuthorizations) {
  for (std::string_view header :
       {"", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=A/d/r/s/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=A/d/r/s/aws4_request, Signature=0",
        "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=A/d/r/aws4_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=A/d/r/s/aws5_request, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=/d/r/s/aws4_request, SignedHeaders=host, Signature=0"}) {
    auto parsed = parseAuthorization(header);
    ASSERT_FALSE(parsed) << header;
    EXPECT_EQ(parsed.error().code, "IncompleteSignature");
  }
}

TEST(SigV4, AcceptsAuthorizationsWithoutBlanksAfterCommas) {
  auto parsed = parseAuthorization(
      "AWS4-HMAC-SHA256 Credential=A/20261124/r/s3/aws4_request,SignedHeaders=host;x-amz-date,Signature=ab");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->scope.text(), "20261124/r/s3/aws4_request");
  EXPECT_THAT(parsed->signedHeaders, ElementsAre("host", "x-amz-date"));
}

}  // namespace
}  // namespace aws
