// SPDX-License-Identifier: Apache-2.0
#include "zone/compiled_sets.hpp"

#include "wire/message.hpp"
#include "zone/entry_writer.hpp"

#include <algorithm>

namespace paddock::dns {
namespace {

std::span<const std::uint8_t> wire_of(const std::string& data) {
  return {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()};
}

bool is_same_set(const Record& a, const Record& b) {
  return a.type == b.type && a.precedence == b.precedence && a.owner == b.owner;
}

std::uint32_t ttl_of(const Record& record) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(record.ttl.count(), 0, 0x7FFFFFFF));
}

void append_record(std::vector<std::uint8_t>& body, const Record& record, std::uint32_t ttl) {
  const std::size_t start = body.size();
  body.resize(start + record_prefix);
  std::uint8_t* prefix = body.data() + start;
  wire::store16(prefix, 0xC000 | wire::header_size);
  wire::store16(prefix + 2, static_cast<std::uint16_t>(record.type));
  wire::store16(prefix + 4, wire::class_in);
  wire::store32(prefix + 6, ttl);
  wire::store16(prefix + 10, static_cast<std::uint16_t>(record.data.size()));
  body.insert(body.end(), record.data.begin(), record.data.end());
}

}  // namespace

bool record_less(const Record* a, const Record* b) {
  if (const auto order = a->owner <=> b->owner; order != 0) return order < 0;
  if (a->type != b->type) return a->type < b->type;
  if (a->precedence != b->precedence) return a->precedence < b->precedence;
  return data_less(a->type, wire_of(a->data), wire_of(b->data));
}

bool CompiledSets::compile(std::span<const Record* const> records, std::uint32_t source) {
  bodies_.clear();
  sets_.clear();
  starts_.clear();
  bool fits = true;
  for (std::size_t i = 0; i < records.size();) {
    const std::size_t first = i;
    std::uint32_t ttl = 0xFFFFFFFF;
    while (i < records.size() && is_same_set(*records[i], *records[first])) {
      ttl = std::min(ttl, ttl_of(*records[i++]));
    }
    starts_.push_back(bodies_.size());
    fits = compile_set(records.subspan(first, i - first), source, ttl) && fits;
  }
  for (std::size_t i = 0; i < sets_.size(); ++i) sets_[i].body = bodies_.data() + starts_[i];
  return fits;
}

bool CompiledSets::compile_set(std::span<const Record* const> records, std::uint32_t source,
                               std::uint32_t ttl) {
  const std::size_t start = bodies_.size();
  std::uint16_t count = 0;
  bool fits = true;
  const Record* last = nullptr;
  for (const Record* record : records) {
    if (last != nullptr && last->data == record->data) continue;
    const std::size_t size = bodies_.size() - start + record_prefix + record->data.size();
    fits = count < 0xFFFF && record->data.size() <= 0xFFFF && size <= SetHeader::max_size;
    if (!fits) break;
    append_record(bodies_, *record, ttl);
    ++count;
    last = record;
  }
  const bool is_fallback = records.front()->precedence == Precedence::fallback;
  sets_.push_back({{.type = static_cast<std::uint16_t>(records.front()->type),
                    .count = count,
                    .source = source,
                    .size_and_flags = static_cast<std::uint32_t>(bodies_.size() - start) |
                                      (is_fallback ? SetHeader::fallback : 0)},
                   nullptr});
  return fits;
}

}  // namespace paddock::dns
