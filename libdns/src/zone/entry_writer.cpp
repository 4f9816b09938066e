// SPDX-License-Identifier: Apache-2.0
#include "zone/entry_writer.hpp"

#include "wire/message.hpp"

#include <algorithm>
#include <tuple>

namespace paddock::dns {
namespace {

bool is_fallback(const SetView& set) { return set.header.has(SetHeader::fallback); }

}  // namespace

bool data_less(Type type, std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  constexpr std::size_t before_target = 6;
  if (type == Type::srv && a.size() > before_target && b.size() > before_target) {
    const auto target_a = a.subspan(before_target);
    const auto target_b = b.subspan(before_target);
    if (!std::ranges::equal(target_a, target_b)) {
      return std::ranges::lexicographical_compare(target_a, target_b);
    }
  }
  return std::ranges::lexicographical_compare(a, b);
}

// One set of all records of `parts`, equal ones once, all with the smallest TTL; of CNAMEs the
// first only.
void EntryWriter::join(std::span<const SetView> parts) {
  const Type type = parts.front().type();
  std::vector<const std::uint8_t*> records;
  std::uint32_t ttl = 0xFFFFFFFF;
  for (const SetView& part : parts) {
    for (const std::uint8_t* at = part.body; at != part.end(); at += record_size(at)) {
      records.push_back(at);
      ttl = std::min(ttl, wire::load32(at + 6));
    }
  }
  const auto less = [&](auto* a, auto* b) { return data_less(type, data_of(a), data_of(b)); };
  const auto equal = [](auto* a, auto* b) { return std::ranges::equal(data_of(a), data_of(b)); };
  std::ranges::sort(records, less);
  const auto repeated = std::ranges::unique(records, equal);
  records.erase(repeated.begin(), repeated.end());
  if (type == Type::cname) records.resize(1);

  if (joined_count_ == joined_.size()) joined_.emplace_back();
  std::vector<std::uint8_t>& body = joined_[joined_count_++];
  body.clear();
  std::uint16_t count = 0;
  for (const std::uint8_t* record : records) {
    if (count == 0xFFFF || body.size() + record_size(record) > SetHeader::max_size) break;
    const std::size_t start = body.size();
    body.insert(body.end(), record, record + record_size(record));
    wire::store32(body.data() + start + 6, ttl);
    ++count;
  }
  visible_.push_back(
      {{.type = parts.front().header.type,
        .count = count,
        .source = 0,
        .size_and_flags = static_cast<std::uint32_t>(body.size()) | SetHeader::joined},
       body.data()});
}

// Moves what queries see from `sets` to visible_. A set that is seen as it is leaves `sets`.
void EntryWriter::choose_visible(std::vector<SetView>& sets) {
  visible_.clear();
  joined_count_ = 0;
  const auto rank = [](const SetView& set) {
    const int place = set.type() != Type::cname ? 1 : is_fallback(set) ? 2 : 0;
    return std::tuple(place, set.header.type, is_fallback(set), set.header.source);
  };
  std::ranges::sort(sets, {}, rank);
  const bool has_cname = !sets.empty() && std::get<0>(rank(sets.front())) == 0;
  std::vector<SetView> hidden;
  for (std::size_t first = 0; first < sets.size();) {
    std::size_t behind = first;
    while (behind < sets.size() && sets[behind].type() == sets[first].type()) ++behind;
    std::size_t regular = first;
    while (regular < behind && is_fallback(sets[regular]) == is_fallback(sets[first])) ++regular;
    const std::span all(sets.data() + first, behind - first);
    const std::span best(sets.data() + first, regular - first);
    const Type type = sets[first].type();
    const bool is_seen = !is_statement(type) && (!has_cname || first == 0);
    const bool is_whole =
        best.size() == 1 && (type != Type::cname || best.front().header.count == 1);
    if (is_seen && is_whole) {
      visible_.push_back(best.front());
      hidden.insert(hidden.end(), all.begin() + 1, all.end());
    } else {
      if (is_seen) join(best);
      hidden.insert(hidden.end(), all.begin(), all.end());
    }
    first = behind;
  }
  sets = std::move(hidden);
}

std::span<const std::uint8_t> EntryWriter::write(std::span<const std::uint8_t> name,
                                                 std::uint16_t zone, std::vector<SetView>& sets) {
  choose_visible(sets);
  const EntryHeader header{.set_count = static_cast<std::uint16_t>(visible_.size() + sets.size()),
                           .visible_count = static_cast<std::uint16_t>(visible_.size()),
                           .zone = zone,
                           .name_length = static_cast<std::uint8_t>(name.size()),
                           .unused = 0};
  entry_.clear();
  const auto append = [this](const void* from, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    entry_.insert(entry_.end(), bytes, bytes + size);
  };
  append(&header, sizeof header);
  append(name.data(), name.size());
  for (const auto* list : {&visible_, &sets}) {
    for (const SetView& set : *list) {
      append(&set.header, sizeof set.header);
      append(set.body, set.header.size());
    }
  }
  return entry_;
}

}  // namespace paddock::dns
