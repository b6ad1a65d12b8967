#include "webhook/account_feed.h"

namespace webhook {

using admission::AccountChange;

std::shared_ptr<const admission::Identity> shared(admission::Identity identity, const admission::Identity& nothing) {
  if (identity == nothing) return nullptr;
  return std::make_shared<const admission::Identity>(std::move(identity));
}

AccountFeed::AccountFeed(const admission::Settings& settings, Loops& loops, const admission::Log& log)
    : settings_(settings),
      loops_(loops),
      health_("service accounts", log),
      nothing_(admission::identityOf({}, settings)) {}

kube::ObjectObserver AccountFeed::observer() {
  return {.listBegins = [this] { add(AccountChange::Type::ListBegins); },
          .listEnds = [this] { add(AccountChange::Type::ListEnds); },
          .settled = [this] { post(); },
          .put = [this](const kube::Object& account, bool isListed) { put(account, isListed); },
          .remove = [this](const kube::Object& account) { remove(account); },
          .stateChanged = [this](const kube::ReflectorState& state) { health_.stateChanged(state); }};
}

void AccountFeed::add(AccountChange::Type type) { changes_.emplace_back().type = type; }

void AccountFeed::put(const kube::Object& account, bool isListed) {
  changes_.push_back({AccountChange::Type::Put, isListed, account.nameSpace + "/" + account.name,
                      account.resourceVersion, account.created,
                      shared(admission::identityOf(account, settings_), nothing_)});
}

void AccountFeed::remove(const kube::Object& account) {
  changes_.push_back({AccountChange::Type::Remove, false, account.nameSpace + "/" + account.name,
                      account.resourceVersion, account.created, nullptr});
}

void AccountFeed::post() {
  if (changes_.empty()) return;
  auto batch = std::make_shared<const admission::AccountChanges>(std::move(changes_));
  changes_.clear();
  loops_.post([batch](admission::IdentitySources& sources) { sources.accounts.apply(*batch); });
}

}  // namespace webhook
