// Calls AWS: signs, sends, retries and reads what comes back. An operation is a struct named as Amazon names it, with
// two pure functions beside it, encode() and decode(); see iam.h, s3.h and sts.h.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "aws/partition.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "http/client.h"

namespace aws {

// Origins of one's own (the simulator, PrivateLink); empty: AWS's. With an S3 origin, buckets are addressed in path
// style.
struct Endpoints {
  std::string s3 = {}, iam = {}, sts = {}, cloudFront = {};
};

// Asked before every request that is signed, so that credentials can be renewed.
using CredentialsSource = std::function<base::Result<Credentials>()>;

// An operation put into words, before it has an address and a signature.
struct Operation {
  std::string service;  // "s3", "iam", "sts", "cloudfront"
  std::string name;     // "CreateRole"
  std::string subject;  // what it is about, for messages: "s3-echoer"
  std::string method = "POST";
  std::string bucket = {};  // S3 only
  std::string path = "/";   // percent-encoded; S3: below the bucket
  std::string query = {};
  http::Headers headers = {};
  std::string body = {};
  bool isSigned = true;                // AssumeRoleWithWebIdentity is not
  std::string controlledAccount = {};  // S3 Control only: whose endpoint is asked
};

// Thread-safe if clock, random and credentials are. Everything given must outlive the client.
//
// Errors carry AWS's own word as code ("NoSuchEntity") and read "CreateRole s3-echoer: AccessDenied: ..."; the hint is
// the next step for those everybody meets (expired credentials, a wrong clock, no way to the endpoint).
class Client {
 public:
  Client(http::Client& http, Endpoints endpoints, CredentialsSource credentials, std::string region, base::Clock& clock,
         base::RandomBytes random);

  template <typename Call>
  base::Result<typename Call::Answer> call(const Call& operation) {
    http::Response response = TRY(send(encode(operation)));
    if constexpr (std::is_void_v<typename Call::Answer>)
      return {};
    else
      return decode(operation, response);
  }

  // Retries what may be retried ("standard mode" of the SDKs): throttling, 5xx and lost connections, four tries with
  // exponential back-off and full jitter. A clock that is more than four minutes off AWS's is corrected for, for once
  // and all that follows. The response is a 2xx.
  base::Result<http::Response> send(const Operation& operation);

  // How far AWS's clock is ahead of this machine's, once a signature was refused for it; else 0.
  std::chrono::seconds skew() const { return std::chrono::seconds(skew_); }
  const std::string& region() const { return region_; }
  bool hasOwnEndpoints() const { return !endpoints_.s3.empty(); }
  std::size_t calls() const { return calls_; }  // requests so far, with those that were tried again

 private:
  base::Result<http::Request> address(const Operation& operation) const;
  std::string_view signingRegion(const Operation& operation, const Partition& partition) const;
  base::Result<http::Response> sendOnce(const Operation& operation);
  bool learnsSkew(const http::Response& response, const base::Error& error);

  http::Client& http_;
  Endpoints endpoints_;
  CredentialsSource credentials_;
  std::string region_;
  base::Clock& clock_;
  base::RandomBytes random_;
  std::atomic<std::size_t> calls_ = 0;
  std::atomic<std::chrono::seconds::rep> skew_ = 0;  // of AWS's clock against ours
};

// The <ErrorResponse> of IAM and STS, the <Error> of S3, or a bare status (HEAD has no body), as an Error.
base::Error errorOf(const Operation& operation, const http::Response& response);

}  // namespace aws
