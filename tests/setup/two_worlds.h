// An AWS account and a cluster in memory, and irsa.yaml carried out against them.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "crypto/key.h"
#include "oidc/jwks.h"
#include "setup/run.h"
#include "sim/endpoint.h"
#include "support/fake_api_server.h"
#include "support/manual_clock.h"
#include "support/memory_files.h"
#include "support/seeded.h"

namespace setup {

inline base::RandomBytes seededBytes() {
  auto source = std::make_shared<support::Seeded>(7);
  return [source](std::size_t count) {
    std::string bytes(count, '\0');
    for (char& c : bytes) c = source->byte();
    return bytes;
  };
}

// Passes everything on until a run "dies" at its nth request: from there on no request gets through. `losesAnswer` lets
// the nth request still arrive, as when a process is killed while it waits.
class MortalClient final : public http::Client {
 public:
  MortalClient(http::Client& inner, int& count, int& deadFrom, bool& losesAnswer)
      : inner_(inner), count_(count), deadFrom_(deadFrom), losesAnswer_(losesAnswer) {}

  base::Result<http::Response> send(const http::Request& request) override {
    bool isRead = request.method == "GET" || request.method == "HEAD" || request.body.find("Action=Get") == 0 ||
                  request.body.find("Action=List") == 0;
    int number = isRead ? count_ : ++count_;
    if (deadFrom_ == 0 || number < deadFrom_) return inner_.send(request);
    if (number == deadFrom_ && losesAnswer_ && !isRead) (void)inner_.send(request);
    return base::unavailable("connection refused");
  }
  base::Result<http::Response> stream(const http::Request& request, const http::Sink&) override {
    return send(request);
  }

 private:
  http::Client& inner_;
  int& count_;
  int& deadFrom_;
  bool& losesAnswer_;
};

class TwoWorlds {
 public:
  TwoWorlds() {
    sim::Settings settings;
    settings.administrator = {"AKIAADMINISTRATOR001", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}};
    keys = settings.administrator;
    account = sim::Endpoint::open(settings, clock, random, &files, nullptr).value();
    awsHttp = http::clientOf(*account);
    kubeHttp = http::clientOf(cluster);
    mortalAws = std::make_unique<MortalClient>(*awsHttp, requests, deadFrom, losesAnswer);
    mortalKube = std::make_unique<MortalClient>(*kubeHttp, requests, deadFrom, losesAnswer);
    aws::Endpoints endpoints{"http://127.0.0.1", "http://127.0.0.1", "http://127.0.0.1", "http://127.0.0.1"};
    auto source = [this]() -> base::Result<aws::Credentials> { return keys; };
    aws = std::make_unique<aws::Client>(*mortalAws, endpoints, source, "us-west-2", clock, random);
    kube = std::make_unique<kube::Client>(*mortalKube, "https://cluster.test", nullptr, "test");
    auto key = crypto::SigningKey::generateEc("P-256").value();
    cluster.jwks = text::compact(oidc::render(oidc::jwksOf({key.publicKey()})));
  }

  World view() { return {*aws, kube.get(), files, clock}; }

  base::Result<Plan> plan(const std::string& wish, const Mode& mode = {}) {
    auto configuration = parseConfiguration(wish, "irsa.yaml", files);
    if (!configuration) return std::move(configuration).error();
    World world = view();
    return makePlan(*configuration, world, mode);
  }

  // Plans and carries out. Fails the test unless `mayFail`.
  Outcome run(const std::string& wish, const Mode& mode = {}, bool mayFail = false) {
    auto made = plan(wish, mode);
    if (!made) {
      if (!mayFail) ADD_FAILURE() << made.error().message;
      return {0, {{"plan", made.error()}}, {}};
    }
    World world = view();
    auto configuration = parseConfiguration(wish, "irsa.yaml", files);
    Outcome outcome = applyWholePlan(*configuration, *made, world, mode, [](const Event&) {});
    if (!mayFail)
      for (const Failure& failure : outcome.failures) ADD_FAILURE() << failure.target << ": " << failure.error.message;
    return outcome;
  }

  std::string dump() const { return account->dump() + cluster.dump(); }

  support::ManualClock clock;
  support::MemoryFiles files;
  base::RandomBytes random = seededBytes();
  support::FakeApiServer cluster;
  std::unique_ptr<sim::Endpoint> account;
  int requests = 0, deadFrom = 0;  // writes so far; the one at which everything ends, 0: none
  bool losesAnswer = false;
  aws::Credentials keys;
  std::unique_ptr<http::Client> awsHttp, kubeHttp;
  std::unique_ptr<MortalClient> mortalAws, mortalKube;
  std::unique_ptr<aws::Client> aws;
  std::unique_ptr<kube::Client> kube;
};

inline const Mode kDestroy{Mode::Kind::Destroy, true, false};

}  // namespace setup
