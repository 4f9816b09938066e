// SPDX-License-Identifier: Apache-2.0
//
// Views: what a client is answered differently from others. A View is a plain description; Views
// compiles a set of them into one immutable snapshot that answer() asks by the client's address.
// Clients without a view cost one look-up; a server without views nothing.
#pragma once

#include <paddock/dns/name.hpp>
#include <paddock/dns/record.hpp>
#include <paddock/dns/zone.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

// A name that is answered as another one is, under its own spelling: no CNAME is shown.
struct SameAs {
  Name name;
  Name target;

  friend bool operator==(const SameAs&, const SameAs&) = default;
};

// What one client, or a network of them, sees.
struct View {
  std::string name{};  // for people: "pod shop/web-1"

  // Whom it is for. A client in several views has the one with the longest prefix, of equal ones
  // the first.
  std::vector<boost::asio::ip::network_v4> clients_v4{};
  std::vector<boost::asio::ip::network_v6> clients_v6{};

  // Names of its own, in zones of ours or not; they come before everybody's. A name outside our
  // zones has no parents that exist because of it.
  std::vector<Record> records{};
  std::vector<SameAs> same{};

  // Names that are not found, and are below none of our zones, are looked for below these, in
  // order, when they have fewer dots than `ndots`; 0: however many they have. The reply has the
  // name that was asked.
  std::vector<Name> search{};
  unsigned ndots = 0;

  // The search list of the client itself, which is completed here when a query for addresses of a
  // name below the first of these finds nothing: the name is looked for below the others, then
  // alone, and the reply has a CNAME to where it was found. Empty: it is not.
  std::vector<Name> path{};

  // Names below these do not exist (NXDOMAIN, extended error 18), unless they are at or below one
  // of `shown`; neither do PTR records that lead to them.
  std::vector<Name> hidden{};
  std::vector<Name> shown{};

  // The set of upstreams its other names are forwarded to; empty: everybody's.
  std::string upstreams{};

  friend bool operator==(const View&, const View&) = default;
};

class CompiledView;  // libdns/src/zone/compiled_view.hpp

// Immutable; read from any number of threads.
class PADDOCK_DNS_EXPORT Views {
 public:
  // `common` is for everybody: its names and its search list come after those of a client's own
  // view, the rest of it is for clients without one; whom it is for is not looked at. What cannot
  // be compiled is left out and added to `problems`.
  Views(std::span<const View> views, const std::optional<View>& common,
        std::vector<Problem>& problems);
  ~Views();
  Views(const Views&) = delete;
  Views& operator=(const Views&) = delete;

  // The client's view, or the common one; null if there is neither. Borrowed. Never allocates.
  [[nodiscard]] const CompiledView* find(const boost::asio::ip::address& client) const noexcept;

  // View::upstreams of the client's view; empty if it has none. Borrowed.
  [[nodiscard]] std::string_view upstreams_of(
      const boost::asio::ip::address& client) const noexcept;

  // Whether any view has a View::path.
  [[nodiscard]] bool has_paths() const noexcept;

  [[nodiscard]] std::size_t size() const noexcept;

  // Bytes it takes.
  [[nodiscard]] std::size_t memory() const noexcept;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace paddock::dns
