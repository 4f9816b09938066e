// SPDX-License-Identifier: Apache-2.0
//
// A real unbound on 127.0.0.1, over UDP, TCP and TLS, that has www.example.net
// and big.example.net, and a certificate for resolver.example signed by itself.
#pragma once

#include "support/happening.hpp"
#include "support/held_port.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

#include <paddock/dns/upstream.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <string>

namespace paddock::dns::testing {

class Unbound {
 public:
  static bool is_installed() { return ::access(program, X_OK) == 0; }

  Unbound() {
    make_certificate();
    for (int attempt = 0; attempt < 5 && pid_ <= 0; ++attempt) {  // the UDP port may be taken
      port_.emplace();
      tls_port_.emplace();
      write_configuration();
      start();
    }
    EXPECT_GT(pid_, 0) << "unbound does not answer";
  }
  ~Unbound() { stop(); }
  Unbound(const Unbound&) = delete;
  Unbound& operator=(const Unbound&) = delete;

  [[nodiscard]] Upstream plain() const { return {.endpoint = at(*port_)}; }
  [[nodiscard]] Upstream tcp() const {
    return {.endpoint = at(*port_), .transport = Upstream::Transport::tcp};
  }
  [[nodiscard]] Upstream tls(std::string name) const {
    return {.endpoint = at(*tls_port_),
            .transport = Upstream::Transport::tls,
            .tls_name = std::move(name)};
  }
  [[nodiscard]] std::string certificate() const { return folder_.file("cert.pem"); }

  void stop() {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
      pid_ = 0;
    }
  }
  // Returns once it answers, or has ended.
  void start() {
    pid_ = test::start_program({program, "-d", "-c", folder_.file("unbound.conf")});
    if (!test::becomes_true([this] { return is_up() || has_ended(); })) {
      stop();
    }
  }

 private:
  static constexpr const char* program = "/usr/sbin/unbound";

  static Endpoint at(const test::HeldPort& port) {
    return {boost::asio::ip::make_address("127.0.0.1"), port.number()};
  }

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  bool has_ended() {
    if (::waitpid(pid_, nullptr, WNOHANG) == 0) {
      return false;
    }
    pid_ = 0;
    return true;
  }

  [[nodiscard]] bool is_up() const {
    for (const auto* port : {&*port_, &*tls_port_}) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const auto address = loopback(port->number());
      const bool is_connected =
          ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
      ::close(fd);
      if (!is_connected) {
        return false;
      }
    }
    return true;
  }

  void make_certificate() const {
    const pid_t pid = test::start_program(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", folder_.file("key.pem"), "-out", certificate(), "-days", "2", "-subj",
         "/CN=resolver.example", "-addext", "subjectAltName=DNS:resolver.example", "-batch"});
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0) << "openssl req";
  }

  void write_configuration() const {
    const auto port = port_->number();
    const auto tls_port = tls_port_->number();
    const auto& folder = folder_.path();
    std::ofstream(folder / "unbound.conf")
        << "server:\n interface: 127.0.0.1@" << port << "\n interface: 127.0.0.1@" << tls_port
        << "\n tls-port: " << tls_port << "\n tls-service-key: " << (folder / "key.pem")
        << "\n tls-service-pem: " << (folder / "cert.pem")
        << "\n username: \"\"\n chroot: \"\"\n directory: " << folder
        << "\n pidfile: \"\"\n use-syslog: no\n logfile: " << (folder / "log")
        << "\n num-threads: 1\n do-not-query-localhost: no\n module-config: \"iterator\""
        << "\n max-udp-size: 1232\n local-zone: example.net. static"
        << "\n local-data: \"www.example.net. 300 A 192.0.2.1\"";
    std::ofstream more(folder / "unbound.conf", std::ios::app);
    for (int i = 0; i < 100; ++i) {
      more << "\n local-data: \"big.example.net. 300 A 192.0.2." << i << "\"";
    }
    more << "\nremote-control:\n control-enable: no\n";
  }

  test::TempFolder folder_;
  std::optional<test::HeldPort> port_;
  std::optional<test::HeldPort> tls_port_;
  pid_t pid_ = 0;
};

}  // namespace paddock::dns::testing
