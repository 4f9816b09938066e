// SPDX-License-Identifier: Apache-2.0
//
// A view as answer() uses it: its own names in one shard, its lists in wire form.
#pragma once

#include "zone/shard.hpp"
#include "zone/table.hpp"

#include <paddock/dns/view.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace paddock::dns {

class CompiledView {
 public:
  CompiledView(const View& view, std::uint64_t seed, std::vector<Problem>& problems);

  // The view's own name, or a false view.
  EntryView find(std::span<const std::uint8_t> name) const noexcept {
    return names_.slots ? find_entry(names_, name, hash_bytes(name, seed_)) : EntryView();
  }

  // Whether the name is below a hidden one, and not at or below a shown one.
  bool hides(std::span<const std::uint8_t> name) const noexcept;

  // Whether the search list is for names of so many labels.
  bool searches(std::size_t labels) const noexcept {
    return !search_.empty() && (ndots_ == 0 || labels <= ndots_);
  }

  std::span<const std::string> search() const { return search_; }
  // In wire form.
  const std::vector<std::string>& path() const { return path_; }

  bool has_hidden() const { return !hidden_.empty(); }
  const std::string& upstreams() const { return upstreams_; }

  // The common view, to be looked at after this one; null if this is it or there is none.
  const CompiledView* next() const { return next_; }
  void set_next(const CompiledView* next) { next_ = next; }

  std::size_t memory() const;

  // For negative answers about own names outside our zones; the name itself is the origin.
  const SoaTemplate& soa() const { return soa_; }

 private:
  void compile_names(const View& view, std::vector<Problem>& problems);

  std::uint64_t seed_;
  TableMemory memory_of_names_;
  Shard names_;
  unsigned ndots_;
  std::vector<std::string> search_;  // each a name in wire form
  std::vector<std::string> path_;
  std::vector<std::string> hidden_;
  std::vector<std::string> shown_;
  std::string upstreams_;
  SoaTemplate soa_;
  const CompiledView* next_ = nullptr;
};

}  // namespace paddock::dns
