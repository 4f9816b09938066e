// SPDX-License-Identifier: Apache-2.0
#include "model/uuid.hpp"

#include <cstdint>
#include <cstdio>

namespace paddock::metadata {
namespace {

// FNV-1a.
std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t value = 0xcbf29ce484222325U ^ seed;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3U;
  }
  return value;
}

}  // namespace

std::string uuid_from(std::string_view text) {
  const std::uint64_t high = hash(text, 0);
  const std::uint64_t low = hash(text, 0x9e3779b97f4a7c15U);
  char uuid[40];
  // Version 8: bits of our own choice.
  std::snprintf(uuid, sizeof uuid, "%08x-%04x-8%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16) & 0xffffU,
                static_cast<unsigned>(high) & 0xfffU,
                0x8000U | (static_cast<unsigned>(low >> 48) & 0x3fffU),
                static_cast<unsigned long long>(low & 0xffffffffffffU));
  return uuid;
}

}  // namespace paddock::metadata
