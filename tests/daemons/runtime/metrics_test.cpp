// SPDX-License-Identifier: Apache-2.0
#include "runtime/metrics.hpp"

#include <gtest/gtest.h>

namespace paddock::runtime {
namespace {

TEST(MetricsText, WritesFamiliesAndEscapedLabels) {
  MetricsText out;

  out.counter("q_total", "Questions,\nanswered.");
  out.sample(12U, {{"rcode", "NOERROR"}, {"zone", "a\"b\\c"}});
  out.sample(0U);
  out.gauge("stale_seconds", "Age.");
  out.sample(0.25);

  EXPECT_EQ(out.text(),
            "# HELP q_total Questions,\\nanswered.\n# TYPE q_total counter\n"
            "q_total{rcode=\"NOERROR\",zone=\"a\\\"b\\\\c\"} 12\nq_total 0\n"
            "# HELP stale_seconds Age.\n# TYPE stale_seconds gauge\nstale_seconds 0.25\n");
}

TEST(LatencyHistogram, BucketsAreCumulativeAndIncludeTheirBound) {
  LatencyHistogram histogram;
  histogram.observe(0.00005);
  histogram.observe(0.0007);
  histogram.observe(60);
  MetricsText out;

  out.histogram("t_seconds", "Time.", histogram);

  EXPECT_NE(out.text().find("t_seconds_bucket{le=\"5e-05\"} 1\n"), std::string::npos) << out.text();
  EXPECT_NE(out.text().find("t_seconds_bucket{le=\"0.001\"} 2\n"), std::string::npos);
  EXPECT_NE(out.text().find("t_seconds_bucket{le=\"10\"} 2\n"), std::string::npos);
  EXPECT_NE(out.text().find("t_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos);
  EXPECT_NE(out.text().find("t_seconds_count 3\n"), std::string::npos);
}

}  // namespace
}  // namespace paddock::runtime
