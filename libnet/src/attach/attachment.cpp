// SPDX-License-Identifier: Apache-2.0
#include "marks.hpp"

#include <paddock/net/attachment.hpp>

#include <algorithm>

namespace paddock::net {

std::string AttachmentId::alias() const {
  return std::string(alias_prefix) + network + '/' + container + '/' + ifname;
}

std::optional<AttachmentId> AttachmentId::from_alias(std::string_view alias) {
  const auto first = alias.find('/');
  const auto last = alias.rfind('/');
  if (!alias.starts_with(alias_prefix) || first == std::string_view::npos || first == last) {
    return std::nullopt;
  }
  return AttachmentId{std::string(alias.substr(alias_prefix.size(), first - alias_prefix.size())),
                      std::string(alias.substr(first + 1, last - first - 1)),
                      std::string(alias.substr(last + 1))};
}

Prefix Attachment::prefix_of(const IpAddress& address) const {
  const auto found = std::find_if(subnets.begin(), subnets.end(),
                                  [&](const Prefix& subnet) { return subnet.contains(address); });
  return found == subnets.end() ? Prefix::host(address) : Prefix{address, found->length};
}

}  // namespace paddock::net
