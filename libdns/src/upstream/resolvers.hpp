// SPDX-License-Identifier: Apache-2.0
//
// Resolvers: the other resolvers of one worker: their standing, which of a group
// is asked next, and the transports to them.
#pragma once

#include "upstream/plan.hpp"
#include "upstream/standing.hpp"
#include "upstream/transport.hpp"

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace paddock::dns::upstream {

// Where a worker watches descriptors. Neither reading nor writing: forget it, it will be closed.
class Poller {
 public:
  virtual void watch(int descriptor, bool readable, bool writable) = 0;

 protected:
  ~Poller() = default;
};

// Told how an exchange ended, perhaps from inside send(). `response` is borrowed for the call.
class Exchanges {
 public:
  virtual void on_end(std::uint64_t exchange, Failure failure,
                      std::span<const std::uint8_t> response) = 0;

 protected:
  ~Exchanges() = default;
};

class Resolvers final : private TransportOwner {
 public:
  // `tls` is needed when one of them is spoken to over TLS.
  Resolvers(const std::vector<Upstream>& upstreams, std::chrono::milliseconds timeout,
            std::shared_ptr<const TlsContext> tls, Poller& poller, Exchanges& exchanges);
  // Exchanges still going on are dropped without a word.
  ~Resolvers() = default;
  Resolvers(const Resolvers&) = delete;
  Resolvers& operator=(const Resolvers&) = delete;

  // What `before` knew of the resolvers that are in both.
  void remember(const Resolvers& before);

  // Which member of the group to ask, given how often each was asked this already: among the ones
  // asked least the best one, those that are not trusted last. Nothing when each was asked `limit`
  // times.
  [[nodiscard]] std::optional<std::size_t> choose(const Group& group,
                                                  std::span<const std::uint8_t> asked,
                                                  unsigned limit, Preference preference,
                                                  TimePoint now) const;

  // A member other than `chosen` whose speed should be looked at again.
  [[nodiscard]] std::optional<std::size_t> choose_probe(const Group& group, std::size_t chosen,
                                                        TimePoint now) const;

  [[nodiscard]] Standing& standing(std::size_t resolver) { return resolvers_[resolver].standing; }

  void send(std::size_t resolver, std::span<const std::uint8_t> query, std::uint64_t exchange);

  // Some transport waits for an answer, or is there only to be freed by expire().
  [[nodiscard]] bool is_busy() const;

  // A watched descriptor is ready; one that is not ours any more is ignored.
  void ready(int descriptor, bool readable, bool writable);

  // Lets transports see their time-outs and frees those that are done. Not from inside on_end().
  void expire();

 private:
  struct Resolver {
    Upstream upstream;
    std::unique_ptr<Transport> transport{};
    Standing standing{};
  };

  [[nodiscard]] std::unique_ptr<Transport> open(const Upstream& upstream);
  void on_socket(Transport& transport, int descriptor, bool readable, bool writable) override;
  void on_end(std::uint64_t exchange, Failure failure,
              std::span<const std::uint8_t> response) override;

  std::chrono::milliseconds timeout_;
  std::shared_ptr<const TlsContext> tls_;
  Poller& poller_;
  Exchanges& exchanges_;
  std::unordered_map<int, Transport*> descriptors_;
  std::vector<Resolver> resolvers_;
  std::vector<std::unique_ptr<Transport>> retired_;
};

}  // namespace paddock::dns::upstream
