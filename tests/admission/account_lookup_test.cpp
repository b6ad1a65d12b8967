#include "admission/account_lookup.h"

#include <gmock/gmock.h>

#include "http/answer.h"
#include "support/manual_clock.h"

namespace {

using namespace std::chrono_literals;
using admission::AccountLookup;
using admission::LookupResult;
using testing::ElementsAre;
using Type = LookupResult::Type;

class Lookup : public testing::Test {
 protected:
  http::Answer ask(std::string key) {
    const LookupResult result = co_await lookup.find(key, 1000ms);
    answers.push_back(result.type);
  }
  support::ManualClock clock;
  std::vector<std::string> asked;
  AccountLookup lookup{[this](const std::string& key, std::chrono::milliseconds) { asked.push_back(key); }, clock};
  std::vector<Type> answers;
};

TEST_F(Lookup, A12_AsksOnceForAllWhoWait) {
  http::Answer first = ask("a/a"), second = ask("a/a"), other = ask("a/b");
  EXPECT_THAT(asked, ElementsAre("a/a", "a/b"));
  lookup.deliver("a/a", {Type::Absent, nullptr});
  EXPECT_TRUE(first.done() && second.done());
  EXPECT_FALSE(other.done());
  EXPECT_THAT(answers, ElementsAre(Type::Absent, Type::Absent));
  EXPECT_EQ(lookup.pending(), 1u);
}

TEST_F(Lookup, A12_RemembersAnAnswerForASecondAndThenAsksAgain) {
  http::Answer first = ask("a/a");
  lookup.deliver("a/a", {Type::Absent, nullptr});
  clock.advance(999ms);
  EXPECT_TRUE(ask("a/a").done());
  clock.advance(1ms);
  http::Answer later = ask("a/a");
  EXPECT_FALSE(later.done());
  EXPECT_THAT(asked, ElementsAre("a/a", "a/a"));
}

TEST_F(Lookup, ForgetsWhoLeavesWhileWaiting) {
  http::Answer stays = ask("a/a");
  {
    http::Answer leaves = ask("a/a");
  }
  http::Answer joins = ask("a/a");
  lookup.deliver("a/a", {Type::Failed, nullptr});
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_EQ(asked.size(), 1u);
  EXPECT_EQ(lookup.pending(), 0u);
}

TEST_F(Lookup, ForgetsAQuestionThatNobodyWaitsForAnyMore) {
  {
    http::Answer leaves = ask("a/a");
  }
  lookup.deliver("a/a", {Type::Absent, nullptr});
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(lookup.pending(), 0u);
}

TEST_F(Lookup, A12_FailsAtOnceWhenTooManyQuestionsAreOpen) {
  std::vector<http::Answer> waiting;
  for (int i = 0; i < 1024; ++i) waiting.push_back(ask("a/" + std::to_string(i)));
  http::Answer refused = ask("a/more");
  EXPECT_TRUE(refused.done());
  EXPECT_THAT(answers, ElementsAre(Type::Failed));
  EXPECT_EQ(asked.size(), 1024u);
}

}  // namespace
