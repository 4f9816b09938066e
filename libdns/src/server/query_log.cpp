// SPDX-License-Identifier: Apache-2.0
#include "server/query_log.hpp"

#include <algorithm>

namespace paddock::dns::server {

void QueryLog::put(std::size_t worker, const wire::Query& query, const Note& note) {
  auto& ring = rings_[worker];
  const auto at = ring.written.load(std::memory_order_relaxed);
  if (at - ring.read.load(std::memory_order_acquire) >= capacity) {
    ring.left_out.store(ring.left_out.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
    return;
  }
  Entry& entry = ring.entries[at % capacity];
  entry.note = note;
  entry.type = query.qtype();
  entry.name_length = query.name_length;
  std::ranges::copy(query.qname(), entry.name.begin());
  ring.written.store(at + 1, std::memory_order_release);
}

std::vector<LoggedQuery> QueryLog::take() {
  std::vector<LoggedQuery> taken;
  for (auto& ring : rings_) {
    const auto end = ring.written.load(std::memory_order_acquire);
    auto at = ring.read.load(std::memory_order_relaxed);
    for (; at != end; ++at) {
      const Entry& entry = ring.entries[at % capacity];
      taken.push_back(
          {.client = entry.note.client,
           .transport = entry.note.transport,
           .name = Name::from_wire(std::span(entry.name).first(entry.name_length)).value(),
           .type = entry.type,
           .rcode = entry.note.rcode,
           .took = entry.note.took});
    }
    ring.read.store(at, std::memory_order_release);
  }
  return taken;
}

std::uint64_t QueryLog::left_out() const {
  std::uint64_t all = 0;
  for (const auto& ring : rings_) {
    all += ring.left_out.load(std::memory_order_relaxed);
  }
  return all;
}

}  // namespace paddock::dns::server
