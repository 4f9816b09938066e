// SPDX-License-Identifier: Apache-2.0
//
// Master files: whatever is in them, they are a zone that can be served or an error with a place.
#include <paddock/dns/zone_file.hpp>

#include <algorithm>
#include <cstdlib>

// A large $GENERATE costs what thousands of other inputs do, and is nothing new.
static bool may_generate_many(std::string_view text) {
  bool generates = false;
  int digits = 0;
  int longest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    generates = generates || (text[i] == '$' && i + 1 < text.size() && (text[i + 1] | 32) == 'g');
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    longest = std::max(longest, digits);
  }
  return generates && longest > 2;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::dns;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (may_generate_many(text)) return -1;
  const auto file = parse_zone_file(text, "zone", Name::parse("z").value());
  if (!file) {
    if (!file.error().text.starts_with("zone:")) std::abort();
    return 0;
  }
  AuthorityBuilder builder({file->zone});
  if (!builder.put("file", file->records).empty()) std::abort();
  builder.snapshot({});
  return 0;
}
