// SPDX-License-Identifier: Apache-2.0
#include "standard/host_local.hpp"

#include "support/temp_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

namespace paddock::net::standard {
namespace {

// The calling thread opens no file any more: EMFILE. (A limit on the process would be met by what
// checks the test, too.)
bool has_no_descriptor_left() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(filter), .filter = filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
         ::open("/", O_RDONLY | O_CLOEXEC) < 0 && errno == EMFILE;
}

class HostLocalTest : public testing::Test {
 protected:
  HostLocalSettings settings(const std::string& subnet = "10.1.2.0/24") {
    return {{{cni::ip_range_of({{"subnet", subnet}}, "ipam")}}, {}, {}, folder(), {}};
  }
  std::filesystem::path folder() const { return temp_.path() / "net"; }
  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder() / name) << content;
  }
  std::string content(const std::string& name) const {
    std::ifstream file(folder() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string address(const Result<std::vector<cni::Ip>>& ips) {
    return ips ? ips->front().address.to_string() : ips.error().text;
  }

  test::TempFolder temp_;
  HostLocal host_local_;
};

TEST_F(HostLocalTest, KeepsFilesAsThatPluginDoes) {
  ASSERT_TRUE(host_local_.reserve(settings(), {"a", "eth0"}));

  EXPECT_EQ(content("10.1.2.2"), "a\r\neth0");
  EXPECT_EQ(content("last_reserved_ip.0"), "10.1.2.2");
}

TEST_F(HostLocalTest, GivesAHolderOneAddressOfASet) {
  ASSERT_TRUE(host_local_.reserve(settings(), {"a", "eth0"}));
  write("10.1.2.9", "old");

  const auto again = host_local_.reserve(settings(), {"a", "eth0"});
  const auto other = host_local_.reserve(settings(), {"a", "eth1"});
  const auto old = host_local_.reserve(settings(), {"old", "eth0"});

  ASSERT_FALSE(again || old);
  EXPECT_EQ(again.error().code.value(), EEXIST);
  EXPECT_EQ(old.error().code.value(), EEXIST) << "whichever interface that was for";
  EXPECT_EQ(address(other), "10.1.2.3/24");
}

TEST_F(HostLocalTest, GivesAllThatIsRequestedOrNothing) {
  const auto outcome = [this](std::vector<IpAddress> requested) {
    auto wanted = settings();
    wanted.requested = std::move(requested);
    const auto ips = host_local_.reserve(wanted, {"a", "eth0"});
    return ips ? 0 : ips.error().code.value();
  };
  const auto ip = [](const char* text) { return boost::asio::ip::make_address(text); };
  ASSERT_TRUE(host_local_.reserve(settings(), {"b", "eth0"}));

  EXPECT_EQ(outcome({ip("10.1.2.1")}), EADDRNOTAVAIL) << "the gateway";
  EXPECT_EQ(outcome({ip("10.1.2.2")}), EADDRINUSE);
  EXPECT_EQ(outcome({ip("10.1.2.7"), ip("10.9.9.9")}), EADDRNOTAVAIL) << "of no set";
  EXPECT_FALSE(*host_local_.holds(folder(), {"a", "eth0"}));
  EXPECT_EQ(outcome({ip("10.1.2.7")}), 0);
  EXPECT_EQ(content("10.1.2.7"), "a\r\neth0");
}

TEST_F(HostLocalTest, SeesWhatOthersChangeBetweenTwoOfItsOwn) {
  ASSERT_EQ(address(host_local_.reserve(settings(), {"a", "eth0"})), "10.1.2.2/24");

  for (int round = 0; round < 50; ++round) {
    const auto other = "10.1.2." + std::to_string(3 + 2 * round);
    write(other, "other\r\neth0");
    ASSERT_EQ(address(host_local_.reserve(settings(), {"b" + std::to_string(round), "eth0"})),
              "10.1.2." + std::to_string(4 + 2 * round) + "/24");
  }
  std::filesystem::remove(folder() / "10.1.2.2");
  EXPECT_FALSE(*host_local_.holds(folder(), {"a", "eth0"}));
}

TEST_F(HostLocalTest, NeedsNoDescriptorToFreeWhatWasNeverReserved) {
  Result<void> released;
  std::thread([&] {
    ASSERT_TRUE(has_no_descriptor_left());
    released = host_local_.release(folder(), {"a", "eth0"});
  }).join();

  EXPECT_TRUE(released);
}

TEST_F(HostLocalTest, GivesEachOfManyThreadsAnotherAddress) {
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number)
    threads.emplace_back([&, number] {
      HostLocal another;  // as another process
      for (int i = 0; i < 10; ++i) {
        const Holder holder{std::to_string(number) + "-" + std::to_string(i), "eth0"};
        ASSERT_TRUE((i % 2 == 0 ? host_local_ : another).reserve(settings(), holder));
      }
    });
  for (auto& thread : threads) thread.join();

  const auto holders = host_local_.holders(folder());

  ASSERT_TRUE(holders);
  EXPECT_EQ(std::set(holders->begin(), holders->end()).size(), 80U);
}

TEST_F(HostLocalTest, KeepsNothingWhenASetCannotBeServed) {
  auto wanted = settings();
  wanted.sets.push_back({cni::ip_range_of({{"subnet", "10.1.3.0/30"}}, "ipam")});
  ASSERT_TRUE(host_local_.reserve(wanted, {"a", "eth0"}));

  const auto refused = host_local_.reserve(wanted, {"b", "eth0"});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code.value(), ENOBUFS);
  EXPECT_FALSE(std::filesystem::exists(folder() / "10.1.2.3"));
}

TEST_F(HostLocalTest, UnderstandsOldFilesAndWhiteSpace) {
  std::filesystem::create_directories(folder());
  write("10.1.2.5", "old");
  write("10.1.2.6", "  spaced \r\n eth0 \n");

  EXPECT_TRUE(*host_local_.holds(folder(), {"old", "eth7"}));
  EXPECT_TRUE(*host_local_.holds(folder(), {"spaced", "eth0"}));
  ASSERT_TRUE(host_local_.release(folder(), {"old", "eth7"}));
  ASSERT_TRUE(host_local_.release(folder(), {"spaced", "eth0"}));

  EXPECT_TRUE(host_local_.holders(folder())->empty());
}

TEST_F(HostLocalTest, WithoutAFolderHasNothingAndMakesNothing) {
  EXPECT_TRUE(host_local_.release(folder(), {"a", "eth0"}));
  EXPECT_FALSE(*host_local_.holds(folder(), {"a", "eth0"}));
  EXPECT_FALSE(std::filesystem::exists(folder()));
}

}  // namespace
}  // namespace paddock::net::standard
