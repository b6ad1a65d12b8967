#include "admission/account_table.h"

#include <gmock/gmock.h>

namespace {

using admission::AccountChange;
using admission::AccountTable;
using Type = AccountChange::Type;

AccountChange put(const std::string& key, std::uint64_t version, const std::string& role = "", bool isListed = false) {
  return {Type::Put, isListed, key,
          version,   0,        std::make_shared<const admission::Identity>(admission::Identity{role, "", 600, false})};
}
AccountChange mark(Type type) { return {type, false, "", 0, 0, nullptr}; }
AccountChange removal(const std::string& key, std::uint64_t version) {
  return {Type::Remove, false, key, version, 0, nullptr};
}

std::string roleOf(const AccountTable& table, const std::string& key) {
  const admission::KnownAccount* account = table.find(key);
  if (!account) return "<unknown>";
  return account->identity ? account->identity->roleArn : "<none>";
}

TEST(AccountTable, A01_IsSyncedAfterTheFirstWholeList) {
  AccountTable table;
  table.apply({mark(Type::ListBegins), put("a/a", 1, "r", true)});
  EXPECT_FALSE(table.synced());
  EXPECT_EQ(roleOf(table, "a/a"), "r");
  table.apply({mark(Type::ListEnds)});
  EXPECT_TRUE(table.synced());
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.roles(), 1u);
}

TEST(AccountTable, W01_DropsWhatANewListDoesNotHaveAndNeverEmptiesMeanwhile) {
  AccountTable table;
  table.apply({mark(Type::ListBegins), put("a/a", 1, "r", true), put("a/b", 1, "s", true), mark(Type::ListEnds)});
  table.apply({mark(Type::ListBegins), put("a/b", 2, "t", true)});
  EXPECT_EQ(roleOf(table, "a/a"), "r");
  table.apply({mark(Type::ListEnds)});
  EXPECT_EQ(roleOf(table, "a/a"), "<unknown>");
  EXPECT_EQ(roleOf(table, "a/b"), "t");
  EXPECT_EQ(table.roles(), 1u);
}

TEST(AccountTable, W06_IgnoresEventsOlderThanWhatItKnows) {
  AccountTable table;
  table.apply({put("a/a", 5, "new"), put("a/a", 4, "old"), removal("a/a", 3)});
  EXPECT_EQ(roleOf(table, "a/a"), "new");
  table.apply({removal("a/a", 6)});
  EXPECT_EQ(roleOf(table, "a/a"), "<unknown>");
  EXPECT_EQ(table.roles(), 0u);
}

TEST(AccountTable, W06_BelievesAListEvenIfTheServersHistoryWasSetBack) {
  AccountTable table;
  table.apply({put("a/a", 500, "new")});
  table.apply({mark(Type::ListBegins), put("a/a", 4, "restored", true), mark(Type::ListEnds)});
  EXPECT_EQ(roleOf(table, "a/a"), "restored");
}

TEST(AccountTable, A15_FollowsAnAccountThatIsMadeAgain) {
  AccountTable table;
  table.apply({put("a/a", 1, "r"), removal("a/a", 2), put("a/a", 3, "s")});
  EXPECT_EQ(roleOf(table, "a/a"), "s");
  table.apply({put("a/a", 4, "")});
  EXPECT_EQ(roleOf(table, "a/a"), "");
  EXPECT_EQ(table.roles(), 0u);
}

}  // namespace
