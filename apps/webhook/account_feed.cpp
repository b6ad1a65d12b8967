#include "webhook/account_feed.h"

namespace webhook {

using admission::AccountChange;

std::shared_ptr<const admission::Identity> shared(admission::Identity identity, const admission::Identity& nothing) {
  if (identity == nothing) return nullptr;
  return std::make_shared<const admission::Identity>(std::move(identity));
}

AccountFeed::AccountFeed(const admission::Settings& settings, io::Server& server,
                         std::vector<admission::AccountTable*> tables, const admission::Log& log)
    : settings_(settings),
      server_(server),
      tables_(std::move(tables)),
      log_(log),
      nothing_(admission::identityOf({}, settings)) {}

kube::AccountObserver AccountFeed::observer() {
  return {.listBegins = [this] { add(AccountChange::Type::ListBegins); },
          .listEnds = [this] { add(AccountChange::Type::ListEnds); },
          .settled = [this] { post(); },
          .put = [this](const kube::ServiceAccount& account, bool isListed) { put(account, isListed); },
          .remove = [this](const kube::ServiceAccount& account) { remove(account); },
          .stateChanged = [this](const kube::ReflectorState& state) { stateChanged(state); }};
}

void AccountFeed::add(AccountChange::Type type) { changes_.emplace_back().type = type; }

void AccountFeed::put(const kube::ServiceAccount& account, bool isListed) {
  changes_.push_back({AccountChange::Type::Put, isListed, account.nameSpace + "/" + account.name,
                      account.resourceVersion, account.created,
                      shared(admission::identityOf(account, settings_), nothing_)});
}

void AccountFeed::remove(const kube::ServiceAccount& account) {
  changes_.push_back({AccountChange::Type::Remove, false, account.nameSpace + "/" + account.name,
                      account.resourceVersion, account.created, nullptr});
}

void AccountFeed::post() {
  if (changes_.empty()) return;
  auto batch = std::make_shared<const admission::AccountChanges>(std::move(changes_));
  changes_.clear();
  for (int loop = 0; loop < int(tables_.size()); ++loop)
    server_.post(loop, [table = tables_[std::size_t(loop)], batch] { table->apply(*batch); });
}

void AccountFeed::stateChanged(const kube::ReflectorState& state) {
  {
    std::lock_guard lock(mutex_);
    trouble_ = state.trouble;
  }
  refused_ = state.refused;
  if (state.failures > 0) ++failures_;
  if (state.refused)
    log_.write(admission::Level::Error, "the API server refuses our credentials: not ready", {{"why", state.trouble}});
  else if (!state.trouble.empty())
    log_.write(admission::Level::Warning, "service accounts can't be watched; going on with those known",
               {{"why", state.trouble}});
  else if (state.synced && !wasSynced_)
    log_.write(admission::Level::Info, "all service accounts are listed");
  wasSynced_ = state.synced;
}

std::string AccountFeed::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace webhook
