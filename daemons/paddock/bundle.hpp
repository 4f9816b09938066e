// SPDX-License-Identifier: Apache-2.0
//
// Texts about this host, packed into one file that somebody else may read: secrets are taken out of
// everything on its way in.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::cli {

// The text with `(left out)` in place of user and password in URLs, of bearer tokens, and of what
// stands behind a key, flag or variable that is named after a password, token, secret or private
// key. A path to a file that holds one stays; a line with 16 KB that no quote interrupts does not.
[[nodiscard]] std::string without_secrets(std::string_view text);

// Objects of a cluster with `(left out)` in place of what users keep in them for themselves:
// annotations, metadata, load balancer configuration, service tokens.
[[nodiscard]] nlohmann::ordered_json without_users_data(const nlohmann::ordered_json& objects);

class Bundle {
 public:
  // `name` is that of the one folder in the packed file.
  explicit Bundle(std::string name);
  ~Bundle();
  Bundle(const Bundle&) = delete;
  Bundle& operator=(const Bundle&) = delete;

  // `name` may have folders in it. Throws Failure when it cannot be written (a full disk).
  void add(const std::filesystem::path& name, std::string_view text);
  // The last `most` bytes of a file, from the beginning of a line. False when it cannot be read.
  bool add_file(const std::filesystem::path& name, const std::filesystem::path& file,
                std::size_t most);
  // What a program prints, within ten seconds; its status, where it fails, is the last line.
  void add_output(const std::filesystem::path& name, const std::vector<std::string>& command);

  // The names added, in order.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  // Writes a gzipped tar file that only its owner may read. Throws Failure.
  void pack(const std::filesystem::path& file) const;

 private:
  std::string name_;
  std::filesystem::path folder_;
  std::vector<std::string> names_;
};

}  // namespace paddock::cli
