// SPDX-License-Identifier: Apache-2.0
#include "answers/objects.hpp"

#include "documents/render.hpp"
#include "model/uuid.hpp"

#include <algorithm>
#include <cstdint>

namespace paddock::metadata::answers {
namespace {

// FNV-1a.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3U;
  }
  return value;
}

class Sorter {
 public:
  explicit Sorter(std::vector<Problem>& problems) : problems_(problems) {}

  void take(const documents::Node& node) {
    const MapPtr object = map_in(node);
    ++count_;
    const std::string kind = object ? text_in(*object, "metadata_kind") : "";
    if (kind.empty()) return leave_out("has no metadata_kind");
    if (kind == "credential") return take_credential(*object);
    if (kind == "defaultData") {
      found_.defaults = object;
      // The server counts its own version up without a change of what is shown.
      const auto self = object->find("self");
      if (self) sum_ += hash(documents::render_json(*self));
      return;
    }
    sum_ += hash(documents::render_json(node));
    if (kind == "container") return keep(found_.containers, object);
    if (kind == "host") return keep(found_.hosts, object);
    if (kind == "stack") return keep(found_.stacks, object);
    if (kind == "service") return take_service(object);
    if (kind == "network") return found_.networks.push_back(object);
    if (kind == "environment") {
      found_.environment = object;
    } else if (kind == "serviceContainerLink") {
      take_member(*object);
    } else if (kind == "serviceLink") {
      take_link(*object, "service_uuid", found_.service_links);
    } else if (kind == "containerLink") {
      take_link(*object, "container_uuid", found_.container_links);
    } else {
      leave_out("is of the unknown kind " + kind);
    }
  }

  [[nodiscard]] RancherObjects finish() {
    found_.stamp = uuid_from(std::to_string(sum_));
    for (auto& [service, members] : found_.containers_of) {
      std::sort(members.begin(), members.end());
      members.erase(std::unique(members.begin(), members.end()), members.end());
    }
    std::sort(found_.access_keys.begin(), found_.access_keys.end());
    found_.access_keys.erase(std::unique(found_.access_keys.begin(), found_.access_keys.end()),
                             found_.access_keys.end());
    return std::move(found_);
  }

 private:
  void leave_out(const std::string& why) {
    if (problems_.size() >= Limits::problems) return;
    problems_.push_back(
        {"", why + "; it is left out", "", 0, "object " + std::to_string(count_) + " of Data"});
  }
  void keep(RancherObjects::ByKey& objects, const MapPtr& object) {
    const std::string uuid = text_in(*object, "uuid");
    if (uuid.empty()) return leave_out("has no uuid");
    objects.insert_or_assign(uuid, object);
  }
  void take_service(const MapPtr& service) {
    const std::string uuid = text_in(*service, "uuid");
    const std::string name = text_in(*service, "name");
    if (uuid.empty() || name.empty()) return leave_out("has no uuid, or no name");
    found_.services.insert_or_assign(service_key(uuid, name), service);
  }
  void take_member(const documents::Map& link) {
    const std::string container = text_in(link, "container_uuid");
    if (container.empty()) return leave_out("has no container_uuid");
    found_.containers_of[service_key(text_in(link, "service_uuid"), text_in(link, "service_name"))]
        .push_back(container);
  }
  void take_link(const documents::Map& link, std::string_view owner, RancherObjects::Links& links) {
    const std::string from = text_in(link, owner);
    const std::string key = text_in(link, "key");
    if (from.empty() || key.empty()) return leave_out("has no key, or not whose link it is");
    links[from].insert_or_assign(key, text_in(link, "value"));
  }
  void take_credential(const documents::Map& credential) {
    const std::string key = text_in(credential, "public_value");
    // It becomes part of a file's name.
    if (key.empty() || key.find('/') != std::string::npos || key.find('\0') != std::string::npos) {
      return leave_out("has no public_value that can name a file");
    }
    found_.access_keys.push_back(key);
  }

  std::vector<Problem>& problems_;
  RancherObjects found_;
  std::size_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace

RancherObjects sort_objects(std::span<const documents::Node> objects,
                            std::vector<Problem>& problems) {
  Sorter sorter(problems);
  for (const auto& object : objects) sorter.take(object);
  return sorter.finish();
}

std::string service_key(std::string_view uuid, std::string_view name) {
  return lower(uuid) + "_" + lower(name);
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lowered;
}

std::string text_in(const documents::Map& map, std::string_view key) {
  const auto value = map.find(key);
  const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
  return text == nullptr ? std::string() : *text;
}

}  // namespace paddock::metadata::answers
