// SPDX-License-Identifier: Apache-2.0
#include "paddock/kinds.hpp"

#include "paddock/command.hpp"
#include "runtime/options.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace paddock::cli {
namespace {

using metadata::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 20> words{{
    {"host", Kind::host},
    {"hosts", Kind::host},
    {"node", Kind::host},
    {"namespace", Kind::name_space},
    {"namespaces", Kind::name_space},
    {"ns", Kind::name_space},
    {"stack", Kind::name_space},
    {"service", Kind::service},
    {"services", Kind::service},
    {"svc", Kind::service},
    {"endpoints", Kind::endpoints},
    {"ep", Kind::endpoints},
    {"pod", Kind::pod},
    {"pods", Kind::pod},
    {"container", Kind::pod},
    {"network", Kind::network},
    {"networks", Kind::network},
    {"net", Kind::network},
    {"subnet", Kind::subnet},
    {"subnets", Kind::subnet},
}};

}  // namespace

Kind kind_of(std::string_view word) {
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found =
      std::ranges::find(words, std::string_view(lower), &std::pair<std::string_view, Kind>::first);
  if (found != words.end()) return found->second;
  std::vector<std::string> all;
  for (const auto& [text, kind] : words) all.emplace_back(text);
  const auto meant = runtime::nearest(lower, all);
  throw Failure(exit_usage, "no such kind: " + std::string(word),
                meant.empty() ? "kinds: host, namespace, service, endpoints, pod, network, subnet"
                              : "did you mean " + meant + "?");
}

metadata::Key key_of(Kind kind, std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) {
    return {kind, metadata::has_namespace(kind) ? "default" : "", std::string(name)};
  }
  if (!metadata::has_namespace(kind)) {
    throw Failure(exit_usage, std::string(metadata::kind_name(kind)) +
                                  " has no namespace: " + std::string(name));
  }
  return {kind, std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

std::vector<std::string> kind_words() {
  std::vector<std::string> all;
  for (const auto kind : metadata::all_kinds) all.emplace_back(metadata::plural(kind));
  return all;
}

std::string target_of(const metadata::Key& key) { return "/v1/" + metadata::format(key); }

}  // namespace paddock::cli
