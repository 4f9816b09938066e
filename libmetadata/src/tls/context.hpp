// SPDX-License-Identifier: Apache-2.0
//
// What many TLS connections share: certificates, keys, whom to trust. TLS 1.2 and 1.3; the other
// side's certificate is always verified where one is asked for.
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct ssl_ctx_st;

namespace paddock::metadata::tls {

class Context {
 public:
  // An Error names the file that cannot be used.
  [[nodiscard]] static Result<std::shared_ptr<const Context>> for_client(const Access& access);
  [[nodiscard]] static Result<std::shared_ptr<const Context>> for_server(const ServerTls& tls);

  // Whether the files are still what was read.
  [[nodiscard]] bool is_current() const;
  [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_.get(); }

 private:
  explicit Context(ssl_ctx_st* context);
  [[nodiscard]] Result<void> use_certificate(const std::string& certificate,
                                             const std::string& key);
  [[nodiscard]] Result<void> trust(const std::string& ca_file);
  void remember(const std::string& file);

  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  std::vector<std::pair<std::string, std::string>> files_;  // and how they were known by stat
};

}  // namespace paddock::metadata::tls
