// SPDX-License-Identifier: Apache-2.0
#include "paddock/complete.hpp"

#include "paddock/api.hpp"
#include "paddock/command.hpp"
#include "paddock/kinds.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

// The names of a kind's objects as they can be typed; none when metadatad cannot be asked.
std::vector<std::string> names_of(metadata::Kind kind, const Arguments& typed) {
  std::vector<std::string> names;
  try {
    Api api(typed);
    const auto answer = api.get("/v1/" + std::string(metadata::plural(kind)));
    for (const auto& object : answer.value("objects", ordered_json::array())) {
      const auto space = object.value("namespace", "");
      names.push_back((space.empty() ? "" : space + "/") + object.value("name", ""));
    }
  } catch (const std::exception&) {
    return {};  // a completion has no place to complain
  }
  return names;
}

std::vector<std::string> service_names(const Arguments& typed) {
  std::vector<std::string> names;
  for (const auto& name : names_of(metadata::Kind::service, typed)) {
    const auto slash = name.find('/');
    names.push_back(name.substr(slash + 1) + "." + name.substr(0, slash));
  }
  return names;
}

std::vector<std::string> names_of_typed_kind(const Arguments& typed) {
  try {
    return typed.words.empty() ? std::vector<std::string>{}
                               : names_of(kind_of(typed.words.front()), typed);
  } catch (const Failure&) {
    return {};
  }
}

std::vector<std::string> offered(Offer offer, const Arguments& typed) {
  switch (offer) {
    case Offer::file:
      return {":file"};
    case Offer::folder:
      return {":folder"};
    case Offer::kind:
      return kind_words();
    case Offer::output_format:
      return {"json", "table", "yaml"};
    case Offer::record_type:
      return {"A", "AAAA", "ANY", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"};
    case Offer::path:
      return {"containers", "hosts",    "self/container", "self/host", "self/service",
              "self/stack", "services", "stacks",         "version"};
    case Offer::pod:
      return names_of(metadata::Kind::pod, typed);
    case Offer::name:
      return typed.words.empty() ? service_names(typed) : names_of_typed_kind(typed);
    case Offer::nothing:
      break;
  }
  return {};
}

const Flag* flag_of(const Command& command, std::string_view word) {
  for (const auto& flag : command.flags) {
    const bool is_letter = flag.letter != 0 && word == std::string("-") + flag.letter;
    if (is_letter || word == "--" + std::string(flag.name)) return &flag;
  }
  return nullptr;
}

// The words and flags before the one being typed, whatever is wrong with them.
Arguments typed_before(const Command& command, const std::vector<std::string>& words) {
  Arguments typed;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    const auto* flag = flag_of(command, words[i]);
    if (flag != nullptr && !flag->value.empty() && i + 2 < words.size()) {
      typed.flags[std::string(flag->name)] = words[++i];
    } else if (!words[i].starts_with('-')) {
      typed.words.push_back(words[i]);
    }
  }
  return typed;
}

std::vector<std::string> candidates(const std::vector<std::string>& words) {
  std::vector<std::string> found;
  if (words.size() <= 1) {
    for (const auto& command : commands()) found.emplace_back(command.name);
    return found;
  }
  const auto* command = find_command(words.front());
  if (command == nullptr) return {};
  const auto* before = flag_of(*command, words[words.size() - 2]);
  const auto typed = typed_before(*command, words);
  if (before != nullptr && !before->value.empty()) return offered(before->offer, typed);
  if (words.back().starts_with('-')) {
    for (const auto& flag : command->flags) found.push_back("--" + std::string(flag.name));
    found.emplace_back("--help");
    return found;
  }
  const auto place = typed.words.size();
  return place < command->offers.size() ? offered(command->offers[place], typed) : found;
}

}  // namespace

std::vector<std::string> complete(const std::vector<std::string>& words) {
  auto found = candidates(words);
  const std::string begun = words.empty() ? "" : words.back();
  std::erase_if(found, [&](const std::string& word) {
    return !word.starts_with(':') && !word.starts_with(begun);
  });
  std::ranges::sort(found);
  return found;
}

}  // namespace paddock::cli
