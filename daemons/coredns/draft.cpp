// SPDX-License-Identifier: Apache-2.0
#include "coredns/draft.hpp"

#include <algorithm>
#include <utility>

namespace paddock::coredns {
namespace {

// Plain where YAML cannot take it for anything but what it is.
std::string yaml_scalar(const std::string& text) {
  const bool is_plain =
      !text.empty() &&
      std::ranges::all_of(text,
                          [](char c) {
                            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                                   c == '-' || c == '_' || c == '/';
                          }) &&
      text.front() != '-' && text != "no" && text != "yes" && text != "on" && text != "off";
  if (is_plain) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
  }
  return quoted + "\"";
}

std::string origins(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places) {
    const auto shown = format(place);
    if (text.find(shown) == std::string::npos) text += (text.empty() ? "# " : ", ") + shown;
  }
  return text + "\n";
}

std::string joined(const Directive& directive) {
  std::string text;
  for (const auto& word : directive.words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

bool Draft::has(const std::string& key) const {
  return std::ranges::find(settings_, key, &Setting::key) != settings_.end();
}

const std::vector<std::string>& Draft::values(const std::string& key) const {
  static const std::vector<std::string> none;
  const auto found = std::ranges::find(settings_, key, &Setting::key);
  return found == settings_.end() ? none : found->values;
}

Draft::Setting& Draft::at(const std::string& key, bool is_list) {
  const auto known = std::ranges::find(settings_, key, &Setting::key);
  if (known != settings_.end()) return *known;
  return settings_.emplace_back(
      Setting{.key = key, .is_list = is_list, .values = {}, .places = {}});
}

void Draft::remark(Remark remark) {
  if (std::ranges::find(remarks_, remark) == remarks_.end()) remarks_.push_back(std::move(remark));
}

void Draft::set(const std::string& key, const std::string& value, const Place& place) {
  Setting& setting = at(key, false);
  if (!setting.values.empty() && setting.values.front() != value) {
    remark({place,
            key + " " + value + ": one value is for all, and " + format(setting.places.front()) +
                " says " + setting.values.front(),
            true});
    return;
  }
  if (setting.values.empty()) setting.values.push_back(value);
  setting.places.push_back(place);
}

void Draft::add(const std::string& key, const std::string& item, const Place& place) {
  Setting& setting = at(key, true);
  if (std::ranges::find(setting.values, item) == setting.values.end()) {
    setting.values.push_back(item);
  }
  setting.places.push_back(place);
}

void Draft::begin_list(const std::string& key, const Place& place) {
  at(key, true).places.push_back(place);
}

void Draft::lose(const Directive& subject, const std::string& why) {
  remark({subject.place, joined(subject) + ": " + why, true});
}

void Draft::lose(const Directive& plugin, const Directive& option, const std::string& why) {
  remark({option.place, plugin.name() + ": " + joined(option) + ": " + why, true});
}

void Draft::note(const Directive& subject, const std::string& why) {
  remark({subject.place, joined(subject) + ": " + why, false});
}

std::string Draft::yaml() const {
  std::string text;
  for (const Setting& setting : settings_) {
    text += "\n" + origins(setting.places) + setting.key + ":";
    if (!setting.is_list) {
      text += " " + yaml_scalar(setting.values.front()) + "\n";
    } else if (setting.values.empty()) {
      text += " []\n";
    } else {
      text += "\n";
      for (const auto& value : setting.values) text += "  - " + yaml_scalar(value) + "\n";
    }
  }
  return text;
}

}  // namespace paddock::coredns
