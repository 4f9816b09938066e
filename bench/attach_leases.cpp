// SPDX-License-Identifier: Apache-2.0
//
// Fills a state directory of netd with leases of this boot, so that ADD can be measured with many.
// Their namespace is the one at NETNS, which exists, so that netd keeps them.
//   attach_leases DIRECTORY COUNT NETNS
#include <paddock/net/lease_store.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  using namespace paddock::net;
  LeaseStore store(argv[1]);
  const auto where = NetworkNamespace::open(argv[3]).value();
  const auto count = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
  for (unsigned i = 0; i < count; ++i) {
    // None of those that the benchmark attaches: their ADD would first end what this says.
    const std::string name = "held-" + std::to_string(i);
    Lease lease;
    lease.attachment.id = {"paddock", name, "eth0"};
    lease.attachment.addresses = {boost::asio::ip::address_v4(0x0a400002U + i)};  // of 10.64.0.0/15
    lease.attachment.host_link = "none";
    lease.netns_path = argv[3];
    lease.netns = where.identity();
    lease.boot_id = current_boot_id();
    lease.pod.name_space = "default";
    lease.pod.name = name;
    store.put(lease).value();
  }
  std::printf("%u leases\n", count);
}
