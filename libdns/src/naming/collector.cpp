// SPDX-License-Identifier: Apache-2.0
#include "naming/collector.hpp"

#include <algorithm>

namespace paddock::dns {

bool is_label(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !text.empty() && text.size() <= Name::max_label && text.front() != '-' &&
         text.back() != '-' && std::ranges::all_of(text, is_allowed);
}

Name below(const Name& name, std::string_view label) { return name.child(label).value(); }

std::optional<Name> Collector::label(const Name& name, std::string_view label,
                                     std::string_view what) {
  if (is_label(label)) {
    if (auto child = name.child(label)) return std::move(child).value();
  }
  report(std::string(what) + " \"" + std::string(label) + "\" cannot be a DNS label");
  return std::nullopt;
}

std::optional<Name> Collector::labels(const Name& name, std::string_view text,
                                      std::string_view what) {
  std::optional<Name> result = name;
  while (result) {
    const auto dot = text.rfind('.');
    const bool is_last = dot == std::string_view::npos;
    result = label(*result, is_last ? text : text.substr(dot + 1), what);
    if (is_last) break;
    text = text.substr(0, dot);
  }
  return result;
}

void Collector::add_existence(Name owner) {
  add({.owner = std::move(owner), .type = existence, .ttl = ttl_});
}

void Collector::add_address(const Name& owner, const boost::asio::ip::address& address) {
  add(address_record(owner, address, ttl_));
}

void Collector::add_reverse(const boost::asio::ip::address& address, const Name& target,
                            Precedence precedence) {
  Record record = ptr_record(reverse_name(address), target, ttl_);
  record.precedence = precedence;
  add(std::move(record));
}

void Collector::report(std::string text) {
  Problem problem{subject_, std::move(text)};
  if (std::ranges::find(contribution_.problems, problem) == contribution_.problems.end()) {
    contribution_.problems.push_back(std::move(problem));
  }
}

std::string subject_of(std::string_view kind, std::string_view space, std::string_view name) {
  return std::string(kind) + " " + std::string(space) + "/" + std::string(name);
}

ZoneSpec spec_of(const ServiceZone& zone) {
  return {.origin = zone.origin, .ttl = zone.ttl, .negative_ttl = zone.ttl};
}

void add_name_server(Collector& collector, const Name& server,
                     const std::vector<boost::asio::ip::address>& addresses) {
  collector.add_existence(server);
  for (const auto& address : addresses) {
    if (!address.is_unspecified()) collector.add_address(server, address);
  }
}

}  // namespace paddock::dns
