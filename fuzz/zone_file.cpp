// SPDX-License-Identifier: Apache-2.0
//
// Master files: whatever is in them, they are a zone that can be served or an error with a place.
#include <paddock/dns/zone_file.hpp>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::dns;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
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
