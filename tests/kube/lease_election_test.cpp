#include "kube/lease_election.h"

#include <gmock/gmock.h>

#include "support/manual_clock.h"
#include "support/served.h"
#include "text/json.h"

namespace {

using namespace std::chrono_literals;
using kube::LeaseElection;
using text::Json;

// An API server with one Lease, which refuses a write of an old version.
class OneLease : public testing::Test {
 protected:
  void answer(const http::Request& request, http::Response& response) {
    response.status = status;
    if (status != 200) return;
    if (request.method == "PUT") {
      Json written = Json::parse(request.body);
      if (written["metadata"]["resourceVersion"] != lease["metadata"]["resourceVersion"]) {
        response.status = 409;
        response.body = R"({"reason":"Conflict"})";
        return;
      }
      store(written);
    }
    response.body = lease.dump();
  }
  void store(Json written) {
    lease = std::move(written);
    lease["metadata"]["resourceVersion"] = std::to_string(++version);
  }
  LeaseElection replica(const std::string& name) { return {client, clock, {"irsa-system", "irsa-webhook", name}}; }
  bool leads(LeaseElection& replica) {
    auto renewed = replica.renew();
    EXPECT_TRUE(renewed) << renewed.error().message;
    return renewed && *renewed;
  }

  support::ManualClock clock;
  int version = 1, status = 200;
  Json lease = Json::parse(R"({"metadata":{"name":"irsa-webhook","resourceVersion":"1"}})");
  support::FunctionHandler handler{[this](const auto& request, auto& response) { answer(request, response); }};
  std::unique_ptr<http::Client> http = http::clientOf(handler);
  kube::Client client{*http, "https://api", nullptr, "test"};
};

TEST_F(OneLease, IsTakenByTheFirstAndKeptWhileRenewed) {
  LeaseElection a = replica("a"), b = replica("b");
  EXPECT_TRUE(leads(a));
  for (int i = 0; i < 30; ++i) {
    clock.sleepFor(2s);
    EXPECT_TRUE(leads(a));
    EXPECT_FALSE(leads(b));
  }
  EXPECT_EQ(lease["spec"]["holderIdentity"], "a");
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 1);
  EXPECT_EQ(lease["spec"]["leaseDurationSeconds"], 15);
}

TEST_F(OneLease, L09_PassesToAnotherWhenItIsNotRenewed) {
  LeaseElection a = replica("a"), b = replica("b");
  EXPECT_TRUE(leads(a));
  EXPECT_FALSE(leads(b));
  clock.sleepFor(14s);
  EXPECT_FALSE(leads(b));
  EXPECT_TRUE(a.holds());
  clock.sleepFor(1s);
  EXPECT_FALSE(a.holds());
  EXPECT_TRUE(leads(b));
  EXPECT_FALSE(leads(a));
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 2);
}

TEST_F(OneLease, C08_IsJudgedByWhenItWasSeenToChangeAndNotByTheOthersClock) {
  LeaseElection b = replica("b");
  for (int i = 0; i < 10; ++i) {
    lease["spec"] = {{"holderIdentity", "a"},
                     {"leaseDurationSeconds", 15},
                     {"renewTime", "1999-01-01T00:00:0" + std::to_string(i) + ".000000Z"}};
    EXPECT_FALSE(leads(b));
    clock.sleepFor(10s);
  }
}

TEST_F(OneLease, C08_GoesToOneOfTwoWhoReachForItAtOnce) {
  LeaseElection a = replica("a"), b = replica("b");
  const Json before = lease;
  EXPECT_TRUE(leads(a));
  Json after = std::exchange(lease, before);  // b reads what it was...
  auto swap = [&](const auto& request, auto& response) {
    if (request.method == "PUT") lease = after;  // ...and writes when a has
    answer(request, response);
  };
  support::FunctionHandler late{swap};
  std::unique_ptr<http::Client> lateHttp = http::clientOf(late);
  kube::Client lateClient{*lateHttp, "https://api", nullptr, "test"};
  LeaseElection slow{lateClient, clock, {"irsa-system", "irsa-webhook", "b"}};
  EXPECT_FALSE(leads(slow));
  EXPECT_FALSE(slow.holds());
}

TEST_F(OneLease, IsGivenUpOnRelease) {
  LeaseElection a = replica("a"), b = replica("b");
  EXPECT_TRUE(leads(a));
  a.release();
  EXPECT_FALSE(a.holds());
  EXPECT_TRUE(leads(b));
  a.release();  // is b's now
  EXPECT_EQ(lease["spec"]["holderIdentity"], "b");
}

TEST_F(OneLease, L09_IsHeldNoLongerThanItsDurationWhileTheServerIsDown) {
  LeaseElection a = replica("a");
  EXPECT_TRUE(leads(a));
  status = 500;
  EXPECT_FALSE(a.renew());
  EXPECT_TRUE(a.holds());
  clock.sleepFor(15s);
  EXPECT_FALSE(a.holds());
}

}  // namespace
