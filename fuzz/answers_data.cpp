// SPDX-License-Identifier: Apache-2.0
//
// Any text as the objects of Rancher's later data file: packed here, so that the fuzzer need not
// find out how to.
#include <paddock/metadata/answers.hpp>

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

std::string deflated(const std::uint8_t* data, std::size_t size) {
  z_stream stream{};
  if (::deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string packed(::deflateBound(&stream, size), '\0');
  stream.next_in = const_cast<Bytef*>(data);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

std::string base64(const std::string& bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group <<= 8U;
      if (i + j < bytes.size()) group |= static_cast<unsigned char>(bytes[i + j]);
    }
    for (unsigned j = 0; j < 4; ++j) {
      const unsigned digit = (group >> (18 - 6 * j)) & 63U;
      text += j > bytes.size() - i
                  ? '='
                  : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[digit];
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::metadata;
  const std::string text = "{\"Version\":\"1\",\"Data\":\"" + base64(deflated(data, size)) + "\"}";
  const auto read = parse_answers(text, "fuzz");
  if (!read && read.error().text.empty()) std::abort();
  return 0;
}
