// An account of the local AWS in memory, and signed requests to it without a network.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "aws/sigv4.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "http/client.h"
#include "oidc/discovery.h"
#include "oidc/jwks.h"
#include "oidc/web_identity_token.h"
#include "policy/trust_policy.h"
#include "sim/endpoint.h"
#include "support/manual_clock.h"
#include "support/memory_files.h"
#include "support/seeded.h"
#include "text/encoding.h"
#include "text/uri.h"
#include "text/xml.h"

namespace sim {

struct Reply {
  int status = 0;
  std::string code, message;  // of an error
  http::Response response;
  text::XmlElement xml;  // empty when the body is none

  std::string header(std::string_view name) const { return std::string(response.headers.get(name)); }
  // The text at a path of element names below the root, e.g. "CreateRoleResult/Role/Arn".
  std::string at(std::string_view path) const {
    const text::XmlElement* element = &xml;
    while (element && !path.empty()) {
      std::size_t slash = path.find('/');
      element = element->find(path.substr(0, slash));
      path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    }
    return element ? element->text : "(absent)";
  }
  std::string refusal() const { return std::to_string(status) + " " + code + ": " + message; }
};

using Fields = text::FormFields;

// The same bytes in every run, never twice the same.
inline base::RandomBytes seededBytes() {
  auto source = std::make_shared<support::Seeded>(1);
  return [source](std::size_t count) {
    std::string bytes(count, '\0');
    for (char& c : bytes) c = source->byte();
    return bytes;
  };
}

class LocalAccount {
 public:
  explicit LocalAccount(Settings settings = {}, http::Client* issuers = nullptr) {
    settings.administrator = {"AKIAADMINISTRATOR001", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}};
    credentials = settings.administrator;
    auto opened = Endpoint::open(settings, clock, seededBytes(), &files, issuers);
    EXPECT_TRUE(opened) << opened.error().message;
    endpoint = std::move(opened).value();
    client = http::clientOf(*endpoint);
  }

  // With the current `credentials`.
  Reply iam(Fields fields) { return query("iam", "2010-05-08", std::move(fields)); }
  Reply sts(Fields fields) { return query("sts", "2011-06-15", std::move(fields)); }
  Reply s3(std::string method, std::string target, std::string body = "", Fields headers = {}) {
    return send(s3Request(std::move(method), std::move(target), std::move(body), headers), "s3");
  }
  Reply unsignedSts(Fields fields) { return send(form("2011-06-15", std::move(fields)), ""); }
  Reply anonymous(std::string method, std::string target, std::string body = "") {
    return send(s3Request(std::move(method), std::move(target), std::move(body), {}), "");
  }

  http::Request s3Request(std::string method, std::string target, std::string body, const Fields& headers) {
    http::Request request;
    request.method = std::move(method);
    request.origin = "http://127.0.0.1:4566";
    request.target = std::move(target);
    request.body = std::move(body);
    for (const auto& [name, value] : headers) request.headers.add(name, value);
    bool needsChecksum = !request.body.empty() && !request.headers.find("content-md5");
    if (needsChecksum) request.headers.add("Content-MD5", text::base64(crypto::md5(request.body)));
    return request;
  }

  http::Request form(std::string_view version, Fields fields) {
    fields.emplace_back("Version", version);
    http::Request request;
    request.method = "POST";
    request.origin = "http://127.0.0.1:4566";
    request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body = text::formEncode(fields);
    return request;
  }

  Reply query(std::string_view service, std::string_view version, Fields fields) {
    return send(form(version, std::move(fields)), service);
  }

  // An empty service: not signed.
  Reply send(http::Request request, std::string_view service) {
    if (!service.empty()) aws::sign(request, credentials, region, service, clock.now());
    return receive(request);
  }

  Reply receive(const http::Request& request) {
    auto response = client->send(request);
    EXPECT_TRUE(response) << response.error().message;
    Reply reply;
    reply.status = response->status;
    reply.response = *response;
    if (auto xml = text::parseXml(response->body)) {
      reply.xml = *xml;
      const text::XmlElement* error = xml->name == "Error" ? &*xml : xml->find("Error");
      if (error) {
        reply.code = error->textOf("Code");
        reply.message = error->textOf("Message");
      }
    }
    return reply;
  }

  void makeBucket(const std::string& name) {
    std::string body =
        "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>";
    EXPECT_EQ(s3("PUT", "/" + name, body).status, 200);
  }

  void open(const std::string& bucket, std::string_view resource = "/*") {
    std::string block =
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</"
        "IgnorePublicAcls>"
        "<BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets>"
        "</PublicAccessBlockConfiguration>";
    EXPECT_EQ(s3("PUT", "/" + bucket + "?publicAccessBlock", block).status, 200);
    std::string policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",)"
        R"("Resource":"arn:aws:s3:::)" +
        bucket + std::string(resource) + "\"}]}";
    EXPECT_EQ(s3("PUT", "/" + bucket + "?policy", policy).status, 204);
  }

  support::ManualClock clock;
  support::MemoryFiles files;
  aws::Credentials credentials;
  std::string region = "us-west-2";
  std::unique_ptr<Endpoint> endpoint;
  std::unique_ptr<http::Client> client;
};

inline const crypto::SigningKey& issuerKey() {
  static const crypto::SigningKey key = crypto::SigningKey::generateEc("P-256").value();
  return key;
}

// An account with what IRSA needs: a public issuer bucket, a provider, and the role "echo" for default/echo.
struct IssuerAccount : LocalAccount {
  static constexpr std::string_view kIssuer = "https://oidc-test.s3.us-west-2.amazonaws.com";
  static constexpr std::string_view kName = "oidc-test.s3.us-west-2.amazonaws.com";
  static constexpr std::string_view kRole = "arn:aws:iam::111122223333:role/echo";

  explicit IssuerAccount(Settings settings = {}) : LocalAccount(std::move(settings)) {
    makeBucket("oidc-test");
    open("oidc-test");
    publish({issuerKey().publicKey()});
    EXPECT_EQ(iam({{"Action", "CreateOpenIDConnectProvider"},
                   {"Url", std::string(kIssuer)},
                   {"ClientIDList.member.1", "sts.amazonaws.com"}})
                  .status,
              200);
    EXPECT_EQ(iam({{"Action", "CreateRole"},
                   {"RoleName", "echo"},
                   {"AssumeRolePolicyDocument", trust("system:serviceaccount:default:echo")}})
                  .status,
              200);
  }

  static std::string trust(const std::string& subject) {
    std::string provider = "arn:aws:iam::111122223333:oidc-provider/" + std::string(kName);
    return text::compact(policy::trustPolicy(provider, kName, "sts.amazonaws.com", {subject}));
  }

  void publish(const std::vector<crypto::PublicKey>& keys) {
    oidc::Jwks jwks = oidc::jwksOf(keys);
    oidc::Discovery discovery{std::string(kIssuer), std::string(kIssuer) + "/keys.json", oidc::signingAlgorithms(jwks)};
    EXPECT_EQ(s3("PUT", "/oidc-test/.well-known/openid-configuration", text::compact(oidc::render(discovery))).status,
              200);
    EXPECT_EQ(s3("PUT", "/oidc-test/keys.json", text::compact(oidc::render(jwks))).status, 200);
  }

  text::Json claims(std::string account = "echo") const {
    return oidc::claimsOf({.issuer = std::string(kIssuer),
                           .nameSpace = "default",
                           .serviceAccount = std::move(account),
                           .issuedAt = clock.now(),
                           .lifetime = std::chrono::seconds(3600)});
  }
  static std::string token(const text::Json& claims, const crypto::SigningKey& key = issuerKey()) {
    return oidc::sign(claims, key).value();
  }

  Fields assumeFields(std::string webIdentityToken) const {
    return {{"Action", "AssumeRoleWithWebIdentity"},
            {"RoleArn", std::string(kRole)},
            {"RoleSessionName", "test"},
            {"WebIdentityToken", std::move(webIdentityToken)}};
  }
  Reply assume(std::string webIdentityToken) { return unsignedSts(assumeFields(std::move(webIdentityToken))); }

  // From now on requests are signed by a session of the role.
  void becomeRole(const Fields& more = {}) {
    Fields fields = assumeFields(token(claims()));
    fields.insert(fields.end(), more.begin(), more.end());
    Reply reply = unsignedSts(std::move(fields));
    EXPECT_EQ(reply.status, 200) << reply.refusal();
    const std::string at = "AssumeRoleWithWebIdentityResult/Credentials/";
    credentials = {reply.at(at + "AccessKeyId"), reply.at(at + "SecretAccessKey"), reply.at(at + "SessionToken"), {}};
  }
};

}  // namespace sim
