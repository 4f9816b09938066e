// SPDX-License-Identifier: Apache-2.0
#include "zone/compiled_sets.hpp"

#include "wire/message.hpp"
#include "zone/entry_writer.hpp"

#include <algorithm>
#include <limits>
#include <ranges>

namespace paddock::dns {
namespace {

constexpr std::size_t elsewhere = std::numeric_limits<std::size_t>::max();
constexpr std::size_t ttl_at = 6;  // of a record in a body

// A set with more may have left out something.
constexpr std::size_t most_records = 0xFFFF;
constexpr std::size_t almost_full = SetHeader::max_size - record_prefix - 0xFFFF;

std::span<const std::uint8_t> wire_of(const std::string& data) {
  return {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()};
}

bool is_same_set(const Record& a, const Record& b) {
  return a.type == b.type && a.precedence == b.precedence && a.owner == b.owner;
}

bool is_of_set(const Record& record, const SetView& set) {
  return record.type == set.type() &&
         (record.precedence == Precedence::fallback) == set.header.has(SetHeader::fallback);
}

// The first of the records, as many as are in one set.
std::span<const Record* const> first_set(std::span<const Record* const> records) {
  const auto behind = std::ranges::find_if_not(
      records, [&](const Record* one) { return is_same_set(*one, *records.front()); });
  return records.first(static_cast<std::size_t>(behind - records.begin()));
}

// Those of the records, which are of one owner, that belong to the set.
std::span<const Record* const> part_of(const SetView& set, std::span<const Record* const> records) {
  const auto first =
      std::ranges::find_if(records, [&](const Record* one) { return is_of_set(*one, set); });
  if (first == records.end()) return {};
  return first_set(records.subspan(static_cast<std::size_t>(first - records.begin())));
}

std::uint32_t ttl_of(const Record& record) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(record.ttl.count(), 0, 0x7FFFFFFF));
}

std::uint32_t least_ttl(std::span<const Record* const> records) {
  return std::ranges::min(records |
                          std::views::transform([](const Record* one) { return ttl_of(*one); }));
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

void CompiledSets::clear() {
  bodies_.clear();
  sets_.clear();
  starts_.clear();
}

void CompiledSets::point_at_bodies() {
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (starts_[i] != elsewhere) sets_[i].body = bodies_.data() + starts_[i];
  }
}

bool CompiledSets::compile(Records records, std::uint32_t source) {
  clear();
  bool fits = true;
  while (!records.empty()) {
    const Records set = first_set(records);
    fits = compile_set(set, source, least_ttl(set)) && fits;
    records = records.subspan(set.size());
  }
  point_at_bodies();
  return fits;
}

bool CompiledSets::compile_set(Records records, std::uint32_t source, std::uint32_t ttl) {
  const std::size_t start = bodies_.size();
  starts_.push_back(start);
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

bool CompiledSets::exchange(const EntryView& entry, std::uint32_t source, Records before,
                            Records after) {
  clear();
  const std::uint8_t* at = entry ? entry.sets() : nullptr;
  old_.clear();
  for (unsigned i = 0; entry && i < entry.header().set_count; ++i) {
    const SetView set = EntryView::read_set(at);
    if (set.header.source == source && !set.header.has(SetHeader::joined)) old_.push_back(set);
  }
  std::size_t taken = 0;
  for (const SetView& set : old_) {
    const Records gone = part_of(set, before);
    taken += gone.size();
    if (!exchange_in(set, gone, part_of(set, after))) return false;
  }
  for (; !after.empty(); after = after.subspan(first_set(after).size())) {
    const auto is_its = [&](const SetView& set) { return is_of_set(*after.front(), set); };
    if (std::ranges::any_of(old_, is_its)) continue;
    const Records fresh = first_set(after);
    if (!compile_set(fresh, source, least_ttl(fresh))) return false;
  }
  point_at_bodies();
  return taken == before.size();
}

// Of one set both.
bool CompiledSets::exchange_in(const SetView& set, Records before, Records after) {
  if (before.empty() && after.empty()) {
    sets_.push_back(set);
    starts_.push_back(elsewhere);
    return true;
  }
  if (set.header.count == most_records || set.header.size() > almost_full) return false;
  const std::uint32_t ttl = wire::load32(set.body + ttl_at);
  const auto has_other_ttl = [&](const Record* one) { return ttl_of(*one) != ttl; };
  if (std::ranges::any_of(before, has_other_ttl) || std::ranges::any_of(after, has_other_ttl)) {
    return false;
  }
  const std::size_t start = bodies_.size();
  const std::size_t count = set.header.count - before.size() + after.size();
  for (const std::uint8_t* at = set.body; at != set.end(); at += record_size(at)) {
    const auto data = data_of(at);
    for (; !after.empty() && data_less(set.type(), wire_of(after.front()->data), data);
         after = after.subspan(1)) {
      append_record(bodies_, *after.front(), ttl);
    }
    if (!after.empty() && std::ranges::equal(wire_of(after.front()->data), data)) return false;
    if (!before.empty() && std::ranges::equal(wire_of(before.front()->data), data)) {
      before = before.subspan(1);
    } else {
      bodies_.insert(bodies_.end(), at, at + record_size(at));
    }
  }
  for (const Record* record : after) append_record(bodies_, *record, ttl);
  const std::size_t size = bodies_.size() - start;
  if (!before.empty() || count > most_records || size > SetHeader::max_size) return false;
  if (count == 0) return true;
  SetHeader header = set.header;
  header.count = static_cast<std::uint16_t>(count);
  header.size_and_flags += static_cast<std::uint32_t>(size) - header.size();
  sets_.push_back({header, nullptr});
  starts_.push_back(start);
  return true;
}

}  // namespace paddock::dns
