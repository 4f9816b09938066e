// SPDX-License-Identifier: Apache-2.0
#include "answers/generate.hpp"

#include "answers/yaml_tree.hpp"
#include "documents/fields.hpp"

#include <algorithm>
#include <set>

namespace paddock::metadata::answers {
namespace {

using documents::Node;
using documents::Version;
using Names = std::map<std::string, Node>;  // of objects, by the key of RancherObjects

// In the order of name and uuid, so that an index means the same after every reload.
Node sorted_list(std::vector<Node> nodes) {
  std::vector<std::pair<std::string, Node>> named;
  for (Node& node : nodes) {
    const MapPtr map = map_in(node);
    std::string order = lower(text_in(*map, "name")) + '\0' + text_in(*map, "uuid");
    named.emplace_back(std::move(order), std::move(node));
  }
  std::ranges::stable_sort(named, {}, &std::pair<std::string, Node>::first);
  nodes.clear();
  for (auto& [order, node] : named) nodes.push_back(std::move(node));
  return documents::list_of(std::move(nodes));
}

Node list_of_all(const Names& nodes) {
  std::vector<Node> all;
  for (const auto& [key, node] : nodes) all.push_back(node);
  return sorted_list(std::move(all));
}

Node map_of_texts(const std::map<std::string, std::string>& texts, bool in_lower_case) {
  Entries entries;
  std::set<std::string> names;
  for (const auto& [key, value] : texts) {
    std::string name = in_lower_case ? lower(key) : key;
    if (names.insert(name).second) entries.emplace_back(std::move(name), Node(value));
  }
  return documents::map_of(std::move(entries));
}

Node names_of(const std::vector<Node>& nodes) {
  std::vector<Node> names;
  for (const Node& node : nodes) names.emplace_back(text_in(*map_in(node), "name"));
  std::sort(names.begin(), names.end());
  return documents::list_of(std::move(names));
}

// Of containers with one address, whom it belongs to: not to one that borrows it, rather to one
// that runs, else to the youngest.
bool owns_rather(const documents::Map& one, const documents::Map& other) {
  const auto rank = [](const documents::Map& container) {
    const auto created = container.find("create_index");
    const auto* index = created ? std::get_if<std::int64_t>(&*created) : nullptr;
    return std::tuple(text_in(container, "network_from_container_uuid").empty(),
                      text_in(container, "state") == "running", index == nullptr ? 0 : *index);
  };
  return rank(one) > rank(other);
}

class Generator {
 public:
  Generator(const RancherObjects& objects, Version version) : objects_(objects), version_(version) {
    for (const auto& [key, members] : objects.containers_of) {
      if (!objects.services.contains(key)) continue;
      for (const std::string& member : members) service_of_.emplace(member, key);
    }
    make_hosts();
    make_containers();
    make_services();
    make_stacks();
  }

  // What everybody reads.
  [[nodiscard]] Entries common() const {
    Entries entries{{"containers", list_of_all(containers_)},
                    {"services", list_of_all(services_)},
                    {"stacks", list_of_all(stacks_)},
                    {"hosts", list_of_all(hosts_)}};
    std::vector<Node> networks(objects_.networks.begin(), objects_.networks.end());
    entries.emplace_back("networks", sorted_list(std::move(networks)));
    if (!objects_.environment) return entries;
    for (const std::string_view key : objects_.environment->keys()) {
      const auto is_same = [&](const auto& entry) { return entry.first == key; };
      if (key == "metadata_kind" || std::ranges::any_of(entries, is_same)) continue;
      entries.emplace_back(key, *objects_.environment->find(key));
    }
    return entries;
  }

  // `self` of those whom nobody knows; nothing when the data has none.
  [[nodiscard]] std::optional<Node> stranger() const {
    const auto self = objects_.defaults ? objects_.defaults->find("self") : std::nullopt;
    const MapPtr map = self ? map_in(*self) : nullptr;
    const auto host = map ? map->find("host") : std::nullopt;
    const MapPtr given = host ? map_in(*host) : nullptr;
    if (!given) return self;
    const auto known = hosts_.find(text_in(*given, "uuid"));
    if (known == hosts_.end()) return self;
    return layered(map_in(documents::map_of(Entries{{"host", known->second}})), map);
  }

  [[nodiscard]] Answers::Clients clients() const {
    std::map<std::string, std::string> owners;  // address → container
    for (const auto& [uuid, container] : objects_.containers) {
      const std::string address = text_in(*container, "primary_ip");
      if (address.empty()) continue;
      const auto [owner, is_new] = owners.emplace(address, uuid);
      if (!is_new && owns_rather(*container, *objects_.containers.at(owner->second))) {
        owner->second = uuid;
      }
    }
    Answers::Clients clients;
    for (const auto& [address, uuid] : owners) {
      clients.emplace(usual_form(address), documents::map_of(Entries{{"self", self_of(uuid)}}));
    }
    return clients;
  }

 private:
  [[nodiscard]] bool is_new_form() const { return version_ == Version::v2016_07_29; }

  void make_hosts() {
    for (const auto& [uuid, host] : objects_.hosts) {
      const MapPtr nothing = map_in(documents::map_of(TextMap()));
      hosts_.emplace(uuid, is_new_form() ? layered(nothing, host, "hostId") : Node(host));
    }
  }

  // Ports without an address get one: the host's in the old versions, 0.0.0.0 in the new one.
  [[nodiscard]] Node ports(const documents::Map& container, const Node& given) const {
    const auto* list = std::get_if<std::shared_ptr<const documents::List>>(&given);
    if (list == nullptr) return given;
    std::string own = "0.0.0.0";
    if (!is_new_form()) {
      own = text_in(container, "host_ip");
      const auto host = objects_.hosts.find(text_in(container, "host_uuid"));
      if (own.empty() && host != objects_.hosts.end()) own = text_in(*host->second, "agent_ip");
      if (own.empty()) own = "0.0.0.0";
    }
    constexpr std::string_view any = "0.0.0.0:";
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < (*list)->size(); ++i) {
      Node node = (*list)->at(i);
      if (auto* port = std::get_if<std::string>(&node)) {
        if (std::ranges::count(*port, ':') < 2) {
          port->insert(0, own + ":");
        } else if (port->starts_with(any)) {
          port->replace(0, any.size(), own + ":");
        }
      }
      nodes.push_back(std::move(node));
    }
    return documents::list_of(std::move(nodes));
  }

  void make_containers() {
    for (const auto& [uuid, container] : objects_.containers) {
      Entries own;
      const auto links = objects_.container_links.find(uuid);
      own.emplace_back("links", links == objects_.container_links.end()
                                    ? documents::absent_map()
                                    : map_of_texts(links->second, false));
      if (const auto given = container->find("ports")) {
        own.emplace_back("ports", ports(*container, *given));
      }
      add_lowered(own, *container, "name");
      const auto member = service_of_.find(uuid);
      if (member == service_of_.end()) {
        add_lowered(own, *container, "service_name");
        add_lowered(own, *container, "stack_name");
      } else {
        const documents::Map& service = *objects_.services.at(member->second);
        own.emplace_back("service_name", Node(cased(text_in(service, "name"))));
        own.emplace_back("service_uuid", Node(text_in(service, "uuid")));
        own.emplace_back("stack_name", Node(cased(text_in(service, "stack_name"))));
        own.emplace_back("stack_uuid", Node(text_in(service, "stack_uuid")));
      }
      containers_.emplace(uuid,
                          layered(map_in(documents::map_of(std::move(own))), container, "host_ip"));
    }
  }

  void make_services() {
    for (const auto& [key, service] : objects_.services) {
      std::vector<Node> members;
      if (const auto found = objects_.containers_of.find(key);
          found != objects_.containers_of.end()) {
        for (const std::string& uuid : found->second) {
          const auto container = containers_.find(uuid);
          if (container != containers_.end()) members.push_back(container->second);
        }
      }
      Entries own;
      own.emplace_back("containers", version_ == Version::v2015_07_25
                                         ? names_of(members)
                                         : sorted_list(std::move(members)));
      const auto links = objects_.service_links.find(text_in(*service, "uuid"));
      own.emplace_back("links", map_of_texts(links == objects_.service_links.end()
                                                 ? std::map<std::string, std::string>()
                                                 : links->second,
                                             is_new_form()));
      // A secret: shown under self only, to containers of the service.
      if (service->find("token")) own.emplace_back("token", Node());
      for (const char* name : {"name", "stack_name", "primary_service_name"}) {
        add_lowered(own, *service, name);
      }
      if (const auto sidekicks = service->find("sidekicks"); sidekicks && is_new_form()) {
        own.emplace_back("sidekicks", lowered_list(*sidekicks));
      }
      services_.emplace(key, layered(map_in(documents::map_of(std::move(own))), service));
    }
  }

  void make_stacks() {
    std::map<std::string, std::vector<Node>> services_of;
    for (const auto& [key, service] : objects_.services) {
      services_of[text_in(*service, "stack_uuid")].push_back(services_.at(key));
    }
    for (const auto& [uuid, stack] : objects_.stacks) {
      Entries own;
      std::vector<Node>& services = services_of[uuid];
      own.emplace_back("services", version_ == Version::v2015_07_25
                                       ? names_of(services)
                                       : sorted_list(std::move(services)));
      add_lowered(own, *stack, "name");
      stacks_.emplace(uuid, layered(map_in(documents::map_of(std::move(own))), stack));
    }
  }

  [[nodiscard]] Node self_of(const std::string& uuid) const {
    const documents::Map& container = *objects_.containers.at(uuid);
    Entries self{{"container", containers_.at(uuid)}};
    const auto host = hosts_.find(text_in(container, "host_uuid"));
    if (host != hosts_.end()) self.emplace_back("host", host->second);
    std::string stack = text_in(container, "stack_uuid");
    const auto member = service_of_.find(uuid);
    if (member != service_of_.end()) {
      const documents::Map& service = *objects_.services.at(member->second);
      stack = text_in(service, "stack_uuid");
      Node shown = services_.at(member->second);
      if (const auto token = service.find("token")) {
        shown = layered(map_in(documents::map_of(Entries{{"token", *token}})), map_in(shown));
      }
      self.emplace_back("service", std::move(shown));
    }
    const auto known = stacks_.find(stack);
    if (known != stacks_.end()) self.emplace_back("stack", known->second);
    return documents::map_of(std::move(self));
  }

  [[nodiscard]] std::string cased(std::string text) const {
    return is_new_form() ? lower(text) : std::move(text);
  }
  // The new version has names in lower case.
  void add_lowered(Entries& own, const documents::Map& object, const char* key) const {
    if (!is_new_form()) return;
    const auto value = object.find(key);
    const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
    if (text != nullptr) own.emplace_back(key, Node(lower(*text)));
  }
  static Node lowered_list(const Node& given) {
    const auto* list = std::get_if<std::shared_ptr<const documents::List>>(&given);
    if (list == nullptr) return given;
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < (*list)->size(); ++i) {
      Node node = (*list)->at(i);
      if (auto* text = std::get_if<std::string>(&node)) *text = lower(*text);
      nodes.push_back(std::move(node));
    }
    return documents::list_of(std::move(nodes));
  }

  const RancherObjects& objects_;
  Version version_;
  std::map<std::string, std::string> service_of_;  // container → service
  Names hosts_;
  Names containers_;
  Names services_;  // without their tokens
  Names stacks_;
};

}  // namespace

std::vector<Answers::Edition> editions_of_objects(const RancherObjects& objects,
                                                  const Answers::Regions& regions,
                                                  const std::string& version) {
  std::vector<Answers::Edition> editions;
  for (const Version form : {Version::v2015_07_25, Version::v2015_12_19, Version::v2016_07_29}) {
    const Generator generator(objects, form);
    Entries common = generator.common();
    common.emplace_back("version", Node(version));
    if (auto self = generator.stranger()) common.emplace_back("self", std::move(*self));
    if (form == Version::v2016_07_29) {
      std::vector<Node> environments;
      for (const auto& [key, region] : regions) environments.push_back(region.tree);
      common.emplace_back("environments", environments.empty()
                                              ? documents::absent_list()
                                              : sorted_list(std::move(environments)));
    }
    editions.push_back({std::string(documents::version_names[static_cast<std::size_t>(form)]),
                        generator.clients(), documents::map_of(std::move(common))});
  }
  editions.push_back(editions.back());
  editions.back().version = "latest";
  return editions;
}

documents::Node tree_for_other_regions(const RancherObjects& objects) {
  Entries common = Generator(objects, Version::v2016_07_29).common();
  const auto version = objects.defaults ? objects.defaults->find("version") : std::nullopt;
  if (version) common.emplace_back("version", *version);
  return documents::map_of(std::move(common));
}

}  // namespace paddock::metadata::answers
