#include "admission/account_lookup.h"

namespace admission {
namespace {

constexpr std::size_t kMostPending = 1024, kMostRemembered = 4096;  // keys

}  // namespace

AccountLookup::AccountLookup(Ask ask, const base::Clock& clock, std::chrono::milliseconds remember)
    : ask_(std::move(ask)), clock_(clock), rememberFor_(remember) {}

AccountLookup::Wait AccountLookup::find(std::string_view key, std::chrono::milliseconds budget) {
  return Wait(*this, std::string(key), budget);
}

const LookupResult* AccountLookup::recall(const std::string& key) const {
  auto found = remembered_.find(key);
  return found != remembered_.end() && clock_.now() < found->second.until ? &found->second.result : nullptr;
}

void AccountLookup::remember(const std::string& key, const LookupResult& result) {
  const base::Time now = clock_.now();
  if (remembered_.size() >= kMostRemembered)
    std::erase_if(remembered_, [&](const auto& entry) { return entry.second.until <= now; });
  if (remembered_.size() >= kMostRemembered) return;
  remembered_[key] = {result, now + rememberFor_};
}

void AccountLookup::deliver(const std::string& key, const LookupResult& result) {
  remember(key, result);
  // A resumed coroutine may end and take others of the chain with it, so each step starts at the chain's head.
  for (auto found = pending_.find(key); found != pending_.end() && found->second; found = pending_.find(key)) {
    Wait& wait = *found->second;
    found->second = wait.next_;
    if (wait.next_) wait.next_->previous_ = nullptr;
    wait.isChained_ = false;
    wait.result_ = result;
    wait.waiter_.resume();
  }
  pending_.erase(key);
}

AccountLookup::Wait::Wait(AccountLookup& lookup, std::string key, std::chrono::milliseconds budget)
    : lookup_(lookup), key_(std::move(key)), budget_(budget) {}

AccountLookup::Wait::~Wait() {
  if (!isChained_) return;
  if (next_) next_->previous_ = previous_;
  if (previous_)
    previous_->next_ = next_;
  else
    lookup_.pending_[key_] = next_;
}

bool AccountLookup::Wait::await_ready() {
  if (const LookupResult* known = lookup_.recall(key_)) {
    result_ = *known;
    return true;
  }
  return lookup_.pending_.size() >= kMostPending && !lookup_.pending_.contains(key_);  // result_ says Failed
}

void AccountLookup::Wait::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  isChained_ = true;
  auto [place, isNew] = lookup_.pending_.try_emplace(key_, nullptr);
  next_ = place->second;
  if (next_) next_->previous_ = this;
  place->second = this;
  if (isNew) lookup_.ask_(key_, budget_);
}

}  // namespace admission
