// SPDX-License-Identifier: Apache-2.0
#include "zone/compiled_view.hpp"

#include <paddock/dns/view.hpp>

#include <algorithm>
#include <array>
#include <bit>

namespace paddock::dns {
namespace {

// An address with the bits behind a prefix cleared; IPv4 in its IPv4-mapped form.
using Key = std::array<std::uint8_t, 17>;  // the prefix length last

constexpr unsigned mapped_bits = 96;

Key key_of(const boost::asio::ip::address& address, unsigned length) {
  const auto bytes = (address.is_v4() ? boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped,
                                                                         address.to_v4())
                                      : address.to_v6())
                         .to_bytes();
  Key key{};
  std::ranges::copy(bytes, key.begin());
  for (unsigned i = length / 8; i < 16; ++i) {
    key[i] = static_cast<std::uint8_t>(i == length / 8 ? key[i] & ~(0xFFu >> length % 8) : 0);
  }
  key[16] = static_cast<std::uint8_t>(length);
  return key;
}

}  // namespace

struct Views::Tables {
  struct Slot {
    Key key{};
    const CompiledView* view = nullptr;
  };

  std::uint64_t seed = random_seed();
  std::vector<std::unique_ptr<CompiledView>> views;
  std::unique_ptr<CompiledView> common;
  std::vector<Slot> slots;               // open addressing; a power of two, or none
  std::vector<std::uint8_t> lengths_v4;  // prefix lengths in use, longest first
  std::vector<std::uint8_t> lengths_v6;
  bool has_paths = false;

  // The slot of the key, or the empty one it belongs into.
  std::size_t position(const Key& key) const noexcept {
    const std::size_t mask = slots.size() - 1;
    std::size_t at = hash_bytes(key, seed) & mask;
    while (slots[at].view != nullptr && slots[at].key != key) at = (at + 1) & mask;
    return at;
  }

  void add(const boost::asio::ip::address& network, unsigned length, const CompiledView* view) {
    Slot& slot = slots[position(key_of(network, length))];
    if (slot.view != nullptr) return;
    slot = {key_of(network, length), view};
    const bool is_v4 = network.is_v4() || (length >= mapped_bits && network.to_v6().is_v4_mapped());
    auto& lengths = is_v4 ? lengths_v4 : lengths_v6;
    if (std::ranges::find(lengths, length) == lengths.end()) {
      lengths.push_back(static_cast<std::uint8_t>(length));
    }
  }

  void add_clients(const View& view, const CompiledView* compiled) {
    for (const auto& network : view.clients_v4) {
      add(network.network(), mapped_bits + network.prefix_length(), compiled);
    }
    for (const auto& network : view.clients_v6) {
      add(network.network(), network.prefix_length(), compiled);
    }
  }
};

Views::Views(std::span<const View> views, const std::optional<View>& common,
             std::vector<Problem>& problems) {
  auto tables = std::make_unique<Tables>();
  if (common) {
    tables->common = std::make_unique<CompiledView>(*common, tables->seed, problems);
  }
  std::size_t clients = 0;
  tables->has_paths = common && !common->path.empty();
  for (const View& view : views) {
    clients += view.clients_v4.size() + view.clients_v6.size();
    tables->has_paths = tables->has_paths || !view.path.empty();
  }
  tables->slots.resize(clients == 0 ? 0 : std::bit_ceil(clients * 2));
  for (const View& view : views) {
    tables->views.push_back(std::make_unique<CompiledView>(view, tables->seed, problems));
    tables->views.back()->set_next(tables->common.get());
    tables->add_clients(view, tables->views.back().get());
  }
  for (auto* lengths : {&tables->lengths_v4, &tables->lengths_v6}) {
    std::ranges::sort(*lengths, std::greater());
  }
  tables_ = std::move(tables);
}

Views::~Views() = default;

const CompiledView* Views::find(const boost::asio::ip::address& client) const noexcept {
  const bool is_v4 = client.is_v4() || client.to_v6().is_v4_mapped();
  for (const unsigned length : is_v4 ? tables_->lengths_v4 : tables_->lengths_v6) {
    const Tables::Slot& slot = tables_->slots[tables_->position(key_of(client, length))];
    if (slot.view != nullptr) return slot.view;
  }
  return tables_->common.get();
}

std::string_view Views::upstreams_of(const boost::asio::ip::address& client) const noexcept {
  const CompiledView* view = find(client);
  return view != nullptr ? view->upstreams() : std::string_view();
}

bool Views::has_paths() const noexcept { return tables_->has_paths; }

std::size_t Views::size() const noexcept { return tables_->views.size(); }

std::size_t Views::memory() const noexcept {
  std::size_t bytes = sizeof(Tables) + tables_->slots.capacity() * sizeof(Tables::Slot);
  for (const auto& view : tables_->views) bytes += view->memory();
  return bytes + (tables_->common ? tables_->common->memory() : 0);
}

}  // namespace paddock::dns
