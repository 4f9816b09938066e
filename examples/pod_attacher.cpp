// SPDX-License-Identifier: Apache-2.0
//
// Gives a network namespace an address and a link to this host, and takes both away again:
//
//   ip netns add web
//   pod_attacher attach web 10.99.0.7/24
//   pod_attacher detach web 10.99.0.7/24
//
// The host has the first address of the subnet, on the link paddock0; what is sent elsewhere is
// masqueraded. When the last pod is detached, that goes too. Needs root.
#include <paddock/net/address.hpp>
#include <paddock/net/attachment.hpp>
#include <paddock/net/host_network.hpp>
#include <paddock/net/namespace.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace net = paddock::net;

namespace {

int fail(const net::Error& error) {
  std::cerr << "pod_attacher: " << error.text << '\n';
  return 1;
}

net::AttachmentId id_of(const std::string& pod) {
  return {.network = "example", .container = pod, .ifname = "eth0"};
}

net::IpAddress first_of(const net::Prefix& network) {
  if (network.address.is_v4()) {
    return boost::asio::ip::address_v4(network.address.to_v4().to_uint() + 1);
  }
  auto bytes = network.address.to_v6().to_bytes();
  bytes.back() |= 1U;
  return boost::asio::ip::address_v6(bytes);
}

int attach(const net::NetworkNamespace& host, const std::string& name, const net::Prefix& address) {
  const auto subnet = address.network();
  const auto gateway = first_of(subnet);
  const auto everywhere = *net::Prefix::parse(address.address.is_v4() ? "0.0.0.0/0" : "::/0");

  const auto pod = net::NetworkNamespace::open("/run/netns/" + name);
  if (!pod) return fail(pod.error());
  const auto changed = net::HostNetwork(host).ensure({.subnets = {{subnet, gateway}}});
  if (!changed) return fail(changed.error());
  for (const auto& sentence : *changed) std::cout << sentence << '\n';

  const auto made = net::Attachments(host).attach(
      *pod, {.id = id_of(name),
             .addresses = {address.address},
             .subnets = {subnet},
             .gateways = {gateway},
             .routes = {{.destination = everywhere, .gateway = gateway}}});
  if (!made) return fail(made.error());
  std::cout << name << " has " << made->prefix_of(address.address).to_string() << " on eth0, by "
            << made->host_link << '\n';
  return 0;
}

int detach(const net::NetworkNamespace& host, const std::string& name, const net::Prefix& address) {
  net::Attachments attachments(host);
  if (const auto done = attachments.detach({.id = id_of(name), .addresses = {address.address}});
      !done) {
    return fail(done.error());
  }
  if (const auto gone = attachments.reap(); !gone) return fail(gone.error());
  const auto others = attachments.list();
  if (!others) return fail(others.error());
  if (!others->empty()) return 0;
  const auto removed = net::HostNetwork(host).remove();
  return removed ? 0 : fail(removed.error());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string action = argc == 4 ? argv[1] : "";
  const auto address = argc == 4 ? net::Prefix::parse(argv[3]) : std::nullopt;
  if ((action != "attach" && action != "detach") || !address) {
    std::cerr << "Usage: pod_attacher attach|detach NAMESPACE ADDRESS/LENGTH\n";
    return 2;
  }
  try {
    const auto host = net::NetworkNamespace::current();
    return action == "attach" ? attach(host, argv[2], *address) : detach(host, argv[2], *address);
  } catch (const std::exception& error) {
    std::cerr << "pod_attacher: " << error.what() << '\n';
    return 1;
  }
}
