// SPDX-License-Identifier: Apache-2.0
//
// What a large cluster costs in the embedded store: memory once loaded, and processor time and
// latency of changes. 5,000 hosts, 10,000 services with selectors, 150,000 pods and as many
// endpoints, or a fraction of that. A child fills the store, so that what is measured is a
// process that has only loaded it.
//
//   cluster_memory DIRECTORY [FRACTION]
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/store.hpp>

#include <boost/asio/ip/address.hpp>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <semaphore>
#include <string>
#include <vector>

namespace {

using namespace paddock::metadata;
using Clock = std::chrono::steady_clock;

constexpr unsigned namespaces = 500;
constexpr unsigned pods_of_service = 15;
constexpr int changes = 1000;

struct Size {
  unsigned hosts;
  unsigned services;
  unsigned pods() const { return services * pods_of_service; }
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Of /proc/self/status, in MB.
double status(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return std::atof(line.c_str() + key.size() + 1) / 1024;
  }
  return 0;
}

std::string hex(std::uint64_t number, int digits) {
  char text[65];
  std::snprintf(text, sizeof text, "%0*llx", digits, static_cast<unsigned long long>(number));
  return text;
}

std::shared_ptr<Host> host(unsigned i) {
  auto made = std::make_shared<Host>();
  made->name = "node-" + std::to_string(i) + ".fleet.example";
  made->addresses = {boost::asio::ip::address_v4(0xc0000000U + i)};
  made->zone = "zone-" + std::to_string(i % 3);
  made->subnets = {{boost::asio::ip::address_v4(0x0a000000U + (i << 8U)), 24}};
  made->labels = {{"kubernetes.io/os", "linux"}, {"topology.kubernetes.io/zone", made->zone}};
  made->milli_cpu = 64'000;
  made->memory = 1LL << 38U;
  return made;
}

std::shared_ptr<Service> service(unsigned i) {
  auto made = std::make_shared<Service>();
  made->ns = "team-" + std::to_string(i % namespaces);
  made->name = "service-" + std::to_string(i);
  made->cluster_ips = {boost::asio::ip::address_v4(0x0b000000U + i)};
  made->ports = {{.name = "http", .port = 80, .target_port = 8080},
                 {.name = "metrics", .port = 9090}};
  made->selector = {{"app", made->name}};
  return made;
}

std::shared_ptr<Pod> pod(unsigned i, const Size& size, bool is_ready = true) {
  const unsigned of = i / pods_of_service;
  auto made = std::make_shared<Pod>();
  made->ns = "team-" + std::to_string(of % namespaces);
  made->name = "service-" + std::to_string(of) + "-6d4b75cb6d-" +
               hex(i * 2654435761U, 5).substr(0, 3) + std::to_string(i % pods_of_service);
  made->external_id = hex(i, 64);
  made->host = "node-" + std::to_string(i % size.hosts) + ".fleet.example";
  made->addresses = {
      boost::asio::ip::address_v4(0x0a000000U + (i % size.hosts << 8U) + 2 + i / size.hosts)};
  made->mac =
      "02:42:0a:" + hex(i >> 16U & 255U, 2) + ":" + hex(i >> 8U & 255U, 2) + ":" + hex(i & 255U, 2);
  made->interface = "eth0";
  made->network = "overlay";
  made->service_account = "default";
  made->labels = {{"app", "service-" + std::to_string(of)},
                  {"pod-template-hash", "6d4b75cb6d"},
                  {"tier", "backend"}};
  made->annotations = {{"prometheus.io/scrape", "true"}, {"prometheus.io/port", "9090"}};
  made->ready = is_ready;
  return made;
}

void write_all(Store& store, const std::vector<ObjectPtr>& objects) {
  std::counting_semaphore<4096> room(4096);
  for (const ObjectPtr& object : objects) {
    room.acquire();
    store.submit({.object = object, .who = "bench"}, [&room](const WriteResult& result) {
      if (!result.is_accepted()) std::abort();
      room.release();
    });
  }
  for (int i = 0; i < 4096; ++i) room.acquire();
}

void fill(const std::filesystem::path& directory, const Size& size) {
  const auto start = Clock::now();
  auto store = open_embedded_store({.directory = directory});
  std::vector<ObjectPtr> objects;
  for (unsigned i = 0; i < size.hosts; ++i) objects.push_back(host(i));
  for (unsigned i = 0; i < size.services; ++i) objects.push_back(service(i));
  for (unsigned i = 0; i < size.pods(); ++i) objects.push_back(pod(i, size));
  write_all(*store, objects);
  std::printf("filled with %zu writes in %.1f s\n", objects.size(), seconds_since(start));
}

void measure_loading(Store& store, double seconds) {
  const auto cluster = store.cluster();
  std::size_t endpoints = 0;
  for (const Endpoints& slice : cluster->endpoints()) endpoints += slice.endpoints.size();
  std::printf("objects            %8zu (%zu pods, %zu endpoints)\n", cluster->size(),
              cluster->pods().size(), endpoints);
  std::printf("loaded in          %8.2f s\n", seconds);
  std::printf("resident, loaded   %8.1f MB (anonymous %.1f), highest %.1f\n", status("VmRSS"),
              status("RssAnon"), status("VmHWM"));
  malloc_trim(0);
  std::printf("  after malloc_trim%8.1f MB: %.0f bytes a pod with its endpoint\n", status("VmRSS"),
              status("VmRSS") * 1048576 / static_cast<double>(cluster->pods().size()));
}

void measure_changes(Store& store, const Size& size) {
  const auto before = store.cluster();
  std::vector<ObjectPtr> flipped;
  for (unsigned i = 0; i < changes; ++i) flipped.push_back(pod(i * 97 % size.pods(), size, false));
  const double cpu = cpu_seconds();
  auto start = Clock::now();
  write_all(store, flipped);
  std::printf("%d changes at once: %.1f ms, processor %.1f us a change\n", changes,
              seconds_since(start) * 1e3, (cpu_seconds() - cpu) * 1e6 / changes);
  const auto after = store.cluster();
  start = Clock::now();
  std::size_t differing = 0;
  diff(*before, *after, [&differing](const Difference&) { return ++differing > 0; });
  std::printf("diff of the two: %zu objects in %.2f ms\n", differing, seconds_since(start) * 1e3);

  start = Clock::now();
  std::size_t bytes = 0;
  for (const Pod& one : after->pods()) bytes += encode_put(one).size();
  std::printf("encode: %.2f us a pod (%zu bytes)\n",
              seconds_since(start) * 1e6 / static_cast<double>(after->pods().size()),
              bytes / after->pods().size());

  std::vector<double> latencies;
  const double cpu_before = cpu_seconds();
  for (unsigned i = 0; i < changes; ++i) {
    start = Clock::now();
    if (!store.write({.object = pod(i * 97 % size.pods(), size), .who = "bench"}).is_accepted()) {
      std::abort();
    }
    latencies.push_back(seconds_since(start) * 1e3);
  }
  std::sort(latencies.begin(), latencies.end());
  std::printf("%d one after another: median %.2f ms, p99 %.2f ms, processor %.0f us each\n",
              changes, latencies[changes / 2], latencies[changes * 99 / 100],
              (cpu_seconds() - cpu_before) * 1e6 / changes);
  std::printf("resident, in the end %6.1f MB\n", status("VmRSS"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: cluster_memory DIRECTORY [FRACTION]\n");
    return 2;
  }
  const double fraction = argc > 2 ? std::atof(argv[2]) : 1;
  const Size size{static_cast<unsigned>(5000 * fraction), static_cast<unsigned>(10'000 * fraction)};
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (!std::filesystem::exists(std::filesystem::path(argv[1]) / "store.mdb")) {
    const pid_t child = ::fork();
    if (child == 0) {
      fill(argv[1], size);
      std::fflush(stdout);
      ::_exit(0);
    }
    int result = 0;
    if (::waitpid(child, &result, 0) != child || result != 0) return 1;
  }
  const auto start = Clock::now();
  const auto store = open_embedded_store({.directory = argv[1]});
  measure_loading(*store, seconds_since(start));
  measure_changes(*store, size);
  return 0;
}
