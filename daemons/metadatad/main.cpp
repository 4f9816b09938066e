// SPDX-License-Identifier: Apache-2.0
//
// paddock-metadatad: holds what the cluster is made of, streams it to the other daemons, and tells
// every pod about itself.
#include "metadatad/options.hpp"
#include "metadatad/service.hpp"
#include "runtime/daemon.hpp"

#include <algorithm>
#include <chrono>

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

// Documents follow the cluster at this pace: many changes close together cost them one edition. A
// change after a pause is told at once.
constexpr std::chrono::milliseconds edition_turn{10};

void serve(runtime::Daemon<metadatad::Options>& daemon) {
  metadatad::Service service(daemon.options(), [&daemon] { daemon.nudge(); });
  const runtime::Admin admin(daemon.name(), daemon.options().admin_listen, daemon,
                             {.status = [&] { return service.status(); },
                              .metrics = [&](auto& out) { service.metrics(out); }});
  runtime::log::info("serving", {{"socket", daemon.options().socket}, {"has", service.summary()}});
  daemon.ready(service.summary());
  bool has_news = false;
  auto next_turn = std::chrono::steady_clock::now();
  for (;;) {
    const auto pause =
        std::chrono::ceil<std::chrono::milliseconds>(next_turn - std::chrono::steady_clock::now());
    switch (daemon.wait(has_news ? std::max(pause, edition_turn * 0) : std::chrono::seconds(1))) {
      case runtime::Wake::stop:
        return;
      case runtime::Wake::reload:
        read_again(daemon, service);
        break;
      case runtime::Wake::nudge:
        has_news = true;
        if (service.is_asked_to_reload()) read_again(daemon, service);
        break;
      case runtime::Wake::tick:
        break;
    }
    const auto now = std::chrono::steady_clock::now();
    if (has_news && now >= next_turn) {
      service.publish();
      next_turn = now + edition_turn;
      has_news = false;
    }
    service.keep_host();
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
