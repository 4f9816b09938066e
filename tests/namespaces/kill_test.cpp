// SPDX-License-Identifier: Apache-2.0
//
// netd killed at every step of its journal and of its talk with the kernel, or left by its disk:
// the program's own sendto() and mdb_txn_commit() come before the libraries', count, and kill or
// fail.
#include "support/pods.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <lmdb.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <set>

namespace {

std::atomic<long> steps_left{0};  // 0: nobody is killed
// How often the disk fails from now on: when a transaction ends, when the database is opened.
std::atomic<int> commits_that_fail{0};
std::atomic<int> openings_that_fail{0};

void step() {
  if (steps_left > 0 && --steps_left == 0) ::raise(SIGKILL);
}

}  // namespace

extern "C" {

ssize_t sendto(int socket, const void* bytes, size_t size, int flags, const sockaddr* to,
               socklen_t length) {
  step();
  const auto sent = ::syscall(SYS_sendto, socket, bytes, size, flags, to, length);
  step();
  return sent;
}

int mdb_txn_commit(MDB_txn* transaction) {
  static const auto real =
      reinterpret_cast<int (*)(MDB_txn*)>(::dlsym(RTLD_NEXT, "mdb_txn_commit"));
  if (commits_that_fail > 0) {
    --commits_that_fail;
    mdb_txn_abort(transaction);
    return MDB_PANIC;
  }
  step();
  const int code = real(transaction);
  step();
  return code;
}

int mdb_env_open(MDB_env* environment, const char* path, unsigned flags, mdb_mode_t mode) {
  static const auto real = reinterpret_cast<int (*)(MDB_env*, const char*, unsigned, mdb_mode_t)>(
      ::dlsym(RTLD_NEXT, "mdb_env_open"));
  if (openings_that_fail > 0) {
    --openings_that_fail;
    return EROFS;
  }
  return real(environment, path, flags, mode);
}
}

namespace paddock::net {
namespace {

using test::Namespace;
using test::PodHost;

constexpr const char* bridged = R"("dataPath":"bridge")";

// Runs the work of a netd that dies at that step; whether it came to the end before.
bool survives(PodHost& host, long killed_at, const std::function<void()>& work) {
  host.stop();  // a process with threads does not fork well
  const pid_t child = ::fork();
  if (child == 0) {
    host.start();
    steps_left = killed_at;
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
  host.start();
  return WIFEXITED(status);
}

// Record, pool and kernel say the same, and no address is anybody's twice.
void expect_agreement(PodHost& host, long killed_at) {
  std::set<IpAddress> addresses;
  std::size_t count = 0;
  std::set<std::string> links;
  for (const auto& lease : host.pods().leases()) {
    addresses.insert(lease.attachment.addresses.begin(), lease.attachment.addresses.end());
    count += lease.attachment.addresses.size();
    links.insert(lease.attachment.id.alias());
  }
  EXPECT_EQ(addresses.size(), count) << "killed at step " << killed_at;
  EXPECT_EQ(host.taken(), count) << "killed at step " << killed_at;
  for (const auto& link : host.host.attachments.list().value()) {
    EXPECT_TRUE(link.id && links.contains(link.id->alias()))
        << link.host_link << " has no record, killed at step " << killed_at;
  }
}

void expect_nothing_left(PodHost& host, long killed_at) {
  EXPECT_EQ(host.taken(), 0U) << "killed at step " << killed_at;
  EXPECT_TRUE(host.pods().leases().empty());
  EXPECT_TRUE(host.host.attachments.list().value().empty());
  EXPECT_EQ(host.host.ns.run("ip route show proto 142 type unicast").text, "");
  EXPECT_EQ(host.host.ns.run("nft list table bridge paddock").text.find("elements"),
            std::string::npos)
      << "killed at step " << killed_at;
}

class Killed : public testing::TestWithParam<const char*> {};

TEST_P(Killed, WhileAddingNothingIsLostOrDoubled) {
  PodHost host;
  for (long killed_at = 1;; ++killed_at) {
    const Namespace pod;

    const bool survived = survives(host, killed_at, [&] { (void)host.add("c1", pod, GetParam()); });

    expect_agreement(host, killed_at);
    (void)host.add("c1", pod, GetParam());  // as a runtime without an answer does
    EXPECT_TRUE(pod.pings("10.42.0.1")) << "killed at step " << killed_at;
    ASSERT_TRUE(host.del("c1"));
    ASSERT_TRUE(host.pods().reconcile());
    expect_nothing_left(host, killed_at);
    if (survived) break;
    ASSERT_LT(killed_at, 200) << "it never ends";
  }
}

TEST_P(Killed, WhileAddingDelIsEnough) {
  PodHost host;
  for (long killed_at = 1;; ++killed_at) {
    const Namespace pod;

    const bool survived = survives(host, killed_at, [&] { (void)host.add("c1", pod, GetParam()); });

    ASSERT_TRUE(host.del("c1"));
    ASSERT_TRUE(host.pods().reconcile());
    expect_nothing_left(host, killed_at);
    if (survived) break;
    ASSERT_LT(killed_at, 200) << "it never ends";
  }
}

TEST_P(Killed, WhileDeletingItIsDoneTheNextTime) {
  PodHost host;
  for (long killed_at = 1;; ++killed_at) {
    const Namespace pod;
    const Namespace other;
    (void)host.add("c1", pod, GetParam());

    const bool survived = survives(host, killed_at, [&] { (void)host.del("c1"); });

    expect_agreement(host, killed_at);
    (void)host.add("c2", other, GetParam());
    EXPECT_TRUE(other.pings("10.42.0.1")) << "killed at step " << killed_at;
    ASSERT_TRUE(host.del("c1"));
    ASSERT_TRUE(host.del("c2"));
    ASSERT_TRUE(host.pods().reconcile());
    expect_nothing_left(host, killed_at);
    if (survived) break;
    ASSERT_LT(killed_at, 200) << "it never ends";
  }
}

// The runtime has its answer then, and will not ask again.
TEST_P(Killed, AfterTheAnswerToDelTheNextStartDoesTheRest) {
  PodHost host;
  const Namespace pod;
  (void)host.add("c1", pod, GetParam());

  const bool survived = survives(host, 0, [&] {
    std::function<void()> rest;
    const auto answered = host.pods().answer(test::cni_request("DEL", "c1"), nullptr, rest);
    if (answered && rest) ::raise(SIGKILL);
  });

  EXPECT_FALSE(survived) << "there was no rest to do";
  expect_nothing_left(host, 0);
  (void)host.add("c1", pod, GetParam());
  EXPECT_TRUE(pod.pings("10.42.0.1"));
}

// As when the kernel mounts a disk that failed for reading only, until somebody mends it.
TEST(BrokenDisk, IsTriedAgainUntilItTakesTheRecords) {
  const test::TempFolder folder;
  LeaseStore store(folder.path());
  Lease lease;
  lease.attachment.id = {"net", "c1", "eth0"};
  commits_that_fail = 1;
  openings_that_fail = 1;

  ASSERT_TRUE(store.put(lease));

  EXPECT_EQ(store.load().leases.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(DataPath, Killed, testing::Values("", bridged), [](const auto& chosen) {
  return std::string(*chosen.param == '\0' ? "Routed" : "Bridged");
});

}  // namespace
}  // namespace paddock::net
