// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/ingress.hpp"

#include "model/uuid.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace paddock::metadata::kubernetes {
namespace {

constexpr std::string_view separator = "-rancherlb-";
// Of a name that is made: parts of what it is made of, and a hash of all of it.
constexpr std::size_t most_of_namespace = 20;
constexpr std::size_t most_of_name = 23;
constexpr std::size_t hash_digits = 8;

constexpr std::string_view balancer_kind = "loadBalancerService";

// Where the balancer listens, as Rancher's annotations of an Ingress have it.
struct Entrances {
  bool has_http = true;
  std::uint16_t http = 80;
  std::uint16_t https = 443;
};

std::uint16_t port_of(std::string_view text, std::uint16_t usual) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port != 0 ? port : usual;
}

Entrances entrances_of(const Json& annotations) {
  return {.has_http = text_at(annotations, "allow.http") != "false",
          .http = port_of(text_at(annotations, "http.port"), 80),
          .https = port_of(text_at(annotations, "https.port"), 443)};
}

// Whether what is asked of this host is asked for under TLS: a `tls` without hosts is for all.
bool has_tls(const Json& spec, std::string_view host) {
  const Json& all = list_at(spec, "tls");
  return std::any_of(all.begin(), all.end(), [host](const Json& one) {
    const Json& hosts = list_at(one, "hosts");
    return hosts.empty() || std::any_of(hosts.begin(), hosts.end(), [host](const Json& text) {
             return text.is_string() && text.get_ref<const std::string&>() == host;
           });
  });
}

class PortRules {
 public:
  PortRules(const Json& spec, const Entrances& entrances, std::string_view ns)
      : spec_(spec), entrances_(entrances), ns_(ns) {}

  // One for each way in; a port that is only named is left out, as an Ingress does not know it.
  void add(std::string_view host, std::string_view path, const Json& backend) {
    const Json& service = at(backend, "service");
    const auto name = text_at(service, "name");
    if (name.empty()) return;  // some other kind of resource
    Json rule = Json::object();
    if (!host.empty()) rule["hostname"] = host;
    if (!path.empty()) rule["path"] = path;
    rule["service"] = ns_ + "/" + std::string(name);
    if (const auto port = number_at(at(service, "port"), "number", 65535); port != 0) {
      rule["target_port"] = port;
    }
    const bool is_tls = has_tls(spec_, host);
    if (is_tls) enter(rule, "https", entrances_.https);
    if (!is_tls || entrances_.has_http) enter(rule, "http", entrances_.http);
  }

  [[nodiscard]] std::vector<Port> ports() const { return ports_; }
  [[nodiscard]] std::string config() const {
    Json config = Json::object();
    config["port_rules"] = rules_;
    return config.dump();
  }

 private:
  void enter(Json rule, const char* protocol, std::uint16_t port) {
    rule["protocol"] = protocol;
    rule["source_port"] = port;
    rules_.push_back(std::move(rule));
    if (std::ranges::find(ports_, port, &Port::port) != ports_.end()) return;
    ports_.push_back({.name = Text::shared(protocol), .port = port});
  }

  const Json& spec_;
  const Entrances entrances_;
  const std::string ns_;
  Json rules_ = Json::array();
  std::vector<Port> ports_;
};

// What Rancher called it; where that is no label, as a Service's name is, one like it.
std::string service_name(const std::string& ns, std::string_view name) {
  std::string usual = ns + std::string(separator) + std::string(name);
  if (is_name(Kind::service, usual)) return usual;
  std::string made = ns.substr(0, most_of_namespace);
  made.append(separator).append(name.substr(0, most_of_name)).append("-");
  std::ranges::replace(made, '.', '-');
  return made + uuid_from(usual).substr(0, hash_digits);
}

}  // namespace

Key key_of_ingress(const Json& object) {
  const Json& metadata = at(object, "metadata");
  const std::string ns(text_at(metadata, "namespace"));
  const auto name = text_at(metadata, "name");
  if (name.empty()) return {Kind::service, ns, {}};
  return {Kind::service, ns, service_name(ns, name)};
}

bool is_ingress(const Service& service) {
  return service.service_kind == balancer_kind &&
         service.name.view().find(separator) != std::string_view::npos;
}

std::shared_ptr<Service> read_ingress(const Json& object) {
  const Json& metadata = at(object, "metadata");
  const Json& spec = at(object, "spec");
  const Key key = key_of_ingress(object);
  auto service = std::make_shared<Service>();
  service->ns = Text::shared(key.ns);
  service->name = Text(key.name);
  service->uid = Text(text_at(metadata, "uid"));
  service->created = time_of(text_at(metadata, "creationTimestamp"));
  service->labels = map_at(metadata, "labels");
  service->service_kind = Text::shared(balancer_kind);
  Json addresses = Json::array();
  for (const Json& one : list_at(at(at(object, "status"), "loadBalancer"), "ingress")) {
    addresses.push_back(at(one, "ip"));
    const auto name = text_at(one, "hostname");
    if (service->fqdn.empty() && !name.empty()) service->fqdn = Text(name);
  }
  service->load_balancer_ips = addresses_of(addresses);
  PortRules rules(spec, entrances_of(at(metadata, "annotations")), key.ns);
  for (const Json& rule : list_at(spec, "rules")) {
    for (const Json& path : list_at(at(rule, "http"), "paths")) {
      rules.add(text_at(rule, "host"), text_at(path, "path"), at(path, "backend"));
    }
  }
  rules.add("", "", at(spec, "defaultBackend"));
  service->ports = rules.ports();
  service->lb_config = Text(rules.config());
  return service;
}

}  // namespace paddock::metadata::kubernetes
