// What the local AWS remembers, as one value: copy it for a snapshot, compare it to see that nothing was left behind.
// Times are seconds since 1970, UTC.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/json.h"

namespace sim {

using Tags = std::map<std::string, std::string>;

struct Object {
  std::string body;
  std::string md5;                             // hex; the ETag without its quotes
  std::int64_t lastModified = 0;               // seconds
  std::map<std::string, std::string> headers;  // names in lower case: content-type, cache-control, x-amz-meta-…, …
  bool operator==(const Object&) const = default;
};

struct PublicAccessBlock {
  bool blockPublicAcls = true, ignorePublicAcls = true, blockPublicPolicy = true, restrictPublicBuckets = true;
  bool operator==(const PublicAccessBlock&) const = default;
};

struct Bucket {
  std::string name, region;
  std::int64_t created = 0;
  std::optional<PublicAccessBlock> publicAccessBlock = PublicAccessBlock{};  // absent after it was deleted
  std::optional<std::string> ownership = "BucketOwnerEnforced";
  std::string policy;  // as it was put; empty: none
  Tags tags;
  std::map<std::string, Object> objects;
  bool operator==(const Bucket&) const = default;
};

struct OidcProvider {
  std::string url;  // without "https://"
  std::vector<std::string> clientIds, thumbprints;
  std::int64_t created = 0;
  Tags tags;
  bool operator==(const OidcProvider&) const = default;
};

struct Role {
  std::string name, path = "/", id, trustPolicy, description, boundary;
  std::int64_t maxSessionDuration = 3600, created = 0;  // seconds
  Tags tags;
  std::map<std::string, std::string> inlinePolicies;  // name -> document
  std::vector<std::string> attachedPolicies;          // ARNs in the order of attaching
  bool operator==(const Role&) const = default;
};

// A managed policy of the account's own.
struct CustomerPolicy {
  struct Version {
    std::string document;
    std::int64_t created = 0;  // seconds
    bool operator==(const Version&) const = default;
  };
  std::string name, path = "/", id, description;
  std::int64_t created = 0, updated = 0;  // seconds
  Tags tags;
  std::map<int, Version> versions;  // 1 is "v1"; never empty
  int defaultVersion = 1, latestVersion = 1;
  bool operator==(const CustomerPolicy&) const = default;
};

// Temporary credentials that STS handed out.
struct Session {
  std::string accessKeyId, secretAccessKey, sessionToken;
  std::string roleName, roleId, name;  // the role as it was then; a role made anew under that name has another id
  std::int64_t expiration = 0;         // seconds
  std::string policy;                  // session policy; empty: none
  std::vector<std::string> policyArns;
  std::map<std::string, std::vector<std::string>> context;  // condition keys, lower case, that the session carries on
  std::vector<std::string> transitiveKeys;                  // of tags that a role assumed from here inherits
  bool operator==(const Session&) const = default;
};

struct State {
  std::map<std::string, Bucket> buckets;           // by name
  std::map<std::string, OidcProvider> providers;   // by URL without "https://"
  std::map<std::string, Role> roles;               // by name in lower case: names are unique whatever their case
  std::map<std::string, CustomerPolicy> policies;  // by name in lower case
  std::map<std::string, Session> sessions;         // by access key id
  bool operator==(const State&) const = default;
};

std::string lowered(std::string_view text);  // ASCII

// The form of --state's file. Bodies are base64, so that any byte survives.
text::Json toJson(const State& state);
base::Result<State> stateFromJson(std::string_view document);

}  // namespace sim
