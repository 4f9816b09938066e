// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/record.hpp>

#include <algorithm>

namespace paddock::dns {
namespace {

std::string wire_of(const Name& name) {
  const auto wire = name.wire();
  return {wire.begin(), wire.end()};
}

void append16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

Record name_record(Name owner, Type type, const Name& target, std::chrono::seconds ttl) {
  return {.owner = std::move(owner), .type = type, .ttl = ttl, .data = wire_of(target)};
}

// Labels of a reverse name never pass a limit, so a failure here is a bug of ours.
Name below(const Name& name, std::string_view label) { return name.child(label).value(); }

}  // namespace

Record address_record(Name owner, const boost::asio::ip::address& address,
                      std::chrono::seconds ttl) {
  Record record{.owner = std::move(owner), .ttl = ttl};
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    record.type = Type::a;
    record.data.assign(bytes.begin(), bytes.end());
  } else {
    const auto bytes = address.to_v6().to_bytes();
    record.type = Type::aaaa;
    record.data.assign(bytes.begin(), bytes.end());
  }
  return record;
}

Record cname_record(Name owner, const Name& target, std::chrono::seconds ttl) {
  return name_record(std::move(owner), Type::cname, target, ttl);
}

Record ptr_record(Name owner, const Name& target, std::chrono::seconds ttl) {
  return name_record(std::move(owner), Type::ptr, target, ttl);
}

Record ns_record(Name owner, const Name& target, std::chrono::seconds ttl) {
  return name_record(std::move(owner), Type::ns, target, ttl);
}

Record txt_record(Name owner, std::string_view text, std::chrono::seconds ttl) {
  Record record{.owner = std::move(owner), .type = Type::txt, .ttl = ttl};
  do {
    const std::string_view part = text.substr(0, 255);
    record.data += static_cast<char>(part.size());
    record.data += part;
    text.remove_prefix(part.size());
  } while (!text.empty());
  return record;
}

Record srv_record(Name owner, const SrvTarget& service, std::chrono::seconds ttl) {
  Record record{.owner = std::move(owner), .type = Type::srv, .ttl = ttl};
  append16(record.data, service.priority);
  append16(record.data, service.weight);
  append16(record.data, service.port);
  record.data += wire_of(service.target);
  return record;
}

Name reverse_name(const boost::asio::ip::address& address) {
  if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
    static const Name ip6_arpa = Name::parse("ip6.arpa").value();
    std::string text;
    const auto bytes = address.to_v6().to_bytes();
    for (auto octet = bytes.rbegin(); octet != bytes.rend(); ++octet) {
      constexpr std::string_view digits = "0123456789abcdef";
      text += {'\1', digits[*octet & 15], '\1', digits[*octet >> 4]};
    }
    const auto suffix = ip6_arpa.wire();
    text.append(suffix.begin(), suffix.end());
    return Name::from_wire({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})
        .value();
  }
  static const Name in_addr_arpa = Name::parse("in-addr.arpa").value();
  const auto v4 = address.is_v4() ? address.to_v4()
                                  : boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped,
                                                                     address.to_v6());
  Name name = in_addr_arpa;
  for (const auto octet : v4.to_bytes()) name = below(name, std::to_string(octet));
  return name;
}

}  // namespace paddock::dns
