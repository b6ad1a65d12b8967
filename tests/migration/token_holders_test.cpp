#include "migration/token_holders.h"

#include <gmock/gmock.h>

#include "base/time.h"

namespace migration {
namespace {

using testing::ElementsAre;

TEST(TokenHolders, AuditLogsNameTheAccountsThatUseRenewedTokens) {
  const std::string log =
      "{\"annotations\":{\"authentication.k8s.io/stale-token\":\"subject: system:serviceaccount:shop:b, seconds after "
      "warning threshold: 60\"}}\n"
      "{\"annotations\":{\"authorization.k8s.io/decision\":\"allow\"}}\nnot JSON authentication.k8s.io/stale-token\n"
      "{\"annotations\":{\"authentication.k8s.io/stale-token\":\"subject: system:serviceaccount:shop:a, seconds after "
      "warning threshold: 5\"}}\n"
      "{\"annotations\":{\"authentication.k8s.io/stale-token\":\"subject: system:serviceaccount:shop:a, seconds after "
      "warning threshold: 6\"}}";
  EXPECT_THAT(staleAccounts(log), ElementsAre("system:serviceaccount:shop:a", "system:serviceaccount:shop:b"));
}

TEST(TokenHolders, MetricsAreReadWholeLinesAndWholeNames) {
  const std::string metrics =
      "# HELP serviceaccount_stale_tokens_total x\nserviceaccount_stale_tokens_total_more 9\n"
      "serviceaccount_stale_tokens_total 3\nprocess_start_time_seconds 1.79552160012e+09\nlabelled{a=\"b\"} 4\n";
  EXPECT_EQ(metricIn(metrics, "serviceaccount_stale_tokens_total"), 3);
  EXPECT_EQ(metricIn(metrics, "process_start_time_seconds"), 1795521600.12);
  EXPECT_EQ(metricIn(metrics, "labelled"), 0);
  EXPECT_EQ(metricIn("", "x"), 0);
}

}  // namespace
}  // namespace migration
