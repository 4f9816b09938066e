// SPDX-License-Identifier: Apache-2.0
//
// A real unbound on 127.0.0.1, over UDP, TCP and TLS, that has www.example.net
// and big.example.net, and a certificate for resolver.example signed by itself.
#pragma once

#include <paddock/dns/upstream.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

extern char** environ;

namespace paddock::dns::testing {

class Unbound {
 public:
  static bool is_installed() { return ::access(program, X_OK) == 0; }

  Unbound() {
    std::string form = (std::filesystem::temp_directory_path() / "paddock-XXXXXX").string();
    directory_ = ::mkdtemp(form.data());
    make_certificate();
    for (int attempt = 0; attempt < 5 && !is_up(); ++attempt) {  // a free port may be taken again
      stop();
      port_ = free_port();
      tls_port_ = free_port();
      write_configuration();
      start();
    }
    EXPECT_TRUE(is_up()) << "unbound does not answer";
  }
  ~Unbound() {
    stop();
    std::filesystem::remove_all(directory_);
  }
  Unbound(const Unbound&) = delete;
  Unbound& operator=(const Unbound&) = delete;

  [[nodiscard]] Upstream plain() const { return {.endpoint = at(port_)}; }
  [[nodiscard]] Upstream tcp() const {
    return {.endpoint = at(port_), .transport = Upstream::Transport::tcp};
  }
  [[nodiscard]] Upstream tls(std::string name) const {
    return {.endpoint = at(tls_port_),
            .transport = Upstream::Transport::tls,
            .tls_name = std::move(name)};
  }
  [[nodiscard]] std::string certificate() const { return (directory_ / "cert.pem").string(); }

  void stop() {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
      pid_ = 0;
    }
  }
  void start() {
    pid_ = run({program, "-d", "-c", (directory_ / "unbound.conf").string()});
    for (int i = 0; i < 200 && !is_up(); ++i) {
      ::usleep(20'000);
    }
  }

 private:
  static constexpr const char* program = "/usr/sbin/unbound";

  static Endpoint at(std::uint16_t port) {
    return {boost::asio::ip::make_address("127.0.0.1"), port};
  }

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  static std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  [[nodiscard]] bool is_up() const {
    if (pid_ <= 0) {
      return false;
    }
    for (const auto port : {port_, tls_port_}) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const auto address = loopback(port);
      const bool is_connected =
          ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
      ::close(fd);
      if (!is_connected) {
        return false;
      }
    }
    return true;
  }

  static pid_t run(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const auto& word : words) {
      arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    pid_t pid = 0;
    EXPECT_EQ(::posix_spawnp(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ), 0);
    return pid;
  }

  void make_certificate() {
    const auto path = [this](const char* name) { return (directory_ / name).string(); };
    const pid_t pid =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", path("key.pem"), "-out", path("cert.pem"), "-days", "2", "-subj",
             "/CN=resolver.example", "-addext", "subjectAltName=DNS:resolver.example", "-batch"});
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0) << "openssl req";
  }

  void write_configuration() const {
    std::ofstream(directory_ / "unbound.conf")
        << "server:\n interface: 127.0.0.1@" << port_ << "\n interface: 127.0.0.1@" << tls_port_
        << "\n tls-port: " << tls_port_ << "\n tls-service-key: " << (directory_ / "key.pem")
        << "\n tls-service-pem: " << (directory_ / "cert.pem")
        << "\n username: \"\"\n chroot: \"\"\n directory: " << directory_
        << "\n pidfile: \"\"\n use-syslog: no\n logfile: " << (directory_ / "log")
        << "\n num-threads: 1\n do-not-query-localhost: no\n module-config: \"iterator\""
        << "\n max-udp-size: 1232\n local-zone: example.net. static"
        << "\n local-data: \"www.example.net. 300 A 192.0.2.1\"";
    std::ofstream more(directory_ / "unbound.conf", std::ios::app);
    for (int i = 0; i < 100; ++i) {
      more << "\n local-data: \"big.example.net. 300 A 192.0.2." << i << "\"";
    }
    more << "\nremote-control:\n control-enable: no\n";
  }

  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace paddock::dns::testing
