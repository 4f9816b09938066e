// SPDX-License-Identifier: Apache-2.0
//
// While it lives, this process gets no descriptor, as one that has too many files open. UBSan opens
// a pipe to look at the first object of each class whose virtual functions are called: let it see
// one of those that count before.
#pragma once

#include <sys/resource.h>

namespace paddock::test {

class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace paddock::test
