// SPDX-License-Identifier: Apache-2.0
//
// One netd looks after a host, wherever it keeps its state: the claim is an abstract socket, which
// belongs to the network namespace and ends with the process.
#pragma once

namespace paddock::netd {

class HostClaim {
 public:
  // Throws a sentence that names the process that has the host already.
  HostClaim();
  ~HostClaim();
  HostClaim(const HostClaim&) = delete;
  HostClaim& operator=(const HostClaim&) = delete;

  // Whether a netd has the host now.
  [[nodiscard]] static bool is_taken();

 private:
  int socket_ = -1;
};

}  // namespace paddock::netd
