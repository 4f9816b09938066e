// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/record.hpp>

#include <charconv>
#include <string_view>

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
  using namespace std::string_view_literals;
  std::string wire;
  wire.reserve(address.is_v4() ? 30 : 74);  // the longest there is
  if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
    const auto bytes = address.to_v6().to_bytes();
    for (auto octet = bytes.rbegin(); octet != bytes.rend(); ++octet) {
      constexpr std::string_view digits = "0123456789abcdef";
      wire += {'\1', digits[*octet & 15], '\1', digits[*octet >> 4]};
    }
    wire += "\3ip6\4arpa\0"sv;
  } else {
    const auto v4 = address.is_v4() ? address.to_v4()
                                    : boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped,
                                                                       address.to_v6());
    const auto bytes = v4.to_bytes();
    for (auto octet = bytes.rbegin(); octet != bytes.rend(); ++octet) {
      char digits[3];
      const auto length = std::to_chars(digits, digits + 3, *octet).ptr - digits;
      wire += static_cast<char>(length);
      wire.append(digits, static_cast<std::size_t>(length));
    }
    wire += "\7in-addr\4arpa\0"sv;
  }
  return Name::from_wire({reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size()}).value();
}

}  // namespace paddock::dns
