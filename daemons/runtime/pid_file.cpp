// SPDX-License-Identifier: Apache-2.0
#include "runtime/pid_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace paddock::runtime {

PidFile::PidFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  // Renamed into place, so that nobody reads half of it.
  const auto fresh = path_ + ".new";
  const bool is_written = static_cast<bool>(std::ofstream(fresh) << ::getpid() << "\n"
                                                                 << std::flush);
  if (!is_written || std::rename(fresh.c_str(), path_.c_str()) != 0)
    throw std::runtime_error("cannot write the pid file " + path_ + ": " + std::strerror(errno) +
                             "; --pid-file names another");
}

// Who took our place has written his pid there already.
PidFile::~PidFile() {
  pid_t written = 0;
  if (!path_.empty() && std::ifstream(path_) >> written && written == ::getpid())
    ::unlink(path_.c_str());
}

}  // namespace paddock::runtime
