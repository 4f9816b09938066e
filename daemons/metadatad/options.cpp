// SPDX-License-Identifier: Apache-2.0
#include "metadatad/options.hpp"

#include "runtime/cluster_source.hpp"
#include "runtime/host_name.hpp"

namespace paddock::metadatad {
namespace {

namespace checks = runtime::checks;

void describe_store(runtime::OptionTable& table, Options& options) {
  table.text(
      {"store", "LOCATION",
       "What the cluster is kept in: embedded:[/FOLDER], a database of this host; "
       "file:/PATH[,/PATH], cluster files and folders of them; "
       "etcd:https://HOST:2379[,HOST2:2379][/PREFIX]; paddock:/SOCKET or "
       "paddock:https://HOST:9760[,HOST2:9760], another metadatad; or kubernetes:[/KUBECONFIG]. "
       "docs/stores.md."},
      options.store, runtime::check_location);
  runtime::describe_access(table, "store", options.store_access);
  table.duration({"owner-time", "TIME",
                  "How long after a host was last heard of etcd keeps its pods and its Host."},
                 options.owner_time, std::chrono::seconds{5}, std::chrono::hours{24});
  table.boolean(
      {"all-pods", "", "Of kubernetes:, read the pods of all nodes, not only of --host-name."},
      options.all_pods);
  table.boolean({"imports", "", "Of kubernetes:, read ServiceImports too (multicluster.x-k8s.io)."},
                options.imports);
  table.boolean(
      {"ingresses", "", "Of kubernetes:, read Ingresses too, as Rancher's load balancer services."},
      options.ingresses);
  table.boolean({"cordon", "",
                 "Of kubernetes:, cordon the own node while its Host is inactive. A cordon of "
                 "somebody else stays."},
                options.cordon);
  table.text({"state-dir", "FOLDER",
              "Keeps the database, or what was last known, and the audit "
              "log."},
             options.state_dir, checks::absolute_path());
  table.boolean({"replace", "",
                 "Take the place of the metadatad that runs with this state-dir, if there is one: "
                 "serve beside it, and end it once this one is ready. For stores that are "
                 "elsewhere."},
                options.replace);
  table.text({"socket", "PATH", "The way in for dnsd, netd and paddock: docs/stream-api.md."},
             options.socket, checks::absolute_path());
  table.text(
      {"socket-group", "GROUP",
       "Whose members may use the socket beside its owner. Default: the daemon's own group."},
      options.socket_group);
  table.integer({"audit-mb", "MIB", "Size at which the audit log is rotated."}, options.audit_mb,
                1U, 4096U);
  table.integer({"audit-files", "N", "How many audit logs are kept."}, options.audit_files, 1U,
                1000U);
}

// Rancher's ":80" too: the port on every IPv4 address of the host.
std::string check_listen(const std::string& text) {
  const bool is_port_only = text.starts_with(':');
  return checks::endpoint_or_none()(is_port_only ? "0.0.0.0" + text : text);
}

std::string check_file(const std::string& text) {
  return text.empty() ? std::string() : checks::absolute_path()(text);
}

void describe_api(runtime::OptionTable& table, Options& options) {
  table.list({"api-listen", "ADDRESS:PORT",
              "Where the API is served beside the socket, for metadatads of other hosts, or none. "
              "Wants --api-token-file or --api-client-ca, and but for loopback a certificate."},
             options.api_listen, checks::endpoint_or_none());
  table.text({"api-certificate", "FILE", "Certificate of the API there, for TLS (PEM)."},
             options.api_tls.certificate_file, check_file);
  table.text({"api-key", "FILE", "Key of that certificate. Default: in the same file."},
             options.api_tls.key_file, check_file);
  table.text({"api-client-ca", "FILE",
              "Who signs for clients (PEM); these need no token. Without --api-token-file others "
              "do not come in."},
             options.api_tls.client_ca_file, check_file);
  table.text({"api-token-file", "FILE",
              "Bearer tokens that come in, a line each: TOKEN NAME [read]. docs/stores.md."},
             options.api_token_file, check_file);
}

void describe_documents(runtime::OptionTable& table, Options& options) {
  table.list({"listen", "ADDRESS:PORT",
              "Where pods read their metadata, or none. An address need not exist yet."},
             options.listen, check_listen);
  table.text({"answers", "FILE",
              "Tell pods what Rancher's data file says, not what the cluster holds: "
              "docs/answers-files.md. Read again on SIGHUP and by POST /v1/reload."},
             options.answers);
  table.text({.name = "listen-reload",
              .value = "ADDRESS:PORT",
              .help = "Where POST /v1/reload is taken beside the socket, or none. Default: "
                      "127.0.0.1:8112 with --answers, else none.",
              .alias = "listenReload"},
             options.listen_reload, [](const std::string& text) {
               return text.empty() ? std::string() : checks::endpoint_or_none()(text);
             });
  table.integer({"workers", "N", "Threads that answer pods."}, options.workers, 1U, 64U);
  table.integer({"max-connections", "N",
                 "Connections of pods to each worker. A newcomer to a full one takes the place of "
                 "whoever has most."},
                options.max_connections, 1U, 1'000'000U);
  table.integer({"max-connections-per-client", "N",
                 "Connections of one address to each worker; more are answered 429. 0: no limit of "
                 "its own."},
                options.max_connections_per_client, 0U, 1'000'000U);
  table.boolean({"xff", "",
                 "Believe X-Forwarded-For about who asks. Only behind a proxy that always sets it: "
                 "else any pod may read as any other."},
                options.xff);
  table.text({"visibility", "all|namespace|self",
              "Of which pods, services and stacks a pod may read: all, those of its namespace, or "
              "itself and its service only. Annotations narrow it for one pod or namespace."},
             options.visibility, checks::one_of({"all", "namespace", "self"}));
  table.boolean({"require-token", "",
                 "EC2's paths want a session token (IMDSv2); else they do without, too."},
                options.require_token);
  table.text({"host-name", "NAME", "This host in the registry. Default: the kernel's host name."},
             options.host_name, runtime::check_host_name);
  table.text({"environment", "NAME", "Name of the environment in documents."}, options.environment);
  table.text({"environment-uuid", "UUID", "UUID of the environment in documents."},
             options.environment_uuid);
  table.text({"region", "NAME", "Name of the region in documents."}, options.region);
}

}  // namespace

void describe(runtime::OptionTable& table, Options& options) {
  describe_store(table, options);
  describe_api(table, options);
  describe_documents(table, options);
}

}  // namespace paddock::metadatad
