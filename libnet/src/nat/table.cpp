// SPDX-License-Identifier: Apache-2.0
#include "nat/table.hpp"

#include "failure.hpp"

#include <nftables/libnftables.h>

#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace paddock::net::nat {
namespace {

// Maps are filled by others: HostPorts.
std::string without_map_elements(std::string listing) {
  static constexpr std::string_view map = "\tmap ";
  static constexpr std::string_view elements = "\t\telements = {";
  for (auto at = listing.find(map); at != std::string::npos; at = listing.find(map, at + 1)) {
    const auto end = listing.find("\n\t}", at);
    const auto first = listing.find(elements, at);
    const auto last = listing.find("}\n", first);
    if (end != std::string::npos && first < end && last != std::string::npos)
      listing.erase(first, last + 2 - first);
  }
  return listing;
}

}  // namespace

void Table::Close::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Table::Table(const NetworkNamespace& where, std::string name, Elements elements)
    : name_("table " + std::move(name)) {
  const auto entered = where.run([&] { context_.reset(nft_ctx_new(NFT_CTX_DEFAULT)); });
  if (!entered || !context_ || nft_ctx_buffer_output(context_.get()) != 0 ||
      nft_ctx_buffer_error(context_.get()) != 0) {
    throw std::runtime_error("cannot open nftables: is the process root in this namespace?");
  }
  const unsigned terse = elements == Elements::moving ? unsigned{NFT_CTX_OUTPUT_TERSE} : 0U;
  nft_ctx_output_set_flags(context_.get(),
                           NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_NUMERIC_TIME | terse);
}

Result<void> Table::run(const std::string& commands, const std::string& what) {
  if (nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) {
    return {};
  }
  const int code = errno != 0 ? errno : EINVAL;
  Error error = failure(code, what);
  error.text = what + ": " + nft_ctx_get_error_buffer(context_.get());
  return error;
}

std::string Table::listing() {
  const auto listed = run("list " + name_, "list " + name_);
  return listed ? without_map_elements(nft_ctx_get_output_buffer(context_.get())) : std::string();
}

bool Table::matches(const std::string& ruleset) {
  const std::string now = listing();
  return now == ruleset || (loaded_ == ruleset && !now.empty() && now == listed_);
}

Result<void> Table::load(const std::string& ruleset) {
  const std::string fresh = name_ + "\ndelete " + name_ + "\n";
  auto done = run(fresh + ruleset, "load nftables " + name_);
  if (done) {
    loaded_ = ruleset;
    listed_ = listing();
  }
  return done;
}

bool Table::exists() { return !listing().empty(); }

Result<void> Table::remove() {
  return exists() ? run("delete " + name_, "delete nftables " + name_) : Result<void>();
}

}  // namespace paddock::net::nat
