// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/error.hpp>

#include <system_error>

namespace paddock::net {
namespace {

// Its what() is the sentence alone, which says already what the code means.
class Thrown : public std::system_error {
 public:
  explicit Thrown(const Error& error) : std::system_error(error.code), text_(error.text) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

}  // namespace

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw Thrown(error);
}

}  // namespace paddock::net
