// SPDX-License-Identifier: Apache-2.0
#include "runtime/metrics.hpp"

#include "runtime/process_metrics.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

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

// The sample without labels of a page; negative: there is none.
double sample_of(const MetricsText& page, const std::string& name) {
  const auto at = page.text().find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(page.text().substr(at + name.size() + 2));
}

TEST(ProcessMetrics, TellWhatThisProcessTakes) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  MetricsText before;
  write_process_metrics(before);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  MetricsText after;
  write_process_metrics(after);
  for (const int end : ends) ::close(end);

  EXPECT_EQ(sample_of(after, "process_open_fds"), sample_of(before, "process_open_fds") + 2);
  EXPECT_GE(sample_of(after, "process_max_fds"), sample_of(after, "process_open_fds"));
  EXPECT_GT(sample_of(after, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_GE(sample_of(after, "process_virtual_memory_bytes"),
            sample_of(after, "process_resident_memory_bytes"));
  EXPECT_GE(sample_of(after, "process_cpu_seconds_total"),
            sample_of(before, "process_cpu_seconds_total"));
  EXPECT_GE(sample_of(after, "process_threads"), 1);
  const double started = sample_of(after, "process_start_time_seconds");
  EXPECT_GT(started, 0);
  EXPECT_LE(started, now.count() + 1);
}

}  // namespace
}  // namespace paddock::runtime
