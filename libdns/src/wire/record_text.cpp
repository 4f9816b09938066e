// SPDX-License-Identifier: Apache-2.0
#include "wire/record_text.hpp"

#include "wire/message.hpp"

#include <ldns/ldns.h>

#include <charconv>
#include <memory>

namespace paddock::dns::wire {
namespace {

template <auto free>
struct Deleter {
  template <class T>
  void operator()(T* thing) const {
    free(thing);
  }
};
using Rdf = std::unique_ptr<ldns_rdf, Deleter<ldns_rdf_deep_free>>;
using ResourceRecord = std::unique_ptr<ldns_rr, Deleter<ldns_rr_free>>;
using Buffer = std::unique_ptr<ldns_buffer, Deleter<ldns_buffer_free>>;

constexpr std::size_t max_data = 65535;

Error bad_data(Type type, std::string_view text, std::string_view why) {
  return {make_error_code(boost::system::errc::invalid_argument),
          format(type) + " data \"" + std::string(text.substr(0, 80)) + "\": " + std::string(why)};
}

Rdf rdf_of(const Name& name) {
  const auto wire = name.wire();
  return Rdf(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, wire.size(), wire.data()));
}

}  // namespace

Result<std::string> parse_data(Type type, std::string_view text, const Name& origin) {
  if (text.find('\0') != std::string_view::npos) return bad_data(type, text, "a zero octet");
  const std::string line =
      ". 0 IN TYPE" + std::to_string(static_cast<unsigned>(type)) + " " + std::string(text);
  const Rdf root = rdf_of(origin);
  ldns_rr* raw = nullptr;
  const ldns_status status = ldns_rr_new_frm_str(&raw, line.c_str(), 0, root.get(), nullptr);
  const ResourceRecord record(raw);
  if (status != LDNS_STATUS_OK) return bad_data(type, text, ldns_get_errorstr_by_id(status));
  ldns_rr2canonical(record.get());
  const Buffer buffer(ldns_buffer_new(LDNS_MIN_BUFLEN));
  if (ldns_rr_rdata2buffer_wire(buffer.get(), record.get()) != LDNS_STATUS_OK) {
    return bad_data(type, text, "does not fit into a record");
  }
  const std::size_t size = ldns_buffer_position(buffer.get());
  if (size > max_data) return bad_data(type, text, "does not fit into a record");
  return std::string(reinterpret_cast<const char*>(ldns_buffer_begin(buffer.get())), size);
}

std::optional<std::string> parse_base64(const std::string& text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;
  ldns_rdf* raw = nullptr;
  const ldns_status status = ldns_str2rdf_b64(&raw, text.c_str());
  const Rdf octets(raw);
  if (status != LDNS_STATUS_OK || ldns_rdf_size(raw) == 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(ldns_rdf_data(raw)), ldns_rdf_size(raw));
}

}  // namespace paddock::dns::wire

namespace paddock::dns {

std::string format(Type type) {
  const std::unique_ptr<char, wire::Deleter<std::free>> text(
      ldns_rr_type2str(static_cast<ldns_rr_type>(type)));
  return text.get();
}

std::optional<Type> parse_type(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  if (upper.starts_with("TYPE")) {
    std::uint16_t number = 0;
    const char* end = upper.data() + upper.size();
    const auto [stop, error] = std::from_chars(upper.data() + 4, end, number);
    if (error != std::errc() || stop != end || number == 0) return std::nullopt;
    return Type{number};
  }
  const ldns_rr_type type = ldns_get_rr_type_by_name(upper.c_str());
  if (type == 0) return std::nullopt;
  return static_cast<Type>(type);
}

}  // namespace paddock::dns
