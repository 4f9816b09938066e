// SPDX-License-Identifier: Apache-2.0
#include "dnsd/summary.hpp"

#include <utility>

namespace paddock::dnsd {

namespace {

template <class Item>
std::string quoted_list(const std::vector<Item>& items) {
  std::string list = "[";
  for (const auto& item : items) {
    if (list.size() > 1) list += ',';
    list += '"' + dns::format(item) + '"';
  }
  return list + ']';
}

std::vector<runtime::Problem> problems_of(const metadata::StoreHealth& health) {
  std::vector<runtime::Problem> problems;
  for (const auto& problem : health.problems) {
    problems.push_back({.text = "left out: " + metadata::format(problem),
                        .remedy = "correct the object, or delete it"});
  }
  return problems;
}

void add_broken_file(std::vector<runtime::Problem>& problems, const std::string& what,
                     const std::string& reason) {
  if (reason.empty()) return;
  problems.push_back(
      {.text = what + reason, .remedy = "correct the file; it is read again by itself"});
}

}  // namespace

runtime::Status Summary::status(const Surroundings& around) const {
  runtime::Status status;
  status.ready = is_known;
  status.summary = "serving " + std::to_string(names) + " names";
  using Severity = runtime::Problem::Severity;
  add_broken_file(status.problems, "the answers file is not taken: ", broken_answers);
  add_broken_file(status.problems, "the rules are not taken: ", broken_rules);
  if (!around.health.is_connected) {
    status.problems.push_back(
        {.severity = is_known ? Severity::warning : Severity::error,
         .text = is_known ? "the source is away: answers are what was last known"
                          : "nothing is known of the cluster yet",
         .remedy = "look after " + around.source + ": " + around.health.last_error});
  }
  for (auto& problem : problems_of(around.health)) status.problems.push_back(std::move(problem));
  for (const auto& loss : losses) {
    status.problems.push_back({.severity = Severity::warning,
                               .text = "SkyDNS tree: " + loss,
                               .remedy = "see to it that the source can be read"});
  }
  for (const auto& problem : problems) {
    status.problems.push_back(
        {.text = problem.subject + ": " + problem.text, .remedy = "correct the object"});
  }
  for (const auto& problem : around.forwarding.problems) {
    status.problems.push_back(
        {.text = "forwarding: " + problem,
         .remedy = "correct --upstreams, --stub or the file, then reload dnsd"});
  }
  status.detail = R"({"revision":)" + std::to_string(revision) + R"(,"names":)" +
                  std::to_string(names) + R"(,"stale_since":)" +
                  std::to_string(around.stale_since) + R"(,"listen":)" +
                  quoted_list(around.listen) + R"(,"upstreams":)" +
                  quoted_list(around.forwarding.upstreams) + "}";
  return status;
}

void Summary::write_metrics(runtime::MetricsText& out) const {
  out.gauge("paddock_dns_names", "Names of our own zones.");
  out.sample(names);
  out.gauge("paddock_dns_names_bytes", "Memory of the compiled names.");
  out.sample(bytes);
  out.gauge("paddock_dns_views", "Clients, and networks of them, that are answered differently.");
  out.sample(views);
  out.gauge("paddock_dns_problems", "Objects that could not be named, or not fully.");
  out.sample(problems.size());
  out.gauge("paddock_source_revision", "Revision of the cluster that is served.");
  out.sample(revision);
}

}  // namespace paddock::dnsd
