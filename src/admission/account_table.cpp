#include "admission/account_table.h"

namespace admission {
namespace {

bool hasRole(const KnownAccount& account) { return account.identity && !account.identity->roleArn.empty(); }

}  // namespace

void AccountTable::apply(const AccountChanges& changes) {
  for (const AccountChange& change : changes) {
    switch (change.type) {
      case AccountChange::Type::ListBegins: ++list_; break;
      case AccountChange::Type::Put: put(change); break;
      case AccountChange::Type::Remove: remove(change); break;
      case AccountChange::Type::ListEnds: sweep(); break;
    }
  }
  size_.store(accounts_.size(), std::memory_order_relaxed);
  roles_.store(withRole_, std::memory_order_relaxed);
}

void AccountTable::put(const AccountChange& change) {
  KnownAccount& account = accounts_[change.key];
  account.list = list_;
  if (!change.isListed && change.resourceVersion < account.resourceVersion) return;
  withRole_ -= hasRole(account);
  account.resourceVersion = change.resourceVersion;
  account.created = std::uint32_t(change.created);
  account.identity = change.identity;
  withRole_ += hasRole(account);
}

void AccountTable::remove(const AccountChange& change) {
  auto found = accounts_.find(change.key);
  if (found == accounts_.end() || change.resourceVersion < found->second.resourceVersion) return;
  withRole_ -= hasRole(found->second);
  accounts_.erase(found);
}

void AccountTable::sweep() {
  std::erase_if(accounts_, [&](const auto& entry) {
    if (entry.second.list == list_) return false;
    withRole_ -= hasRole(entry.second);
    return true;
  });
  synced_.store(true, std::memory_order_release);
}

const KnownAccount* AccountTable::find(std::string_view key) const {
  auto found = accounts_.find(key);
  return found == accounts_.end() ? nullptr : &found->second;
}

}  // namespace admission
