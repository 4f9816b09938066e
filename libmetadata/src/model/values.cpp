// SPDX-License-Identifier: Apache-2.0
#include "model/address_text.hpp"
#include "model/hash.hpp"
#include "model/shared_cache.hpp"

#include <paddock/metadata/values.hpp>

#include <charconv>
#include <cstring>

namespace paddock::metadata {

Text::Text(std::string_view text) {
  if (text.empty()) return;
  block_ = new (::operator new(sizeof(Block) + text.size())) Block;
  block_->size = static_cast<std::uint32_t>(text.size());
  std::memcpy(block_->bytes(), text.data(), text.size());
}

Text Text::shared(std::string_view text) {
  constexpr std::size_t longest = 128;  // bounds what the cache may hold on to
  if (text.empty() || text.size() > longest) return {text};
  // Never destroyed: other threads may still make texts while the process ends.
  static auto& cache = *new SharedCache<Text, 8192>;
  return cache.find_or_make(
      hash_text(text), [&](const Text& seen) { return seen.view() == text; },
      [&] { return Text(text); });
}

TextMap::TextMap(std::vector<TextPair> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const TextPair& a, const TextPair& b) { return a.key < b.key; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i].key == pairs[i + 1].key) continue;
    if (kept != i) pairs[kept] = std::move(pairs[i]);
    ++kept;
  }
  pairs.resize(kept);
  pairs_ = List<TextPair>(std::move(pairs));
}

TextMap TextMap::shared(std::vector<TextPair> pairs) {
  constexpr std::size_t most_bytes = 4096;  // bounds what the cache may hold on to
  TextMap map(std::move(pairs));
  std::size_t bytes = 0;
  for (const TextPair& pair : map) bytes += sizeof pair + pair.key.size() + pair.value.size();
  if (map.empty() || bytes > most_bytes) return map;
  std::uint64_t hash = 0;
  for (const TextPair& pair : map) hash = hash_text(pair.value, hash_text(pair.key, hash));
  static auto& cache = *new SharedCache<TextMap, 1024>;
  return cache.find_or_make(
      hash, [&](const TextMap& seen) { return seen == map; }, [&] { return map; });
}

const Text* TextMap::find(std::string_view key) const noexcept {
  const auto* found = std::lower_bound(
      begin(), end(), key,
      [](const TextPair& pair, std::string_view k) { return pair.key.view() < k; });
  return found != end() && found->key == key ? &found->value : nullptr;
}

bool TextMap::matches(const TextMap& selector) const noexcept {
  if (selector.empty()) return false;
  return std::all_of(selector.begin(), selector.end(), [this](const TextPair& wanted) {
    const Text* value = find(wanted.key);
    return value != nullptr && *value == wanted.value;
  });
}

namespace {

template <class Bytes>
bool same_start(const Bytes& a, const Bytes& b, unsigned bits) noexcept {
  const unsigned whole = bits / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

template <class Bytes>
bool is_zero_after(const Bytes& bytes, unsigned bits) noexcept {
  for (unsigned bit = bits; bit < bytes.size() * 8; ++bit) {
    if (((bytes[bit / 8] >> (7 - bit % 8)) & 1U) != 0) return false;
  }
  return true;
}

}  // namespace

bool Prefix::contains(const boost::asio::ip::address& candidate) const noexcept {
  if (candidate.is_v4() != address.is_v4()) return false;
  return address.is_v4()
             ? same_start(address.to_v4().to_bytes(), candidate.to_v4().to_bytes(), length)
             : same_start(address.to_v6().to_bytes(), candidate.to_v6().to_bytes(), length);
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return {};
  Prefix prefix{.address = *address, .length = 0};
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), prefix.length);
  if (error != std::errc() || end != digits.data() + digits.size()) return {};
  if (prefix.length > (prefix.address.is_v4() ? 32 : 128)) return {};
  const bool is_clean = prefix.address.is_v4()
                            ? is_zero_after(prefix.address.to_v4().to_bytes(), prefix.length)
                            : is_zero_after(prefix.address.to_v6().to_bytes(), prefix.length);
  return is_clean ? std::optional(prefix) : std::nullopt;
}

std::string format(const Prefix& prefix) {
  return prefix.address.to_string() + "/" + std::to_string(prefix.length);
}

}  // namespace paddock::metadata
