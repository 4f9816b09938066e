// SPDX-License-Identifier: Apache-2.0
#include "zone/table.hpp"

namespace paddock::dns {

std::uint16_t AuthorityTable::enclosing_zone(const std::vector<CompiledZone>& zones,
                                             std::span<const std::uint8_t> name) noexcept {
  // Both shrink: the name by labels, the zones by the order they are in.
  for (std::size_t i = 0; i < zones.size();) {
    const std::string& origin = zones[i].origin;
    if (name.size() > origin.size()) {
      name = name.subspan(std::size_t{1} + name[0]);
    } else if (name.size() == origin.size() &&
               std::memcmp(name.data(), origin.data(), name.size()) == 0) {
      return static_cast<std::uint16_t>(i);
    } else {
      ++i;
    }
  }
  return no_zone;
}

Authority::Authority(std::unique_ptr<const AuthorityTable> table) : table_(std::move(table)) {}

Authority::~Authority() = default;

std::size_t Authority::name_count() const { return table_->name_count; }

std::size_t Authority::memory() const { return table_->memory; }

}  // namespace paddock::dns
