// SPDX-License-Identifier: Apache-2.0
//
// From a change at metadatad to the answer of dnsd, for bench/dns_changes.sh: pods of headless
// services get other addresses at a steady rate, and each new endpoint's name is asked for, every
// quarter of a millisecond, from the moment the change is sent until it is answered. Names that
// stay are asked for besides, so many that all queries come at a steady rate. First come as many
// seconds of that load without a change: what the processor had to do then is not the changes'.
//
//   dns_changes SOCKET PORT METADATAD_PID DNSD_PID [CHANGES_PER_SECOND] [SECONDS]
//   [QUERIES_PER_SECOND]
#include "measured_daemon.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/codec.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace paddock::metadata;
using Clock = std::chrono::steady_clock;

constexpr unsigned writers = 32;
constexpr std::size_t max_pods = 4000;
constexpr std::uint32_t first_address = 0x0AC80000;  // 10.200.0.0: nobody has these yet
constexpr std::chrono::microseconds step{250};

std::int64_t now() { return Clock::now().time_since_epoch().count(); }

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "dns_changes: %s\n", why.c_str());
  std::exit(1);
}

template <class Kind>
std::vector<std::shared_ptr<const Kind>> all_of(const std::string& path, const std::string& kind) {
  std::vector<std::shared_ptr<const Kind>> found;
  Client client("unix:" + path);
  for (int ns = 0; ns < 500; ++ns) {
    const auto list = client.get("/v1/" + kind + "/team-" + std::to_string(ns));
    if (!list) break;
    const auto known = nlohmann::json::parse(list->body);
    for (const auto& object : known["objects"]) {
      auto parsed = parse_object(object.dump());
      if (parsed.object) found.push_back(std::static_pointer_cast<const Kind>(parsed.object));
    }
  }
  if (found.empty()) give_up("there are no " + kind);
  return found;
}

// Puts the object and waits until it is accepted.
void put(int fd, const Object& object) {
  const std::string body = format_json(object);
  const std::string request =
      "PUT /v1/" + format(object.key()) +
      " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  (void)!::send(fd, request.data(), request.size(), 0);
  std::string answer(65536, '\0');
  const ssize_t size = ::recv(fd, answer.data(), answer.size(), 0);
  if (size < 12 || answer.compare(9, 1, "2") != 0) give_up("refused: " + answer.substr(0, 200));
}

// Every service without an address of its own, so that each endpoint has a name.
void make_headless(const std::string& path) {
  const auto services = all_of<Service>(path, "services");
  std::vector<std::jthread> threads;
  for (unsigned writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      const int fd = connect_to(path);
      for (std::size_t i = writer; i < services.size(); i += writers) {
        auto changed = clone(*services[i]);
        changed->cluster_ips = {};
        put(fd, *changed);
      }
      ::close(fd);
    });
  }
}

// One pod's new address, and the name that shows it.
struct Change {
  std::shared_ptr<Pod> pod;
  std::vector<std::uint8_t> query;
  std::atomic<std::int64_t> sent = 0;
  std::int64_t accepted = 0;  // metadatad has it on its disk, and says so
  std::int64_t seen = 0;
};

std::vector<std::uint8_t> query_for(const std::string& name, std::size_t id) {
  std::vector<std::uint8_t> query{static_cast<std::uint8_t>(id >> 8),
                                  static_cast<std::uint8_t>(id),
                                  0,
                                  0,
                                  0,
                                  1,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0};
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    query.push_back(static_cast<std::uint8_t>(dot - at));
    query.insert(query.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
                 name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  query.insert(query.end(), {0, 0, 1, 0, 1});
  return query;
}

std::vector<Change> plan(const std::string& path, std::size_t count) {
  auto pods = all_of<Pod>(path, "pods");
  if (pods.size() > max_pods) pods.resize(max_pods);
  std::vector<Change> changes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Pod& pod = *pods[i * 31 % pods.size()];
    const boost::asio::ip::address_v4 address(first_address + static_cast<std::uint32_t>(i));
    changes[i].pod = clone(pod);
    changes[i].pod->addresses = {address};
    std::string label = address.to_string();
    std::ranges::replace(label, '.', '-');
    const std::string app(pod.labels.find("app")->view());
    changes[i].query =
        query_for(label + "." + app + "." + std::string(pod.ns) + ".svc.cluster.local", i & 0xFFFF);
  }
  return changes;
}

// Asks for the names of changes on their way until they are answered.
class Asking {
 public:
  Asking(std::vector<Change>& changes, const char* port, unsigned rate)
      : changes_(changes), rate_(rate) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      give_up("no socket");
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  [[nodiscard]] std::size_t asked() const { return asked_; }

 private:
  void run(const std::stop_token& stop) {
    std::size_t next = 0;
    const auto begin = Clock::now();
    for (std::size_t turn = 0; !stop.stop_requested(); ++turn) {
      for (; next < changes_.size() && changes_[next].sent != 0; ++next) open_.push_back(next);
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      const auto due = static_cast<std::size_t>(seconds * rate_);
      for (std::size_t k = 0; k < open_.size() && asked_ < due; ++k) {
        ask(open_[(turn + k) % open_.size()]);
      }
      while (asked_ < due) ask(changes_.size() - 1 - asked_ % 100);  // nobody waits for these
      std::this_thread::sleep_for(step);
      receive();
      std::erase_if(open_, [&](std::size_t i) { return changes_[i].seen != 0; });
    }
  }

  void ask(std::size_t i) {
    (void)::send(socket_, changes_[i].query.data(), changes_[i].query.size(), MSG_DONTWAIT);
    ++asked_;
  }

  void receive() {
    std::array<std::uint8_t, 4096> reply;
    while (::recv(socket_, reply.data(), reply.size(), MSG_DONTWAIT) > 12) {
      const bool is_there = (reply[3] & 15) == 0 && (reply[6] | reply[7]) != 0;
      const auto id = static_cast<std::size_t>(reply[0] << 8 | reply[1]);
      for (const std::size_t i : open_) {
        if (is_there && (i & 0xFFFF) == id && changes_[i].seen == 0) changes_[i].seen = now();
      }
    }
  }

  std::vector<Change>& changes_;
  const unsigned rate_;  // of queries, a second
  const int socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
  std::vector<std::size_t> open_;
  std::atomic<std::size_t> asked_ = 0;
  std::jthread thread_;
};

// Changes leave in their order, each at its time, whoever sends it.
void make_changes(const std::string& path, std::vector<Change>& changes, unsigned rate) {
  std::atomic<std::size_t> next = 0;
  const auto begin = Clock::now();
  std::vector<std::jthread> threads;
  for (unsigned writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&] {
      const int fd = connect_to(path);
      for (std::size_t i = next++; i < changes.size(); i = next++) {
        std::this_thread::sleep_until(begin + std::chrono::microseconds(i * 1'000'000 / rate));
        changes[i].sent = now();
        put(fd, *changes[i].pod);
        changes[i].accepted = now();
      }
      ::close(fd);
    });
  }
}

struct Cores {
  double of_metadatad = 0;
  double of_dnsd = 0;
  double of_queries = 0;  // dnsd's, without a change
  double stolen = 0;      // by the hypervisor
};

// Milliseconds that each change took, sorted.
class Delays {
 public:
  void add(std::int64_t from, std::int64_t to) {
    taken_.push_back(static_cast<double>(to - from) / 1e6);
  }
  void sort() { std::ranges::sort(taken_); }
  [[nodiscard]] std::size_t size() const { return taken_.size(); }
  [[nodiscard]] double median() const { return taken_[taken_.size() / 2]; }
  [[nodiscard]] double p99() const { return taken_[taken_.size() * 99 / 100]; }
  [[nodiscard]] double highest() const { return taken_.back(); }

 private:
  std::vector<double> taken_;
};

void print(const std::vector<Change>& changes, double took, double queries, const Cores& cores) {
  Delays accepted;
  Delays answered;
  for (const Change& change : changes) {
    accepted.add(change.sent, change.accepted);
    if (change.seen != 0) answered.add(change.sent, change.seen);
  }
  if (answered.size() == 0) give_up("no change was ever answered");
  accepted.sort();
  answered.sort();
  std::printf(
      "| %.0f | %.0f | %zu of %zu | %.1f, %.1f | %.1f, %.1f, %.1f | %.2f | %.2f | %.2f | %.2f |\n",
      static_cast<double>(changes.size()) / took, queries, answered.size(), changes.size(),
      accepted.median(), accepted.p99(), answered.median(), answered.p99(), answered.highest(),
      cores.of_dnsd - cores.of_queries, cores.of_queries, cores.of_metadatad, cores.stolen);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr,
                 "usage: dns_changes SOCKET PORT METADATAD_PID DNSD_PID [CHANGES_PER_SECOND] "
                 "[SECONDS] [QUERIES_PER_SECOND]\n");
    return 2;
  }
  const std::string path = argv[1];
  const int metadatad = std::atoi(argv[3]);
  const int dnsd = std::atoi(argv[4]);
  const auto rate = static_cast<unsigned>(argc > 5 ? std::atoi(argv[5]) : 1000);
  const auto seconds = static_cast<unsigned>(argc > 6 ? std::atoi(argv[6]) : 10);
  const auto queries = static_cast<unsigned>(argc > 7 ? std::atoi(argv[7]) : 20'000);
  make_headless(path);
  auto changes = plan(path, std::size_t{rate} * seconds);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const Asking asking(changes, argv[2], queries);
  const auto begin = Clock::now();
  const double dnsd_first = cpu_of(dnsd);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const double without =
      (cpu_of(dnsd) - dnsd_first) / std::chrono::duration<double>(Clock::now() - begin).count();
  const std::size_t asked_before = asking.asked();
  const double metadatad_before = cpu_of(metadatad);
  const double dnsd_before = cpu_of(dnsd);
  const double stolen_before = stolen_seconds();
  const auto start = Clock::now();
  make_changes(path, changes, rate);
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  const double with_changes = (cpu_of(dnsd) - dnsd_before) / took;
  const double of_metadatad = (cpu_of(metadatad) - metadatad_before) / took;
  const double stolen = (stolen_seconds() - stolen_before) / took;
  const std::size_t asked = asking.asked() - asked_before;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  print(changes, took, static_cast<double>(asked) / took,
        {.of_metadatad = of_metadatad,
         .of_dnsd = with_changes,
         .of_queries = without,
         .stolen = stolen});
  return 0;
}
