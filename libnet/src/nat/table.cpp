// SPDX-License-Identifier: Apache-2.0
#include "nat/table.hpp"

#include "failure.hpp"
#include "nat/needed_elements.hpp"

#include <nftables/libnftables.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::net::nat {
namespace {

// Whether a block of the listing is a map or set that others fill.
bool is_moving(std::string_view line) {
  if (line.starts_with("\tmap ")) return true;
  return std::ranges::any_of(
      needed_sets, [&](const char* set) { return line == std::string("\tset ") + set + " {"; });
}

// Without the elements of such blocks, which may go over several lines.
std::string without_moving_elements(const std::string& listing) {
  std::string kept;
  std::istringstream lines(listing);
  bool moving = false;
  bool in_elements = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("\t") && line.ends_with("{") && !line.starts_with("\t\t"))
      moving = is_moving(line);
    in_elements = in_elements || (moving && line.starts_with("\t\telements = {"));
    if (!in_elements) kept += line + "\n";
    if (line.ends_with("}")) in_elements = false;
  }
  return kept;
}

// How many elements of a set nft prints on a line is its own affair.
std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
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
  return listed ? without_moving_elements(nft_ctx_get_output_buffer(context_.get()))
                : std::string();
}

bool Table::matches(const std::string& ruleset) {
  const std::string now = listing();
  return words(now) == words(ruleset) || (loaded_ == ruleset && !now.empty() && now == listed_);
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
