// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "netlink/socket.hpp"
#include "wireguard/control.hpp"
#include "wireguard/messages.hpp"

#include <linux/netlink.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace paddock::net::wireguard {
namespace {

class KernelControl final : public Control {
 public:
  KernelControl(netlink::Socket socket, std::uint16_t family, std::string name)
      : socket_(std::move(socket)), family_(family), name_(std::move(name)) {}

  Result<Configuration> read() override {
    netlink::Batch request;
    ask_configuration(request, family_, name_);
    Configuration found;
    const auto asked = socket_.dump(
        request, [&] { found = {}; },
        [&](const netlink::Message& message) { add_message(message, found); });
    return asked ? Result<Configuration>(std::move(found)) : asked.error();
  }
  Result<void> apply(const Change& change) override {
    netlink::Batch batch;
    put_change(batch, family_, name_, change);
    return socket_.execute(batch);
  }

 private:
  netlink::Socket socket_;
  const std::uint16_t family_;
  const std::string name_;
};

}  // namespace

Result<std::unique_ptr<Control>> control_of_kernel(const NetworkNamespace& host, std::string name) {
  auto socket = netlink::Socket::open(host, NETLINK_GENERIC);
  if (!socket) {
    return socket.error();
  }
  netlink::Batch request;
  ask_family(request);
  std::optional<std::uint16_t> family;
  const auto asked = socket->get(
      request, [&](const netlink::Message& message) { family = parse_family(message); });
  if (!asked || !family) {
    return asked ? failure(ENOENT, "ask the kernel for WireGuard") : asked.error();
  }
  return std::unique_ptr<Control>(
      std::make_unique<KernelControl>(std::move(*socket), *family, std::move(name)));
}

Result<std::unique_ptr<Control>> open_control(const NetworkNamespace& host, std::string name) {
  if (is_run_by_process(name)) {
    return control_of_process(std::move(name));
  }
  return control_of_kernel(host, std::move(name));
}

}  // namespace paddock::net::wireguard
