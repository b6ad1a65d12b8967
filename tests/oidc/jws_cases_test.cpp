// Forged, damaged and odd tokens and keys: data/jws.jsonl, which data/make_jws.py makes with another implementation.
#include <gtest/gtest.h>

#include <fstream>

#include "base/time.h"
#include "oidc/web_identity_token.h"

namespace oidc {
namespace {

using text::Json;

// The rule that refuses the token; empty when it is accepted.
std::string refusalOf(const std::string& given, const std::string& keys) {
  auto jwks = parseJwks(keys);
  if (!jwks) return "no JWKS";
  auto token = decodeToken(given);
  if (!token) return token.error().code;
  auto verified = verify(*token, *jwks, {"sts.amazonaws.com"}, base::fromUnixSeconds(1795521600));
  return verified ? "" : verified.error().code;
}

TEST(JwsCases, AreRefusedByTheirRule) {
  std::ifstream file("data/jws.jsonl");
  std::string line, keys;
  std::size_t count = 0, good = 0;
  for (; std::getline(file, line); ++count) {
    const Json one = Json::parse(line);
    if (count == 0) keys = one["jwks"];
    if (count == 0) continue;
    const std::string refused = one["refused"];
    EXPECT_EQ(refusalOf(one["token"], one.contains("jwks") ? one["jwks"].get<std::string>() : keys), refused)
        << one["name"];
    good += refused.empty() ? 1 : 0;
  }
  EXPECT_GT(count, 340U);
  EXPECT_GT(good, 35U);
}

}  // namespace
}  // namespace oidc
