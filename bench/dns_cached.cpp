// SPDX-License-Identifier: Apache-2.0
//
// For dns_cached.sh: a server that has N names of its own below own.test and is
// asked for N below outside.test, which it has from another one in this process.
//
//   dns_cached serve PORT N WORKERS    runs until it is killed
//   dns_cached queries ZONE N          as dnsperf reads them
#include <paddock/dns/server.hpp>
#include <paddock/dns/zone.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace paddock::dns;

std::string host(unsigned i, const std::string& zone) {
  return "service-" + std::to_string(i) + ".team-" + std::to_string(i % 50) + "." + zone;
}

std::shared_ptr<const Authority> authority_of(const std::string& zone, unsigned names) {
  std::vector<ZoneSpec> zones(1);
  zones[0].origin = Name::parse(zone).value();
  AuthorityBuilder builder(std::move(zones));
  for (unsigned i = 0; i < names; ++i) {
    const auto name = host(i, zone);
    builder.put(name, std::vector{address_record(Name::parse(name).value(),
                                                 boost::asio::ip::address_v4(0x0A600000 + i),
                                                 std::chrono::hours(1))});
  }
  return builder.snapshot(std::chrono::system_clock::now());
}

ServerOptions at(std::uint16_t port, unsigned workers) {
  ServerOptions options;
  options.listen = {{boost::asio::ip::make_address("127.0.0.1"), port}};
  options.workers = workers;
  return options;
}

int serve(std::uint16_t port, unsigned names, unsigned workers) {
  const Server outside(at(0, 1), authority_of("outside.test", names), Status::ready);
  auto options = at(port, workers);
  options.forwarding.upstreams = {{.endpoint = outside.endpoints().front()}};
  const Server server(options, authority_of("own.test", names), Status::ready);
  while (true) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&](std::size_t i) { return static_cast<unsigned>(std::stoul(words[i])); };
  if (words.size() == 4 && words[0] == "serve") {
    return serve(static_cast<std::uint16_t>(number(1)), number(2), number(3));
  }
  if (words.size() == 3 && words[0] == "queries") {
    for (unsigned i = 0; i < number(2); ++i) {
      std::printf("%s A\n", host(i, words[1]).c_str());
    }
    return 0;
  }
  std::fprintf(stderr, "usage: dns_cached serve PORT N WORKERS | queries ZONE N\n");
  return 2;
}
