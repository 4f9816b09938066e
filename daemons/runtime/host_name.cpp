// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_name.hpp"

#include <paddock/metadata/codec.hpp>

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <climits>

namespace paddock::runtime {

std::string host_name(const std::string& told) {
  if (!told.empty()) return told;
  char name[HOST_NAME_MAX + 1] = "localhost";
  (void)::gethostname(name, sizeof name - 1);
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string check_host_name(const std::string& text) {
  return text.empty() || metadata::is_name(metadata::Kind::host, text)
             ? ""
             : "allowed: a lower-case DNS name, as web-1 or web-1.example.com";
}

}  // namespace paddock::runtime
