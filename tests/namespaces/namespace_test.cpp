// SPDX-License-Identifier: Apache-2.0
#include "support/network_namespace.hpp"

#include <paddock/net/namespace.hpp>

#include <boost/system/errc.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace paddock::net {
namespace {

using test::Namespace;
namespace errc = boost::system::errc;

TEST(NetworkNamespace, TellsAMissingPathFromOneThatIsNoNamespace) {
  const auto missing = NetworkNamespace::open("/run/netns/there-is-no-such-namespace");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, errc::no_such_file_or_directory);
  EXPECT_NE(missing.error().text.find("there-is-no-such"), std::string::npos);

  for (const char* other : {"/etc/hostname", "/proc/self/ns/uts", "/tmp"}) {
    const auto wrong = NetworkNamespace::open(other);
    ASSERT_FALSE(wrong) << other;
    EXPECT_EQ(wrong.error().code, errc::invalid_argument) << wrong.error().text;
  }
}

TEST(NetworkNamespace, IsTheSameUnderEveryPath) {
  Namespace ns;
  const auto again = NetworkNamespace::open(ns.path()).value();

  EXPECT_EQ(again.identity(), ns.get().identity());
  EXPECT_EQ(again.duplicate().identity(), ns.get().identity());
  EXPECT_NE(again.identity(), NetworkNamespace::current().identity());
}

TEST(NetworkNamespace, TakesADescriptorOfOneAndClosesAnyOther) {
  Namespace ns;
  const int its = ::open(ns.path().c_str(), O_RDONLY | O_CLOEXEC);
  const auto adopted = NetworkNamespace::adopt(its, "this").value();
  EXPECT_EQ(adopted.descriptor(), its);
  EXPECT_EQ(adopted.identity(), ns.get().identity());

  const int other = ::open("/etc/hostname", O_RDONLY | O_CLOEXEC);
  const auto refused = NetworkNamespace::adopt(other, "that");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::invalid_argument);
  EXPECT_EQ(refused.error().text.rfind("that is not a network namespace", 0), 0U);
  EXPECT_EQ(::fcntl(other, F_GETFD), -1);
}

TEST(NetworkNamespace, RunsInsideAndComesBack) {
  Namespace ns;
  const auto outside = NetworkNamespace::current().identity();
  NamespaceIdentity inside;

  ASSERT_TRUE(ns.get().run([&] { inside = NetworkNamespace::current().identity(); }));

  EXPECT_EQ(inside, ns.get().identity());
  EXPECT_EQ(NetworkNamespace::current().identity(), outside);
}

TEST(NetworkNamespace, ComesBackWhenTheWorkThrows) {
  Namespace ns;
  const auto outside = NetworkNamespace::current().identity();

  EXPECT_THROW((void)ns.get().run([] { throw std::logic_error("inside"); }), std::logic_error);

  EXPECT_EQ(NetworkNamespace::current().identity(), outside);
}

TEST(NetworkNamespace, IsEnteredByManyThreadsAtOnce) {
  std::vector<Namespace> namespaces(4);
  std::vector<int> right(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 500; ++round) {
        (void)namespaces[i].get().run([&] {
          right[i] += NetworkNamespace::current().identity() == namespaces[i].get().identity();
        });
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(right, std::vector<int>(4, 500));
}

TEST(NetworkNamespace, WritesVariablesInsideOnlyWhenTheyDiffer) {
  Namespace ns;
  const auto before = NetworkNamespace::current().read_sysctl("ipv4/ip_default_ttl").value();

  EXPECT_TRUE(ns.get().write_sysctl("ipv4/ip_default_ttl", "77").value());
  EXPECT_FALSE(ns.get().write_sysctl("ipv4/ip_default_ttl", "77").value());

  EXPECT_EQ(ns.get().read_sysctl("ipv4/ip_default_ttl").value(), "77");
  EXPECT_EQ(NetworkNamespace::current().read_sysctl("ipv4/ip_default_ttl").value(), before);
  EXPECT_EQ(ns.get().read_sysctl("ipv4/no_such").error().code, errc::no_such_file_or_directory);
  EXPECT_EQ(ns.get().write_sysctl("ipv4/ip_forward", "x").error().code, errc::invalid_argument);
}

}  // namespace
}  // namespace paddock::net
