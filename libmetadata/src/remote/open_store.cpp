// SPDX-License-Identifier: Apache-2.0
#include "client/server.hpp"

#include <paddock/metadata/kubernetes.hpp>
#include <paddock/metadata/open_store.hpp>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace paddock::metadata {
namespace {

constexpr std::string_view etcd_port = ":2379";
constexpr const char* default_prefix = "/paddock";

Error refusal(const std::string& text, const std::string& allowed) {
  return {make_error_code(boost::system::errc::invalid_argument), text + ": " + allowed};
}

// Why the client cannot take it for a server, or for several; empty: it can.
std::string problem_of_server(const std::string& server) {
  try {
    (void)client::parse_servers(server);
    return {};
  } catch (const std::invalid_argument& wrong) {
    return wrong.what();
  }
}

bool has_port(std::string_view host) {
  const auto colon = host.rfind(':');
  return colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
}

// "https://one:2379,two/prefix": the scheme is said once, or with each host.
Result<StoreLocation> parse_etcd(const std::string& text, std::string_view rest) {
  StoreLocation location{.kind = StoreLocation::Kind::etcd, .prefix = default_prefix};
  const std::string_view scheme = rest.substr(0, rest.find("://") + 3);
  if (scheme != "http://" && scheme != "https://") {
    return refusal(text, "must be etcd:https://HOST[:PORT][,HOST…][/PREFIX], or http");
  }
  while (!rest.empty()) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
    const auto end = std::min(rest.find_first_of(",/"), rest.size());
    const auto host = rest.substr(0, end);
    std::string endpoint = std::string(scheme) + std::string(host);
    if (!has_port(host)) endpoint += etcd_port;
    if (const auto wrong = problem_of_server(endpoint); !wrong.empty()) {
      return refusal(text, wrong);
    }
    location.endpoints.push_back(std::move(endpoint));
    rest.remove_prefix(end);
    if (rest.starts_with('/')) {
      if (rest.size() > 1) location.prefix = rest;
      break;
    }
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
  while (location.prefix.ends_with('/')) location.prefix.pop_back();
  return location;
}

Result<StoreLocation> parse_files(const std::string& text, std::string_view rest) {
  StoreLocation location;
  location.kind = StoreLocation::Kind::files;
  for (;;) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string path(rest.substr(0, end));
    if (!path.starts_with('/')) return refusal(text, "must be file:/PATH[,/PATH…]");
    location.paths.push_back(path);
    if (end == rest.size()) return location;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

Result<StoreLocation> parse_store_location(const std::string& text) {
  const auto colon = text.find(':');
  const std::string_view kind = std::string_view(text).substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (colon != std::string::npos && kind == "embedded") {
    if (!rest.empty() && !rest.starts_with('/')) {
      return refusal(text, "must be embedded: or embedded:/FOLDER");
    }
    return StoreLocation{.kind = StoreLocation::Kind::embedded, .folder = rest};
  }
  if (kind == "file") return parse_files(text, rest);
  if (kind == "etcd") return parse_etcd(text, rest);
  if (kind == "paddock") {
    if (const auto wrong = problem_of_server(rest); !wrong.empty()) return refusal(text, wrong);
    StoreLocation location{.kind = StoreLocation::Kind::paddock};
    location.server = rest;
    return location;
  }
  if (kind == "kubernetes") {
    if (!rest.empty() && !rest.starts_with('/')) {
      return refusal(text, "must be kubernetes: or kubernetes:/KUBECONFIG");
    }
    StoreLocation location{.kind = StoreLocation::Kind::kubernetes};
    location.kubeconfig = rest;
    return location;
  }
  return refusal(text, "must begin with embedded:, file:, etcd:, paddock: or kubernetes:");
}

std::unique_ptr<Store> open_store(const std::string& location, StoreOptions options) {
  auto where = parse_store_location(location);
  if (!where) throw std::invalid_argument(where.error().text);
  RemoteOptions& common = options;
  switch (where->kind) {
    case StoreLocation::Kind::files: {
      FileStoreOptions files;
      files.paths.assign(where->paths.begin(), where->paths.end());
      files.directory = options.directory;
      files.locks_directory = options.is_writable;
      files.history = options.history;
      files.save_after = options.save_after;
      files.events = std::move(options.events);
      return open_file_store(std::move(files));
    }
    case StoreLocation::Kind::etcd: {
      EtcdStoreOptions etcd;
      static_cast<RemoteOptions&>(etcd) = std::move(common);
      etcd.endpoints = std::move(where->endpoints);
      etcd.prefix = std::move(where->prefix);
      etcd.owner_time = options.owner_time;
      return open_etcd_store(std::move(etcd));
    }
    case StoreLocation::Kind::paddock: {
      PaddockStoreOptions paddock;
      static_cast<RemoteOptions&>(paddock) = std::move(common);
      paddock.server = std::move(where->server);
      return open_paddock_store(std::move(paddock));
    }
    case StoreLocation::Kind::kubernetes: {
      KubernetesStoreOptions kubernetes;
      static_cast<RemoteOptions&>(kubernetes) = std::move(common);
      auto server =
          where->kubeconfig.empty() ? find_kubernetes_server() : read_kubeconfig(where->kubeconfig);
      if (!server) throw std::runtime_error(server.error().text);
      kubernetes.server = std::move(*server);
      kubernetes.node = options.node;
      kubernetes.all_pods = options.all_pods;
      kubernetes.imports = options.imports;
      kubernetes.ingresses = options.ingresses;
      kubernetes.cordon = options.cordon;
      return open_kubernetes_store(std::move(kubernetes));
    }
    case StoreLocation::Kind::embedded:
      break;
  }
  EmbeddedOptions embedded;
  embedded.directory =
      where->folder.empty() ? options.directory : std::filesystem::path(where->folder);
  embedded.audit_bytes = options.audit_bytes;
  embedded.audit_files = options.audit_files;
  embedded.history = options.history;
  return open_embedded_store(std::move(embedded));
}

}  // namespace paddock::metadata
