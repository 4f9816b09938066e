// SPDX-License-Identifier: Apache-2.0
//
// Long polls at scale: each client waits for a leaf of a pod of its own, then all for one that they
// have in common. How long after publish() the answers arrive, whom a change wakes, and what a
// waiter costs in memory. The service runs in this process, the clients in a child on another core.
//   long_poll [WAITERS] [CHANGES]
#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/service.hpp>

#include <arpa/inet.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace paddock::metadata;
using Clock = std::chrono::steady_clock;

enum class Path { own, common };

struct Arrival {
  unsigned client = 0;
  std::int64_t nanoseconds = 0;  // of the steady clock, which both processes share
};

std::int64_t now() { return Clock::now().time_since_epoch().count(); }

void pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  (void)::sched_setaffinity(0, sizeof set, &set);
}

double resident_kilobytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6);
  }
  return 0;
}

// The child: asks again and again, with the value it was told last.
class Clients {
 public:
  Clients(unsigned count, std::uint16_t port, Path path, int report)
      : path_(path), report_(report), epoll_(::epoll_create1(0)) {
    for (unsigned i = 0; i < count; ++i) {
      sockets_.push_back(connect_to(port));
      epoll_event event{.events = EPOLLIN, .data = {.u32 = i}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, sockets_.back(), &event);
      ask(i, "0");
    }
  }
  [[noreturn]] void run() {
    for (;;) {
      epoll_event events[512];
      const int count = ::epoll_wait(epoll_, events, 512, -1);
      for (int i = 0; i < count; ++i) take(events[i].data.u32);
    }
  }

 private:
  static int connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("connect");
      ::_exit(1);
    }
    return fd;
  }
  void ask(unsigned client, std::string_view known) {
    std::string request = "GET /latest/";
    request += path_ == Path::own ? "containers/pod-" + std::to_string(client) + "/labels/step"
                                  : std::string("services/web/metadata/step");
    request.append("?wait=true&maxWait=120&value=")
        .append(known)
        .append(" HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)!::send(sockets_[client], request.data(), request.size(), MSG_NOSIGNAL);
  }
  void take(unsigned client) {
    char buffer[2048];
    const ssize_t size = ::recv(sockets_[client], buffer, sizeof buffer, 0);
    if (size <= 0) ::_exit(1);
    const Arrival arrival{client, now()};
    const std::string_view response(buffer, static_cast<std::size_t>(size));
    (void)!::write(report_, &arrival, sizeof arrival);
    ask(client, response.substr(response.find("\r\n\r\n") + 4));
  }

  Path path_;
  int report_;
  int epoll_;
  std::vector<int> sockets_;
};

std::shared_ptr<Pod> pod(unsigned i, const std::string& step) {
  auto made = std::make_shared<Pod>();
  made->ns = "ns" + std::to_string(i % 50);
  made->name = "pod-" + std::to_string(i);
  made->uid = "uid-" + std::to_string(i);
  made->host = "node1";
  made->addresses = {boost::asio::ip::address_v4(0x0a2a0000U + i)};
  made->labels = {{"step", step}};
  return made;
}

std::shared_ptr<Service> service(const std::string& step) {
  auto made = std::make_shared<Service>();
  made->ns = "shop";
  made->name = "web";
  made->metadata = "{\"step\":\"" + step + "\"}";
  return made;
}

// The service, and what it serves.
class Bench {
 public:
  Bench(unsigned waiters, Path path) : waiters_(waiters), path_(path), service_(options()) {
    for (unsigned i = 0; i < waiters; ++i) draft_.put(pod(i, "0"));
    draft_.put(service("0"));
    publish();
    service_.start();
    port_ = service_.tcp_endpoints().at(0).port;
    while (resident_ == 0) resident_ = resident_kilobytes();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  void wait_for_all() const {
    while (service_.counters().waiting < waiters_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void print_memory() const {
    std::printf("memory of a waiter   %8.2f KB (of %u)\n",
                (resident_kilobytes() - resident_) / waiters_, waiters_);
  }
  // Milliseconds until each of those it concerns was answered.
  std::vector<double> change(unsigned number, int arrivals) {
    const unsigned one = number * 7919 % waiters_;
    const std::string step = std::to_string(number);
    draft_.put(path_ == Path::own ? ObjectPtr(pod(one, step)) : ObjectPtr(service(step)));
    const std::int64_t begin = now();
    publish();
    std::vector<double> taken;
    for (unsigned left = path_ == Path::own ? 1 : waiters_; left > 0; --left) {
      Arrival arrival;
      if (::read(arrivals, &arrival, sizeof arrival) != sizeof arrival) std::exit(1);
      if (path_ == Path::own && arrival.client != one) {
        std::printf("woken by another's change: %u\n", arrival.client);
        std::exit(1);
      }
      taken.push_back(static_cast<double>(arrival.nanoseconds - begin) / 1e6);
    }
    std::sort(taken.begin(), taken.end());
    return taken;
  }

 private:
  static DocumentOptions options() {
    DocumentOptions made;
    made.http.tcp = {{boost::asio::ip::address_v4::loopback(), 0}};
    return made;
  }
  void publish() {
    service_.publish(draft_.build({.store = "bench", .revision = ++revision_, .stale_since = 0}));
  }

  unsigned waiters_;
  Path path_;
  DocumentService service_;
  Draft draft_;
  std::uint64_t revision_ = 0;
  std::uint16_t port_ = 0;
  double resident_ = 0;
};

void measure(Path path, unsigned waiters, unsigned changes) {
  int to_child[2];
  int from_child[2];
  if (::pipe(to_child) != 0 || ::pipe(from_child) != 0) std::exit(1);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(to_child[1]);  // or a parent that is gone would not be noticed
    pin_to(1);
    std::uint16_t port = 0;
    if (::read(to_child[0], &port, sizeof port) != sizeof port) ::_exit(1);
    Clients(waiters, port, path, from_child[1]).run();
  }
  ::close(from_child[1]);
  pin_to(0);
  Bench bench(waiters, path);
  const std::uint16_t port = bench.port();
  (void)!::write(to_child[1], &port, sizeof port);
  bench.wait_for_all();
  if (path == Path::own) bench.print_memory();
  std::vector<double> first;
  std::vector<double> last;
  for (unsigned i = 1; i <= changes; ++i) {
    const auto taken = bench.change(i, from_child[0]);
    first.push_back(taken.front());
    last.push_back(taken.back());
    bench.wait_for_all();
  }
  std::sort(first.begin(), first.end());
  std::sort(last.begin(), last.end());
  if (path == Path::own) {
    std::printf("own subtree          %8.2f ms median, %.2f ms p99: woken 1 of %u\n",
                last[changes / 2], last[changes * 99 / 100], waiters);
  } else {
    std::printf(
        "common subtree       %8.2f ms median until all %u are answered, %.2f ms at worst "
        "(the first: %.2f)\n",
        last[changes / 2], waiters, last.back(), first[changes / 2]);
  }
  ::kill(child, SIGKILL);
  (void)::waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const auto waiters = static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 10'000);
  const auto changes = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 1000);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (waiters == 0 || changes == 0 || files.rlim_cur < waiters + 64) {
    std::fprintf(stderr, "usage: long_poll [WAITERS] [CHANGES]; needs `ulimit -n` above WAITERS\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  measure(Path::own, waiters, changes);
  measure(Path::common, waiters, std::min(changes, 20U));
  return 0;
}
