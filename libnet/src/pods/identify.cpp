// SPDX-License-Identifier: Apache-2.0
//
// From what a runtime says to a name that DNS and the registry accept.
#include <paddock/net/pod_network.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace paddock::net {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_pod_name = 253;
constexpr std::size_t hash_digits = 8;
constexpr std::size_t sha256_digits = 64;
constexpr std::size_t short_id_digits = 12;  // as docker and podman show ids

// FNV-1a: tells two long names apart after they were cut.
std::string hash_of(const std::string& text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  char digits[hash_digits + 1];
  std::snprintf(digits, sizeof digits, "%08x", hash);
  return digits;
}

// Lower case letters, digits and dashes, with dots where several labels are allowed, not longer
// than `longest`; empty when nothing usable is in it.
std::string to_name(const std::string& text, std::size_t longest) {
  const bool dots = longest > longest_label;
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool word = byte < 0x80 && std::isalnum(byte) != 0;
    if (word)
      name += static_cast<char>(std::tolower(byte));
    else if (!name.empty() && name.back() != '-' && name.back() != '.')
      name += dots && c == '.' ? '.' : '-';
  }
  const auto trim = [&name] {
    while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  };
  if (name.size() > longest) {
    name.resize(longest - hash_digits - 1);
    trim();
    name += "-" + hash_of(text);
  }
  trim();
  return name;
}

std::string name_of_container(const std::string& id) {
  const bool is_hash = id.size() == sha256_digits && std::ranges::all_of(id, [](unsigned char c) {
                         return std::isxdigit(c) != 0;
                       });
  return to_name(is_hash ? id.substr(0, short_id_digits) : id, longest_label);
}

}  // namespace

PodIdentity identify(const cni::Request& request) {
  PodIdentity pod{.name_space = to_name(request.pod_namespace, longest_label),
                  .name = to_name(request.pod_name, longest_pod_name),
                  .uid = request.pod_uid,
                  .labels = request.labels,
                  .aliases = request.aliases};
  if (pod.name_space.empty()) pod.name_space = "default";
  if (pod.name.empty()) pod.name = name_of_container(request.container);
  return pod;
}

}  // namespace paddock::net
