// SPDX-License-Identifier: Apache-2.0
#include "runtime/cluster_source.hpp"

#include "runtime/log.hpp"

#include <paddock/metadata/open_store.hpp>

namespace paddock::runtime {

std::string check_location(const std::string& text) {
  const auto location = metadata::parse_store_location(text);
  return location ? "" : location.error().text;
}

void describe_access(OptionTable& table, const std::string& name, metadata::Access& access) {
  const auto file = [&](const char* what, const char* help, std::string& target) {
    table.text({name + "-" + what, "FILE", help}, target, [](const std::string& text) {
      return text.empty() ? std::string() : checks::absolute_path()(text);
    });
  };
  file("ca", "Who signs for the servers it is at (PEM). Default: whom the system trusts.",
       access.ca_file);
  file("certificate", "Shown to them (PEM).", access.certificate_file);
  file("key", "Key of that certificate. Default: in the same file.", access.key_file);
  file("token-file", "Holds the bearer token shown to another metadatad.", access.token_file);
  table.text({name + "-user", "NAME", "Name for etcd's authentication."}, access.user);
  file("password-file", "Holds the password that goes with it.", access.password_file);
}

metadata::StoreEvents log_store_events(const std::string& location,
                                       const std::function<void()>& wake) {
  metadata::StoreEvents events;
  events.connected = [location, wake] {
    log::info("in touch with the store", {{"store", location}});
    wake();
  };
  events.lost = [location, wake](const metadata::Error& why) {
    log::warning("the store is lost; going on with what was known",
                 {{"store", location}, {"reason", why.text}});
    wake();
  };
  events.restarted = [](const metadata::Error& why) {
    log::info("reading the whole cluster again", {{"reason", why.text}});
  };
  events.left_out = [](const metadata::Error& why) {
    log::warning("an object was left out", {{"reason", why.text}});
  };
  events.snapshot_ignored = [](const metadata::Error& why) {
    log::warning("the kept snapshot is of no use", {{"reason", why.text}});
  };
  events.snapshot_failed = [](const metadata::Error& why) {
    log::warning("the snapshot was not kept", {{"reason", why.text}});
  };
  return events;
}

}  // namespace paddock::runtime
