// SPDX-License-Identifier: Apache-2.0
//
// Plan: who may be asked what, worked out once when options are taken. Resolvers
// stand in it once, however many zones share them; a group is the resolvers of
// one zone, or of all names that are in none. Immutable; shared by all workers.
#pragma once

#include "upstream/tally.hpp"
#include "upstream/tls.hpp"
#include "wire/message.hpp"

#include <paddock/dns/upstream.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace paddock::dns::upstream {

// `id` is the same for the same list of resolvers as long as the server runs: answers are kept
// under it, and so outlive a reload that leaves the list alone.
struct Group {
  std::uint32_t id = 0;
  std::vector<std::uint16_t> members;  // indices of Plan::upstreams, in the order given
  std::size_t preferred = 0;           // so many come before all others, however fast those are

  [[nodiscard]] bool is_preferred(std::size_t member) const { return member < preferred; }

  friend bool operator==(const Group&, const Group&) = default;
};

class Plan {
 public:
  Plan() : groups_(1) {}
  Plan(Plan&&) = default;  // names are looked up where they lie: a copy would look into the other
  Plan& operator=(Plan&&) = default;

  [[nodiscard]] const std::vector<Upstream>& upstreams() const { return upstreams_; }

  // The group for a name in lower case wire form, asked by a client of that set
  // (ForwardOptions::sets; empty: of none). It may be without members: then nobody is to be asked.
  [[nodiscard]] std::size_t group_for(wire::Bytes name, std::string_view set = {}) const noexcept;

  // The group with this id, else the one for the name.
  [[nodiscard]] std::size_t same_group(std::uint32_t id, wire::Bytes name) const noexcept;

  [[nodiscard]] const Group& group(std::size_t number) const { return groups_[number]; }

  // Null when nobody is spoken to over TLS.
  [[nodiscard]] const std::shared_ptr<const TlsContext>& tls() const { return tls_; }

  // What a worker saw of one of `upstreams()`: for that worker to add to. It outlives the plan
  // where the next one has the resolver, too.
  [[nodiscard]] ResolverTallies& seen(std::size_t upstream, std::size_t worker) const {
    return (*seen_[upstream])[worker];
  }

  // Somebody could be asked something.
  [[nodiscard]] bool has_upstreams() const { return !upstreams_.empty(); }

  // The group is that of a stub zone.
  [[nodiscard]] bool is_stub(std::size_t group) const { return group > by_set_.size(); }

 private:
  friend class Planner;
  std::vector<Upstream> upstreams_;
  std::vector<Group> groups_;  // for everybody, then for each set, then for each stub zone
  std::map<std::string, std::size_t, std::less<>> by_set_;
  std::unordered_map<std::string_view, std::size_t> by_zone_;  // names live in `zones_`
  std::vector<Name> zones_;
  std::shared_ptr<const TlsContext> tls_;
  std::vector<std::shared_ptr<std::vector<ResolverTallies>>> seen_;  // by upstream, then by worker
};

// Makes plans and remembers the ids of groups. One per server, on its control thread.
class Planner {
 public:
  explicit Planner(std::size_t workers = 1) : workers_(workers) {}

  // Resolvers over TLS are taken out of `report`, with a problem, when `tls_ca` cannot be read.
  [[nodiscard]] Plan plan(ForwardingReport& report, const std::string& tls_ca = {});

 private:
  Group group_of(const std::vector<Upstream>& upstreams, Plan& plan);

  std::size_t workers_;
  std::map<std::vector<Upstream>, std::uint32_t> ids_;
  std::map<Upstream, std::shared_ptr<std::vector<ResolverTallies>>> seen_;  // of the last plan
};

}  // namespace paddock::dns::upstream
