// SPDX-License-Identifier: Apache-2.0
//
// Prints the pods of a cluster, and then every change of them, until it is interrupted:
//
//   metadata_client [SERVER]         unix:/run/paddock/metadata.sock, or https://HOST:9760
//
// The metadatad may come and go: what is missed meanwhile is printed once it is back.
#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/follower.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace metadata = paddock::metadata;

namespace {

std::string line_of(const metadata::Pod& pod) {
  std::string line = pod.ns.str() + "/" + pod.name.str();
  for (const auto& address : pod.addresses) line += " " + address.to_string();
  return line + (metadata::is_running(pod) ? "" : " " + pod.state.str());
}

// Latest wins: between two states there may have been any number of changes.
void print(const metadata::Cluster& before, const metadata::Cluster& after) {
  metadata::diff(before, after, [](const metadata::Difference& difference) {
    if (const auto* pod = metadata::as<metadata::Pod>(&difference.either())) {
      const char* sign = !difference.before ? "+ " : !difference.after ? "- " : "  ";
      std::cout << sign << line_of(*pod) << '\n';
    }
    return true;
  });
  std::cout.flush();
}

int follow(const std::string& server) {
  metadata::Follower follower({.server = server, .events = {.lost = [](const auto& why) {
                                                   std::cerr << "waiting: " << why.text << '\n';
                                                 }}});
  follower.start();
  std::shared_ptr<const metadata::Cluster> known = std::make_shared<metadata::Cluster>();
  for (auto seen = follower.next(nullptr); seen; seen = follower.next(seen)) {
    print(*known, *seen);
    known = seen;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    std::cerr << "Usage: metadata_client [SERVER]\n";
    return 2;
  }
  try {
    return follow(argc == 2 ? argv[1] : "unix:/run/paddock/metadata.sock");
  } catch (const std::exception& error) {
    std::cerr << "metadata_client: " << error.what() << '\n';
    return 1;
  }
}
