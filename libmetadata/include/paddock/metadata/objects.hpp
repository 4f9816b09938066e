// SPDX-License-Identifier: Apache-2.0
//
// What a cluster is made of: plain structs, one per kind, with the fields, defaults and meaning
// of docs/objects.md. An empty text, list or map is an absent field; codec.hpp reads and writes
// them. Fill one in, then share it as std::shared_ptr<const T>: what is shared never changes.
#pragma once

#include <paddock/metadata/export.hpp>
#include <paddock/metadata/values.hpp>

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata {

// In the order in which a cluster lists its objects.
enum class Kind : std::uint8_t { host, name_space, service, endpoints, pod, network, subnet };

inline constexpr Kind all_kinds[] = {Kind::host, Kind::name_space, Kind::service, Kind::endpoints,
                                     Kind::pod,  Kind::network,    Kind::subnet};

[[nodiscard]] PADDOCK_METADATA_EXPORT std::string_view kind_name(Kind kind) noexcept;  // "Pod"
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string_view plural(Kind kind) noexcept;     // "pods"
[[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<Kind> kind_of_name(std::string_view) noexcept;
[[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<Kind> kind_of_plural(std::string_view) noexcept;

// Whether objects of this kind live in a namespace.
[[nodiscard]] constexpr bool has_namespace(Kind kind) noexcept {
  return kind == Kind::service || kind == Kind::endpoints || kind == Kind::pod;
}

// What an object is known by. `ns` is empty for kinds without namespace.
struct Key {
  Kind kind = Kind::host;
  std::string ns;
  std::string name;
  friend bool operator==(const Key&, const Key&) = default;
  friend std::strong_ordering operator<=>(const Key&, const Key&) = default;
};

// "services/shop/web", "hosts/one": as in the API's paths.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string format(const Key& key);
[[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<Key> parse_key(std::string_view text);

// Common to all kinds. Only the structs below are ever made.
struct Object {
  Kind kind;
  Text ns;
  Text name;
  Text uid;
  TextMap labels;
  TextMap annotations;
  std::int64_t created = 0;    // Unix time in milliseconds of the first write
  std::uint64_t revision = 0;  // the store's revision of the last change

  [[nodiscard]] Key key() const { return {kind, ns.str(), name.str()}; }

 protected:
  explicit Object(Kind k) noexcept : kind(k) {}
  Object(const Object&) = default;
  Object(Object&&) = default;
  Object& operator=(const Object&) = default;
  Object& operator=(Object&&) = default;
  ~Object() = default;
  friend bool operator==(const Object&, const Object&) = default;
};

using ObjectPtr = std::shared_ptr<const Object>;

struct Namespace : Object {
  static constexpr Kind object_kind = Kind::name_space;
  Namespace() noexcept : Object(object_kind) {}
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

struct Host : Object {
  static constexpr Kind object_kind = Kind::host;
  Host() noexcept : Object(object_kind) {}
  Text hostname;  // empty: the name
  Addresses addresses;
  Text state;  // empty: active
  Text zone;
  List<Prefix> subnets;
  std::int64_t milli_cpu = 0;
  std::int64_t memory = 0;
  std::int64_t local_storage_mb = 0;
  friend bool operator==(const Host&, const Host&) = default;
};

enum class Protocol : std::uint8_t { tcp, udp, sctp };

[[nodiscard]] PADDOCK_METADATA_EXPORT std::string_view protocol_name(Protocol) noexcept;  // "TCP"

struct Port {
  Text name;
  Protocol protocol = Protocol::tcp;
  std::uint16_t port = 0;
  std::uint16_t target_port = 0;  // of services; 0: the same as port
  friend bool operator==(const Port&, const Port&) = default;
};

// Times in milliseconds.
struct HealthCheck {
  std::uint16_t port = 0;
  Text request_line;
  std::int64_t interval = 0;
  std::int64_t response_timeout = 0;
  std::int64_t healthy_threshold = 0;
  std::int64_t unhealthy_threshold = 0;
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

struct Service : Object {
  static constexpr Kind object_kind = Kind::service;
  Service() noexcept : Object(object_kind) {}
  Addresses cluster_ips;
  Text external_name;
  Addresses external_ips;
  Addresses load_balancer_ips;
  Addresses clusterset_ips;
  List<Port> ports;
  TextMap selector;
  bool publish_not_ready = false;
  bool system = false;
  Text service_kind;  // as given; effective_kind() when empty
  Texts targets;      // namespace/service
  Texts sidekicks;
  Text primary_service;
  TextMap links;  // namespace/service → alias
  std::int64_t scale = 0;
  Text state;  // empty: active
  Texts expose;
  Text fqdn;
  std::optional<HealthCheck> health_check;
  Text metadata;   // compact JSON, empty when absent
  Text lb_config;  // compact JSON, empty when absent
  Text token;      // a secret: shown only to containers of this service
  friend bool operator==(const Service&, const Service&) = default;
};

// Rancher's kind of a service: `service_kind`, or what follows from the fields that are set.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string_view effective_kind(const Service&) noexcept;

struct Endpoint {
  Addresses addresses;
  Text hostname;
  Text pod;  // name, in the namespace of the Endpoints
  Text host;
  Text zone;
  bool ready = true;
  bool serving = true;  // absent: as ready
  bool terminating = false;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Endpoints : Object {
  static constexpr Kind object_kind = Kind::endpoints;
  Endpoints() noexcept : Object(object_kind) {}
  Text service;  // never empty in a stored object: default is the name
  List<Port> ports;
  List<Endpoint> endpoints;
  bool derived = false;
  Text cluster;
  friend bool operator==(const Endpoints&, const Endpoints&) = default;
};

struct Pod : Object {
  static constexpr Kind object_kind = Kind::pod;
  Pod() noexcept : Object(object_kind) {}
  Text external_id;
  Text host;
  Addresses addresses;
  Text mac;
  Text interface;
  Text network;
  bool host_network = false;
  bool ready = true;
  bool system = false;
  Text hostname;
  Text subdomain;
  Text service_account;
  Text state;  // empty: running
  Text health;
  Text service;  // name or namespace/name
  Text service_index;
  Texts ports;  // hostIP:public:private[/proto]
  Texts dns;
  Texts dns_search;
  TextMap links;
  Text network_from;  // uid of a pod
  std::int64_t create_index = 0;
  std::int64_t start_count = 0;
  std::int64_t milli_cpu_reservation = 0;
  std::int64_t memory_reservation = 0;
  Texts health_check_hosts;
  friend bool operator==(const Pod&, const Pod&) = default;
};

// Whether the pod runs: its state is absent or "running".
[[nodiscard]] PADDOCK_METADATA_EXPORT bool is_running(const Pod&) noexcept;

struct Network : Object {
  static constexpr Kind object_kind = Kind::network;
  Network() noexcept : Object(object_kind) {}
  List<Prefix> subnets;
  bool is_default = false;  // "default" in JSON
  bool host_ports = true;
  std::int64_t mtu = 0;
  Text default_policy_action;  // empty: allow
  Text policy;                 // compact JSON, empty when absent
  Text metadata;               // compact JSON, empty when absent
  friend bool operator==(const Network&, const Network&) = default;
};

// A host's claim of pod subnets, one of each family the cluster has. Its name is that of the first
// of them, so that no two hosts can have it.
struct Subnet : Object {
  static constexpr Kind object_kind = Kind::subnet;
  Subnet() noexcept : Object(object_kind) {}
  Text host;             // whose it is
  Text host_uid;         // of that host's object as its holder last knew it; empty: it never did
  List<Prefix> subnets;  // at least one
  friend bool operator==(const Subnet&, const Subnet&) = default;
};

// "10.42.3.0-24", "fd00-42-0-3---64".
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string subnet_name(const Prefix& first);

// Whether pods can see objects of this kind in their documents.
[[nodiscard]] constexpr bool is_in_documents(Kind kind) noexcept {
  return kind != Kind::endpoints && kind != Kind::subnet;
}

// Calls `f` with the object as what it is. All results must have one type.
template <class F>
decltype(auto) visit(const Object& object, F&& f) {
  switch (object.kind) {
    case Kind::host:
      return f(static_cast<const Host&>(object));
    case Kind::name_space:
      return f(static_cast<const Namespace&>(object));
    case Kind::service:
      return f(static_cast<const Service&>(object));
    case Kind::endpoints:
      return f(static_cast<const Endpoints&>(object));
    case Kind::pod:
      return f(static_cast<const Pod&>(object));
    case Kind::network:
      return f(static_cast<const Network&>(object));
    case Kind::subnet:
      break;
  }
  return f(static_cast<const Subnet&>(object));
}

// The object as a T, or null when it is of another kind.
template <class T>
[[nodiscard]] const T* as(const Object* object) noexcept {
  return object != nullptr && object->kind == T::object_kind ? static_cast<const T*>(object)
                                                             : nullptr;
}

// A copy of the object, to edit and share again.
template <class T>
[[nodiscard]] std::shared_ptr<T> clone(const T& object) {
  return std::make_shared<T>(object);
}

// Whether two objects are of one kind and equal in every field; see also same_content.
[[nodiscard]] PADDOCK_METADATA_EXPORT bool equal(const Object& a, const Object& b);

}  // namespace paddock::metadata
