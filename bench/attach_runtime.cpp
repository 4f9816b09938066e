// SPDX-License-Identifier: Apache-2.0
//
// A container runtime that does nothing but attach pods and look at the clock. Each way of
// attaching is a contender: NAME=CONFLIST,PLUGIN_DIRECTORY[,NETD_SOCKET], or NAME=@PROGRAM for one
// that is run as PROGRAM ADD|DEL NETNS NUMBER, or NAME=!PROGRAM for one that is run without
// arguments. Pods have a port of the host where a plugin of the list has capabilities.
//   attach_runtime latency ROUNDS CONTENDER...      one after the other, in turn: p50 and p90 in ms
//   attach_runtime parallel PODS WIDTH CONTENDER... PODS each, WIDTH at once: ADDs per second
//   attach_runtime hold PODS CONTENDER              attaches, says "ready", waits for a line,
//   detaches
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

// A network namespace held by a descriptor.
class Pod {
 public:
  Pod() {
    std::thread([this] {
      if (::unshare(CLONE_NEWNET) == 0)
        descriptor_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    }).join();
    if (descriptor_ < 0) throw std::runtime_error("cannot make a network namespace: be root");
  }
  Pod(Pod&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ~Pod() { ::close(descriptor_); }
  std::string path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_ = -1;
};

// What a runtime passes on to plugins that take portMappings, of a pod that has one.
Json one_port(unsigned number) {
  return {{"portMappings",
           {{{"hostPort", 20000 + number % 10000}, {"containerPort", 80}, {"protocol", "tcp"}}}}};
}

struct Output {
  int status = -1;
  std::string text;
};

Output execute(const std::string& program, const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment, const std::string& input) {
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
  };
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, program.c_str(), &actions, nullptr,
                                   pointers(words).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (failed != 0) throw std::runtime_error("cannot execute " + program);
  (void)!::write(in[1], input.data(), input.size());  // less than a pipe holds
  ::close(in[1]);
  Output output;
  char bytes[4096];
  for (ssize_t got; (got = ::read(out[0], bytes, sizeof bytes)) > 0;)
    output.text.append(bytes, static_cast<std::size_t>(got));
  ::close(out[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

class Contender {
 public:
  explicit Contender(const std::string& text) {
    const auto equal = text.find('=');
    name = text.substr(0, equal);
    auto rest = text.substr(equal + 1);
    if (rest[0] == '@' || rest[0] == '!') {
      takes_arguments_ = rest[0] == '@';
      program_ = rest.substr(1);
      return;
    }
    const auto first = rest.find(',');
    const auto second = rest.find(',', first + 1);
    std::ifstream file(rest.substr(0, first));
    list_ = Json::parse(file);
    directory_ = rest.substr(first + 1, second - first - 1);
    if (second != std::string::npos) socket_ = rest.substr(second + 1);
  }

  void add(const Pod& pod, unsigned number, Json& result) const { run("ADD", pod, number, result); }
  void del(const Pod& pod, unsigned number, Json& result) const { run("DEL", pod, number, result); }

  std::string name;

 private:
  void run(const std::string& command, const Pod& pod, unsigned number, Json& result) const {
    const auto id = name + "-" + std::to_string(number);
    if (!program_.empty()) {
      const std::vector<std::string> arguments{command, pod.path(), std::to_string(number)};
      if (execute(program_, takes_arguments_ ? arguments : std::vector<std::string>{}, {}, "")
              .status != 0)
        throw std::runtime_error(name + ": " + command + " failed");
      return;
    }
    std::vector<std::string> environment{
        "CNI_COMMAND=" + command, "CNI_CONTAINERID=" + id,  "CNI_NETNS=" + pod.path(),
        "CNI_IFNAME=eth0",        "CNI_PATH=" + directory_, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    if (!socket_.empty()) environment.push_back("PADDOCK_NET_SOCKET=" + socket_);
    auto plugins = list_["plugins"];
    if (command == "DEL") std::reverse(plugins.begin(), plugins.end());
    for (auto config : plugins) {
      config["cniVersion"] = list_["cniVersion"];
      config["name"] = list_["name"];
      if (!result.is_null()) config["prevResult"] = result;
      if (config.contains("capabilities")) config["runtimeConfig"] = one_port(number);
      const auto output = execute(directory_ + "/" + config["type"].get<std::string>(), {},
                                  environment, config.dump());
      if (output.status != 0) throw std::runtime_error(name + ": " + command + ": " + output.text);
      if (command == "ADD") result = Json::parse(output.text);
    }
  }

  std::string program_;
  bool takes_arguments_ = false;
  Json list_;
  std::string directory_;
  std::string socket_;
};

double percentile(std::vector<double>& values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

void latency(unsigned rounds, const std::vector<Contender>& contenders) {
  std::vector<std::vector<double>> adds(contenders.size());
  std::vector<std::vector<double>> dels(contenders.size());
  std::vector<Pod>
      used;  // the kernel's taking a namespace down would be in the way of the next one
  std::vector<std::size_t> order(contenders.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::minstd_rand random;
  for (unsigned round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);  // nobody always after the same
    for (const std::size_t i : order) {
      const Pod& pod = used.emplace_back();
      Json result;
      auto begun = Clock::now();
      contenders[i].add(pod, round, result);
      adds[i].push_back(milliseconds_since(begun));
      begun = Clock::now();
      contenders[i].del(pod, round, result);
      dels[i].push_back(milliseconds_since(begun));
      // Links go a moment after DEL, while nobody else can change any, and netd looks after what
      // has changed 100 ms later.
      std::this_thread::sleep_for(std::chrono::milliseconds(130));
    }
  }
  for (std::size_t i = 0; i < contenders.size(); ++i)
    std::printf("%-14s ADD p50 %7.2f p90 %7.2f   DEL p50 %7.2f p90 %7.2f\n",
                contenders[i].name.c_str(), percentile(adds[i], 0.5), percentile(adds[i], 0.9),
                percentile(dels[i], 0.5), percentile(dels[i], 0.9));
}

// Runs work(0 … count-1), `width` at once; milliseconds it took.
template <class Work>
double at_once(unsigned count, unsigned width, const Work& work) {
  std::atomic<unsigned> next{0};
  std::vector<std::thread> threads;
  const auto begun = Clock::now();
  for (unsigned t = 0; t < width; ++t) {
    threads.emplace_back([&] {
      for (unsigned i = next++; i < count; i = next++) work(i);
    });
  }
  for (auto& thread : threads) thread.join();
  return milliseconds_since(begun);
}

void parallel(unsigned pods, unsigned width, const std::vector<Contender>& contenders) {
  for (const auto& contender : contenders) {
    std::vector<Pod> made(pods);
    std::vector<Json> results(pods);
    const auto took =
        at_once(pods, width, [&](unsigned i) { contender.add(made[i], i, results[i]); });
    std::printf("%-14s %8.0f ADD/s\n", contender.name.c_str(), pods / took * 1000);
    std::fflush(stdout);
    at_once(pods, width, [&](unsigned i) { contender.del(made[i], i, results[i]); });
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

void hold(unsigned pods, const Contender& contender) {
  std::vector<Pod> made(pods);
  std::vector<Json> results(pods);
  at_once(pods, 8, [&](unsigned i) { contender.add(made[i], i, results[i]); });
  std::printf("ready %s\n", made[0].path().c_str());
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
  const auto took = at_once(pods, 8, [&](unsigned i) { contender.del(made[i], i, results[i]); });
  std::printf("deleted %.0f ms\n", took);
  std::fflush(stdout);
  std::getline(std::cin, line);  // the namespaces live until then
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::string mode = words.at(0);
    const auto count = static_cast<unsigned>(std::stoul(words.at(1)));
    const std::size_t first = mode == "parallel" ? 3 : 2;
    std::vector<Contender> contenders;
    for (std::size_t i = first; i < words.size(); ++i) contenders.emplace_back(words[i]);
    if (mode == "latency") latency(count, contenders);
    if (mode == "parallel")
      parallel(count, static_cast<unsigned>(std::stoul(words.at(2))), contenders);
    if (mode == "hold") hold(count, contenders.at(0));
    return 0;
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "attach_runtime: %s\n", failed.what());
    return 1;
  }
}
