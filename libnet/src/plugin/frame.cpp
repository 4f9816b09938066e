// SPDX-License-Identifier: Apache-2.0
#include "plugin/frame.hpp"

#include <algorithm>
#include <charconv>

namespace paddock::net {
namespace {

constexpr std::size_t number_size = 4;

std::uint32_t parse_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char c : bytes.substr(0, number_size))
    number = (number << 8) | static_cast<unsigned char>(c);
  return number;
}

void append_number(std::string& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
}

// "DEVICE:INODE" in decimal.
std::optional<NamespaceIdentity> parse_identity(std::string_view text) {
  NamespaceIdentity identity;
  const auto* end = text.data() + text.size();
  const auto device = std::from_chars(text.data(), end, identity.device);
  if (device.ec != std::errc() || device.ptr == end || *device.ptr != ':') return {};
  const auto inode = std::from_chars(device.ptr + 1, end, identity.inode);
  if (inode.ec != std::errc() || inode.ptr != end) return {};
  return identity;
}

}  // namespace

std::optional<FrameLengths> parse_frame_header(std::string_view header) {
  if (header.size() != frame_header_size || !header.starts_with(frame_magic)) return {};
  const auto numbers = header.substr(frame_magic.size());
  const FrameLengths lengths{parse_number(numbers), parse_number(numbers.substr(number_size))};
  if (lengths.environment > longest_part || lengths.input > longest_part) return {};
  return lengths;
}

PluginCall parse_frame_body(std::string_view body, const FrameLengths& lengths) {
  PluginCall call;
  auto rest = body.substr(0, lengths.environment);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('\0'));
    const auto equal = pair.find('=');
    if (equal != std::string_view::npos)
      call.environment.insert_or_assign(std::string(pair.substr(0, equal)),
                                        std::string(pair.substr(equal + 1)));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
  }
  call.input = body.substr(lengths.environment);
  const auto own = call.environment.find("PADDOCK_PLUGIN_NETNS");
  if (own != call.environment.end()) call.own = parse_identity(own->second);
  return call;
}

std::string format_answer(const PluginAnswer& answer) {
  std::string bytes(frame_magic);
  append_number(bytes, static_cast<std::uint32_t>(answer.status));
  append_number(bytes, static_cast<std::uint32_t>(answer.output.size()));
  return bytes += answer.output;
}

}  // namespace paddock::net
