// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/net/lease_store.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

namespace paddock::net {
namespace {

using namespace std::chrono_literals;

class LeaseStoreTest : public testing::Test {
 protected:
  test::TempFolder folder_;
};

IpAddress ip(unsigned number) { return boost::asio::ip::address_v4(0x0a2a0000U + number); }

Lease lease(unsigned number) {
  Lease lease{.state = LeaseState::attached,
              .attachment = {},
              .netns_path = "/run/netns/x",
              .netns = {4, 4026532000},
              .boot_id = "boot",
              .pod = {"shop", "web", "uid", {{"app", "web"}}, {"www"}},
              .result = "{}",
              .changed = std::chrono::system_clock::time_point(1234567ms),
              .kept = {{"firewall", "cni0"}}};
  lease.attachment = {
      .id = {"net", "c" + std::to_string(number), "eth0"},
      .host_link = "pd" + std::to_string(number),
      .host_ifindex = 7,
      .pod_ifindex = 2,
      .host_mac = *MacAddress::parse("02:00:00:00:00:01"),
      .pod_mac = *MacAddress::parse("02:00:00:00:00:02"),
      .mtu = 1450,
      .addresses = {ip(number), boost::asio::ip::make_address("fd00::9")},
      .subnets = {{ip(0), 24}},
      .gateways = {ip(1)},
      .routes = {{{ip(0), 8}, ip(1), 1400, 3}, {{ip(0), 16}, {}, 0, 0, 1300, 1000, 253}},
      .bridge = BridgePort{.bridge = "br-net",
                           .addresses = {{ip(1), 24}},
                           .is_hairpin = true,
                           .guard = SourceGuard::mac},
      .ports = {{8080, 80, Protocol::udp, ip(9)}, {1, 2, Protocol::sctp, {}}},
      .bandwidth = {{8000, 80}, {16000, 160}}};
  return lease;
}

TEST_F(LeaseStoreTest, KeepsEveryFieldAcrossReopening) {
  { ASSERT_TRUE(LeaseStore(folder_.path()).put(lease(2))); }

  const auto contents = LeaseStore(folder_.path()).load();

  ASSERT_EQ(contents.leases.size(), 1U);
  EXPECT_EQ(contents.leases.front(), lease(2));
  EXPECT_TRUE(contents.problems.empty());
}

TEST_F(LeaseStoreTest, ErasingNotesWhenAddressesWereFreed) {
  LeaseStore store(folder_.path());
  const auto when = std::chrono::system_clock::time_point(99s);
  ASSERT_TRUE(store.put(lease(2)));

  ASSERT_TRUE(store.erase(lease(2).attachment.id, {{ip(2), when, "shop/web"}}));

  const auto contents = store.load();
  EXPECT_TRUE(contents.leases.empty());
  ASSERT_EQ(contents.freed.size(), 1U);
  EXPECT_EQ(contents.freed.front(), (LeaseStore::Freed{ip(2), when, "shop/web"}));
}

TEST_F(LeaseStoreTest, AnAddressTakenAgainIsNoLongerFreed) {
  LeaseStore store(folder_.path());
  ASSERT_TRUE(store.erase(lease(2).attachment.id, {{ip(2), {}, {}}}));

  ASSERT_TRUE(store.put(lease(2)));

  EXPECT_TRUE(store.load().freed.empty());
}

TEST_F(LeaseStoreTest, WritesOfOneThreadTakeEffectInOrder) {
  LeaseStore store(folder_.path());
  auto first = lease(2);
  first.state = LeaseState::detaching;

  ASSERT_TRUE(store.put(first));
  ASSERT_TRUE(store.put(lease(2)));

  EXPECT_EQ(store.load().leases.front().state, LeaseState::attached);
}

TEST_F(LeaseStoreTest, TakesWritesOfManyThreads) {
  LeaseStore store(folder_.path());
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&store, t] {
      for (unsigned i = 0; i < 20; ++i) EXPECT_TRUE(store.put(lease(t * 100 + i)));
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(store.load().leases.size(), 160U);
}

TEST_F(LeaseStoreTest, SecondOpenerIsToldWhoHasIt) {
  const LeaseStore first(folder_.path());

  try {
    const LeaseStore second(folder_.path());
    FAIL() << "two openers";
  } catch (const std::runtime_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("process " + std::to_string(::getpid())),
              std::string::npos)
        << refused.what();
  }
}

TEST_F(LeaseStoreTest, FullDiskIsSaidAndNothingIsHalfDone) {
  LeaseStore store(folder_.path());
  ASSERT_TRUE(store.put(lease(2)));
  // A limit on the size of files stands in for a full disk: the write fails in the same place.
  const auto size = std::filesystem::file_size(folder_.path() / "leases.mdb");
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{size, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);

  unsigned written = 0;
  boost::system::error_code failure;
  for (unsigned i = 10; i < 500 && !failure; ++i) {
    const auto result = store.put(lease(i));
    if (result)
      ++written;
    else
      failure = result.error().code;
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  (void)std::signal(SIGXFSZ, previous);

  EXPECT_TRUE(failure);
  EXPECT_EQ(store.load().leases.size(), 1U + written);
  EXPECT_TRUE(store.put(lease(900)));
  EXPECT_EQ(store.load().leases.size(), 2U + written);
}

// A child writes records and says each one's number when it is kept; it is killed in between.
void write_until_killed(const std::filesystem::path& directory, unsigned first, int said) {
  LeaseStore store(directory);
  for (unsigned number = first;; ++number) {
    if (!store.put(lease(number))) ::_exit(1);
    if (::write(said, &number, sizeof number) != sizeof number) ::_exit(1);
    if (number % 3 != 0) continue;
    if (!store.erase(lease(number).attachment.id, {{ip(number), {}, {}}})) ::_exit(1);
    const unsigned erased = number | 0x80000000U;
    if (::write(said, &erased, sizeof erased) != sizeof erased) ::_exit(1);
  }
}

TEST_F(LeaseStoreTest, KilledAtAnyMomentLosesAndDoublesNothing) {
  std::set<std::string> durable;
  for (unsigned round = 0; round < 50; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(folder_.path(), round * 10000, pipe[1]);
    ::close(pipe[1]);
    unsigned number = 0;
    // Killed after so many messages: a different moment of the write in each round.
    for (unsigned i = 0; i < 1 + round % 7; ++i) {
      ASSERT_EQ(::read(pipe[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
      if ((number & 0x80000000U) != 0)
        durable.erase("c" + std::to_string(number & 0x7fffffffU));
      else
        durable.insert("c" + std::to_string(number));
    }
    ::usleep(round * 7 % 200);  // chooses the instruction, nothing waits for it
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ::waitpid(child, nullptr, 0);
    while (::read(pipe[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number)) {
      if ((number & 0x80000000U) != 0)
        durable.erase("c" + std::to_string(number & 0x7fffffffU));
      else
        durable.insert("c" + std::to_string(number));
    }
    ::close(pipe[0]);

    std::set<std::string> found;
    const auto contents = LeaseStore(folder_.path()).load();
    EXPECT_TRUE(contents.problems.empty());
    for (const auto& record : contents.leases) found.insert(record.attachment.id.container);
    EXPECT_EQ(found.size(), contents.leases.size());
    std::vector<std::string> lost;
    std::ranges::set_difference(durable, found, std::back_inserter(lost));
    // At most the one write that was under way may differ: made, or erased, and not said.
    std::vector<std::string> more;
    std::ranges::set_difference(found, durable, std::back_inserter(more));
    EXPECT_LE(lost.size() + more.size(), 1U) << "round " << round;
    durable = found;
  }
}

}  // namespace
}  // namespace paddock::net
