#include "sim/expectations.h"

#include <gmock/gmock.h>

namespace sim {
namespace {

using testing::EndsWith;
using testing::SizeIs;

TEST(CallLog, CutsWhatACallSentAndKeepsTheRest) {
  CallLog log;
  LoggedCall call;
  call.operation = "CreateRole";
  call.reason = std::string(200'000, 'x');
  log.add(call);
  call.operation = std::string(3'000, 'o');
  call.reason = "short";
  log.add(call);
  const text::Json calls = log.toJson();
  ASSERT_THAT(calls, SizeIs(2));
  const std::string reason = calls[0]["reason"], operation = calls[1]["operation"];
  EXPECT_THAT(reason, testing::AllOf(SizeIs(2'003), EndsWith("x...")));
  EXPECT_THAT(operation, SizeIs(2'003));
  EXPECT_EQ(calls[0]["operation"], "CreateRole");
  EXPECT_EQ(calls[1]["reason"], "short");
}

}  // namespace
}  // namespace sim
