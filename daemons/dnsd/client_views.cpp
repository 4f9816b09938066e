// SPDX-License-Identifier: Apache-2.0
#include "dnsd/client_views.hpp"

#include "dnsd/options.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace paddock::dnsd {

namespace {

bool is_empty(const dns::View& view) { return view.records.empty() && view.search.empty(); }

}  // namespace

ClientViews::ClientViews(const Options& options)
    : pods_(options), ndots_(options.ndots), common_{.name = "every client", .ndots = ndots_} {
  for (const auto& text : options.search) search_.push_back(dns::Name::parse(text).value());
  common_.search = search_;
  is_changed_ = !is_empty(common_);
}

void ClientViews::take(const AnswersFile& answers, std::vector<dns::Record> records) {
  std::vector<dns::View> views;
  for (const auto& section : answers.clients) {
    dns::View view = view_of(section);
    view.ndots = ndots_;
    view.upstreams = set_name(section.recurse);
    views.push_back(std::move(view));
  }
  dns::View common{.name = "every client",
                   .records = std::move(records),
                   .search = answers.common.search,
                   .ndots = ndots_};
  common.search.insert(common.search.end(), search_.begin(), search_.end());
  is_changed_ = is_changed_ || views != of_answers_ || common != common_;
  of_answers_ = std::move(views);
  common_ = std::move(common);
}

void ClientViews::follow(const metadata::Cluster& cluster) {
  auto views = pods_.follow(cluster);
  is_changed_ = is_changed_ || views != of_pods_;
  of_pods_ = std::move(views);
}

std::shared_ptr<const dns::Views> ClientViews::compiled() {
  if (!std::exchange(is_changed_, false)) return compiled_;
  problems_.clear();
  auto views = of_answers_;
  views.insert(views.end(), of_pods_.begin(), of_pods_.end());
  if (views.empty() && is_empty(common_)) return compiled_ = nullptr;
  const auto common = is_empty(common_) ? std::nullopt : std::optional(common_);
  return compiled_ = std::make_shared<const dns::Views>(views, common, problems_);
}

std::vector<dns::UpstreamSet> ClientViews::upstream_sets() const {
  std::map<std::string, std::vector<dns::Upstream>> sets;
  for (const auto* views : {&of_answers_, &of_pods_}) {
    for (const auto& view : *views) {
      if (!view.upstreams.empty()) sets.emplace(view.upstreams, upstreams_of(view.upstreams));
    }
  }
  std::vector<dns::UpstreamSet> list;
  for (auto& [name, upstreams] : sets) list.push_back({name, std::move(upstreams)});
  return list;
}

std::vector<dns::Problem> ClientViews::problems() const {
  auto problems = pods_.problems();
  problems.insert(problems.end(), problems_.begin(), problems_.end());
  return problems;
}

}  // namespace paddock::dnsd
