// SPDX-License-Identifier: Apache-2.0
//
// What it costs to read the JSON that comes most: a line of the stream that puts an Endpoints of
// fifteen, as dnsd reads it, and the bodies of PUTs. Beside it what nlohmann-json needs for the
// same text: only to find that it is JSON, and to make its tree of it.
//
//   read_json [ROUNDS]
#include <paddock/metadata/codec.hpp>

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace paddock::metadata;

// Of this thread, in microseconds.
double cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

Endpoints slice(bool is_whole) {
  Endpoints made;
  made.ns = "team-7";
  made.name = "service-2207-abcde";
  made.service = "service-2207";
  made.revision = 8'254'123;
  made.ports = {{.name = "http", .port = 8080}};
  if (is_whole) {
    made.uid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    made.labels = {{"kubernetes.io/service-name", "service-2207"}};
    made.created = 1'795'000'000'000;
  }
  std::vector<Endpoint> endpoints(15);
  for (unsigned i = 0; i < endpoints.size(); ++i) {
    endpoints[i].addresses = {boost::asio::ip::address_v4(0x0a430000U + 17 * i)};
    endpoints[i].pod = "service-2207-6d4b75cb6d-x" + std::to_string(10 + i);
    if (is_whole) endpoints[i].host = "node-" + std::to_string(310 + i) + ".fleet.example";
  }
  made.endpoints = std::move(endpoints);
  return made;
}

Pod pod() {
  Pod made;
  made.ns = "team-7";
  made.name = "service-2207-6d4b75cb6d-x12";
  made.external_id = std::string(64, 'e');
  made.host = "node-310.fleet.example";
  made.addresses = {boost::asio::ip::make_address("10.67.1.2")};
  made.mac = "02:42:0a:43:01:02";
  made.interface = "eth0";
  made.network = "overlay";
  made.service_account = "default";
  made.labels = {{"app", "service-2207"}, {"pod-template-hash", "6d4b75cb6d"}, {"tier", "backend"}};
  made.annotations = {{"prometheus.io/scrape", "true"}, {"prometheus.io/port", "9090"}};
  return made;
}

// The median, for one call.
struct Timed {
  explicit Timed(std::function<bool()> read) : work(std::move(read)) {}
  void run() {
    constexpr int calls = 500;
    const double began = cpu();
    for (int i = 0; i < calls; ++i) {
      if (!work()) std::exit(1);
    }
    took.push_back((cpu() - began) / calls);
  }
  double median() {
    std::sort(took.begin(), took.end());
    return took[took.size() / 2];
  }
  std::function<bool()> work;
  std::vector<double> took;
};

void measure(const char* what, const std::string& text, const std::function<bool()>& read,
             int rounds) {
  Timed ours(read);
  Timed accepted([&text] { return nlohmann::json::accept(text); });
  Timed tree([&text] { return nlohmann::json::parse(text).is_object(); });
  for (int i = 0; i < rounds; ++i) {
    for (Timed* timed : {&ours, &accepted, &tree}) timed->run();
  }
  std::printf("| %s | %zu | %.2f | %.2f | %.2f |\n", what, text.size(), ours.median(),
              accepted.median(), tree.median());
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 41;
  std::puts(
      "| text | bytes | read and checked, us | nlohmann: is it JSON | nlohmann: as its tree |");
  std::puts("| --- | --- | --- | --- | --- |");
  const std::string line = encode_put(slice(false));
  measure(
      "an event: 15 endpoints, as names are made of them", line,
      [&] { return decode_event(line).has_value(); }, rounds);
  for (const auto& [what, body] : {std::pair("a PUT: 15 endpoints", format_json(slice(true))),
                                   std::pair("a PUT: a pod", format_json(pod()))}) {
    measure(
        what, body, [&text = body] { return parse_object(text).object != nullptr; }, rounds);
  }
  return 0;
}
