// SPDX-License-Identifier: Apache-2.0
#include "runtime/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace paddock::runtime {
namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quotes && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
}

}  // namespace

void LatencyHistogram::observe(double seconds) noexcept {
  const auto* const bucket = std::ranges::lower_bound(bounds, seconds);
  const auto index = static_cast<std::size_t>(bucket - bounds.begin());
  counts_[index].fetch_add(1, std::memory_order_relaxed);
  nanoseconds_.fetch_add(static_cast<std::uint64_t>(std::max(seconds, 0.0) * 1e9),
                         std::memory_order_relaxed);
}

void MetricsText::histogram(std::string_view name, std::string_view help,
                            const LatencyHistogram& histogram) {
  this->histogram(name, help);
  samples(histogram, {});
}

void MetricsText::samples(const LatencyHistogram& histogram, Labels labels) {
  std::array<std::uint64_t, LatencyHistogram::bounds.size() + 1> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = histogram.counts_[i];
  distribution(LatencyHistogram::bounds, counts,
               static_cast<double>(histogram.nanoseconds_.load()) / 1e9, labels);
}

void MetricsText::distribution(std::span<const double> bounds,
                               std::span<const std::uint64_t> counts, double sum, Labels labels) {
  std::vector<Label> bucket(labels);
  bucket.push_back({"le", {}});
  const auto plain = std::span(bucket).first(labels.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    const auto bound = i < bounds.size() ? number(bounds[i]) : std::string("+Inf");
    bucket.back().value = bound;
    line(std::to_string(total), bucket, "_bucket");
  }
  line(number(sum), plain, "_sum");
  line(std::to_string(total), plain, "_count");
}

void MetricsText::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ");
  append_escaped(text_, help, false);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsText::line(const std::string& value, std::span<const Label> labels,
                       std::string_view suffix) {
  text_.append(name_).append(suffix);
  char separator = '{';
  for (const auto& label : labels) {
    text_ += separator;
    text_.append(label.name).append("=\"");
    append_escaped(text_, label.value, true);
    text_ += '"';
    separator = ',';
  }
  if (labels.size() != 0) text_ += '}';
  text_.append(" ").append(value).append("\n");
}

std::string MetricsText::number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

}  // namespace paddock::runtime
