// SPDX-License-Identifier: Apache-2.0
//
// Reading JSON as flannel's Go does: names whatever their case, null as absent. What is wrong is
// thrown inside this folder and becomes an Error at its border.
#pragma once

#include <paddock/net/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace paddock::net::flannel {

using Json = nlohmann::json;

struct Wrong : std::runtime_error {
  explicit Wrong(const std::string& text) : std::runtime_error(text) {}
  Wrong(const std::string& field, const std::string& demand)
      : std::runtime_error(field + " " + demand) {}
};

// Throws Wrong for anything but an object.
Json parse_object(std::string_view text);

// The members of an object, which must outlive this. `path` stands before their names in errors.
class Fields {
 public:
  Fields(const Json& object, std::string path);

  // Null when absent, or null.
  [[nodiscard]] const Json* find(std::string_view name) const;
  // These throw Wrong when the member is of another type, or too large.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t absent,
                                     std::uint64_t most) const;
  [[nodiscard]] bool flag(std::string_view name, bool absent) const;

 private:
  [[nodiscard]] std::string name_of(std::string_view name) const {
    return path_ + std::string(name);
  }

  const Json& object_;
  std::string path_;
};

// What `read` returns, or what it has thrown as an Error about `subject`.
template <class Read>
auto attempt(const std::string& subject, Read read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const Wrong& wrong) {
    return Error{make_error_code(boost::system::errc::invalid_argument),
                 subject + ": " + wrong.what()};
  }
}

}  // namespace paddock::net::flannel
