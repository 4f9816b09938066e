// SPDX-License-Identifier: Apache-2.0
#include "service/tokens.hpp"

#include "http/head_parser.hpp"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace paddock::metadata::service {
namespace {

std::string stat_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return std::to_string(status.st_ino) + ":" + std::to_string(status.st_size) + ":" +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

// In the same time for any token of that length.
bool is_same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

void Tokens::read_if_changed() {
  const std::string now = stat_of(file_);
  if (now.empty() || now == known_as_) return;
  std::ifstream in(file_);
  if (!in) return;
  entries_.clear();
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    Entry entry;
    std::string right;
    if (!(words >> entry.token) || entry.token.starts_with('#')) continue;
    words >> entry.holder.name >> right;
    entry.holder.may_write = right.empty() || right == "write";
    entries_.push_back(std::move(entry));
  }
  known_as_ = now;
}

std::optional<TokenHolder> Tokens::holder_of(std::string_view authorization) {
  constexpr std::string_view scheme = "Bearer ";
  if (authorization.size() <= scheme.size() ||
      !http::equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  read_if_changed();
  const auto token = authorization.substr(scheme.size());
  std::optional<TokenHolder> found;
  for (const Entry& entry : entries_) {
    if (is_same(entry.token, token)) found = entry.holder;
  }
  return found;
}

}  // namespace paddock::metadata::service
