// SPDX-License-Identifier: Apache-2.0
#include "metadatad/service_options.hpp"

#include "runtime/cluster_source.hpp"
#include "runtime/host_name.hpp"
#include "runtime/log.hpp"
#include "runtime/systemd.hpp"

#include <paddock/metadata/open_store.hpp>

#include <boost/asio/ip/address.hpp>
#include <grp.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace paddock::metadatad {
namespace {

namespace log = runtime::log;

std::optional<std::uint32_t> group_of(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto* entry = ::getgrnam(name.c_str());
  if (entry == nullptr) {
    throw std::runtime_error("there is no group " + name + " for the socket (--socket-group)");
  }
  return entry->gr_gid;
}

metadata::TcpEndpoint endpoint_of(const std::string& text) {
  const auto colon = text.rfind(':');
  auto host = colon == 0 ? "0.0.0.0" : text.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {boost::asio::ip::make_address(host),
          static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

// The API beyond this host: never without asking who comes, nor in the open.
void listen_beyond_this_host(const Options& options, metadata::ApiOptions& api) {
  for (const auto& listen : options.api_listen) {
    if (listen == "none") continue;
    const auto endpoint = endpoint_of(listen);
    if (options.api_token_file.empty() && options.api_tls.client_ca_file.empty()) {
      throw std::runtime_error("--api-listen " + listen +
                               " wants --api-token-file or --api-client-ca, to know who comes");
    }
    if (options.api_tls.certificate_file.empty() && !endpoint.address.is_loopback()) {
      throw std::runtime_error(
          "--api-listen " + listen +
          " wants --api-certificate: tokens would go over the wire in the open");
    }
    api.http.tcp.push_back(endpoint);
  }
  api.token_file = options.api_token_file;
  api.http.tls = options.api_tls;
  api.http.tls.certificate_is_optional = !options.api_token_file.empty();
  api.http.on_certificate_refused = [](std::string_view why) {
    log::error("the API's new certificate is refused; the old one stays", {{"reason", why}});
  };
}

}  // namespace

std::string host_name(const Options& options) { return runtime::host_name(options.host_name); }

std::unique_ptr<metadata::Store> open_store(const Options& options) {
  metadata::StoreOptions store;
  store.access = options.store_access;
  store.directory = options.state_dir;
  store.waits_for_directory = options.replace;
  store.audit_bytes = std::size_t{options.audit_mb} << 20U;
  store.audit_files = options.audit_files;
  store.owner_time = std::chrono::duration_cast<std::chrono::seconds>(options.owner_time);
  store.node = host_name(options);
  store.all_pods = options.all_pods;
  store.imports = options.imports;
  store.ingresses = options.ingresses;
  store.cordon = options.cordon;
  store.events = runtime::log_store_events(options.store, [] {});
  const auto location = metadata::parse_store_location(options.store).value();
  runtime::make_directory(location.folder.empty() ? options.state_dir : location.folder, 0750);
  return metadata::open_store(options.store, std::move(store));
}

metadata::HttpOptions http_options(const Options& options, std::vector<metadata::TcpEndpoint> tcp,
                                   metadata::InheritedSockets& inherited) {
  metadata::HttpOptions http;
  http.tcp = std::move(tcp);
  http.inherited = &inherited;
  http.hands_sockets_on = runtime::has_service_manager();
  // Another number of workers may come after this process, and they share their addresses.
  http.reuse_port = options.replace || http.hands_sockets_on;
  http.on_handler_failed = [](std::string_view path, std::string_view what) {
    log::error("request failed", {{"path", path}, {"reason", what}});
  };
  return http;
}

metadata::ApiOptions api_options(const Options& options, metadata::Reload reload,
                                 metadata::InheritedSockets& inherited) {
  runtime::make_directory(std::filesystem::path(options.socket).parent_path());
  metadata::ApiOptions api;
  api.http = http_options(options, {}, inherited);
  api.http.unix_sockets = {{.path = options.socket,
                            .mode = 0660,
                            .group = group_of(options.socket_group),
                            .takes_over = options.replace}};
  listen_beyond_this_host(options, api);
  api.version = runtime::version();
  api.reload = std::move(reload);
  return api;
}

metadata::DocumentOptions document_options(const Options& options,
                                           metadata::InheritedSockets& inherited) {
  metadata::DocumentOptions documents;
  std::vector<metadata::TcpEndpoint> tcp;
  for (const auto& listen : options.listen) {
    if (listen != "none") tcp.push_back(endpoint_of(listen));
  }
  documents.http = http_options(options, std::move(tcp), inherited);
  documents.http.max_connections = options.max_connections;
  documents.http.max_connections_per_client = options.max_connections_per_client;
  documents.workers = options.workers;
  documents.trust_forwarded_for = options.xff;
  documents.require_session_token = options.require_token;
  documents.visibility = options.visibility == "namespace" ? metadata::Visibility::own_namespace
                         : options.visibility == "self"    ? metadata::Visibility::self
                                                           : metadata::Visibility::all;
  documents.host = host_name(options);
  documents.environment_name = options.environment;
  documents.environment_uuid = options.environment_uuid;
  documents.region_name = options.region;
  return documents;
}

std::optional<metadata::TcpEndpoint> reload_endpoint(const Options& options) {
  const std::string usual = options.answers.empty() ? "none" : "127.0.0.1:8112";
  const std::string& wanted = options.listen_reload.empty() ? usual : options.listen_reload;
  return wanted == "none" ? std::nullopt : std::optional(endpoint_of(wanted));
}

}  // namespace paddock::metadatad
