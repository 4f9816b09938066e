// SPDX-License-Identifier: Apache-2.0
//
// Packs what several sources contribute to one name into an entry, and decides what of it queries
// may see. Keeps its buffers between names, so that loading a zone does not allocate per name.
#pragma once

#include "zone/entry.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace paddock::dns {

class EntryWriter {
 public:
  // Packs an entry called `name` with `sets`, in any order, none of them joined ones. The result
  // depends on the sets only, not on their order or on how they came about. Borrowed until the
  // next call.
  std::span<const std::uint8_t> write(std::span<const std::uint8_t> name, std::uint16_t zone,
                                      std::vector<SetView>& sets);

 private:
  void choose_visible(std::vector<SetView>& sets);
  void join(std::span<const SetView> parts);

  std::vector<std::uint8_t> entry_;
  std::vector<SetView> visible_;
  std::vector<std::vector<std::uint8_t>> joined_;  // bodies of joined sets
  std::size_t joined_count_ = 0;
};

// The length of the record at `at`, in a body.
inline std::size_t record_size(const std::uint8_t* at) {
  return record_prefix + (std::size_t{at[10]} << 8 | at[11]);
}

inline std::span<const std::uint8_t> data_of(const std::uint8_t* record) {
  return {record + record_prefix, record_size(record) - record_prefix};
}

// The order of records in a set: by data, but SRV by target first, so that records with one target
// are neighbours.
bool data_less(Type type, std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

// The statement of views that a name is answered as the one in its data.
inline constexpr Type same_as{0xFFFE};

// Whether `type` is a statement about a name rather than a type queries can ask for.
inline bool is_statement(Type type) {
  return type == existence || type == dashed_addresses || type == same_as;
}

}  // namespace paddock::dns
