// SPDX-License-Identifier: Apache-2.0
//
// Rancher's later data file, written for tests.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace paddock::metadata::testing {

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group =
          (group << 8U) | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= bytes.size() - i ? alphabet[(group >> (18 - 6 * j)) & 63U] : '=';
    }
  }
  return text;
}

inline std::string deflated(std::string_view text) {
  z_stream stream{};
  ::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

inline std::string data_file(std::string_view objects, std::string_view version = "7") {
  return "{\"Version\":\"" + std::string(version) + "\",\"Data\":\"" + base64(deflated(objects)) +
         "\"}\n";
}

}  // namespace paddock::metadata::testing
