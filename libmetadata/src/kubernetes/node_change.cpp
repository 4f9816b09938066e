// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/node_change.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <set>
#include <string_view>

namespace paddock::metadata::kubernetes {
namespace {

constexpr std::string_view network_condition = "NetworkUnavailable";
// Those of flannel: other programs look for them.
constexpr const char* network_reason = "FlannelIsUp";
constexpr const char* network_message = "Flannel is running on this node";

constexpr std::string_view announcement = "backend-type";
constexpr std::array<std::string_view, 6> overlay_names{announcement,      "backend-data",
                                                        "backend-v6-data", "public-ip",
                                                        "public-ipv6",     "kube-subnet-manager"};

// As Rancher's agent marked the labels that it had set.
constexpr std::string_view label_mark = "io.rancher.labels.";

constexpr const char* cordon_mark = "paddock.io/cordoned";
constexpr std::string_view cordoned_state = "inactive";

constexpr std::size_t longest_word = 63;
constexpr std::size_t longest_domain = 253;

Error not_ours(const std::string& what) {
  return {make_error_code(boost::system::errc::operation_not_permitted),
          what + " is what the Kubernetes API says: change it there, as with kubectl"};
}

Error no_label(const std::string& key, const std::string& why) {
  return {make_error_code(boost::system::errc::invalid_argument), "label " + key + " " + why};
}

// "PREFIX/backend-type" → "PREFIX/", when it is one of the overlay's; else empty.
std::string_view overlay_prefix(std::string_view key) {
  const auto slash = key.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  const auto name = key.substr(slash + 1);
  const bool is_known = std::ranges::find(overlay_names, name) != overlay_names.end();
  return is_known ? key.substr(0, slash + 1) : std::string_view();
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A label's value, and the name in its key.
bool is_word(std::string_view text) {
  return text.size() <= longest_word && !text.empty() && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

// "rack", "example.com/rack".
bool is_label_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return is_word(key);
  const auto domain = key.substr(0, slash);
  return !domain.empty() && domain.size() <= longest_domain &&
         std::ranges::all_of(domain,
                             [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                      c == '-' || c == '.';
                             }) &&
         is_alphanumeric(domain.front()) && is_alphanumeric(domain.back()) &&
         is_word(key.substr(slash + 1));
}

std::string mark_of(std::string_view key) { return std::string(label_mark) + std::string(key); }

template <class T>
bool differs(const T& known, const T& wanted) {
  return wanted != T() && wanted != known;
}

// The first field that would become another one.
std::string foreign_field(const Host& known, const Host& wanted) {
  if (differs(known.uid, wanted.uid)) return "uid";
  if (differs(known.hostname, wanted.hostname)) return "hostname";
  if (differs(known.addresses, wanted.addresses)) return "addresses";
  if (differs(known.zone, wanted.zone)) return "zone";
  if (differs(known.subnets, wanted.subnets)) return "subnets";
  if (differs(known.milli_cpu, wanted.milli_cpu)) return "milli_cpu";
  if (differs(known.memory, wanted.memory)) return "memory";
  if (differs(known.local_storage_mb, wanted.local_storage_mb)) return "local_storage_mb";
  return {};
}

// Whoever announces a network says all of it: what else stands under its prefix goes.
Result<void> change_annotations(const Host& known, const Host& wanted, NodeChange& change) {
  std::set<std::string_view> announced;
  for (const auto& [key, value] : wanted.annotations) {
    const auto prefix = overlay_prefix(key);
    if (!prefix.empty() && key.view().substr(prefix.size()) == announcement)
      announced.insert(prefix);
    const Text* present = known.annotations.find(key);
    if (present != nullptr && *present == value) continue;
    if (prefix.empty()) return not_ours("annotation " + key.str());
    change.annotations[key.str()] = value.str();
  }
  for (const auto& [key, value] : known.annotations) {
    if (announced.contains(overlay_prefix(key)) && wanted.annotations.find(key) == nullptr)
      change.annotations[key.str()] = std::nullopt;
  }
  return {};
}

Result<void> change_labels(const Host& known, const Host& wanted, NodeChange& change) {
  const auto is_marked = [&](std::string_view key) {
    return known.annotations.find(mark_of(key)) != nullptr;
  };
  for (const auto& [key, value] : wanted.labels) {
    const Text* present = known.labels.find(key);
    if (present != nullptr && *present == value) continue;
    if (present != nullptr && !is_marked(key)) return not_ours("label " + key.str());
    if (!is_label_key(key)) return no_label(key.str(), "is none for Kubernetes");
    if (!value.empty() && !is_word(value)) {
      return no_label(key.str(),
                      "has a value that Kubernetes does not take: at most 63 letters, "
                      "digits, dots, dashes and underscores");
    }
    const auto mark = mark_of(key);
    if (!is_label_key(mark)) return no_label(key.str(), "is too long to be marked as Paddock's");
    change.labels[key.str()] = value.str();
    change.annotations[mark] = value.str();
  }
  for (const auto& [key, value] : known.labels) {
    if (!is_marked(key) || wanted.labels.find(key) != nullptr) continue;
    change.labels[key.str()] = std::nullopt;
    change.annotations[mark_of(key)] = std::nullopt;
  }
  return {};
}

bool is_active_state(const Text& state) { return state.empty() || state == "active"; }

// A Host that is written without a state is active; a cordon of somebody else stays all the same.
Result<void> change_cordon(const Host& known, const Host& wanted, NodeChange& change) {
  const bool is_cordoned = known.state == cordoned_state;
  if (wanted.state == cordoned_state && !is_cordoned) {
    change.is_cordoned = true;
    change.annotations[cordon_mark] = "true";
  } else if (is_cordoned && is_active_state(wanted.state)) {
    if (known.annotations.find(cordon_mark) == nullptr) return {};
    change.is_cordoned = false;
    forget_cordon(change);
  } else if (!is_active_state(wanted.state) && wanted.state != known.state) {
    return not_ours("state");
  }
  return {};
}

Json to_json(const NodeChange::Pairs& pairs) {
  Json json = Json::object();
  for (const auto& [key, value] : pairs) json[key] = value ? Json(*value) : Json();
  return json;
}

std::string format_time(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace

NodeFacts read_node_facts(const Json& node) {
  NodeFacts facts{.version = std::string(text_at(at(node, "metadata"), "resourceVersion")),
                  .has_network = false};
  for (const Json& condition : list_at(at(node, "status"), "conditions")) {
    if (text_at(condition, "type") == network_condition)
      facts.has_network = text_at(condition, "status") == "False";
  }
  return facts;
}

std::uint64_t version_of(const Json& object) {
  const auto text = text_at(at(object, "metadata"), "resourceVersion");
  std::uint64_t version = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

bool announces_network(const Host& host) {
  return std::ranges::any_of(host.annotations, [](const TextPair& pair) {
    const auto prefix = overlay_prefix(pair.key);
    return !prefix.empty() && pair.key.view().substr(prefix.size()) == announcement;
  });
}

Result<NodeChange> node_change(const Host& known, const Host& wanted, Cordon cordon) {
  if (const auto field = foreign_field(known, wanted); !field.empty()) return not_ours(field);
  NodeChange change;
  if (auto changed = change_annotations(known, wanted, change); !changed) return changed.error();
  if (auto changed = change_labels(known, wanted, change); !changed) return changed.error();
  if (cordon == Cordon::follows) {
    if (auto changed = change_cordon(known, wanted, change); !changed) return changed.error();
  } else if (differs(known.state, wanted.state)) {
    return not_ours("state");
  }
  return change;
}

bool has_stale_cordon_mark(const Host& known) {
  return known.state != cordoned_state && known.annotations.find(cordon_mark) != nullptr;
}

void forget_cordon(NodeChange& change) { change.annotations[cordon_mark] = std::nullopt; }

std::string format_patch(const NodeChange& change, const std::string& version, std::int64_t now) {
  Json patch = Json::object();
  if (!version.empty()) patch["metadata"]["resourceVersion"] = version;
  if (!change.annotations.empty()) patch["metadata"]["annotations"] = to_json(change.annotations);
  if (!change.labels.empty()) patch["metadata"]["labels"] = to_json(change.labels);
  if (change.is_cordoned) {
    patch["spec"]["unschedulable"] = *change.is_cordoned ? Json(true) : Json();
  } else if (change.network_is_up) {
    const auto time = format_time(now);
    // Merged by type: the kubelet's conditions stay.
    patch["status"]["conditions"] = {{{"type", network_condition},
                                      {"status", "False"},
                                      {"reason", network_reason},
                                      {"message", network_message},
                                      {"lastTransitionTime", time},
                                      {"lastHeartbeatTime", time}}};
  }
  return patch.dump();
}

}  // namespace paddock::metadata::kubernetes
