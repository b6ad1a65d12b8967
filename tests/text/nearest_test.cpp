#include "text/nearest.h"

#include <gmock/gmock.h>

namespace {

constexpr std::string_view kNames[] = {"apiVersion", "name", "aws", "region", "bindings", "serviceAccount"};

TEST(Nearest, FindsTheNameBehindASlip) {
  EXPECT_EQ(text::nearest("regoin", kNames), "region");
  EXPECT_EQ(text::nearest("serviceacount", kNames), "serviceAccount");
  EXPECT_EQ(text::nearest("binding", kNames), "bindings");
  EXPECT_EQ(text::nearest("nam", kNames), "name");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(text::nearest("webhook", kNames), "");
  EXPECT_EQ(text::nearest("", kNames), "");
  EXPECT_EQ(text::nearest("gcp", kNames), "");
  EXPECT_EQ(text::nearest("region", {}), "");
}

TEST(Nearest, DoesNotOfferTheWordItself) {
  constexpr std::string_view only[] = {"region"};
  EXPECT_EQ(text::nearest("region", only), "");
}

TEST(Nearest, CountsASwapOfNeighboursOnce) {
  constexpr std::string_view names[] = {"abd"};
  EXPECT_EQ(text::nearest("adb", names), "abd");
}

TEST(Nearest, PrefersTheSmallerDistance) {
  constexpr std::string_view names[] = {"planes", "plan"};
  EXPECT_EQ(text::nearest("plane", names), "planes");
}

TEST(Nearest, DoesNotChewOnHugeWords) { EXPECT_EQ(text::nearest(std::string(100000, 'a'), kNames), ""); }

}  // namespace
