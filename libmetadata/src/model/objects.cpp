// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/objects.hpp>

#include <algorithm>
#include <array>

namespace paddock::metadata {
namespace {

struct KindNames {
  std::string_view name;
  std::string_view plural;
};

constexpr std::array<KindNames, std::size(all_kinds)> kind_names{{{"Host", "hosts"},
                                                                  {"Namespace", "namespaces"},
                                                                  {"Service", "services"},
                                                                  {"Endpoints", "endpoints"},
                                                                  {"Pod", "pods"},
                                                                  {"Network", "networks"},
                                                                  {"Subnet", "subnets"}}};

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  return kind_names[static_cast<std::size_t>(kind)].name;
}

std::string_view plural(Kind kind) noexcept {
  return kind_names[static_cast<std::size_t>(kind)].plural;
}

std::optional<Kind> kind_of_name(std::string_view text) noexcept {
  for (const Kind kind : all_kinds) {
    if (kind_name(kind) == text) return kind;
  }
  return std::nullopt;
}

std::optional<Kind> kind_of_plural(std::string_view text) noexcept {
  for (const Kind kind : all_kinds) {
    if (plural(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string format(const Key& key) {
  std::string text(plural(key.kind));
  if (has_namespace(key.kind)) text.append("/").append(key.ns);
  return text.append("/").append(key.name);
}

std::optional<Key> parse_key(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto kind = kind_of_plural(text.substr(0, slash));
  if (!kind) return std::nullopt;
  text.remove_prefix(slash + 1);
  Key key{*kind, {}, {}};
  if (has_namespace(*kind)) {
    const auto second = text.find('/');
    if (second == std::string_view::npos || second == 0) return std::nullopt;
    key.ns = text.substr(0, second);
    text.remove_prefix(second + 1);
  }
  if (text.empty() || text.find('/') != std::string_view::npos) return std::nullopt;
  key.name = text;
  return key;
}

std::string_view protocol_name(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::udp:
      return "UDP";
    case Protocol::sctp:
      return "SCTP";
    case Protocol::tcp:
      break;
  }
  return "TCP";
}

std::string_view effective_kind(const Service& service) noexcept {
  if (!service.service_kind.empty()) return service.service_kind;
  if (!service.external_ips.empty() || !service.external_name.empty()) return "externalService";
  if (!service.targets.empty()) return "dnsService";
  return "service";
}

std::string subnet_name(const Prefix& first) {
  auto name = format(first);
  std::ranges::replace_if(
      name, [](char c) { return c == ':' || c == '/'; }, '-');
  return name;
}

bool is_running(const Pod& pod) noexcept { return pod.state.empty() || pod.state == "running"; }

bool equal(const Object& a, const Object& b) {
  return a.kind == b.kind && visit(a, [&b](const auto& typed) {
           return typed == static_cast<const std::remove_cvref_t<decltype(typed)>&>(b);
         });
}

}  // namespace paddock::metadata
