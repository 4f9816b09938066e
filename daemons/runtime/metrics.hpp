// SPDX-License-Identifier: Apache-2.0
//
// Metrics in Prometheus' text format, written when somebody asks. Daemons keep plain counters (one
// set per worker, no lock) and sum them here; nothing is registered and nothing costs anything
// between two scrapes.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace paddock::runtime {

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

// Counts observations in buckets whose bounds fit 50 µs to 10 s. Any thread may observe.
class LatencyHistogram {
 public:
  static constexpr std::array bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                     0.025,   0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   10.0};
  void observe(double seconds) noexcept;

 private:
  friend class MetricsText;
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> nanoseconds_{0};
};

// The page being written. Name a family with counter() or gauge(), then give its samples:
//
//   out.counter("paddock_dns_queries_total", "Questions answered.");
//   out.sample(n, {{"rcode", "NOERROR"}});
class MetricsText {
 public:
  void counter(std::string_view name, std::string_view help) { family(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { family(name, help, "gauge"); }
  template <class T>
  requires(std::integral<T> || std::floating_point<T>) void sample(T value, Labels labels = {}) {
    if constexpr (std::integral<T>) {
      line(std::to_string(value), {labels.begin(), labels.size()});
    } else {
      line(number(static_cast<double>(value)), {labels.begin(), labels.size()});
    }
  }
  void histogram(std::string_view name, std::string_view help, const LatencyHistogram&);
  // Names a family of histograms, of which each samples(), or distribution() of one that is kept
  // elsewhere, is one.
  void histogram(std::string_view name, std::string_view help) { family(name, help, "histogram"); }
  void samples(const LatencyHistogram&, Labels labels);
  // `counts` holds one more entry than `bounds`, not cumulative.
  void distribution(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                    double sum, Labels labels = {});

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void line(const std::string& value, std::span<const Label> labels, std::string_view suffix = {});
  [[nodiscard]] static std::string number(double value);

  std::string text_;
  std::string name_;
};

}  // namespace paddock::runtime
