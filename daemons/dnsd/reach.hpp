// SPDX-License-Identifier: Apache-2.0
//
// Which pods of other hosts this host can reach, as its netd says in a file (docs/overlay.md): what
// is not reached yet is not to be answered. A value.
#pragma once

#include <paddock/dns/error.hpp>
#include <paddock/metadata/values.hpp>

#include <boost/asio/ip/address.hpp>

#include <string>
#include <vector>

namespace paddock::dnsd {

class Reach {
 public:
  // Everything is reached.
  Reach() = default;
  // Of what lies in `networks`, only what lies in `reached` is.
  Reach(std::vector<metadata::Prefix> networks, std::vector<metadata::Prefix> reached);

  [[nodiscard]] bool holds(const boost::asio::ip::address& address) const;

  friend bool operator==(const Reach&, const Reach&) = default;

 private:
  std::vector<metadata::Prefix> networks_;
  std::vector<metadata::Prefix> reached_;  // none overlap, in order
};

// Fails with a sentence that names the file and the line.
[[nodiscard]] dns::Result<Reach> read_reach(const std::string& path);

}  // namespace paddock::dnsd
