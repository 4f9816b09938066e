// SPDX-License-Identifier: Apache-2.0
//
// SkyDNS entries, a key and a value in each line, or one value alone: they make names or are
// refused.
#include <paddock/dns/skydns.hpp>

#include <algorithm>

namespace {

// How many names answer for a line's key, nearly: a label doubles them, as far as they are counted.
std::size_t names_of(std::string_view line) {
  const auto labels = static_cast<std::size_t>(std::ranges::count(line, '/'));
  if (line.starts_with("arpa/") || line.find("/dns/") != line.npos) return labels;
  return labels < 6 ? std::size_t{2} << labels : 16 * labels;
}

// Small trees reach every bound there is, of one key, of one deeper than a mask and of several, and
// are many times as many in the same time.
bool is_cheap(std::string_view whole) {
  std::size_t names = 0;
  std::size_t lines = 0;
  for (std::string_view rest = whole; !rest.empty(); ++lines) {
    const auto line = rest.substr(0, rest.find('\n'));
    names += names_of(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return names <= 24 || (lines == 1 && (names <= 64 || names > 16 * 32));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::dns;
  const std::string_view whole(reinterpret_cast<const char*>(data), size);
  if (whole.starts_with('{')) {
    (void)parse_skydns_entry(whole);
    return 0;
  }
  if (!is_cheap(whole)) return -1;
  // Each input leaves them empty, as a tree whose keys come and go.
  static SkyDnsNames names({.domains = {Name::parse("z").value()}});
  static AuthorityBuilder builder(names.zones());
  bool has_entries = false;
  std::string_view text = whole;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    const auto space = std::min(line.find(' '), line.size());
    const auto key = "/skydns/" + std::string(line.substr(0, space));
    has_entries = names.set(key, line.substr(space)).has_value() || has_entries;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  if (!has_entries) return 0;
  names.contribute(builder, {});
  for (const auto& key : names.keys()) names.erase(key);
  names.contribute(builder, {});
  return 0;
}
