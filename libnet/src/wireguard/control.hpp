// SPDX-License-Identifier: Apache-2.0
//
// A WireGuard device that is there, whoever runs it: the kernel, or a process of wireguard-go.
#pragma once

#include "wireguard/device.hpp"

#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <memory>
#include <string>

namespace paddock::net::wireguard {

class Control {
 public:
  virtual ~Control() = default;
  virtual Result<Configuration> read() = 0;
  virtual Result<void> apply(const Change& change) = 0;
};

// That of a process comes first, if one answers for the name, as wg(8) has it.
Result<std::unique_ptr<Control>> open_control(const NetworkNamespace& host, std::string name);

// Whether a process answers for the device of that name. Its socket belongs to the mount namespace,
// so two hosts in one such cannot have the same names.
bool is_run_by_process(const std::string& name);
std::unique_ptr<Control> control_of_process(std::string name);
Result<std::unique_ptr<Control>> control_of_kernel(const NetworkNamespace& host, std::string name);

// Makes a device there by starting wireguard-go, which outlives this process and ends with the
// device. When it returns the device is there and is spoken to.
Result<void> start_process(const NetworkNamespace& host, const std::string& name);

}  // namespace paddock::net::wireguard
