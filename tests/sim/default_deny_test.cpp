// Every route of every service, met in every way of not being allowed: what is not listed as allowed is refused, and
// nothing is changed.
#include <functional>

#include "base/time.h"
#include "local_account.h"
#include "sim/cloudfront.h"
#include "sim/operation.h"
#include "sim/s3.h"

namespace sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Target {
  std::string name;
  Service service;
  http::Request request;  // right in everything but its signature
};

std::string withSubresource(std::string_view path, std::string_view subresource) {
  std::string target(path);
  if (!subresource.empty()) target.append("?").append(subresource);
  if (subresource == "uploadId") target += "=1&partNumber=1";
  return target;
}

Target s3Target(LocalAccount& account, const s3::Route& route) {
  std::string_view path = route.level == s3::Level::Account  ? "/"
                          : route.level == s3::Level::Bucket ? "/oidc-test"
                                                             : "/oidc-test/key";
  Fields headers;
  if (route.copies) headers.emplace_back("x-amz-copy-source", "oidc-test/keys.json");
  bool hasBody = route.method == "PUT" || route.method == "POST";
  return {std::string(route.operation.name), Service::S3,
          account.s3Request(std::string(route.method), withSubresource(path, route.subresource), hasBody ? "body" : "",
                            headers)};
}

Target cloudFrontTarget(LocalAccount& account, const cloudfront::Route& route) {
  std::string target = "/2020-05-31/" + std::string(route.path);
  for (std::size_t star = target.find('*'); star != target.npos; star = target.find('*'))
    target.replace(star, 1, "EID");
  if (!route.query.empty()) target.append("?").append(route.query);
  return {std::string(route.operation.name), Service::CloudFront,
          account.s3Request(std::string(route.method), target, "", {})};
}

// The whole table, but for the one operation that is called without a signature.
std::vector<Target> allTargets(LocalAccount& account) {
  std::vector<Target> targets;
  for (const s3::Route& route : s3::routes()) targets.push_back(s3Target(account, route));
  for (const cloudfront::Route& route : cloudfront::routes()) targets.push_back(cloudFrontTarget(account, route));
  for (const Operation& row : iamOperations())
    targets.push_back({std::string(row.name), Service::Iam,
                       account.form("2010-05-08", {{"Action", std::string(row.name)}, {"RoleName", "echo"}})});
  for (const Operation& row : stsOperations())
    if (!row.unsignedOnly)
      targets.push_back(
          {std::string(row.name), Service::Sts, account.form("2011-06-15", {{"Action", std::string(row.name)}})});
  return targets;
}

// The account and its credentials, right for the moment; a way of failing spoils something.
struct Scene {
  IssuerAccount& account;
  aws::Credentials session;  // of a role that may do nothing
  base::Time now() const { return account.clock.now(); }
  void sign(Target& target, const aws::Credentials& by, base::Time at, std::string_view service = "") const {
    aws::sign(target.request, by, account.region, service.empty() ? nameOf(target.service) : service, at);
  }
};

std::string authorization(const Target& target) { return std::string(target.request.headers.get("Authorization")); }

void replaceIn(Target& target, std::string_view from, const std::string& to) {
  std::string text = authorization(target);
  std::size_t at = text.find(from);
  ASSERT_NE(at, text.npos) << from;
  target.request.headers.set("Authorization", text.replace(at, from.size(), to));
}

// Turns the last digit of a signature into another one.
void spoilSignature(Target& target) {
  std::string text = authorization(target);
  text.back() = text.back() == '0' ? '1' : '0';
  target.request.headers.set("Authorization", text);
}

struct Way {
  std::string name;
  std::function<void(const Scene&, Target&)> spoil;
  bool isExpired = false;  // the session's time is over when the request comes
};

aws::Credentials changed(aws::Credentials credentials, const std::function<void(aws::Credentials&)>& change) {
  change(credentials);
  return credentials;
}

std::vector<Way> waysWithoutAValidSignature() {
  return {
      {"no signature", [](const Scene&, Target&) {}},
      {"an empty Authorization", [](const Scene&, Target& t) { t.request.headers.set("Authorization", ""); }},
      {"Signature Version 2",
       [](const Scene& s, Target& t) {
         t.request.headers.set("Authorization", "AWS " + s.account.credentials.accessKeyId + ":c2lnbmF0dXJl");
       }},
      {"Basic", [](const Scene&, Target& t) { t.request.headers.set("Authorization", "Basic dXNlcjpwYXNz"); }},
      {"Bearer", [](const Scene&, Target& t) { t.request.headers.set("Authorization", "Bearer token"); }},
      {"an unknown key",
       [](const Scene& s, Target& t) { s.sign(t, {"AKIANOBODY0000000000", "secret", "", {}}, s.now()); }},
      {"another secret",
       [](const Scene& s, Target& t) {
         s.sign(t, changed(s.account.credentials, [](aws::Credentials& c) { c.secretAccessKey += "x"; }), s.now());
       }},
      {"an empty secret",
       [](const Scene& s, Target& t) {
         s.sign(t, changed(s.account.credentials, [](aws::Credentials& c) { c.secretAccessKey.clear(); }), s.now());
       }},
      {"a session's key with another's secret",
       [](const Scene& s, Target& t) {
         s.sign(t,
                changed(s.session,
                        [&](aws::Credentials& c) { c.secretAccessKey = s.account.credentials.secretAccessKey; }),
                s.now());
       }},
      {"a changed signature",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         spoilSignature(t);
       }},
      {"an empty signature",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         std::string text = authorization(t);
         t.request.headers.set("Authorization", text.substr(0, text.find("Signature=") + 10));
       }},
      {"two signatures in two headers",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         t.request.headers.add("Authorization", authorization(t));
       }},
      {"header and query both",
       [](const Scene& s, Target& t) {
         t.request.target += t.request.query().empty() ? "?" : "&";
         t.request.target += "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=y";
         s.sign(t, s.account.credentials, s.now());
       }},
      {"a credential in the query without a signature",
       [](const Scene& s, Target& t) {
         t.request.target += t.request.query().empty() ? "?" : "&";
         t.request.target +=
             "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" +
             text::percentEncode(s.account.credentials.accessKeyId + "/20261123/us-west-2/s3/aws4_request");
       }},
      {"another target than was signed",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         t.request.target += t.request.query().empty() ? "?x=1" : "&x=1";
       }},
      {"another host than was signed",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         t.request.headers.set("Host", "127.0.0.1:4567");
       }},
      {"another body than was signed",
       [](const Scene& s, Target& t) {
         t.request.headers.remove("Content-MD5");
         s.sign(t, s.account.credentials, s.now());
         t.request.body += t.service == Service::S3 ? "more" : "&more=1";
       }},
      {"a host that is not signed",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         replaceIn(t, "host;", "");
       }},
      {"an x-amz field that is not signed",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         t.request.headers.add("x-amz-meta-late", "1");
       }},
  };
}

std::vector<Way> waysWithTheWrongScopeOrTime() {
  return {
      {"a signature for another service",
       [](const Scene& s, Target& t) { s.sign(t, s.account.credentials, s.now(), "ec2"); }},
      {"a scope of another service",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         replaceIn(t, "/" + std::string(nameOf(t.service)) + "/aws4_request", "/ec2/aws4_request");
       }},
      {"a scope of another day",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         replaceIn(t, base::iso8601Basic(s.now()).substr(0, 8) + "/", "20000101/");
       }},
      {"a scope of another region",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         replaceIn(t, "/us-west-2/", "/eu-west-1/");
       }},
      {"a scope that does not end",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         replaceIn(t, "aws4_request", "aws5_request");
       }},
      {"a clock 16 minutes behind",
       [](const Scene& s, Target& t) { s.sign(t, s.account.credentials, s.now() - minutes(16)); }},
      {"a clock 16 minutes ahead",
       [](const Scene& s, Target& t) { s.sign(t, s.account.credentials, s.now() + minutes(16)); }},
      {"no date",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         t.request.headers.remove("X-Amz-Date");
       }},
      {"a date that is none",
       [](const Scene& s, Target& t) {
         s.sign(t, s.account.credentials, s.now());
         t.request.headers.set("X-Amz-Date", "now");
       }},
  };
}

std::vector<Way> waysOfSessions() {
  return {
      {"a session without leave", [](const Scene& s, Target& t) { s.sign(t, s.session, s.now()); }},
      {"a session without its token",
       [](const Scene& s, Target& t) {
         s.sign(t, changed(s.session, [](aws::Credentials& c) { c.sessionToken.clear(); }), s.now());
       }},
      {"a session with a changed token",
       [](const Scene& s, Target& t) {
         s.sign(t, changed(s.session, [](aws::Credentials& c) { c.sessionToken += "x"; }), s.now());
       }},
      {"the administrator with a session's token",
       [](const Scene& s, Target& t) {
         s.sign(t,
                changed(s.account.credentials, [&](aws::Credentials& c) { c.sessionToken = s.session.sessionToken; }),
                s.now());
       }},
      {"a session that is over", [](const Scene& s, Target& t) { s.sign(t, s.session, s.now()); }, true},
  };
}

std::vector<Way> allWays() {
  std::vector<Way> ways = waysWithoutAValidSignature();
  for (auto more : {waysWithTheWrongScopeOrTime(), waysOfSessions()}) ways.insert(ways.end(), more.begin(), more.end());
  return ways;
}

// A good session may say who it is, and whose a key is.
bool needsNoPermission(const Target& target) {
  for (const Operation& row : stsOperations())
    if (target.service == Service::Sts && row.name == target.name) return row.action.empty();
  return target.name == "DeleteObjects";  // asks for each key
}

aws::Credentials sessionOf(IssuerAccount& account) {
  aws::Credentials administrator = account.credentials;
  account.becomeRole();
  std::swap(administrator, account.credentials);
  return administrator;
}

TEST(DefaultDeny, HoldsForEveryRouteAndEveryWayOfNotBeingAllowed) {
  IssuerAccount account;
  Scene scene{account, sessionOf(account)};
  const std::string before = account.endpoint->dump();
  std::size_t tried = 0;
  for (const Way& way : allWays()) {
    if (way.isExpired) account.clock.advance(seconds(3601));
    for (Target target : allTargets(account)) {
      if (way.name == "a session without leave" && needsNoPermission(target)) continue;
      way.spoil(scene, target);
      Reply reply = account.receive(target.request);
      EXPECT_GE(reply.status, 400) << target.name << ", " << way.name;
      EXPECT_LT(reply.status, 500) << target.name << ", " << way.name << ": " << reply.refusal();
      ++tried;
    }
  }
  EXPECT_GT(tried, 2500u);
  EXPECT_EQ(account.endpoint->dump(), before);
}

TEST(DefaultDeny, LetsTheSameRequestsPassWhenTheyAreSignedWell) {
  IssuerAccount account;
  Scene scene{account, sessionOf(account)};
  for (Target target : allTargets(account)) {
    scene.sign(target, account.credentials, scene.now());
    Reply reply = account.receive(target.request);
    EXPECT_NE(reply.status, 403) << target.name << ": " << reply.refusal();
  }
}

TEST(DefaultDeny, RefusesWhatIsNoRoute) {
  IssuerAccount account;
  for (std::string method : {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"})
    for (std::string target :
         {"/oidc-test/key?retention", "/oidc-test?website", "/?Action=Nothing", "/_irsa/calls", "/2020-05-31/function",
          "/2020-05-31/distribution/E/other", "/oidc-test?versions&policy"}) {
      http::Request request = account.s3Request(method, target, "", {});
      EXPECT_GE(account.receive(request).status, 400) << method << " " << target;
    }
}

}  // namespace
}  // namespace sim
