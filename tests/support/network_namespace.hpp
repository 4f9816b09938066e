// SPDX-License-Identifier: Apache-2.0
//
// Network namespaces of a test's own, and commands run inside them. Nothing is left behind: a
// namespace lives as long as its descriptor.
#pragma once

#include <paddock/net/namespace.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace paddock::test {

struct Output {
  int status = -1;
  std::string text;  // standard output and standard error
};

inline Output run_command(const std::string& command) {
  Output output;
  FILE* const pipe = ::popen(("exec 2>&1; " + command).c_str(), "r");
  if (pipe == nullptr) {
    throw std::system_error(errno, std::generic_category(), "run " + command);
  }
  std::array<char, 4096> bytes{};
  while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe)) {
    output.text.append(bytes.data(), count);
  }
  const int status = ::pclose(pipe);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

class Namespace {
 public:
  // A new, empty one. Throws with a remedy when that is not allowed.
  Namespace() : held_(make()) {}

  const net::NetworkNamespace& get() const { return *held_; }
  std::string path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(held_->descriptor());
  }
  // Lets go of it, so that the kernel takes it away.
  void close() { held_.reset(); }

  Output run(const std::string& command) const {
    return run_command("nsenter --net=" + path() + " " + command);
  }
  // What `ip -j` or `nft -j` prints; a failed command is a failed test.
  nlohmann::json json(const std::string& command) const {
    const Output output = run(command);
    EXPECT_EQ(output.status, 0) << command << ": " << output.text;
    return output.text.empty() ? nlohmann::json::array()
                               : nlohmann::json::parse(output.text, nullptr, false);
  }
  // For arranging things: throws when the command fails.
  void must(const std::string& command) const {
    if (const Output output = run(command); output.status != 0) {
      throw std::runtime_error(command + ": " + output.text);
    }
  }
  bool pings(const std::string& address, const std::string& options = "") const {
    return run("ping -n -c 1 -W 2 " + options + " " + address).status == 0;
  }

 private:
  static std::optional<net::NetworkNamespace> make() {
    if (::geteuid() != 0) {
      throw std::runtime_error("these tests make network namespaces: run them as root");
    }
    std::optional<net::NetworkNamespace> made;
    int code = 0;
    std::thread([&] {
      if (::unshare(CLONE_NEWNET) == 0) {
        made = net::NetworkNamespace::current();
      } else {
        code = errno;
      }
    }).join();
    if (!made) {
      throw std::system_error(code, std::generic_category(), "make a network namespace");
    }
    return made;
  }

  std::optional<net::NetworkNamespace> held_;
};

}  // namespace paddock::test
