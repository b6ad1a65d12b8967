#include "setup/run_lease.h"

#include <gmock/gmock.h>

#include "support/fake_api_server.h"
#include "support/manual_clock.h"

namespace setup {
namespace {

using testing::HasSubstr;

const std::string kPath = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/irsa-edge";

class Lease : public testing::Test {
 protected:
  base::Result<std::unique_ptr<RunLease>> take(const std::string& host, long process) {
    return RunLease::take(client, clock, "edge", {host, process, [this](long asked) { return asked == running; }});
  }
  long running = 0;  // the only process that lives
  support::FakeApiServer cluster;
  support::ManualClock clock;
  std::unique_ptr<http::Client> http = http::clientOf(cluster);
  kube::Client client{*http, "https://cluster.test", nullptr, "test"};
};

TEST_F(Lease, IsThereAsLongAsTheRunAndGoneAfterwards) {
  {
    auto held = take("priya-laptop", 10);
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_EQ(cluster.at(kPath)["spec"]["holderIdentity"], "priya-laptop/10");
  }
  EXPECT_FALSE(cluster.has(kPath));
}

TEST_F(Lease, AnotherHostsRunIsNamed) {
  auto held = take("priya-laptop", 10);
  auto refused = take("ci-7", 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::Conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("on priya-laptop (process 10)"));
  EXPECT_THAT(refused.error().hint, HasSubstr("kube-system/irsa-edge"));
}

TEST_F(Lease, OfADeadProcessOfThisHostIsTakenAtOnceAndOfALivingOneNot) {
  auto held = take("ci-7", 10);
  running = 10;
  EXPECT_FALSE(take("ci-7", 11));
  running = 0;
  auto next = take("ci-7", 11);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(cluster.at(kPath)["spec"]["holderIdentity"], "ci-7/11");
  held->reset();  // the dead one's clean-up, were it to come late
  EXPECT_TRUE(cluster.has(kPath));
}

TEST_F(Lease, ThatNobodyRenewsRunsOut) {
  auto held = take("priya-laptop", 10);
  clock.advance(std::chrono::minutes(4));
  (*held)->renew();
  clock.advance(std::chrono::minutes(4));
  EXPECT_FALSE(take("ci-7", 1));
  clock.advance(std::chrono::minutes(2));
  EXPECT_TRUE(take("ci-7", 1));
}

TEST_F(Lease, WithoutTheRightToItTheErrorSaysSo) {
  cluster.forbidden.insert(kPath);
  EXPECT_EQ(take("ci-7", 1).error().kind, base::ErrorKind::Denied);
}

}  // namespace
}  // namespace setup
