// SPDX-License-Identifier: Apache-2.0
//
// DNS queries made by hand, and replies read by ldns, so that tests do not check our encoder with
// our decoder.
#pragma once

#include <gtest/gtest.h>
#include <ldns/ldns.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::test {

using Bytes = std::vector<std::uint8_t>;

inline void append16(Bytes& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

// An EDNS option, encoded.
inline Bytes option(unsigned code, const Bytes& data = {}) {
  Bytes out;
  append16(out, code);
  append16(out, static_cast<unsigned>(data.size()));
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Opt {
  unsigned payload = 1232;
  unsigned version = 0;
  unsigned flags = 0;  // 0x8000 is DO
  Bytes options{};
};

struct DnsQuery {
  std::string name;  // text without escapes, in the case to be sent; "" or "." is the root
  unsigned type = LDNS_RR_TYPE_A;
  std::optional<Opt> opt{};
  unsigned flags = 0;  // second header word: RD is 0x0100
  unsigned klass = LDNS_RR_CLASS_IN;
  unsigned id = 0x1234;
};

inline Bytes encode_name(std::string_view text) {
  Bytes out;
  while (!text.empty() && text != ".") {
    const std::string_view label = text.substr(0, text.find('.'));
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    text.remove_prefix(std::min(text.size(), label.size() + 1));
  }
  out.push_back(0);
  return out;
}

inline Bytes encode_opt(const Opt& opt) {
  Bytes out{0};
  append16(out, LDNS_RR_TYPE_OPT);
  append16(out, opt.payload);
  append16(out, opt.version);
  append16(out, opt.flags);
  append16(out, static_cast<unsigned>(opt.options.size()));
  return out + opt.options;
}

inline Bytes encode(const DnsQuery& query) {
  Bytes out;
  for (const unsigned word : {query.id, query.flags, 1u, 0u, 0u, query.opt ? 1u : 0u}) {
    append16(out, word);
  }
  out = out + encode_name(query.name);
  append16(out, query.type);
  append16(out, query.klass);
  return query.opt ? out + encode_opt(*query.opt) : out;
}

// A reply as ldns reads it. Records are lines such as "web.shop. 5 IN A 10.0.0.1".
struct DnsReply {
  std::size_t size = 0;
  unsigned id = 0;
  unsigned flags = 0;
  unsigned rcode = 0;  // extended
  std::vector<std::string> question, answer, authority, additional;
  bool has_opt = false;
  unsigned payload = 0;
  unsigned version = 0;
  unsigned opt_flags = 0;
  std::map<unsigned, Bytes> options;

  bool aa() const { return (flags & 0x0400) != 0; }
  bool tc() const { return (flags & 0x0200) != 0; }
  bool rd() const { return (flags & 0x0100) != 0; }
  bool ra() const { return (flags & 0x0080) != 0; }

  // The extended DNS error, or -1.
  int extended_error() const {
    const auto found = options.find(15);
    return found == options.end() ? -1 : found->second.at(0) << 8 | found->second.at(1);
  }
};

inline std::vector<std::string> lines_of(const ldns_rr_list* list, bool is_question) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* rr = ldns_rr_list_rr(list, i);
    const std::unique_ptr<char, void (*)(void*)> text(
        is_question ? ldns_rdf2str(ldns_rr_owner(rr)) : ldns_rr2str(rr), std::free);
    std::string line = text.get();
    std::ranges::replace(line, '\t', ' ');
    while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

// Fails the test when ldns cannot read the reply.
inline DnsReply decode(std::span<const std::uint8_t> bytes) {
  DnsReply reply;
  reply.size = bytes.size();
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, bytes.data(), bytes.size());
  const std::unique_ptr<ldns_pkt, void (*)(ldns_pkt*)> packet(raw, ldns_pkt_free);
  if (status != LDNS_STATUS_OK) {
    ADD_FAILURE() << "ldns: " << ldns_get_errorstr_by_id(status);
    return reply;
  }
  reply.id = ldns_pkt_id(raw);
  reply.flags = static_cast<unsigned>(bytes[2] << 8 | bytes[3]);
  reply.rcode = (reply.flags & 15u) | static_cast<unsigned>(ldns_pkt_edns_extended_rcode(raw) << 4);
  reply.question = lines_of(ldns_pkt_question(raw), true);
  reply.answer = lines_of(ldns_pkt_answer(raw), false);
  reply.authority = lines_of(ldns_pkt_authority(raw), false);
  reply.additional = lines_of(ldns_pkt_additional(raw), false);
  reply.has_opt = ldns_pkt_edns(raw);
  reply.payload = ldns_pkt_edns_udp_size(raw);
  reply.version = ldns_pkt_edns_version(raw);
  reply.opt_flags = ldns_pkt_edns_z(raw);
  const ldns_rdf* data = ldns_pkt_edns_data(raw);
  const std::span options(data ? ldns_rdf_data(data) : nullptr, data ? ldns_rdf_size(data) : 0);
  for (std::size_t at = 0; at + 4 <= options.size();) {
    const unsigned code = static_cast<unsigned>(options[at] << 8 | options[at + 1]);
    const auto size = static_cast<std::size_t>(options[at + 2] << 8 | options[at + 3]);
    const auto value = options.subspan(at + 4, size);
    reply.options[code] = Bytes(value.begin(), value.end());
    at += 4 + size;
  }
  return reply;
}

}  // namespace paddock::test
