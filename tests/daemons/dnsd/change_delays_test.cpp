// SPDX-License-Identifier: Apache-2.0
#include "dnsd/change_delays.hpp"

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/part.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace paddock::dnsd {
namespace {

constexpr double now = 1'795'347'397.0;  // 2026-11-22T11:36:37Z

std::shared_ptr<metadata::Endpoints> slice(const char* address, std::uint64_t revision,
                                           const char* changed = "2026-11-22T11:36:35.5Z") {
  auto made = std::make_shared<metadata::Endpoints>();
  made->ns = "shop";
  made->name = "db-x1";
  made->service = "db";
  made->revision = revision;
  metadata::Endpoint endpoint;
  endpoint.addresses = {boost::asio::ip::make_address(address)};
  made->endpoints = {endpoint};
  made->annotations = metadata::TextMap{metadata::TextPair{
      metadata::Text(metadata::change_time_annotation), metadata::Text(changed)}};
  return made;
}

// As dnsd keeps it: without the date.
metadata::Draft draft_of(const metadata::Endpoints& whole) {
  auto kept = metadata::clone(whole);
  kept->annotations = {};
  metadata::Draft draft;
  draft.put(std::move(kept));
  return draft;
}

std::shared_ptr<const metadata::Cluster> without_service(const metadata::Endpoints& whole) {
  return draft_of(whole).build({.store = "store", .revision = whole.revision});
}

std::shared_ptr<const metadata::Cluster> cluster_of(const metadata::Endpoints& whole) {
  auto service = std::make_shared<metadata::Service>();
  service->ns = "shop";
  service->name = "db";
  metadata::Draft draft = draft_of(whole);
  draft.put(std::move(service));
  return draft.build({.store = "store", .revision = whole.revision});
}

std::string counted(const runtime::LatencyHistogram& histogram) {
  runtime::MetricsText out;
  out.histogram("t", "", histogram);
  const auto at = out.text().find("t_sum ");
  return out.text().substr(at);
}

TEST(ChangeDelays, AreFromTheChangeToItsAnswer) {
  ChangeDelays delays([] { return now; });
  const auto before = slice("10.42.0.5", 1);
  const auto after = slice("10.42.0.6", 2);
  delays.note(*after);

  delays.answered(*cluster_of(*before), *cluster_of(*after));
  delays.answered(*cluster_of(*before), *cluster_of(*after));

  EXPECT_EQ(counted(delays.of_headless()), "t_sum 1.5\nt_count 1\n") << "once";
  EXPECT_EQ(counted(delays.of_others()), "t_sum 0\nt_count 0\n");
}

TEST(ChangeDelays, WhatComesAgainIsNoChange) {
  ChangeDelays delays([] { return now; });
  const auto same = slice("10.42.0.5", 2);
  delays.note(*same);
  delays.answered(*cluster_of(*same), *cluster_of(*same));

  const auto undated = slice("10.42.0.6", 3, "yesterday");
  delays.note(*undated);
  delays.answered(*cluster_of(*same), *cluster_of(*undated));

  EXPECT_EQ(counted(delays.of_headless()), "t_sum 0\nt_count 0\n");
}

TEST(ChangeDelays, ASliceThatComesBeforeItsServiceIsAnsweredWithIt) {
  ChangeDelays delays([] { return now; });
  const auto came = slice("10.42.0.5", 2);
  const auto alone = without_service(*came);
  delays.note(*came);
  delays.answered(*metadata::Draft().build({.store = "store", .revision = 1}), *alone);
  EXPECT_EQ(counted(delays.of_others()), "t_sum 0\nt_count 0\n");

  delays.answered(*alone, *cluster_of(*came));
  delays.answered(*cluster_of(*came), *cluster_of(*came));

  EXPECT_EQ(counted(delays.of_headless()), "t_sum 1.5\nt_count 1\n");
  EXPECT_EQ(counted(delays.of_others()), "t_sum 0\nt_count 0\n");
}

TEST(ChangeDelays, WhatWasThereFromTheStartIsNoChange) {
  ChangeDelays delays([] { return now; });
  const auto came = slice("10.42.0.5", 2);
  const auto alone = without_service(*came);
  delays.note(*came);

  delays.answered(*alone, *alone);
  delays.answered(*alone, *cluster_of(*came));

  EXPECT_EQ(counted(delays.of_headless()), "t_sum 0\nt_count 0\n");
}

}  // namespace
}  // namespace paddock::dnsd
