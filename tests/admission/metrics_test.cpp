#include "admission/metrics.h"

#include <gmock/gmock.h>

namespace {

using namespace std::chrono_literals;
using admission::LoopMetrics;
using admission::Reason;
using testing::HasSubstr;
using testing::Not;

TEST(Metrics, AddUpTheLoops) {
  LoopMetrics first, second;
  first.count("POST", 200, Reason::Injected, 20us);
  second.count("POST", 200, Reason::AlreadySet, 200ms);
  second.count("BREW", 400, Reason::UndecodableReview, 3s);
  first.countPod(false);
  second.countPod(false);
  second.countPod(true);
  const std::string page = admission::renderMetrics({&first, &second}, {});
  EXPECT_THAT(page, HasSubstr("http_request_count{verb=\"POST\",path=\"/mutate\",code=\"200\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("http_request_count{verb=\"other\",path=\"/mutate\",code=\"400\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("code=\"415\"")));
  EXPECT_THAT(page, HasSubstr("pod_identity_webhook_pod_count{method=\"sts_web_identity\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("pod_identity_webhook_pod_count{method=\"container_credentials\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("irsa_webhook_decisions_total{reason=\"Injected\"} 1\n"));
}

TEST(Metrics, KeepMicrosecondsUnderTheOldNamesAndSecondsUnderTheNew) {
  LoopMetrics loop;
  loop.count("POST", 200, Reason::Injected, 20us);
  loop.count("POST", 200, Reason::Injected, 3s);
  const std::string page = admission::renderMetrics({&loop}, {});
  EXPECT_THAT(page, HasSubstr("http_request_latencies_bucket{verb=\"POST\",path=\"/mutate\",le=\"125000\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("http_request_latencies_bucket{verb=\"POST\",path=\"/mutate\",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("http_request_duration_microseconds_sum{verb=\"POST\",path=\"/mutate\"} 3000020\n"));
  EXPECT_THAT(page, HasSubstr("http_request_duration_seconds_bucket{verb=\"POST\",path=\"/mutate\",le=\"1e-05\"} 0\n"));
  EXPECT_THAT(page,
              HasSubstr("http_request_duration_seconds_bucket{verb=\"POST\",path=\"/mutate\",le=\"2.5e-05\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("http_request_duration_seconds_count{verb=\"POST\",path=\"/mutate\"} 2\n"));
}

TEST(Metrics, CountMissesAsAwsDoes) {
  LoopMetrics loop;
  loop.count("POST", 200, Reason::AccountUnknown, 1us);
  EXPECT_THAT(admission::renderMetrics({&loop}, {}), HasSubstr("pod_identity_webhook_missing_sa_count 1\n"));
}

TEST(Metrics, ShowTheGauges) {
  admission::Gauges gauges;
  gauges.accounts = 7;
  gauges.certificateExpiry = 1795521600;
  gauges.version = "1.2.3";
  gauges.process = {1.25, 1795521600.5, 9, 1024, 1u << 20, 1u << 21, UINT64_MAX};
  const std::string page = admission::renderMetrics({}, gauges);
  EXPECT_THAT(page, HasSubstr("irsa_webhook_service_accounts 7\n"));
  EXPECT_THAT(page, HasSubstr("irsa_webhook_certificate_expiry_timestamp_seconds 1795521600\n"));
  EXPECT_THAT(page, HasSubstr("irsa_webhook_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("pod_identity_webhook_used 1\n"));
  for (const char* line :
       {"process_cpu_seconds_total 1.25", "process_start_time_seconds 1795521600.50", "process_open_fds 9",
        "process_max_fds 1024", "process_resident_memory_bytes 1048576", "process_virtual_memory_bytes 2097152",
        "process_virtual_memory_max_bytes 18446744073709551615"})
    EXPECT_THAT(page, HasSubstr(std::string("\n") + line + "\n"));
}

}  // namespace
