// SPDX-License-Identifier: Apache-2.0
#include "metadatad/options.hpp"

namespace paddock::metadatad {
namespace {

namespace checks = runtime::checks;

std::string check_store(const std::string& text) {
  constexpr std::string_view scheme = "embedded:";
  const auto folder = std::string_view(text).substr(std::min(scheme.size(), text.size()));
  if (text.starts_with(scheme) && (folder.empty() || folder.starts_with('/'))) return "";
  return "allowed: embedded: or embedded:/FOLDER; no other store is supported by this version";
}

void describe_store(runtime::OptionTable& table, Options& options) {
  table.text({"store", "embedded:[FOLDER]",
              "What the cluster is kept in: a database of this host, in --state-dir or in FOLDER."},
             options.store, check_store);
  table.text({"state-dir", "FOLDER", "Keeps the database and the audit log."}, options.state_dir,
             checks::absolute_path());
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
  table.boolean({"xff", "",
                 "Believe X-Forwarded-For about who asks. Only behind a proxy that always sets it: "
                 "else any pod may read as any other."},
                options.xff);
  table.text({"host-name", "NAME", "This host in the registry. Default: the kernel's host name."},
             options.host_name);
  table.text({"environment", "NAME", "Name of the environment in documents."}, options.environment);
  table.text({"environment-uuid", "UUID", "UUID of the environment in documents."},
             options.environment_uuid);
  table.text({"region", "NAME", "Name of the region in documents."}, options.region);
}

}  // namespace

void describe(runtime::OptionTable& table, Options& options) {
  describe_store(table, options);
  describe_documents(table, options);
}

}  // namespace paddock::metadatad
