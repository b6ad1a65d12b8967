#include "sim/state.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

Object oddObject() {
  Object object;
  object.body = std::string("\0\xff", 2);
  object.etag = "x";
  object.lastModified = 5;
  object.headers = {{"content-type", "a\xfe%"}};
  object.tags = {{"t", "\xfd"}};
  object.checksum = {"crc32", "AAAAAA==-2"};
  object.partSizes = {1, 1};
  return object;
}

TEST(State, SurvivesItsFileForm) {
  State state;
  Bucket& bucket = state.buckets["b"];
  bucket.name = "b";
  bucket.publicAccessBlock.reset();
  bucket.objects["k\xff"] = oddObject();
  Upload& upload = bucket.uploads["id"];
  upload.key = "k\xff";
  upload.algorithm = "sha256";
  upload.isComposite = true;
  upload.parts[3] = {Body("part"), "etag", 4, {"sha256", "x"}};
  Role& role = state.roles["r"];
  role.name = "R";
  role.trustPolicy = "{\"%\"}";
  role.inlinePolicies = {{"p", "{}"}};
  role.attachedPolicies = {"a"};
  role.tags = {{"k", "v"}};
  state.providers["h/p"] = {"h/p", {"c"}, {"t"}, 3, {}};
  Session& session = state.sessions["ASIA"];
  session.accessKeyId = "ASIA";
  session.issued = 7;
  session.context = {{"h:aud", {"c"}}};
  session.transitiveKeys = {"team"};
  CustomerPolicy& policy = state.policies["p"];
  policy.name = "P";
  policy.versions = {{1, {"{}", 4}}, {3, {"{\"%\"}", 5}}};
  policy.defaultVersion = policy.latestVersion = 3;
  policy.tags = {{"k", "v"}};
  auto read = stateFromJson(text::compact(toJson(state)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == state);
}

}  // namespace
}  // namespace sim
