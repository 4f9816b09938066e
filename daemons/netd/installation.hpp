// SPDX-License-Identifier: Apache-2.0
//
// What makes container runtimes use netd: the plugin, and then the network configuration that names
// it. From the moment the latter is there the host takes pods, so it comes last, when all that pods
// need is served.
#pragma once

#include "netd/options.hpp"

namespace paddock::netd {

// Of the control thread.
class Installation {
 public:
  // Throws a sentence when the plugin to be installed cannot be read.
  explicit Installation(const Options& options);

  // Whether it is still to be made: then tend() is to be called now and then.
  [[nodiscard]] bool is_due() const { return is_due_; }
  // Makes it once netd is ready and so are those it waits for, of which each has a second to say
  // so. What fails is logged and tried again.
  void tend(bool is_ready);

 private:
  [[nodiscard]] bool others_are_ready() const;
  void make() const;

  const Options& options_;
  std::string plugin_;  // its bytes
  bool is_due_ = false;
  std::string trouble_;
};

// In a container /proc/sys is mounted read-only. Makes it writable for this process and those of
// its mount namespace, nobody else; where that is not permitted nothing is done, and whatever
// cannot be written says so.
void make_kernel_settings_writable();

}  // namespace paddock::netd
