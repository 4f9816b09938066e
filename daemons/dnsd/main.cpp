// SPDX-License-Identifier: Apache-2.0
//
// paddock-dnsd: answers the names of the cluster for the pods of this host.
#include "dnsd/options.hpp"
#include "dnsd/resolver.hpp"
#include "runtime/daemon.hpp"

namespace {

using namespace paddock;

void serve(runtime::Daemon<dnsd::Options>& daemon) {
  runtime::make_directory(daemon.options().state_dir);
  const runtime::FolderLock only_one(daemon.options().state_dir);
  dnsd::Resolver resolver(daemon.options(), [&daemon] { daemon.nudge(); });
  const runtime::Admin admin(daemon.name(), daemon.options().admin_listen, daemon,
                             {.status = [&] { return resolver.status(); },
                              .metrics = [&](auto& out) { resolver.metrics(out); }});
  daemon.ready("answering");
  for (;;) {
    switch (daemon.wait(std::chrono::seconds(1))) {
      case runtime::Wake::stop:
        return;
      case runtime::Wake::reload:
        if (daemon.reload()) (void)resolver.reload(daemon.options());
        daemon.ready("answering");
        break;
      case runtime::Wake::nudge:
      case runtime::Wake::tick:
        resolver.update();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  return paddock::runtime::run<paddock::dnsd::Options>(
      argc, argv, "dnsd", "Answers the names of services and pods for the pods of this host.",
      paddock::dnsd::describe, serve);
}
