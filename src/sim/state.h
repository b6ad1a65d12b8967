// What the local AWS remembers, as one value: copy it for a snapshot, compare it to see that nothing was left behind.
// Times are seconds since 1970, UTC.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/json.h"

namespace sim {

using Tags = std::map<std::string, std::string>;

// Bytes that never change once they are made; copies share them.
class Body {
 public:
  Body() = default;
  Body(std::string bytes);
  const std::string& bytes() const;
  std::size_t size() const { return bytes().size(); }
  // Empty for a body that is small enough to lie in the state's document. Of a large one the SHA-256, in hex, of each
  // piece of kPiece bytes: what the files are called that hold it.
  const std::vector<std::string>& pieces() const;
  bool operator==(const Body& other) const { return bytes() == other.bytes(); }

  static constexpr std::size_t kSmall = 64u << 10, kPiece = 8u << 20;  // bytes

 private:
  struct Shared {
    std::string bytes;
    std::vector<std::string> pieces;
  };
  std::shared_ptr<const Shared> shared_;
};

// "crc32" and base64; a composite checksum of parts ends in "-N".
struct Checksum {
  std::string algorithm, value;
  bool isComposite() const { return value.find('-') != value.npos; }
  bool operator==(const Checksum&) const = default;
};

struct Part {
  Body body;
  std::string etag;  // hex
  std::int64_t lastModified = 0;
  Checksum checksum;
  bool operator==(const Part&) const = default;
};

struct Object {
  Body body;
  std::string etag;                            // without its quotes: MD5 in hex, with "-N" when it came in parts
  std::int64_t lastModified = 0;               // seconds
  std::map<std::string, std::string> headers;  // names in lower case: content-type, cache-control, x-amz-meta-…, …
  Tags tags = {};
  Checksum checksum = {};
  std::vector<std::int64_t> partSizes = {};  // bytes; empty when it came in one piece
  bool operator==(const Object&) const = default;
};

// A multipart upload that is neither completed nor aborted.
struct Upload {
  std::string key;
  std::int64_t initiated = 0;
  std::map<std::string, std::string> headers;  // of the object it will be
  Tags tags;
  std::string algorithm;     // of the parts' checksums; empty: none was asked for
  bool isComposite = false;  // the object's checksum is one over those of its parts
  std::map<std::int64_t, Part> parts;
  bool operator==(const Upload&) const = default;
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
  std::map<std::string, Upload> uploads;  // by upload id
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
  std::string roleName, roleId, name;       // the role as it was then; a role made anew under that name has another id
  std::int64_t issued = 0, expiration = 0;  // seconds
  std::string policy;                       // session policy; empty: none
  std::vector<std::string> policyArns;
  std::map<std::string, std::vector<std::string>> context;  // condition keys, lower case, that the session carries on
  std::vector<std::string> transitiveKeys;                  // of tags that a role assumed from here inherits
  bool operator==(const Session&) const = default;
};

struct OriginAccessControl {
  std::string id, etag, name, description, signingProtocol, signingBehavior, originType;
  bool operator==(const OriginAccessControl&) const = default;
};

struct Invalidation {
  std::string id, callerReference;
  std::vector<std::string> paths;
  std::int64_t created = 0;
  bool operator==(const Invalidation&) const = default;
};

// Of CloudFront.
struct Distribution {
  std::string id, etag, domainName, callerReference;
  std::string config;                // DistributionConfig, an XML document with every default said
  std::vector<std::string> aliases;  // of the config, in lower case
  bool isEnabled = false;            // of the config
  std::int64_t changed = 0;
  Tags tags;
  std::map<std::string, Invalidation> invalidations;  // by id
  bool operator==(const Distribution&) const = default;
};

struct State {
  std::map<std::string, Bucket> buckets;           // by name
  std::map<std::string, OidcProvider> providers;   // by URL without "https://"
  std::map<std::string, Role> roles;               // by name in lower case: names are unique whatever their case
  std::map<std::string, CustomerPolicy> policies;  // by name in lower case
  std::map<std::string, Session> sessions;         // by access key id
  std::map<std::string, OriginAccessControl> originAccessControls;  // by id
  std::map<std::string, Distribution> distributions;                // by id
  bool operator==(const State&) const = default;
};

// Bytes of all objects and parts, the same ones counted once for each place they are in.
std::size_t storedBytes(const State& state);

// The form of --state's file. Small bodies are base64, so that any byte survives; large ones are named by the hashes of
// their pieces, which `readPiece` fetches.
text::Json toJson(const State& state);
using ReadPiece = std::function<base::Result<std::string>(const std::string& piece)>;
base::Result<State> stateFromJson(std::string_view document, const ReadPiece& readPiece = nullptr);

}  // namespace sim
