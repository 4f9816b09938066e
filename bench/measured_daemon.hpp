// SPDX-License-Identifier: Apache-2.0
//
// A daemon that is measured from outside: its unix socket, what it has had of the processor, and
// what the hypervisor took away meanwhile.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

// Ends the program, with the reason, when nobody is there.
inline int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
  return fd;
}

// Seconds of the processor that the process has had.
inline double cpu_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  double ticks = 0;
  for (int i = 1; i <= 15 && file >> word; ++i) {
    if (i >= 14) ticks += std::atof(word.c_str());
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Seconds of all processors together that the hypervisor gave to others while somebody wanted to
// run.
inline double stolen_seconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  for (int i = 0; i <= 8; ++i) file >> word;  // cpu user nice system idle iowait irq softirq steal
  return std::atof(word.c_str()) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}
