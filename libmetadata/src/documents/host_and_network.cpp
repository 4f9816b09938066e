// SPDX-License-Identifier: Apache-2.0
//
// Hosts, networks and stacks as Rancher's.
#include "documents/fields.hpp"

namespace paddock::metadata::documents {
namespace {

using Value = std::optional<Node>;

std::string_view or_active(const Text& state) {
  return state.empty() ? std::string_view("active") : state.view();
}

constexpr Field<Host> host_fields[] = {
    {"agent_ip",
     [](const View&, const Host& h) -> Value {
       return h.addresses.empty() ? Node() : text_node(h.addresses.front());
     }},
    {"agent_state",
     [](const View&, const Host& h) -> Value { return text_node(or_active(h.state)); }},
    {"environment_uuid", [](const View& v, const Host&) -> Value { return v.environment().uuid; }},
    {"hostId",
     [](const View& v, const Host& h) -> Value {
       if (v.version() == Version::v2016_07_29) return std::nullopt;
       return text_node(h.uid);
     }},
    {"hostname",
     [](const View&, const Host& h) -> Value {
       return text_node(h.hostname.empty() ? h.name : h.hostname);
     }},
    {"labels", [](const View&, const Host& h) -> Value { return map_of(h.labels); }},
    {"local_storage_mb", [](const View&, const Host& h) -> Value { return h.local_storage_mb; }},
    {"memory", [](const View&, const Host& h) -> Value { return h.memory; }},
    {"milli_cpu", [](const View&, const Host& h) -> Value { return h.milli_cpu; }},
    {"name", [](const View&, const Host& h) -> Value { return text_node(h.name); }},
    {"state", [](const View&, const Host& h) -> Value { return text_node(or_active(h.state)); }},
    {"uuid", [](const View&, const Host& h) -> Value { return text_node(h.uid); }},
};

constexpr Field<Network> network_fields[] = {
    {"default_policy_action",
     [](const View&, const Network& n) -> Value {
       return text_node(n.default_policy_action.empty() ? std::string_view("allow")
                                                        : n.default_policy_action.view());
     }},
    {"environment_uuid",
     [](const View& v, const Network&) -> Value { return v.environment().uuid; }},
    {"host_ports", [](const View&, const Network& n) -> Value { return n.host_ports; }},
    {"is_default", [](const View&, const Network& n) -> Value { return n.is_default; }},
    {"metadata",
     [](const View&, const Network& n) -> Value {
       return n.metadata.empty() ? map_of(TextMap()) : json_node(n.metadata);
     }},
    {"name", [](const View&, const Network& n) -> Value { return text_node(n.name); }},
    {"policy", [](const View&, const Network& n) -> Value { return json_node(n.policy); }},
    {"uuid", [](const View&, const Network& n) -> Value { return text_node(n.uid); }},
};

Node services_of(const View& view, const std::string& ns) {
  if (view.version() == Version::v2015_07_25) {
    std::vector<Node> names;
    for (const Service& service : view.all_in<Service>(ns)) {
      names.push_back(text_node(service.name));
    }
    return list_of(std::move(names));
  }
  return lazy_list(
      {.size = [&view, ns] { return view.all_in<Service>(ns).size(); },
       .at = [&view, ns](std::size_t i) { return service_node(view, view.all_in<Service>(ns)[i]); },
       .find = [&view, ns](std::string_view name) -> std::optional<Node> {
         if (const auto* named = view.named_in<Service>(ns, name)) {
           return service_node(view, *named);
         }
         const Service* known = view.with_uid<Service>(name);
         if (known == nullptr || known->ns != ns) return std::nullopt;
         return service_node(view, *known);
       }});
}

class StackMap final : public Map {
 public:
  StackMap(const View& view, std::string_view ns) : view_(view), ns_(ns) {}
  [[nodiscard]] std::vector<std::string_view> keys() const override {
    return {"environment_name", "environment_uuid", "metadata_kind", "name",
            "services",         "system",           "uuid"};
  }
  [[nodiscard]] std::optional<Node> find(std::string_view key) const override {
    if (key == "environment_name") return view_.environment().name;
    if (key == "environment_uuid") return view_.environment().uuid;
    if (key == "metadata_kind") return text_node("stack");
    if (key == "name") return ns_;
    if (key == "services") return services_of(view_, ns_);
    if (key == "system") return false;
    if (key == "uuid") return view_.uuid_of_namespace(ns_);
    return std::nullopt;
  }

 private:
  const View& view_;
  std::string ns_;
};

}  // namespace

Node host_node(const View& view, const Host& host) {
  return std::shared_ptr<const Map>(std::make_shared<ObjectMap<Host>>(view, host, host_fields));
}

Node network_node(const View& view, const Network& network) {
  return std::shared_ptr<const Map>(
      std::make_shared<ObjectMap<Network>>(view, network, network_fields));
}

Node stack_node(const View& view, std::string_view ns) {
  return std::shared_ptr<const Map>(std::make_shared<StackMap>(view, ns));
}

}  // namespace paddock::metadata::documents
