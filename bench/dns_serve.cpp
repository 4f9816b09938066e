// SPDX-License-Identifier: Apache-2.0
//
// A paddock::dns::Server with a cluster of N services, for
// dns.sh; and, so that peers can be given the same, the zone as a file and the
// queries as dnsperf reads them.
//
//   dns_serve serve PORT N [WORKERS]   runs until it is killed
//   dns_serve memory N ENDPOINTS       memory of the names, at rest and while all are put again
//   dns_serve zone N                   cluster.local as a zone file
//   dns_serve queries N COUNT          70 % A, 10 % AAAA without data, 10 % names a search list
//                                      makes, 10 % SRV
#include <paddock/dns/naming.hpp>
#include <paddock/dns/server.hpp>
#include <paddock/dns/zone.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v4.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace paddock::dns;

constexpr std::chrono::seconds ttl{5};
constexpr std::uint32_t first_address = 0x0A600000;  // 10.96.0.0

std::string service_name(unsigned i) {
  return "service-" + std::to_string(i) + ".team-" + std::to_string(i % 50) + ".svc.cluster.local";
}

boost::asio::ip::address_v4 service_address(unsigned i) {
  return boost::asio::ip::address_v4(first_address + i);
}

std::shared_ptr<const Authority> cluster_of(unsigned services) {
  std::vector<ZoneSpec> zones(1);
  zones[0].origin = Name::parse("cluster.local").value();
  AuthorityBuilder builder(std::move(zones));
  for (unsigned i = 0; i < services; ++i) {
    const Name owner = Name::parse(service_name(i)).value();
    const std::vector<Record> records{
        address_record(owner, service_address(i), ttl),
        srv_record(Name::parse("_http._tcp." + service_name(i)).value(),
                   {.port = 80, .target = owner}, ttl)};
    builder.put(service_name(i), records);
  }
  return builder.snapshot(std::chrono::system_clock::now());
}

int serve(std::uint16_t port, unsigned services, unsigned workers) {
  ServerOptions options;
  options.listen = {{boost::asio::ip::make_address("127.0.0.1"), port}};
  options.workers = workers;
  const Server server(options, cluster_of(services), Status::ready);
  while (true) {
    std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

// A headless service with its share of the endpoints, as the cluster's naming has it.
void put_headless(AuthorityBuilder& builder, const KubernetesNames& names, unsigned i,
                  unsigned endpoints) {
  Service service{.space = "team-" + std::to_string(i % 50),
                  .name = "service-" + std::to_string(i),
                  .kind = ServiceKind::headless,
                  .ports = {{.name = "http", .number = 80}}};
  for (unsigned k = 0; k < endpoints; ++k) {
    const boost::asio::ip::address_v4 address(0x0A800000 + i * endpoints + k);
    service.backends.push_back({.addresses = {address}});
  }
  builder.put("service " + service.name, names.service(service).records);
}

// MiB, from the kernel's own account.
double memory_now(const char* field) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == field && file >> kib) return kib / 1024;
  }
  return 0;
}

int print_memory(unsigned services, unsigned endpoints) {
  const double before = memory_now("VmRSS:");
  const KubernetesNames names({});
  AuthorityBuilder builder(names.zones());
  const auto put_all = [&] {
    for (unsigned i = 0; i < services; ++i) put_headless(builder, names, i, endpoints / services);
    return builder.snapshot(std::chrono::system_clock::now());
  };
  auto authority = put_all();
  const double at_rest = memory_now("VmRSS:");
  std::ofstream("/proc/self/clear_refs") << "5";  // forget the highest so far
  put_all();
  std::printf("%u %u %.1f %.1f %.1f\n", services, endpoints, at_rest - before, at_rest,
              memory_now("VmHWM:"));
  return 0;
}

int print_zone(unsigned services) {
  std::puts(
      "$ORIGIN cluster.local.\n$TTL 5\n@ SOA ns.dns hostmaster 1 7200 1800 86400 5\n"
      "@ NS ns.dns\nns.dns A 127.0.0.1");
  for (unsigned i = 0; i < services; ++i) {
    const auto name = service_name(i);
    std::printf("%s. A %s\n_http._tcp.%s. SRV 0 100 80 %s.\n", name.c_str(),
                service_address(i).to_string().c_str(), name.c_str(), name.c_str());
  }
  return 0;
}

int print_queries(unsigned services, unsigned count) {
  std::minstd_rand random(1);
  for (unsigned i = 0; i < count; ++i) {
    const auto name = service_name(static_cast<unsigned>(random()) % services);
    switch (random() % 10) {
      case 0:
        std::printf("%s AAAA\n", name.c_str());
        break;
      case 1:
        std::printf("%s.team-1.svc.cluster.local A\n", name.c_str());
        break;
      case 2:
        std::printf("_http._tcp.%s SRV\n", name.c_str());
        break;
      default:
        std::printf("%s A\n", name.c_str());
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&](std::size_t i) { return static_cast<unsigned>(std::stoul(words[i])); };
  if ((words.size() == 3 || words.size() == 4) && words[0] == "serve") {
    return serve(static_cast<std::uint16_t>(number(1)), number(2),
                 words.size() > 3 ? number(3) : 1);
  }
  if (words.size() == 3 && words[0] == "memory") {
    return print_memory(number(1), number(2));
  }
  if (words.size() == 2 && words[0] == "zone") {
    return print_zone(number(1));
  }
  if (words.size() == 3 && words[0] == "queries") {
    return print_queries(number(1), number(2));
  }
  std::fprintf(
      stderr,
      "usage: dns_serve serve PORT N [WORKERS] | memory N ENDPOINTS | zone N | queries N COUNT\n");
  return 2;
}
