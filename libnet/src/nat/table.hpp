// SPDX-License-Identifier: Apache-2.0
//
// An nftables table of ours in one namespace: loaded whole, in one transaction, whenever what the
// kernel lists is not what was asked for. Other tables are never touched. One thread at a time.
#pragma once

#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <memory>
#include <string>

struct nft_ctx;

namespace paddock::net::nat {

// Of sets. fixed: those of the ruleset, and no others. moving: whatever is in them, it is others'
// care, as it is with maps always.
enum class Elements { fixed, moving };

class Table {
 public:
  // The name with its family: "inet paddock". Throws std::runtime_error when nftables cannot be
  // spoken to in that namespace.
  Table(const NetworkNamespace& where, std::string name, Elements elements = Elements::fixed);

  // Whether the kernel has exactly this table.
  bool matches(const std::string& ruleset);
  Result<void> load(const std::string& ruleset);
  // Nothing to remove is success.
  Result<void> remove();
  bool exists();

 private:
  struct Close {
    void operator()(nft_ctx* context) const;
  };
  Result<void> run(const std::string& commands, const std::string& what);
  std::string listing();  // empty without the table

  std::string name_;
  std::unique_ptr<nft_ctx, Close> context_;
  // How the kernel listed what was loaded last: other versions of nft print otherwise than we do.
  std::string loaded_;
  std::string listed_;
};

}  // namespace paddock::net::nat
