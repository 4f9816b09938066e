// SPDX-License-Identifier: Apache-2.0
#include "answers/data_form.hpp"

#include "answers/answers.hpp"
#include "answers/tree_text.hpp"
#include "codec/base64.hpp"

#include <paddock/metadata/codec.hpp>

#include <zlib.h>

#include <memory>

namespace paddock::metadata::answers {
namespace {

Error refused(std::string text) {
  return {make_error_code(boost::system::errc::bad_message), std::move(text)};
}

// Raw DEFLATE, at most Limits::file_bytes of it.
Result<std::string> inflated(std::string_view packed) {
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return refused("Data: not enough memory");
  const std::unique_ptr<z_stream, void (*)(z_stream*)> owner(
      &stream, [](z_stream* ended) { ::inflateEnd(ended); });
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // zlib only reads
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  std::string piece(std::size_t{1} << 18U, '\0');
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    text.append(piece, 0, piece.size() - stream.avail_out);
    if (text.size() > Limits::file_bytes) {
      return refused("Data: unpacks to more than " + std::to_string(Limits::file_bytes) + " bytes");
    }
    if (status == Z_STREAM_END) return text;
    if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
      return refused("Data: the packed bytes end too soon; the file was not written to its end");
    }
    if (status != Z_OK) return refused("Data: not raw DEFLATE (RFC 1951)");
  }
}

}  // namespace

bool is_data_form(const documents::Map& root) {
  const auto data = root.find("Data");
  return data && std::holds_alternative<std::string>(*data) && root.find("Version").has_value();
}

Result<Objects> objects_of_data(const documents::Map& root) {
  const auto data = root.find("Data");
  const auto packed = decode_base64(std::get<std::string>(*data));
  if (!packed) return refused("Data: not base64");
  const auto text = inflated(*packed);
  if (!text) return text.error();
  TreeTexts read = read_json_texts(*text);
  if (read.error) {
    return refused("Data: object " + std::to_string(read.roots.size() + 1) + ": " +
                   read.error->message);
  }
  Objects found;
  found.objects = std::move(read.roots);
  for (TextError& doubt : read.doubts) found.doubts.push_back("Data: " + doubt.message);
  return found;
}

}  // namespace paddock::metadata::answers
