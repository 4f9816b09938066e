// SPDX-License-Identifier: Apache-2.0
//
// A journal as a crash may leave it: the records found are those that were written, in order.
#include "ipam/lease_journal.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net;
  const auto records = parse_journal({reinterpret_cast<const char*>(data), size});
  std::string written;
  for (const auto& record : records) written += format_journal_record(record);
  if (written.size() > size || parse_journal(written) != records) std::abort();
  return 0;
}
