// SPDX-License-Identifier: Apache-2.0
//
// SkyDNS entries, a key and a value in each line, or one value alone: they make names or are
// refused.
#include <paddock/dns/skydns.hpp>

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::dns;
  const std::string_view whole(reinterpret_cast<const char*>(data), size);
  if (whole.starts_with('{')) {
    (void)parse_skydns_entry(whole);
    return 0;
  }
  // A label costs dozens of names; so many reach every bound there is: of one key, and of several.
  const bool is_tree = whole.find('\n') != whole.npos;
  if (std::ranges::count(whole, '/') > (is_tree ? 16 : 40)) return -1;
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
