// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_name.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <string_view>
#include <thread>

namespace paddock::runtime {
namespace {

// How a host is called that the kernel knows by that name; empty when it cannot be given one.
std::string name_on(std::string_view kernel) {
  std::string name;
  std::thread([&] {
    if (::unshare(CLONE_NEWUTS) == 0 && ::sethostname(kernel.data(), kernel.size()) == 0)
      name = host_name("");
  }).join();
  return name;
}

TEST(HostName, IsTheKernelsInLowerCase) { EXPECT_EQ(name_on("Web-1.Example"), "web-1.example"); }

TEST(HostName, IsAsTold) { EXPECT_EQ(host_name("node-7"), "node-7"); }

TEST(HostName, MustBeOneTheRegistryTakes) {
  EXPECT_EQ(check_host_name(""), "");
  EXPECT_EQ(check_host_name("web-1.example.com"), "");
  EXPECT_NE(check_host_name("Web-1"), "");
  EXPECT_NE(check_host_name("web_1"), "");
  EXPECT_NE(check_host_name("my host"), "");
}

}  // namespace
}  // namespace paddock::runtime
