// SPDX-License-Identifier: Apache-2.0
//
// The top of the tree and the lists of everything.
#include "documents/tree.hpp"

#include "documents/fields.hpp"

#include <algorithm>

namespace paddock::metadata::documents {
namespace {

template <class T>
using MakeNode = Node (*)(const View&, const T&);

template <class T>
std::optional<Node> made_of(const View& view, const T* object, MakeNode<T> make) {
  return object == nullptr ? std::nullopt : std::optional(make(view, *object));
}

// All objects of a kind that lives in namespaces: by name in the first namespace that has it.
template <class T>
Node namespaced_list(const View& view, MakeNode<T> make) {
  return lazy_list({.size = [&view] { return view.all<T>().size(); },
                    .at = [&view, make](std::size_t i) { return make(view, view.all<T>()[i]); },
                    .find = [&view, make](std::string_view name) -> std::optional<Node> {
                      if (const T* named = view.named<T>(name)) return make(view, *named);
                      return made_of(view, view.with_uid<T>(name), make);
                    }});
}

template <class T>
Node flat_list(const View& view, MakeNode<T> make) {
  return lazy_list({.size = [&view] { return view.all<T>().size(); },
                    .at = [&view, make](std::size_t i) { return make(view, view.all<T>()[i]); },
                    .find = [&view, make](std::string_view name) -> std::optional<Node> {
                      if (const auto named = view.find<T>(name)) return make(view, *named);
                      return made_of(view, view.with_uid<T>(name), make);
                    }});
}

Node stack_list(const View& view) {
  return lazy_list({.size = [&view] { return view.namespaces().size(); },
                    .at = [&view](std::size_t i) { return stack_node(view, view.namespaces()[i]); },
                    .find = [&view](std::string_view name) -> std::optional<Node> {
                      const auto& all = view.namespaces();
                      if (std::ranges::binary_search(all, name)) return stack_node(view, name);
                      const auto is_meant = [&](const std::string& ns) {
                        return view.uuid_of_namespace(ns) == name;
                      };
                      const auto found = std::ranges::find_if(all, is_meant);
                      return found == all.end() ? std::nullopt
                                                : std::optional(stack_node(view, *found));
                    }});
}

class SelfMap final : public Map {
 public:
  explicit SelfMap(const View& view) : view_(view) {}
  [[nodiscard]] std::vector<std::string_view> keys() const override {
    std::vector<std::string_view> names;
    for (const std::string_view name : {"container", "host", "service", "stack"}) {
      if (find(name)) names.push_back(name);
    }
    return names;
  }
  [[nodiscard]] std::optional<Node> find(std::string_view key) const override {
    if (key == "host") return made_of(view_, view_.host(), host_node);
    const Pod* client = view_.client();
    if (client == nullptr) return std::nullopt;
    if (key == "container") return container_node(view_, *client);
    if (key == "pod") return pod_node(view_, *client);  // not listed: it is not Rancher's
    if (key != "service" && key != "stack") return std::nullopt;
    const Service* service = view_.service_of(*client);
    if (service == nullptr) return std::nullopt;
    return key == "service" ? service_node(view_, *service) : stack_node(view_, service->ns);
  }

 private:
  const View& view_;
};

class RootMap final : public Map {
 public:
  explicit RootMap(const View& view) : view_(view) {}
  [[nodiscard]] std::vector<std::string_view> keys() const override {
    std::vector<std::string_view> names = {"containers",  "hosts",  "name",     "networks",
                                           "region_name", "self",   "services", "stacks",
                                           "uuid",        "version"};
    if (view_.version() == Version::v2016_07_29) names.insert(names.begin() + 1, "environments");
    return names;
  }
  [[nodiscard]] std::optional<Node> find(std::string_view key) const override {
    const Environment& environment = view_.environment();
    if (key == "self") return std::shared_ptr<const Map>(std::make_shared<SelfMap>(view_));
    if (key == "containers") return namespaced_list<Pod>(view_, container_node);
    if (key == "services") return namespaced_list<Service>(view_, service_node);
    if (key == "stacks") return stack_list(view_);
    if (key == "hosts") return flat_list<Host>(view_, host_node);
    if (key == "networks") return flat_list<Network>(view_, network_node);
    if (key == "version") return view_.content_version();
    if (key == "name") return environment.name;
    if (key == "uuid") return environment.uuid;
    if (key == "region_name")
      return environment.region_name.empty() ? Node() : Node(environment.region_name);
    if (view_.version() != Version::v2016_07_29) return std::nullopt;
    return key == "environments" ? std::optional(absent_list()) : ec2(key);
  }

 private:
  // Not listed: it is not Rancher's.
  [[nodiscard]] std::optional<Node> ec2(std::string_view key) const {
    const bool is_one = std::ranges::find(ec2_keys, key) != std::end(ec2_keys);
    if (!is_one || view_.client() == nullptr) return std::nullopt;
    const Pod& client = *view_.client();
    if (key == "user-data") return ec2_user_data(client);
    return key == "meta-data" ? ec2_meta_data(view_, client) : ec2_dynamic(view_, client);
  }

  const View& view_;
};

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  if (text == "latest" || text == cloud_init_version) return Version::v2016_07_29;
  for (std::size_t i = 0; i < std::size(version_names); ++i) {
    if (version_names[i] == text) return static_cast<Version>(i);
  }
  return std::nullopt;
}

std::optional<Node> View::root() const {
  return std::shared_ptr<const Map>(std::make_shared<RootMap>(*this));
}

}  // namespace paddock::metadata::documents
