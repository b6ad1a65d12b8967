#include "webhook/account_lookups.h"

#include <algorithm>
#include <thread>

#include "text/uri.h"
#include "webhook/account_feed.h"

namespace webhook {
namespace {

constexpr int kThreads = 4;
constexpr std::chrono::milliseconds kSlot{20}, kBurst{1000};  // 50 a second after a burst of 50

}  // namespace

AccountLookups::AccountLookups(const kube::Client& client, const admission::Settings& settings, base::Clock& clock)
    : client_(client), settings_(settings), clock_(clock) {}

void AccountLookups::start(io::Server& server, std::vector<admission::AccountLookup*> lookups) {
  server_ = &server;
  lookups_ = std::move(lookups);
  for (int i = 0; i < kThreads; ++i) std::thread([this] { run(); }).detach();
}

void AccountLookups::ask(int loop, const std::string& key, std::chrono::milliseconds budget) {
  {
    std::lock_guard lock(mutex_);
    questions_.push_back({loop, key, clock_.now() + budget});
  }
  changed_.notify_one();
}

AccountLookups::Question AccountLookups::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !questions_.empty(); });
  Question question = std::move(questions_.front());
  questions_.pop_front();
  return question;
}

void AccountLookups::pace() {
  std::chrono::milliseconds wait;
  {
    std::lock_guard lock(mutex_);
    const base::Time now = clock_.now();
    slot_ = std::max(slot_ + kSlot, now - kBurst);
    wait = std::chrono::ceil<std::chrono::milliseconds>(slot_ - now);
  }
  if (wait.count() > 0) clock_.sleepFor(wait);
}

void AccountLookups::run() {
  for (;;) {
    const Question question = take();
    admission::LookupResult result;
    if (clock_.now() < question.deadline) {
      pace();
      result = answer(question);
    }
    if (result.type == admission::LookupResult::Type::Failed) ++failed_;
    server_->post(question.loop, [lookup = lookups_[std::size_t(question.loop)], key = question.key, result] {
      lookup->deliver(key, result);
    });
  }
}

admission::LookupResult AccountLookups::answer(const Question& question) {
  ++asked_;
  const std::string& key = question.key;
  const std::size_t slash = key.find('/');
  http::Request request{.method = "GET",
                        .target = "/api/v1/namespaces/" + text::percentEncode(key.substr(0, slash)) +
                                  "/serviceaccounts/" + text::percentEncode(key.substr(slash + 1))};
  request.headers.add("Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json");
  base::Result<http::Response> response = client_.send(request);
  // A connection is cut whenever an API server or a balancer before it goes away, and others may wait for this answer.
  if (!response && clock_.now() < question.deadline) response = client_.send(request);
  if (!response) return {};
  if (response->status == 404) return {admission::LookupResult::Type::Absent, nullptr};
  if (response->status != 200) return {};
  kube::ObjectReader reader(admission::accountSelection(settings_));
  base::Result<kube::Object> account = reader.readObject(response->body);
  if (!account) return {};
  return {admission::LookupResult::Type::Found,
          shared(admission::identityOf(*account, settings_), admission::identityOf({}, settings_))};
}

}  // namespace webhook
