// SPDX-License-Identifier: Apache-2.0
//
// Load on the API of a running metadatad, for bench/metadatad_scale.sh: readers of the stream, and
// writers that change pods at a steady rate. How long after its PUT was sent a change arrives at a
// reader, and what it costs the daemon.
//   stream_load SOCKET PID [READERS] [CHANGES_PER_SECOND] [SECONDS]
#include "measured_daemon.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/codec.hpp>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace paddock::metadata;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr unsigned writers = 32;

std::int64_t now() { return Clock::now().time_since_epoch().count(); }

double megabytes(int pid, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return std::atof(line.c_str() + key.size() + 1) / 1024;
  }
  return 0;
}

// When each change was sent, and when it came to the first reader.
struct Times {
  explicit Times(std::size_t count) : sent(count), come(count) {}
  std::vector<std::atomic<std::int64_t>> sent;
  std::vector<std::atomic<std::int64_t>> come;
  long long base = 0;  // the number of the first change
};

// Reads all streams; the first one is looked into.
class Readers {
 public:
  Readers(const std::string& path, unsigned count, Times& times)
      : times_(times), epoll_(::epoll_create1(0)) {
    for (unsigned i = 0; i < count; ++i) {
      sockets_.push_back(connect_to(path));
      constexpr std::string_view request = "GET /v1/cluster?watch=true HTTP/1.1\r\nHost: a\r\n\r\n";
      (void)!::send(sockets_.back(), request.data(), request.size(), 0);
      epoll_event event{.events = EPOLLIN, .data = {.u32 = i}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, sockets_.back(), &event);
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  // Of all streams. While it grows and nothing changes, they do not have the whole state yet.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void run(const std::stop_token& stop) {
    std::vector<char> buffer(256 * 1024);
    while (!stop.stop_requested()) {
      epoll_event events[256];
      const int count = ::epoll_wait(epoll_, events, 256, 100);
      for (int i = 0; i < count; ++i) {
        const ssize_t size = ::recv(sockets_[events[i].data.u32], buffer.data(), buffer.size(), 0);
        if (size <= 0) std::exit(1);
        bytes_ += static_cast<std::size_t>(size);
        if (events[i].data.u32 == 0) look_into({buffer.data(), static_cast<std::size_t>(size)});
      }
    }
  }
  void look_into(std::string_view bytes) {
    constexpr std::string_view mark = "\"step\":\"";
    text_ += bytes;
    std::size_t at = 0;
    for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n', at)) {
      const std::string_view line = std::string_view(text_).substr(at, end - at);
      at = end + 1;
      const auto step = line.find(mark);
      if (step == std::string_view::npos) continue;
      const long long number =
          std::atoll(std::string(line.substr(step + mark.size(), 20)).c_str()) - times_.base;
      if (number >= 0 && number < static_cast<long long>(times_.come.size())) {
        times_.come[static_cast<std::size_t>(number)] = now();
      }
    }
    text_.erase(0, at);
  }

  Times& times_;
  int epoll_;
  std::vector<int> sockets_;
  std::atomic<std::size_t> bytes_ = 0;
  std::string text_;
  std::jthread thread_;
};

// Some pods of the cluster, as they are.
std::vector<std::shared_ptr<const Pod>> some_pods(const std::string& path) {
  std::vector<std::shared_ptr<const Pod>> pods;
  Client client("unix:" + path);
  for (int ns = 0; pods.size() < 4000 && ns < 500; ++ns) {
    const auto list = client.get("/v1/pods/team-" + std::to_string(ns));
    if (!list) {
      std::fprintf(stderr, "%s\n", list.error().text.c_str());
      break;
    }
    const auto known = nlohmann::json::parse(list->body);
    for (const auto& object : known["objects"]) {
      auto parsed = parse_object(object.dump());
      if (parsed.object) pods.push_back(std::static_pointer_cast<const Pod>(parsed.object));
    }
  }
  if (pods.empty()) {
    std::fprintf(stderr, "there are no pods to change\n");
    std::exit(1);
  }
  return pods;
}

// As clients with a time limit wait (netd's, curl's): whoever sleeps in recv() itself is woken by
// the kernel, too, when the daemon takes his request from a unix socket, at the daemon's cost.
void wait_for_answer(int fd) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  (void)::poll(&watched, 1, 30'000);
}

// Sends every writers-th change at its time and waits for the answer.
void write_changes(const std::string& path, const std::vector<std::shared_ptr<const Pod>>& pods,
                   Times& times, unsigned writer, unsigned rate) {
  const int fd = connect_to(path);
  const auto begin = Clock::now();
  std::string answer(65536, '\0');
  for (std::size_t i = writer; i < times.sent.size(); i += writers) {
    auto changed = clone(*pods[i * 31 % pods.size()]);
    changed->labels = {{"app", "changed"},
                       {"step", std::to_string(times.base + static_cast<long long>(i))}};
    const std::string body = format_json(*changed);
    const std::string request =
        "PUT /v1/" + format(changed->key()) +
        " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    std::this_thread::sleep_until(begin + std::chrono::microseconds(i * 1'000'000 / rate));
    times.sent[i] = now();
    (void)!::send(fd, request.data(), request.size(), 0);
    wait_for_answer(fd);
    const ssize_t size = ::recv(fd, answer.data(), answer.size(), MSG_DONTWAIT);
    if (size < 12 || answer.compare(9, 1, "2") != 0) {
      std::fprintf(stderr, "refused: %.200s\n", answer.c_str());
      std::exit(1);
    }
  }
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: stream_load SOCKET PID [READERS] [CHANGES_PER_SECOND] [SECONDS]\n");
    return 2;
  }
  const std::string path = argv[1];
  const int pid = std::atoi(argv[2]);
  const auto readers = static_cast<unsigned>(argc > 3 ? std::atoi(argv[3]) : 1);
  const auto rate = static_cast<unsigned>(argc > 4 ? std::atoi(argv[4]) : 1000);
  const auto seconds = static_cast<unsigned>(argc > 5 ? std::atoi(argv[5]) : 10);
  Times times(static_cast<std::size_t>(rate) * seconds);
  times.base = std::chrono::system_clock::now().time_since_epoch() / milliseconds(1);
  const auto pods = some_pods(path);
  const Readers streams(path, readers, times);
  for (std::size_t before = 1; before != streams.bytes();) {
    before = streams.bytes();
    std::this_thread::sleep_for(milliseconds(500));
  }
  const double cpu = cpu_of(pid);
  const double stolen_before = stolen_seconds();
  const auto begin = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < writers; ++i) {
      threads.emplace_back([&, i] { write_changes(path, pods, times, i, rate); });
    }
  }
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  const double used = cpu_of(pid) - cpu;
  const double stolen = stolen_seconds() - stolen_before;
  std::this_thread::sleep_for(milliseconds(500));
  std::vector<double> taken;
  for (std::size_t i = 0; i < times.sent.size(); ++i) {
    if (times.come[i] != 0) {
      taken.push_back(static_cast<double>(times.come[i] - times.sent[i]) / 1e6);
    }
  }
  std::sort(taken.begin(), taken.end());
  if (taken.empty()) return 1;
  std::printf(
      "%u readers, %.0f changes/s: PUT to event %.2f ms median, %.2f ms p99 (%zu of %zu seen "
      "as such); %.3f cores stolen by the hypervisor; %.3f cores; resident %.1f MB\n",
      readers, static_cast<double>(times.sent.size()) / took, taken[taken.size() / 2],
      taken[taken.size() * 99 / 100], taken.size(), times.sent.size(), stolen / took, used / took,
      megabytes(pid, "VmRSS"));
  return 0;
}
