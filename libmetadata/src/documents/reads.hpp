// SPDX-License-Identifier: Apache-2.0
//
// What a document was made of: a mark for each thing of the cluster that was looked at for it. A
// change of the cluster leaves marks too (edition.hpp), and a document can only have changed when
// the two share one. Marks are hashes: sharing one by accident costs a look, nothing else.
#pragma once

#include <paddock/metadata/objects.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace paddock::metadata::documents {

using Mark = std::uint64_t;

[[nodiscard]] Mark mark_of_object(Kind kind, std::string_view ns, std::string_view name);
// Any object of the kind; any of the kind in a namespace.
[[nodiscard]] Mark mark_of_all(Kind kind);
[[nodiscard]] Mark mark_of_all_in(Kind kind, std::string_view ns);
// Whatever is called so, in any namespace; whatever has this uid.
[[nodiscard]] Mark mark_of_name(Kind kind, std::string_view name);
[[nodiscard]] Mark mark_of_uid(Kind kind, std::string_view uid);
// The pod that has the address, if any.
[[nodiscard]] Mark mark_of_address(const boost::asio::ip::address& address);
// Which namespaces there are.
[[nodiscard]] Mark mark_of_namespaces();
// Anything at all.
[[nodiscard]] Mark mark_of_everything();

class Reads {
 public:
  void note(Kind kind, Mark mark);
  void note_namespaces();
  void note_everything();
  // Who asks was looked at: the document is for nobody else.
  void note_client() noexcept { is_personal_ = true; }

  [[nodiscard]] bool is_personal() const noexcept { return is_personal_; }
  [[nodiscard]] std::span<const Mark> marks() const noexcept {
    return {marks_.data(), marks_.size()};
  }
  // For a document of which only the beginning was made: all that the rest may look at. Pods and
  // services show what they refer to, hosts and networks nothing but themselves.
  void widen_to_rest();
  [[nodiscard]] bool has(Kind kind) const noexcept { return (kinds_ & bit(kind)) != 0; }

 private:
  static constexpr std::size_t most = 96;  // then whole kinds stand for their objects
  static constexpr unsigned bit(Kind kind) noexcept { return 1U << static_cast<unsigned>(kind); }
  void add(Mark mark);
  void widen();

  boost::container::small_vector<Mark, 24> marks_;
  unsigned kinds_ = 0;
  bool is_wide_ = false;
  bool is_everything_ = false;
  bool is_personal_ = false;
};

}  // namespace paddock::metadata::documents
