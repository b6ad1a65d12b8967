#include "base/result.h"

#include <gmock/gmock.h>

#include <memory>

namespace {

base::Result<int> half(int number) {
  if (number % 2 != 0) return base::invalid(std::to_string(number) + " is odd");
  return number / 2;
}

base::Result<std::string> quarter(int number) {
  int first = TRY(half(number));
  int second = TRY(half(first));
  return std::to_string(second);
}

base::Result<void> mustBeEven(int number) {
  TRY(half(number));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(*half(4), 2);
  EXPECT_EQ(half(3).error(), base::invalid("3 is odd"));
  EXPECT_TRUE(half(4));
  EXPECT_FALSE(half(3));
}

TEST(Result, PassesTheFirstErrorOutward) {
  EXPECT_EQ(*quarter(8), "2");
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
  EXPECT_EQ(quarter(5).error().message, "5 is odd");
}

TEST(Result, WorksForFunctionsThatOnlySucceed) {
  EXPECT_TRUE(mustBeEven(2));
  EXPECT_EQ(mustBeEven(1).error().kind, base::ErrorKind::Invalid);
}

TEST(Result, MovesValuesThatCanNotBeCopied) {
  auto make = []() -> base::Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  auto use = [&]() -> base::Result<int> {
    std::unique_ptr<int> number = TRY(make());
    return *number;
  };
  EXPECT_EQ(*use(), 7);
}

TEST(Result, CanHoldATextThatIsAValueAndATextThatIsAnError) {
  EXPECT_EQ(*base::Result<std::string>(std::string("x")), "x");
  EXPECT_EQ(base::Result<std::string>(base::notFound("x")).error().message, "x");
}

TEST(Error, SaysWhatWeWereDoingOutermostFirst) {
  base::Error error = base::unavailable("connection refused").during("fetching it").during("checking the issuer");
  EXPECT_EQ(error.message, "checking the issuer: fetching it: connection refused");
  EXPECT_EQ(error.kind, base::ErrorKind::Unavailable);
}

TEST(Error, CarriesTheNextCommand) {
  EXPECT_EQ(base::notFound("no irsa.yaml").withHint("irsa init").hint, "irsa init");
  EXPECT_EQ(base::internal("x").hint, "");
}

}  // namespace
