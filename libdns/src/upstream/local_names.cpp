// SPDX-License-Identifier: Apache-2.0
#include "upstream/local_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

namespace paddock::dns::upstream {
namespace {

using Labels = std::vector<std::string_view>;

// A block of IPv4 addresses whose reverse zone has `octets` labels before in-addr.arpa.
struct Block {
  std::size_t octets;
  std::array<int, 4> low;
  std::array<int, 4> high;
};

constexpr Block blocks[] = {
    {1, {0}, {0}},
    {1, {10}, {10}},
    {1, {127}, {127}},
    {2, {100, 64}, {100, 127}},
    {2, {169, 254}, {169, 254}},
    {2, {172, 16}, {172, 31}},
    {2, {192, 168}, {192, 168}},
    {3, {192, 0, 2}, {192, 0, 2}},
    {3, {198, 51, 100}, {198, 51, 100}},
    {3, {203, 0, 113}, {203, 0, 113}},
    {4, {255, 255, 255, 255}, {255, 255, 255, 255}},
};

constexpr std::string_view nibbles[] = {
    "fd",
    "fe8",
    "fe9",
    "fea",
    "feb",
    "20010db8",
    "00000000000000000000000000000000",
    "00000000000000000000000000000001",
};

constexpr std::uint32_t ttl = 10800;  // RFC 6303, 3

// Last label first, without the root.
Labels labels_of(std::string_view name) {
  Labels labels;
  for (std::size_t at = 0; name[at] != 0; at += 1 + static_cast<unsigned char>(name[at])) {
    labels.push_back(name.substr(at + 1, static_cast<unsigned char>(name[at])));
  }
  std::ranges::reverse(labels);
  return labels;
}

int octet(std::string_view label) {
  int value = -1;
  const auto* const end = label.data() + label.size();
  const auto [rest, status] = std::from_chars(label.data(), end, value);
  return status == std::errc{} && rest == end ? value : -1;
}

// How many labels the private zone above the name has, 0 if there is none.
std::size_t zone_depth_v4(const Labels& labels) {
  for (const Block& block : blocks) {
    bool matches = labels.size() >= 2 + block.octets;
    for (std::size_t i = 0; matches && i < block.octets; ++i) {
      const int value = octet(labels[2 + i]);
      matches = value >= block.low[i] && value <= block.high[i];
    }
    if (matches) {
      return 2 + block.octets;
    }
  }
  return 0;
}

std::size_t zone_depth_v6(const Labels& labels) {
  for (const auto prefix : nibbles) {
    bool matches = labels.size() >= 2 + prefix.size();
    for (std::size_t i = 0; matches && i < prefix.size(); ++i) {
      matches = labels[2 + i] == prefix.substr(i, 1);
    }
    if (matches) {
      return 2 + prefix.size();
    }
  }
  return 0;
}

void put16(std::vector<std::uint8_t>& to, unsigned value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

// A SOA as RFC 6303, 3 has it: the zone is its own primary, nobody.invalid answers for it.
void put_soa(KnownAnswer& answer, std::size_t zone_offset) {
  auto& to = answer.message;
  const auto pointer = static_cast<unsigned>(0xC000 | zone_offset);
  put16(to, pointer);
  put16(to, static_cast<unsigned>(Type::soa));
  put16(to, wire::class_in);
  answer.ttl_offsets.push_back(static_cast<std::uint16_t>(to.size()));
  constexpr std::string_view person = "\6nobody\7invalid";
  constexpr std::uint32_t numbers[] = {1, 3600, 1200, 604800, ttl};
  put16(to, ttl >> 16);
  put16(to, ttl & 0xffff);
  put16(to, static_cast<unsigned>(2 + person.size() + 1 + sizeof numbers));
  put16(to, pointer);
  to.insert(to.end(), person.begin(), person.end());
  to.push_back(0);
  for (const auto number : numbers) {
    put16(to, number >> 16);
    put16(to, number & 0xffff);
  }
}

std::string_view name_of(const Question& question) {
  const auto asked = question.wire();
  return {reinterpret_cast<const char*>(asked.data()), asked.size() - 4};
}

// The SOA of the zone whose name begins at `zone_at` of the question's: what was asked for, or that
// nothing else is there.
KnownAnswer answer_by_soa(const Question& question, std::size_t zone_at) {
  const auto asked = question.wire();
  const Type type{wire::load16(&asked[asked.size() - 4])};
  const bool is_answer = zone_at == 0 && type == Type::soa;
  KnownAnswer answer;
  answer.is_negative = !is_answer;
  answer.rcode = static_cast<std::uint16_t>(zone_at == 0 ? Rcode::noerror : Rcode::nxdomain);
  answer.message.resize(wire::header_size);
  wire::store16(&answer.message[4], 1);
  wire::store16(&answer.message[is_answer ? 6 : 8], 1);
  answer.message.insert(answer.message.end(), asked.begin(), asked.end());
  put_soa(answer, wire::header_size + zone_at);
  answer.additional = answer.message.size();
  return answer;
}

}  // namespace

std::optional<KnownAnswer> answer_private_reverse(const Question& question) {
  const std::string_view name = name_of(question);
  constexpr std::string_view arpa("\4arpa", 6);
  if (!name.ends_with(arpa)) {
    return std::nullopt;
  }
  const auto labels = labels_of(name);
  const bool is_arpa = labels.size() >= 2 && labels[0] == "arpa";
  const std::size_t depth = !is_arpa                 ? 0
                            : labels[1] == "in-addr" ? zone_depth_v4(labels)
                            : labels[1] == "ip6"     ? zone_depth_v6(labels)
                                                     : 0;
  if (depth == 0) {
    return std::nullopt;
  }
  return answer_by_soa(question,
                       static_cast<std::size_t>(labels[depth - 1].data() - 1 - name.data()));
}

std::optional<KnownAnswer> answer_multicast_name(const Question& question) {
  const std::string_view name = name_of(question);
  constexpr std::string_view local("\5local", 7);
  if (!name.ends_with(local) || labels_of(name).front() != "local") {
    return std::nullopt;
  }
  return answer_by_soa(question, name.size() - local.size());
}

}  // namespace paddock::dns::upstream
