// SPDX-License-Identifier: Apache-2.0
//
// A program that a test starts. It ends with the test, whatever becomes of that.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace paddock::test {

// Its process: the caller's to end and to wait for. What it says goes to the end of the file.
inline pid_t start_program(std::vector<std::string> words, const std::string& log = "/dev/null") {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(file, 1);
  ::dup2(file, 2);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace paddock::test
