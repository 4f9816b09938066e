// SPDX-License-Identifier: Apache-2.0
//
// Debian's etcd as a process of a test's own, on free loopback ports, alone or as members of one
// cluster. It may be killed, stopped in its tracks and started again on its data.
#pragma once

#include "support/held_port.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace paddock::test {

struct EtcdTls {
  std::string certificate;  // empty: none
  std::string key;
  std::string ca;
  bool asks_clients = false;
};

class EtcdServer {
 public:
  explicit EtcdServer(EtcdTls tls = {}, std::string name = "one")
      : tls_(std::move(tls)), name_(std::move(name)) {}
  ~EtcdServer() { kill(); }
  EtcdServer(const EtcdServer&) = delete;
  EtcdServer& operator=(const EtcdServer&) = delete;

  [[nodiscard]] std::string url() const {
    return (tls_.certificate.empty() ? "http" : "https") + on_loopback(client_port_);
  }
  // As --initial-cluster wants it.
  [[nodiscard]] std::string member() const { return name_ + "=http" + on_loopback(peer_port_); }

  // Without `members` alone. Again after kill(): on the data of before.
  void start(const std::string& members = "") {
    if (!members.empty()) members_ = members;
    pid_ = start_program(command(), folder_.file("log"));
  }
  // Until it answers; it has a leader then.
  void wait_until_ready() const {
    std::string curl = "curl -s -m 1 " + url() + "/health";
    if (!tls_.ca.empty()) curl += " --cacert " + tls_.ca;
    if (tls_.asks_clients) curl += " --cert " + tls_.certificate + " --key " + tls_.key;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::system((curl + " | grep -q true").c_str()) != 0) {
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("etcd is not ready; it says: " + log());
    }
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // Takes no time any more: connections stay, nobody answers.
  void freeze() const {
    ::kill(pid_, SIGSTOP);
    ::waitpid(pid_, nullptr, WUNTRACED);
  }
  void thaw() const { ::kill(pid_, SIGCONT); }

 private:
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_.file("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string on_loopback(const HeldPort& port) {
    return "://127.0.0.1:" + std::to_string(port.number());
  }
  [[nodiscard]] std::vector<std::string> command() const {
    const std::string peer = "http" + on_loopback(peer_port_);
    std::vector<std::string> words{"etcd",
                                   "--name=" + name_,
                                   "--data-dir=" + folder_.file("data"),
                                   "--listen-client-urls=" + url(),
                                   "--advertise-client-urls=" + url(),
                                   "--listen-peer-urls=" + peer,
                                   "--initial-advertise-peer-urls=" + peer,
                                   "--initial-cluster=" + (members_.empty() ? member() : members_),
                                   "--heartbeat-interval=50",
                                   "--election-timeout=500",
                                   "--log-level=error"};
    if (!tls_.certificate.empty()) {
      words.push_back("--cert-file=" + tls_.certificate);
      words.push_back("--key-file=" + tls_.key);
    }
    if (tls_.asks_clients) {
      words.push_back("--trusted-ca-file=" + tls_.ca);
      words.emplace_back("--client-cert-auth");
    }
    return words;
  }

  EtcdTls tls_;
  std::string name_;
  std::string members_;
  HeldPort client_port_;
  HeldPort peer_port_;
  TempFolder folder_;
  pid_t pid_ = 0;
};

// Members of one cluster, all started and ready.
inline std::vector<std::unique_ptr<EtcdServer>> etcd_cluster(std::size_t size) {
  std::vector<std::unique_ptr<EtcdServer>> members;
  std::string list;
  for (std::size_t i = 0; i < size; ++i) {
    members.push_back(std::make_unique<EtcdServer>(EtcdTls{}, "m" + std::to_string(i)));
    list += (list.empty() ? "" : ",") + members.back()->member();
  }
  for (const auto& member : members) member->start(list);
  for (const auto& member : members) member->wait_until_ready();
  return members;
}

}  // namespace paddock::test
