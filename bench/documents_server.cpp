// SPDX-License-Identifier: Apache-2.0
//
// The document service on a cluster of pods of about 2 KB each, for bench/http.sh. The client is
// the pod that X-Forwarded-For names; they are 10.42.0.0 and on.
//   documents_server PORT [PODS] [CHANGES_PER_SECOND]
#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/service.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace paddock::metadata;

namespace {

std::shared_ptr<Pod> pod(unsigned i, unsigned long step) {
  auto made = std::make_shared<Pod>();
  made->ns = "ns" + std::to_string(i % 50);
  made->name = "pod-" + std::to_string(i);
  made->uid = "uid-" + std::to_string(i);
  made->host = "node1";
  made->addresses = {boost::asio::ip::address_v4(0x0a2a0000U + i)};
  std::vector<TextPair> labels{{"step", std::to_string(step)}};
  for (int label = 0; label < 25; ++label) {
    labels.push_back({Text::shared("io.example.label." + std::to_string(label)),
                      Text::shared(std::string(20, 'v'))});
  }
  made->labels = TextMap(std::move(labels));
  return made;
}

unsigned argument(int argc, char** argv, int index, unsigned otherwise) {
  return argc > index ? static_cast<unsigned>(std::strtoul(argv[index], nullptr, 10)) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const unsigned pods = argument(argc, argv, 2, 5000);
  const unsigned rate = argument(argc, argv, 3, 0);
  Draft draft;
  auto host = std::make_shared<Host>();
  host->name = host->uid = "node1";
  draft.put(host);
  for (unsigned i = 0; i < pods; ++i) draft.put(pod(i, 0));
  DocumentOptions options;
  options.http.tcp = {{boost::asio::ip::address_v4::loopback(),
                       static_cast<std::uint16_t>(argument(argc, argv, 1, 0))}};
  options.trust_forwarded_for = true;
  DocumentService service(std::move(options));
  service.publish(draft.build({.store = "bench", .revision = 1, .stale_since = 0}));
  service.start();
  if (rate == 0) ::pause();
  auto next = std::chrono::steady_clock::now();
  for (unsigned long step = 1;; ++step) {
    next += std::chrono::microseconds(1'000'000 / rate);
    std::this_thread::sleep_until(next);
    draft.put(pod(static_cast<unsigned>(step * 7919 % pods), step));
    service.publish(draft.build({.store = "bench", .revision = step + 1, .stale_since = 0}));
  }
}
