// SPDX-License-Identifier: Apache-2.0
#include "client/credentials.hpp"

#include "codec/base64.hpp"

#include <cerrno>
#include <fstream>

namespace paddock::metadata::client {

Result<std::string> read_secret(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in || !std::getline(in, line)) {
    const boost::system::error_code code(in.is_open() ? ENODATA : errno,
                                         boost::system::generic_category());
    return Error{code, "read the secret in " + file + ": " + code.message()};
  }
  const auto end = line.find_last_not_of(" \t\r");
  line.erase(end == std::string::npos ? 0 : end + 1);
  // What would end the header must not get into it.
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < ' ') {
      return Error{make_error_code(boost::system::errc::invalid_argument),
                   "read the secret in " + file + ": it has a control character"};
    }
  }
  return line;
}

Result<std::string> authorization(const Access& access) {
  if (!access.token_file.empty()) {
    auto token = read_secret(access.token_file);
    if (!token) return token.error();
    return "Bearer " + *token;
  }
  if (access.user.empty()) return std::string();
  std::string password;
  if (!access.password_file.empty()) {
    auto secret = read_secret(access.password_file);
    if (!secret) return secret.error();
    password = std::move(*secret);
  }
  return "Basic " + encode_base64(access.user + ":" + password);
}

}  // namespace paddock::metadata::client
