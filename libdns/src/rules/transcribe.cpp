// SPDX-License-Identifier: Apache-2.0
#include "rules/transcribe.hpp"

#include "wire/data_form.hpp"

#include <algorithm>
#include <array>

namespace paddock::dns {
namespace {

constexpr std::uint32_t cname_ttl = 5;  // seconds; search lists change with the pod
constexpr std::uint16_t question_pointer = 0xC000 | wire::header_size;

// RFC 6052, 2.2: bits 64 to 71 stay zero.
std::array<std::uint8_t, 16> embed(wire::Bytes v4, const boost::asio::ip::network_v6& prefix) {
  auto bytes = prefix.network().to_bytes();
  std::size_t at = prefix.prefix_length() / 8;
  for (const auto byte : v4) {
    at += at == 8 ? 1 : 0;
    bytes[at++] = byte;
  }
  return bytes;
}

bool skip_questions(wire::Bytes message, std::size_t& at) {
  for (unsigned i = wire::load16(&message[4]); i > 0; --i) {
    if (!wire::skip_name(message, at) || message.size() - at < 4) return false;
    at += 4;
  }
  return true;
}

class Transcriber {
 public:
  Transcriber(wire::Bytes raw, const wire::Query& query, wire::Bytes reply, wire::Bytes asked_name,
              const Transcription& how, std::span<std::uint8_t> out, std::size_t limit)
      : query_(query), reply_(reply), asked_name_(asked_name), how_(how), writer_(out, limit) {
    writer_.bytes(raw.data(), query.question_end);
    std::copy_n(reply.begin() + 2, 2, out.begin() + 2);
  }

  std::size_t run() {
    std::size_t at = wire::header_size;
    if (!skip_questions(reply_, at) || !find_opt(at)) return 0;
    writer_.set_limit(writer_.position() +
                      (writer_.room() > opt_.size() ? writer_.room() - opt_.size() : 0));
    if (how_.shows_cname) add_cname();
    for (std::size_t section = 0; section < 3; ++section) {
      for (unsigned left = wire::load16(&reply_[6 + 2 * section]); left > 0; --left) {
        add(*wire::read_record(reply_, at), section);
      }
    }
    return finish();
  }

 private:
  // Also sees that all records can be read.
  bool find_opt(std::size_t at) {
    for (std::size_t section = 0; section < 3; ++section) {
      for (unsigned left = wire::load16(&reply_[6 + 2 * section]); left > 0; --left) {
        const auto start = at;
        const auto record = wire::read_record(reply_, at);
        if (!record) return false;
        if (Type{record->type} == Type::opt) opt_ = reply_.subspan(start, at - start);
      }
    }
    return true;
  }

  void add_cname() {
    writer_.u16(question_pointer);
    writer_.u16(static_cast<std::uint16_t>(Type::cname));
    writer_.u16(wire::class_in);
    writer_.u32(cname_ttl);
    writer_.u16(static_cast<std::uint16_t>(asked_name_.size()));
    pointer_ = static_cast<std::uint16_t>(0xC000 | writer_.position());
    if (!writer_.bytes(asked_name_.data(), asked_name_.size())) {
      writer_.rewind(query_.question_end);
      is_full_ = true;
      return set_truncated();
    }
    ++counts_[0];
  }

  void add(const wire::RecordView& record, std::size_t section) {
    if (is_full_ || Type{record.type} == Type::opt) return;
    const auto before = writer_.position();
    if (copy(record)) {
      ++counts_[section];
      return;
    }
    writer_.rewind(before);
    is_full_ = true;
    if (section != 2) set_truncated();
  }

  std::size_t finish() {
    if (!opt_.empty()) {
      writer_.set_limit(writer_.position() + opt_.size());
      writer_.bytes(opt_.data(), opt_.size());
      ++counts_[2];
    }
    for (std::size_t section = 0; section < 3; ++section) {
      wire::store16(writer_.at(6 + 2 * section), counts_[section]);
    }
    return writer_.position();
  }

  void set_truncated() {
    wire::store16(writer_.at(2),
                  static_cast<std::uint16_t>(wire::load16(writer_.at(2)) | wire::flag_tc));
  }

  bool copy(const wire::RecordView& record) {
    std::size_t owner = record.owner;
    if (!put_name(owner, true)) return false;
    const bool becomes_aaaa =
        how_.dns64 != nullptr && Type{record.type} == Type::a && record.data_size == 4;
    writer_.u16(becomes_aaaa ? static_cast<std::uint16_t>(Type::aaaa) : record.type);
    writer_.u16(record.klass);
    const auto ttl = changed_ttl(record.ttl);
    if (!writer_.u32(becomes_aaaa ? std::min(ttl, how_.dns64_ttl) : ttl)) return false;
    if (becomes_aaaa) {
      const auto address = embed(reply_.subspan(record.data, 4), *how_.dns64);
      return writer_.u16(16) && writer_.bytes(address.data(), address.size());
    }
    return put_data(record);
  }

  std::uint32_t changed_ttl(std::uint32_t ttl) const {
    if (how_.rewrite == nullptr || !how_.rewrite->rule().least_ttl) return ttl;
    const auto& rule = how_.rewrite->rule();
    return std::clamp(ttl, static_cast<std::uint32_t>(rule.least_ttl->count()),
                      static_cast<std::uint32_t>(rule.most_ttl->count()));
  }

  bool put_data(const wire::RecordView& record) {
    const auto form = wire::form_of(Type{record.type});
    const auto length_at = writer_.position();
    if (!writer_.u16(0) || record.data_size < form.before ||
        !writer_.bytes(&reply_[record.data], form.before)) {
      return false;
    }
    std::size_t at = record.data + form.before;
    for (unsigned i = 0; i < form.names; ++i) {
      if (!put_name(at, false) || at > record.end) return false;
    }
    if (!writer_.bytes(reply_.data() + at, record.end - at)) return false;
    wire::store16(writer_.at(length_at),
                  static_cast<std::uint16_t>(writer_.position() - length_at - 2));
    return true;
  }

  // The name at `at`, which moves behind it, as it is to stand in the reply.
  bool put_name(std::size_t& at, bool may_point) {
    std::array<std::uint8_t, 255> name;
    const auto size = wire::read_name(reply_, at, name);
    if (!size) return false;
    auto lowered = name;
    wire::lower(lowered.data(), *size);
    const wire::Bytes seen(lowered.data(), *size);
    if (std::ranges::equal(seen, asked_name_)) {
      if (may_point) return writer_.u16(pointer_);
      return how_.shows_cname ? writer_.bytes(seen.data(), seen.size())
                              : writer_.bytes(query_.name.data(), query_.name_length);
    }
    if (how_.rewrite != nullptr) {
      auto text = Name::from_wire(seen).value().format();
      if (text.size() > 1) text.pop_back();
      if (const auto before = how_.rewrite->undo(text)) {
        if (const auto changed = Name::parse(*before)) {
          return writer_.bytes(changed->wire().data(), changed->wire().size());
        }
      }
    }
    return writer_.bytes(name.data(), *size);
  }

  const wire::Query& query_;
  wire::Bytes reply_;
  wire::Bytes asked_name_;
  const Transcription& how_;
  wire::Writer writer_;
  wire::Bytes opt_;
  std::array<std::uint16_t, 3> counts_{};
  std::uint16_t pointer_ = question_pointer;  // to where the name that was asked stands
  bool is_full_ = false;
};

std::size_t limit_of(const wire::Query& query, const AnswerContext& context) {
  if (context.transport == Transport::tcp) return 0xFFFF;
  return query.edns.is_present
             ? std::max<std::size_t>(512, std::min(query.edns.payload, context.udp_limit))
             : 512;
}

}  // namespace

std::vector<std::uint8_t> with_question(wire::Bytes raw, const wire::Query& query, wire::Bytes name,
                                        Type type) {
  std::vector<std::uint8_t> other(raw.begin(), raw.begin() + wire::header_size);
  other.insert(other.end(), name.begin(), name.end());
  other.resize(other.size() + 4);
  wire::store16(&other[other.size() - 4], static_cast<std::uint16_t>(type));
  wire::store16(&other[other.size() - 2], query.klass);
  other.insert(other.end(), raw.begin() + query.question_end, raw.end());
  return other;
}

std::size_t transcribe(wire::Bytes raw, const wire::Query& query, const AnswerContext& context,
                       wire::Bytes reply, wire::Bytes asked_name,
                       const Transcription& transcription, std::span<std::uint8_t> out) {
  const auto limit = std::min(out.size(), limit_of(query, context));
  if (reply.size() < wire::header_size || limit < query.question_end + 64U) return 0;
  return Transcriber(raw, query, reply, asked_name, transcription, out, limit).run();
}

bool has_no_aaaa(wire::Bytes reply) {
  if (reply.size() < wire::header_size || (wire::load16(&reply[2]) & wire::flag_tc) != 0) {
    return false;
  }
  const Rcode rcode{static_cast<std::uint16_t>(reply[3] & 15)};
  if (rcode != Rcode::noerror) return rcode != Rcode::nxdomain;  // RFC 6147, 5.1.2
  std::size_t at = wire::header_size;
  if (!skip_questions(reply, at)) return false;
  for (unsigned left = wire::load16(&reply[6]); left > 0; --left) {
    const auto record = wire::read_record(reply, at);
    if (!record || Type{record->type} == Type::aaaa) return false;
  }
  return true;
}

std::uint32_t made_ttl(wire::Bytes reply) {
  constexpr std::uint32_t without_soa = 600;
  std::size_t at = wire::header_size;
  if (reply.size() < at || !skip_questions(reply, at)) return without_soa;
  const unsigned answers = wire::load16(&reply[6]);
  const unsigned authorities = wire::load16(&reply[8]);
  for (unsigned i = 0; i < answers + authorities; ++i) {
    const auto record = wire::read_record(reply, at);
    if (!record) break;
    if (i >= answers && Type{record->type} == Type::soa) return record->ttl;
  }
  return without_soa;
}

std::optional<boost::asio::ip::address_v4> embedded_address(
    wire::Bytes reverse_name, const boost::asio::ip::network_v6& prefix) {
  constexpr std::size_t nibbles = 32;
  static constexpr std::string_view arpa("\3ip6\4arpa\0", 10);
  if (reverse_name.size() != 2 * nibbles + arpa.size() ||
      !std::equal(arpa.begin(), arpa.end(), reverse_name.begin() + 2 * nibbles,
                  [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; })) {
    return std::nullopt;
  }
  boost::asio::ip::address_v6::bytes_type bytes{};
  for (std::size_t i = 0; i < nibbles; ++i) {
    const char digit = static_cast<char>(reverse_name[2 * i + 1]);
    const int value = digit >= '0' && digit <= '9'   ? digit - '0'
                      : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                                     : -1;
    if (reverse_name[2 * i] != 1 || value < 0) return std::nullopt;
    auto& byte = bytes[15 - i / 2];
    byte = static_cast<std::uint8_t>(byte | value << (i % 2 == 0 ? 0 : 4));
  }
  const std::size_t length = prefix.prefix_length() / 8;
  const auto wanted = prefix.network().to_bytes();
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length),
                  wanted.begin())) {
    return std::nullopt;
  }
  boost::asio::ip::address_v4::bytes_type inside{};
  std::size_t at = length;
  for (auto& byte : inside) {
    at += at == 8 ? 1 : 0;
    byte = bytes[at++];
  }
  return boost::asio::ip::address_v4(inside);
}

}  // namespace paddock::dns
