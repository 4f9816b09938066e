// SPDX-License-Identifier: Apache-2.0
//
// paddock-dnsd: answers the names of the cluster for the pods of this host.
#include "dnsd/change_delays.hpp"
#include "dnsd/options.hpp"
#include "dnsd/probes.hpp"
#include "dnsd/resolver.hpp"
#include "dnsd/sources.hpp"
#include "dnsd/takeover.hpp"
#include "runtime/daemon.hpp"
#include "runtime/reloads.hpp"
#include "runtime/systemd.hpp"
#include "runtime/takeover.hpp"

#include <paddock/metadata/service.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

namespace {

using namespace paddock;

// Tells those who asked over HTTP what came of it.
void read_again(runtime::Daemon<dnsd::Options>& daemon, dnsd::Resolver& resolver,
                runtime::Reloads& reloads) {
  const auto asked = reloads.take();
  metadata::Result<void> outcome;
  if (!daemon.reload()) {
    outcome = metadata::Error{make_error_code(boost::system::errc::invalid_argument),
                              "the configuration is refused; the log says why"};
  } else if (const auto read = resolver.reload(daemon.options()); !read) {
    outcome = metadata::Error{read.error().code, read.error().text};
  }
  daemon.ready("answering");
  for (const auto& answer : asked) answer(outcome);
}

std::unique_ptr<metadata::ReloadService> open_reload_service(const dnsd::Options& options,
                                                             runtime::Reloads& reloads) {
  const auto endpoint = dnsd::reload_endpoint(options);
  if (!endpoint) return nullptr;
  metadata::HttpOptions http;
  http.tcp = {{endpoint->address, endpoint->port}};
  http.reuse_port = options.replace;  // one that is replaced may still have the address
  auto service = std::make_unique<metadata::ReloadService>(
      std::move(http),
      [&reloads](metadata::ReloadAnswer answer) { reloads.ask(std::move(answer)); });
  service->start();
  return service;
}

// Once its holder has let go of it.
void take_folder(std::optional<runtime::FolderLock>& only_one,
                 const std::filesystem::path& folder) {
  if (only_one) return;
  if (auto free = runtime::FolderLock::take_if_free(folder)) only_one.emplace(std::move(*free));
}

void serve(runtime::Daemon<dnsd::Options>& daemon) {
  runtime::make_directory(daemon.options().state_dir);
  const std::filesystem::path folder = daemon.options().state_dir;
  const auto predecessor = runtime::find_predecessor(daemon.options().replace, folder);
  runtime::Succession succession(predecessor, folder);
  std::optional<runtime::FolderLock> only_one;
  if (!predecessor) only_one.emplace(folder);
  const auto wake = [&daemon] { daemon.nudge(); };
  dnsd::ChangeDelays delays;
  auto cluster = dnsd::open_cluster(daemon.options(), wake, delays);
  if (!runtime::learn(daemon, cluster.get(), predecessor)) return;
  if (runtime::has_passed_sockets() && !dnsd::learn_in_time(daemon, cluster.get())) return;
  dnsd::Resolver resolver(daemon.options(), std::move(cluster), delays, wake);
  if (!runtime::succeed(daemon, predecessor, folder)) return;
  take_folder(only_one, folder);
  const runtime::Admin admin(daemon.name(), runtime::admin_places(daemon.options()), daemon,
                             {.status = [&] { return resolver.status(); },
                              .metrics = [&](auto& out) { resolver.metrics(out); }});
  const dnsd::Probes probes(daemon.options(), daemon, [&] { return resolver.status(); });
  runtime::Reloads reloads([&daemon] { daemon.nudge(); });
  const auto reload_service = open_reload_service(daemon.options(), reloads);
  daemon.ready("answering");
  for (;;) {
    switch (daemon.wait(std::chrono::seconds(1))) {
      case runtime::Wake::stop:
        return;
      case runtime::Wake::reload:
        read_again(daemon, resolver, reloads);
        break;
      case runtime::Wake::nudge:
      case runtime::Wake::tick:
        if (reloads.is_asked()) read_again(daemon, resolver, reloads);
        resolver.update();
        take_folder(only_one, folder);
        succession.tend();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  return paddock::runtime::run<paddock::dnsd::Options>(
      argc, argv, "dnsd", "Answers the names of services and pods for the pods of this host.",
      paddock::dnsd::describe, serve);
}
