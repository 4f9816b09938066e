// SPDX-License-Identifier: Apache-2.0
#include "nat/port_entry.hpp"

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>

namespace paddock::net::nat {
namespace {

IpAddress ip(const std::string& text) { return boost::asio::ip::make_address(text); }

TEST(PortEntry, IsMadeForEveryAddressOfThePod) {
  const auto entries =
      entries_of({{8080, 80, Protocol::tcp, {}}}, {ip("10.42.0.7"), ip("fd42::7")});

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].pod, ip("10.42.0.7"));
  EXPECT_EQ(entries[1].pod, ip("fd42::7"));
  EXPECT_FALSE(entries[0].host_address);
}

TEST(PortEntry, WithAnAddressOfTheHostIsOfThatFamilyOnly) {
  const std::vector<IpAddress> pod = {ip("10.42.0.7"), ip("fd42::7")};

  const auto one = entries_of({{80, 80, Protocol::tcp, ip("192.0.2.1")}}, pod);
  const auto all = entries_of({{80, 80, Protocol::tcp, ip("::")}}, pod);

  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].host_address, ip("192.0.2.1"));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].pod, ip("fd42::7"));
  EXPECT_FALSE(all[0].host_address) << "the unspecified address is every address";
}

TEST(PortEntry, CollidesUnlessProtocolPortFamilyOrAddressDiffer) {
  const PortEntry any{Protocol::tcp, 80, {}, ip("10.42.0.7"), 80};
  const auto with = [&](auto change) {
    PortEntry other = any;
    other.pod = ip("10.42.0.8");
    change(other);
    return collide(any, other);
  };

  EXPECT_TRUE(with([](PortEntry&) {}));
  EXPECT_TRUE(with([](PortEntry& other) { other.host_address = ip("192.0.2.1"); }));
  EXPECT_FALSE(with([](PortEntry& other) { other.protocol = Protocol::udp; }));
  EXPECT_FALSE(with([](PortEntry& other) { other.host_port = 81; }));
  EXPECT_FALSE(with([](PortEntry& other) { other.pod = ip("fd42::8"); }));
  const PortEntry one{Protocol::tcp, 80, ip("192.0.2.1"), ip("10.42.0.7"), 80};
  EXPECT_FALSE(collide(one, {Protocol::tcp, 80, ip("192.0.2.2"), ip("10.42.0.8"), 80}));
}

// What is asked of the kernel and what it lists have the same form.
TEST(PortEntry, IsReadAsItWasWritten) {
  const std::vector<PortEntry> entries = {
      {Protocol::sctp, 0x1234, {}, ip("10.42.0.7"), 0x5678},
      {Protocol::udp, 53, ip("192.0.2.1"), ip("10.42.0.7"), 5353},
      {Protocol::tcp, 443, {}, ip("fd42::7"), 8443},
      {Protocol::tcp, 443, ip("2001:db8::1"), ip("fd42::7"), 8443}};
  for (const auto& entry : entries) {
    netlink::Batch batch;
    add_entry(batch, entry);
    netlink::Bytes bytes = batch.bytes();
    const auto message = netlink::next_message(bytes).value();

    const auto read = parse_entries(message, {entry.pod.is_v4(), entry.host_address.has_value()});

    EXPECT_EQ(read, std::vector<PortEntry>{entry}) << entry.to_string();
  }
}

TEST(PortEntry, OfADamagedMessageIsNone) {
  netlink::Batch batch;
  add_entry(batch, {Protocol::tcp, 443, {}, ip("fd42::7"), 8443});
  netlink::Bytes bytes = batch.bytes();
  auto message = netlink::next_message(bytes).value();
  for (std::size_t size = 0; size < message.payload.size(); ++size) {
    auto cut = message;
    cut.payload = message.payload.first(size);
    EXPECT_TRUE(parse_entries(cut, {false, false}).empty()) << size;
  }
}

}  // namespace
}  // namespace paddock::net::nat
