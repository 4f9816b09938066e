// SPDX-License-Identifier: Apache-2.0
//
// Objects as maps: a table of fields for each kind, each made when it is asked for.
#pragma once

#include "documents/node.hpp"
#include "documents/tree.hpp"

#include <paddock/metadata/objects.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata::documents {

// One key of an object's map; nothing: the key is not there.
template <class T>
struct Field {
  std::string_view name;
  std::optional<Node> (*read)(const View&, const T&);
};

// Tables are sorted by name.
template <class T>
class ObjectMap final : public Map {
 public:
  ObjectMap(const View& view, const T& object, std::span<const Field<T>> fields)
      : view_(view), object_(object), fields_(fields) {}
  [[nodiscard]] std::vector<std::string_view> keys() const override {
    std::vector<std::string_view> names;
    names.reserve(fields_.size());
    for (const auto& field : fields_) {
      if (field.read(view_, object_)) names.push_back(field.name);
    }
    return names;
  }
  [[nodiscard]] std::vector<Entry> entries() const override {
    std::vector<Entry> all;
    all.reserve(fields_.size());
    for (const auto& field : fields_) {
      if (auto value = field.read(view_, object_)) all.push_back({field.name, std::move(*value)});
    }
    return all;
  }
  [[nodiscard]] std::optional<Node> find(std::string_view key) const override {
    const auto field = std::ranges::lower_bound(fields_, key, {}, &Field<T>::name);
    if (field == fields_.end() || field->name != key) return std::nullopt;
    return field->read(view_, object_);
  }

 private:
  const View& view_;
  const T& object_;
  std::span<const Field<T>> fields_;
};

[[nodiscard]] Node container_node(const View& view, const Pod& pod);
[[nodiscard]] Node service_node(const View& view, const Service& service);
// self/pod.
[[nodiscard]] Node pod_node(const View& view, const Pod& pod);
[[nodiscard]] Node ec2_meta_data(const View& view, const Pod& pod);
[[nodiscard]] Node ec2_dynamic(const View& view, const Pod& pod);
// Nothing when the pod has none.
inline constexpr std::string_view user_data_annotation = "paddock.io/user-data";
[[nodiscard]] std::optional<Node> ec2_user_data(const Pod& pod);
[[nodiscard]] Node host_node(const View& view, const Host& host);
[[nodiscard]] Node network_node(const View& view, const Network& network);
[[nodiscard]] Node stack_node(const View& view, std::string_view ns);
// Null when the service has none.
[[nodiscard]] Node health_check_node(const Service& service);

[[nodiscard]] inline Node text_node(std::string_view text) { return std::string(text); }
[[nodiscard]] inline Node text_node(const char* text) { return std::string(text); }
[[nodiscard]] inline Node text_node(const Text& text) { return text; }
[[nodiscard]] Node text_node(const boost::asio::ip::address& address);
// Null when it is empty.
[[nodiscard]] inline Node text_or_null(const Text& text) {
  return text.empty() ? Node() : Node(text);
}
[[nodiscard]] inline Node text_or_null(std::string_view text) {
  return text.empty() ? Node() : Node(std::string(text));
}
[[nodiscard]] Node list_of(std::vector<Node> nodes);
[[nodiscard]] Node list_of(const Texts& texts);
[[nodiscard]] Node list_of(const Addresses& addresses);
[[nodiscard]] Node map_of(std::vector<std::pair<std::string, Node>> entries);
[[nodiscard]] Node map_of(const TextMap& texts);
[[nodiscard]] Node absent_map();
[[nodiscard]] Node absent_list();
// The JSON as a tree; null when there is none.
[[nodiscard]] Node json_node(std::string_view json);

// A list whose elements are made one by one. `find` answers List::find.
struct LazyElements {
  std::function<std::size_t()> size;
  std::function<Node(std::size_t)> at;
  std::function<std::optional<Node>(std::string_view)> find;
};
[[nodiscard]] Node lazy_list(LazyElements elements);

}  // namespace paddock::metadata::documents
