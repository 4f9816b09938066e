// SPDX-License-Identifier: Apache-2.0
//
// A program that uses the three installed libraries for something small and real.
#include <paddock/dns/answer.hpp>
#include <paddock/dns/naming.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/net/address_pool.hpp>

#include <array>
#include <chrono>
#include <cstdio>

int main() {
  using namespace paddock;

  net::AddressPool pool({.subnets = {{.network = *net::Prefix::parse("10.42.0.0/24")}}});
  const auto address = pool.take({}, std::chrono::system_clock::now()).value().front();

  const auto text = R"({"kind":"Pod","namespace":"shop","name":"web-1","addresses":[")" +
                    address.to_string() + "\"]}";
  const auto pod = metadata::parse_object(text);
  if (!pod.object) return 1;

  const dns::KubernetesNames names({});
  dns::AuthorityBuilder builder(names.zones());
  const auto records =
      names.pod({.space = "shop", .name = "web-1", .addresses = {address}}).records;
  if (!builder.put("pod", records).empty()) return 1;
  const auto authority = builder.snapshot(std::chrono::system_clock::now());

  // A query for web-1.shop.pod.cluster.local A.
  const std::array<std::uint8_t, 46> query{0,   1,   0,   0,   0,   1,   0,   0,   0,   0,   0,   0,
                                           5,   'w', 'e', 'b', '-', '1', 4,   's', 'h', 'o', 'p', 3,
                                           'p', 'o', 'd', 7,   'c', 'l', 'u', 's', 't', 'e', 'r', 5,
                                           'l', 'o', 'c', 'a', 'l', 0,   0,   1,   0,   1};
  std::array<std::uint8_t, 512> reply{};
  const auto outcome = dns::answer(*authority, query, {}, reply);
  std::printf("%s is web-1; %zu bytes say so\n", address.to_string().c_str(), outcome.size);
  return outcome.rcode == dns::Rcode::noerror && outcome.size > query.size() ? 0 : 1;
}
