// SPDX-License-Identifier: Apache-2.0
#include "overlay/difference.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace paddock::net::overlay {
namespace {

constexpr std::size_t requests_at_once = 1024;

std::string describe(const netlink::Neighbor& neighbor) {
  return "neighbour " + neighbor.address.to_string() + " at " +
         neighbor.mac.value_or(MacAddress{}).to_string();
}

std::string describe(const netlink::Forwarding& forwarding) {
  return "forwarding of " + forwarding.mac.to_string() + " to " + forwarding.remote.to_string();
}

std::string describe(const netlink::Route& route) {
  const std::string kind = route.type == RTN_UNREACHABLE ? "unreachable route " : "route ";
  return kind + route.destination.to_string() +
         (route.gateway ? " via " + route.gateway->to_string() : std::string());
}

enum class Step { remove, add };

template <class Entry>
std::string sentence(Step step, const Entry& entry) {
  return (step == Step::remove ? "delete " : "add ") + describe(entry);
}

// Visits all entries in the order in which they are sent, with how to put them in a batch.
template <class Visit>
void each(const Difference& difference, const Visit& visit) {
  const auto all = [&](Step step, const auto& entries, auto put) {
    for (const auto& entry : entries) {
      visit(step, entry, put);
    }
  };
  all(Step::remove, difference.unwanted_routes, netlink::unset_route);
  all(Step::remove, difference.unwanted_forwarding, netlink::unset_forwarding);
  all(Step::remove, difference.unwanted_neighbors, netlink::unset_neighbor);
  all(Step::add, difference.neighbors, netlink::set_neighbor);
  all(Step::add, difference.forwarding, netlink::set_forwarding);
  all(Step::add, difference.routes, netlink::set_route);
}

std::optional<Prefix> destination_of(const netlink::Route& route) { return route.destination; }
template <class Entry>
std::optional<Prefix> destination_of(const Entry&) {
  return std::nullopt;
}
std::optional<MacAddress> mac_of(const netlink::Route&) { return std::nullopt; }
template <class Entry>
std::optional<MacAddress> mac_of(const Entry& entry) {
  return entry.mac;
}

Refusal refusal_at(const Difference& difference, std::size_t wanted, const Error& error) {
  Refusal refusal;
  std::size_t place = 0;
  each(difference, [&](Step step, const auto& entry, auto) {
    if (place++ == wanted) {
      refusal = {sentence(step, entry) + error.text, destination_of(entry), mac_of(entry)};
    }
  });
  return refusal;
}

// Collects requests and sends a thousand at a time.
class Sender {
 public:
  Sender(netlink::Socket& socket, netlink::Socket::Refused refused)
      : socket_(socket), refused_(std::move(refused)) {}

  template <class Entry>
  void add(Step step, const Entry& entry, void (*put)(netlink::Batch&, const Entry&)) {
    put(batch_, entry);
    if (step == Step::remove) {  // gone already is as good
      batch_.tolerate(ESRCH);
      batch_.tolerate(ENOENT);
      batch_.tolerate(ENODEV);
    }
    if (batch_.operations().size() == requests_at_once) {
      flush();
    }
  }

  void flush() {
    const auto sent = socket_.execute(
        batch_, [&](std::size_t which, const Error& error) { refused_(before_ + which, error); });
    outcome_ = sent ? outcome_ : sent;
    before_ += batch_.operations().size();
    batch_.clear();
  }

  const Result<void>& outcome() const { return outcome_; }

 private:
  netlink::Socket& socket_;
  netlink::Socket::Refused refused_;
  netlink::Batch batch_;
  std::size_t before_ = 0;  // requests sent with earlier batches
  Result<void> outcome_;
};

}  // namespace

std::vector<std::string> Difference::sentences(std::size_t most) const {
  std::vector<std::string> made;
  each(*this, [&](Step step, const auto& entry, auto) {
    if (made.size() < most) {
      made.push_back(sentence(step, entry));
    }
  });
  if (size() > most) {
    made.push_back("and " + std::to_string(size() - most) + " more");
  }
  return made;
}

Result<void> apply(netlink::Socket& socket, const Difference& difference,
                   const std::function<void(const Refusal&)>& refused) {
  const auto tell = [&](std::size_t place, const Error& error) {
    refused(refusal_at(difference, place, error));
  };
  Sender sender(socket, tell);
  each(difference, [&](Step step, const auto& entry, auto put) { sender.add(step, entry, put); });
  sender.flush();
  return sender.outcome();
}

}  // namespace paddock::net::overlay
