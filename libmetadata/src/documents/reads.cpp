// SPDX-License-Identifier: Apache-2.0
#include "documents/reads.hpp"

#include "model/hash.hpp"

#include <algorithm>

namespace paddock::metadata::documents {
namespace {

enum class Of : std::uint8_t { object, all, all_in, name, uid, address, namespaces, everything };

// Tells marks of one sort and kind from the others.
constexpr std::uint64_t salt(Of of, Kind kind = Kind::host) noexcept {
  return (static_cast<std::uint64_t>(of) << 8 | static_cast<std::uint64_t>(kind)) *
         0x9e3779b97f4a7c15U;
}

}  // namespace

Mark mark_of_object(Kind kind, std::string_view ns, std::string_view name) {
  return hash_text(name, hash_text(ns, salt(Of::object, kind)));
}
Mark mark_of_all(Kind kind) { return hash_text({}, salt(Of::all, kind)); }
Mark mark_of_all_in(Kind kind, std::string_view ns) {
  return hash_text(ns, salt(Of::all_in, kind));
}
Mark mark_of_name(Kind kind, std::string_view name) {
  return hash_text(name, salt(Of::name, kind));
}
Mark mark_of_uid(Kind kind, std::string_view uid) { return hash_text(uid, salt(Of::uid, kind)); }

Mark mark_of_address(const boost::asio::ip::address& address) {
  using boost::asio::ip::make_address_v4;
  using boost::asio::ip::v4_mapped;
  const bool is_mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return is_mapped ? hash_address(make_address_v4(v4_mapped, address.to_v6()), salt(Of::address))
                   : hash_address(address, salt(Of::address));
}

Mark mark_of_namespaces() { return hash_text({}, salt(Of::namespaces)); }
Mark mark_of_everything() { return hash_text({}, salt(Of::everything)); }

void Reads::add(Mark mark) {
  // Neighbours in a list read the same host and network: most repetitions are recent.
  const std::size_t looked_at = std::min<std::size_t>(marks_.size(), 8);
  if (std::find(marks_.end() - static_cast<std::ptrdiff_t>(looked_at), marks_.end(), mark) ==
      marks_.end()) {
    marks_.push_back(mark);
  }
}

void Reads::note(Kind kind, Mark mark) {
  if (is_wide_ && has(kind)) return;
  kinds_ |= bit(kind);
  if (is_wide_) {
    marks_.push_back(mark_of_all(kind));
    return;
  }
  add(mark);
  if (marks_.size() > most) widen();
}

void Reads::note_namespaces() {
  if (!is_wide_) kinds_ |= bit(Kind::name_space);
  add(mark_of_namespaces());
}

void Reads::note_everything() {
  if (std::exchange(is_everything_, true)) return;
  marks_.push_back(mark_of_everything());
}

void Reads::widen() {
  is_wide_ = true;
  marks_.clear();
  for (const Kind kind : all_kinds) {
    if (has(kind)) marks_.push_back(mark_of_all(kind));
  }
  if (has(Kind::name_space)) marks_.push_back(mark_of_namespaces());
  if (is_everything_) marks_.push_back(mark_of_everything());
}

void Reads::widen_to_rest() {
  if (has(Kind::name_space) || has(Kind::service) || has(Kind::pod)) {
    for (const Kind kind : all_kinds) {
      if (is_in_documents(kind)) kinds_ |= bit(kind);
    }
  }
  widen();
}

}  // namespace paddock::metadata::documents
