// SPDX-License-Identifier: Apache-2.0
#include "libdns/server/serving.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace paddock::dns {
namespace {

using namespace testing;

constexpr int names = 5000;

std::shared_ptr<const Authority> large_authority(std::size_t text = 100) {
  std::vector<Record> records;
  for (int i = 0; i < names; ++i) {
    const auto owner = "name-" + std::to_string(i) + ".shop.cluster.local";
    records.push_back(a(owner, "10.0.0." + std::to_string(i % 250), 5));
    records.push_back(txt_record(name(owner), std::string(text, 'x'), std::chrono::seconds{5}));
  }
  return authority_of(records);
}

ServerOptions transferring_to(const char* network) {
  auto options = local_options();
  options.transfers.v4 = {boost::asio::ip::make_network_v4(network)};
  return options;
}

Message axfr(std::string_view zone = "cluster.local") {
  return query(zone, Type::axfr, {.flags = 0});
}

// An IXFR query of a client that has `serial`.
Message ixfr(std::uint32_t serial) {
  Message message = query("cluster.local", Type::ixfr, {.flags = 0});
  message[9] = 1;
  for (const unsigned word : {0xC00CU, 6U, 1U, 0U, 0U, 22U, 0U}) put16(message, word);
  put16(message, serial >> 16);
  put16(message, serial & 0xFFFF);
  message.insert(message.end(), 16, 0);
  return message;
}

// The records of all messages up to the second SOA.
std::vector<SeenRecord> receive_zone(TcpClient& client) {
  std::vector<SeenRecord> records;
  int soas = 0;
  while (soas < 2) {
    const auto message = client.receive();
    if (!message) {
      ADD_FAILURE() << "the connection ended";
      break;
    }
    const auto seen = take_apart(*message);
    EXPECT_EQ(seen.rcode(), 0U);
    EXPECT_TRUE(seen.has(wire::flag_aa));
    EXPECT_FALSE(seen.has(wire::flag_tc));
    for (const auto& record : seen.answers) {
      soas += record.type == Type::soa ? 1 : 0;
      records.push_back(record);
    }
  }
  return records;
}

std::uint32_t serial_in(const SeenRecord& soa) {
  const auto* end = reinterpret_cast<const std::uint8_t*>(soa.data.data() + soa.data.size());
  return wire::load32(end - 20);
}

TEST(Transfer, HasEveryRecordOnceBetweenTwoSoas) {
  const Serving serving(transferring_to("127.0.0.0/8"), large_authority());
  TcpClient client(serving.at);

  client.send(axfr());
  const auto records = receive_zone(client);

  ASSERT_EQ(records.size(), 2U * names + 3);  // NS and the SOA twice
  EXPECT_EQ(records.front().type, Type::soa);
  EXPECT_EQ(records.back().type, Type::soa);
  EXPECT_EQ(records.back().owner, "cluster.local.");
  std::map<std::pair<std::string, Type>, int> times;
  for (const auto& record : records) ++times[{record.owner, record.type}];
  EXPECT_EQ(times.size(), 2U * names + 2);
  EXPECT_EQ((times[{"name-4999.shop.cluster.local.", Type::txt}]), 1);
}

TEST(Transfer, OtherQueriesOfTheConnectionFollow) {
  const Serving serving(transferring_to("127.0.0.0/8"), large_authority());
  TcpClient client(serving.at);

  client.send(axfr());
  client.send(query("name-1.shop.cluster.local", Type::a));

  EXPECT_EQ(receive_zone(client).size(), 2U * names + 3);
  const auto reply = client.receive();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(take_apart(*reply).addresses(), std::vector<std::string>{"10.0.0.1"});
}

TEST(Transfer, GoesOnWithTheZoneItBeganWith) {
  constexpr std::size_t much = 2000;  // octets with each name: more than sockets hold
  Serving serving(transferring_to("127.0.0.0/8"), large_authority(much));
  TcpClient client(serving.at);
  client.send(axfr());
  const auto first = client.receive();
  ASSERT_TRUE(first.has_value());

  serving.server.publish(small_authority());

  std::size_t count = take_apart(*first).answers.size();
  while (count < 2U * names + 3) {
    const auto next = client.receive();
    ASSERT_TRUE(next.has_value());
    count += take_apart(*next).answers.size();
  }
  EXPECT_EQ(client.ask(query("name-1.shop.cluster.local", Type::a)).rcode(), 3U);
}

TEST(Transfer, AClientThatDoesNotReadDelaysNobody) {
  const Serving serving(transferring_to("127.0.0.0/8"), large_authority());
  TcpClient lazy(serving.at);
  lazy.send(axfr());

  TcpClient other(serving.at);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(other.ask(query("name-2.shop.cluster.local", Type::a)).addresses().size(), 1U);
  }
  EXPECT_EQ(receive_zone(lazy).size(), 2U * names + 3);
}

TEST(Transfer, IsForWhoIsListed) {
  const Serving serving(transferring_to("192.0.2.0/24"));
  TcpClient client(serving.at);

  EXPECT_EQ(client.ask(axfr()).rcode(), 5U);
  EXPECT_EQ(client.ask(query("web.cluster.local", Type::a)).addresses().size(), 1U);
}

TEST(Transfer, IsOfWholeZonesOverTcp) {
  const Serving serving(transferring_to("127.0.0.1/32"));
  TcpClient client(serving.at);
  UdpClient datagrams(serving.at);

  EXPECT_EQ(client.ask(axfr("web.cluster.local")).rcode(), 9U);
  EXPECT_EQ(client.ask(axfr("example.com")).rcode(), 9U);
  EXPECT_EQ(datagrams.ask(axfr()).rcode(), 5U);
  const auto soa_only = datagrams.ask(ixfr(1));
  EXPECT_EQ(soa_only.answers.size(), 1U);
  EXPECT_EQ(soa_only.answers.front().type, Type::soa);
}

TEST(Transfer, OfDifferencesIsWholeUnlessTheClientHasAll) {
  const Serving serving(transferring_to("127.0.0.1/32"));
  TcpClient client(serving.at);
  client.send(ixfr(1));
  const auto records = receive_zone(client);
  EXPECT_EQ(records.size(), 5U);

  client.send(ixfr(serial_in(records.front())));

  const auto current = client.receive();
  ASSERT_TRUE(current.has_value());
  EXPECT_EQ(take_apart(*current).answers.size(), 1U);
}

TEST(Transfer, NothingIsGivenBeforeAnythingIsKnown) {
  const Server server(transferring_to("127.0.0.1/32"), small_authority(), Status::not_ready);
  TcpClient client(server.endpoints().at(0));

  EXPECT_EQ(client.ask(axfr()).rcode(), 2U);
}

TEST(TransferAccess, IsByNetwork) {
  const auto ip = [](const char* text) { return boost::asio::ip::make_address(text); };
  const TransferAccess access{.v4 = {boost::asio::ip::make_network_v4("10.1.0.0/16")},
                              .v6 = {boost::asio::ip::make_network_v6("fd00:8::/29")}};

  EXPECT_TRUE(access.allows(ip("10.1.255.255")));
  EXPECT_FALSE(access.allows(ip("10.2.0.0")));
  EXPECT_TRUE(access.allows(ip("fd00:f::1")));
  EXPECT_FALSE(access.allows(ip("fd00:10::1")));
  EXPECT_FALSE(TransferAccess{}.allows(ip("::1")));
}

}  // namespace
}  // namespace paddock::dns
