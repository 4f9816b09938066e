// SPDX-License-Identifier: Apache-2.0
//
// paddock-metadatad: holds what the cluster is made of, streams it to the other daemons, and tells
// every pod about itself.
#include "metadatad/options.hpp"
#include "metadatad/pace.hpp"
#include "metadatad/service.hpp"
#include "metadatad/service_options.hpp"
#include "runtime/daemon.hpp"
#include "runtime/takeover.hpp"

#include <chrono>
#include <filesystem>
#include <utility>

namespace {

using namespace paddock;

void read_again(runtime::Daemon<metadatad::Options>& daemon, metadatad::Service& service) {
  metadata::Result<void> configuration;
  if (daemon.reload()) {
    runtime::log::info("configuration read again");
  } else {
    configuration = metadata::Error{make_error_code(boost::system::errc::invalid_argument),
                                    "the configuration is refused; the log says why"};
  }
  service.read_again(configuration);
  daemon.ready(service.summary());
}

// Many changes of the cluster close together cost its documents one edition.
constexpr std::chrono::milliseconds between_editions{10};

void serve(runtime::Daemon<metadatad::Options>& daemon) {
  const std::filesystem::path folder = daemon.options().state_dir;
  const auto predecessor = runtime::find_predecessor(daemon.options().replace, folder);
  runtime::Succession succession(predecessor, folder);
  auto store = metadatad::open_store(daemon.options());
  if (!runtime::learn(daemon, store.get(), predecessor)) return;
  metadatad::Service service(daemon.options(), std::move(store), [&daemon] { daemon.nudge(); });
  if (!runtime::succeed(daemon, predecessor, folder)) return;
  const runtime::Admin admin(daemon.name(), runtime::admin_places(daemon.options()), daemon,
                             {.status = [&] { return service.status(); },
                              .metrics = [&](auto& out) { service.metrics(out); }});
  runtime::log::info("serving", {{"socket", daemon.options().socket}, {"has", service.summary()}});
  daemon.ready(service.summary());
  metadatad::Pace editions(between_editions);
  for (;;) {
    switch (daemon.wait(editions.pause(std::chrono::seconds(1)))) {
      case runtime::Wake::stop:
        return;
      case runtime::Wake::reload:
        read_again(daemon, service);
        break;
      case runtime::Wake::nudge:
        editions.ask();
        if (service.is_asked_to_reload()) read_again(daemon, service);
        break;
      case runtime::Wake::tick:
        break;
    }
    if (editions.take()) service.publish();
    service.keep_host();
    succession.tend();
  }
}

}  // namespace

int main(int argc, char** argv) {
  return paddock::runtime::run<paddock::metadatad::Options>(
      argc, argv, "metadatad",
      "Holds what the cluster is made of, streams it to dnsd and netd, and tells every pod about "
      "itself.",
      paddock::metadatad::describe, serve);
}
