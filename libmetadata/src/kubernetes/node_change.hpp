// SPDX-License-Identifier: Apache-2.0
//
// What Paddock writes of a Kubernetes node, which is always its own: how the node's pods are
// reached, in flannel's annotations; that its network is up; labels that were set in Paddock; and,
// where it is asked to, whether the node takes new pods. What others could have said as well has an
// annotation that says whose it is. Pure.
#pragma once

#include "kubernetes/json.hpp"

#include <paddock/metadata/error.hpp>
#include <paddock/metadata/objects.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace paddock::metadata::kubernetes {

// What a node says beside what is in its Host.
struct NodeFacts {
  std::string version;      // resourceVersion
  bool has_network = true;  // false: NetworkUnavailable is not said to be False
};
[[nodiscard]] NodeFacts read_node_facts(const Json& node);

// resourceVersions are numbers that grow; 0 when it is none.
[[nodiscard]] std::uint64_t version_of(const Json& object);

// Whether a node's cordon is only read, as the state of its Host, or follows that, too.
enum class Cordon : std::uint8_t { read, follows };

struct NodeChange {
  using Pairs = std::map<std::string, std::optional<std::string>>;  // nothing: taken away
  Pairs annotations;
  Pairs labels;
  bool network_is_up = false;  // the condition is to say so
  // What spec.unschedulable is to be: then it is a patch of the node, not of its status, and leaves
  // out the condition.
  std::optional<bool> is_cordoned;

  [[nodiscard]] bool empty() const {
    return annotations.empty() && labels.empty() && !network_is_up && !is_cordoned;
  }
};

// Whether the host says how its pods are reached.
[[nodiscard]] bool announces_network(const Host& host);

// From what is known to what is asked for. Fields that are absent there stay as they are; labels
// and cordons of others do, too. An Error names what is not Paddock's to write.
[[nodiscard]] Result<NodeChange> node_change(const Host& known, const Host& wanted,
                                             Cordon cordon = Cordon::read);

// Whether a cordon is marked as Paddock's that somebody else has lifted: the next one is not ours.
[[nodiscard]] bool has_stale_cordon_mark(const Host& known);
// Takes the mark away.
void forget_cordon(NodeChange& change);

// A strategic merge patch of nodes/NAME/status, or of nodes/NAME (is_cordoned). With a version, it
// holds for that one only. `now` in Unix milliseconds.
[[nodiscard]] std::string format_patch(const NodeChange& change, const std::string& version,
                                       std::int64_t now);

}  // namespace paddock::metadata::kubernetes
