// All ServiceAccounts of the cluster as one server loop sees them: who has a role, and who is known to have none.
// Belongs to one loop's thread; fed by changes that the reflector's thread posts (docs/decisions/0004-own-server.md).
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "admission/settings.h"

namespace admission {

struct AccountChange {
  enum class Type { ListBegins, Put, Remove, ListEnds };
  Type type = Type::Put;
  bool isListed = false;  // Put: from a list, which is right whatever we thought
  std::string key;        // namespace/name
  std::uint64_t resourceVersion = 0;
  std::int64_t created = 0;                  // Unix seconds
  std::shared_ptr<const Identity> identity;  // null: annotations ask for nothing
};
using AccountChanges = std::vector<AccountChange>;

struct KnownAccount {
  std::uint64_t resourceVersion = 0;
  std::uint32_t list = 0;     // the list that last had it
  std::uint32_t created = 0;  // Unix seconds
  std::shared_ptr<const Identity> identity;
};

class AccountTable {
 public:
  // Changes older than what is known are left out, unless listed. ListEnds removes what its list did not have.
  void apply(const AccountChanges& changes);

  // Null when there is no such account. Good until the next apply().
  const KnownAccount* find(std::string_view key) const;

  // These three may be called from any thread.
  bool synced() const { return synced_.load(std::memory_order_acquire); }  // a whole list has been applied
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  std::size_t roles() const { return roles_.load(std::memory_order_relaxed); }  // accounts with a role

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept { return std::hash<std::string_view>()(key); }
  };
  void put(const AccountChange& change);
  void remove(const AccountChange& change);
  void sweep();

  std::unordered_map<std::string, KnownAccount, Hash, std::equal_to<>> accounts_;
  std::uint32_t list_ = 0;
  std::size_t withRole_ = 0;
  std::atomic<bool> synced_{false};
  std::atomic<std::size_t> size_{0}, roles_{0};
};

}  // namespace admission
