// A Webhook with its table and lookup, called directly: what a server loop has, without the loop.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "admission/webhook.h"
#include "base/time.h"
#include "support/manual_clock.h"
#include "text/encoding.h"
#include "text/json.h"

namespace support {

class WebhookFixture {
 public:
  explicit WebhookFixture(admission::Settings asked = {}, admission::WebhookOptions options = {})
      : settings(std::move(asked)),
        log(admission::Log::Format::Json, clock, [this](std::string_view line) { lines.emplace_back(line); }),
        lookup([this](const std::string& key, std::chrono::milliseconds) { questions.push_back(key); }, clock),
        webhook(settings, options, sources, lookup, log, clock,
                [](std::size_t) { return std::string("\x22\xe0\x0a\x3e"); }) {}

  // Known from a whole list, with these annotations.
  void list(const std::vector<kube::Object>& accounts) {
    admission::AccountChanges changes(1);
    changes[0].type = admission::AccountChange::Type::ListBegins;
    for (const kube::Object& account : accounts) changes.push_back(change(account));
    changes.emplace_back().type = admission::AccountChange::Type::ListEnds;
    sources.accounts.apply(changes);
  }

  admission::AccountChange change(const kube::Object& account) const {
    return {admission::AccountChange::Type::Put,
            true,
            account.nameSpace + "/" + account.name,
            account.resourceVersion,
            account.created,
            std::make_shared<const admission::Identity>(admission::identityOf(account, settings))};
  }

  http::Response post(const std::string& body, const std::string& target = "/mutate?timeout=10s") {
    http::Request request{.method = "POST", .target = target, .body = body};
    request.headers.add("Content-Type", "application/json");
    return send(request);
  }

  // Whoever is asked for does not exist.
  http::Response send(const http::Request& request) {
    http::Response response;
    http::Answer answer = webhook.handle(request, response);
    if (!answer.done())
      for (const std::string& key : std::vector<std::string>(questions))
        lookup.deliver(key, {admission::LookupResult::Type::Absent, nullptr});
    answer.finish();
    return response;
  }

  ManualClock clock;
  admission::Settings settings;
  std::vector<std::string> lines, questions;
  admission::Log log;
  admission::IdentitySources sources;
  admission::AccountLookup lookup;
  admission::Webhook webhook;
};

// The patch in an answer's body, as text; empty when there is none.
inline std::string patchOf(const http::Response& response) {
  base::Result<text::Json> body = text::parseJson(response.body);
  if (!body) return "";
  base::Result<std::string> patch = text::decodeBase64(text::stringAt(text::at(*body, "response"), "patch"));
  return patch ? *patch : "undecodable";
}

inline std::string reviewOf(const text::Json& pod, const std::string& nameSpace = "ns1") {
  text::Json review = {
      {"kind", "AdmissionReview"},
      {"apiVersion", "admission.k8s.io/v1"},
      {"request", {{"uid", "u-1"}, {"namespace", nameSpace}, {"operation", "CREATE"}, {"object", pod}}}};
  return text::compact(review);
}

}  // namespace support
