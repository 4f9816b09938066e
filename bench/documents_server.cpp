// SPDX-License-Identifier: Apache-2.0
//
// The document service on a cluster of 5,000 pods, for bench/http.sh. The client is the pod at
// 10.42.0.7, whatever its address.
//   documents_server PORT
#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/service.hpp>

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

using namespace paddock::metadata;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  Draft draft;
  auto host = std::make_shared<Host>();
  host->name = host->uid = "node1";
  draft.put(host);
  for (int i = 0; i < 5000; ++i) {
    auto pod = std::make_shared<Pod>();
    pod->ns = "ns" + std::to_string(i % 50);
    pod->name = "pod-" + std::to_string(i);
    pod->uid = "uid-" + std::to_string(i);
    pod->host = "node1";
    pod->addresses = {boost::asio::ip::address_v4(0x0a2a0000U + static_cast<unsigned>(i))};
    if (i == 7) {  // a container of about 2 KB
      for (int label = 0; label < 25; ++label) {
        auto labels = std::vector<TextPair>(pod->labels.begin(), pod->labels.end());
        labels.push_back({"io.example.label." + std::to_string(label), std::string(20, 'v')});
        pod->labels = TextMap(std::move(labels));
      }
    }
    draft.put(pod);
  }
  DocumentOptions options;
  options.http.tcp = {
      {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::atoi(argv[1]))}};
  options.trust_forwarded_for = true;
  DocumentService service(std::move(options));
  service.publish(draft.build({.store = "bench", .revision = 1, .stale_since = 0}));
  service.start();
  ::pause();
}
