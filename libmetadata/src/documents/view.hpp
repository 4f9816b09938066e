// SPDX-License-Identifier: Apache-2.0
//
// One client's sight of a snapshot: the only way documents reach the cluster. Everything that is
// looked at through it is noted, so that it is known on what an answer depends. Nodes made of a
// view borrow from it. For one thread.
#pragma once

#include "documents/sight.hpp"
#include "documents/snapshot.hpp"

#include <paddock/metadata/service.hpp>

#include <boost/asio/ip/address.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace paddock::metadata::documents {

enum class Version { v2015_07_25, v2015_12_19, v2016_07_29 };

class View final : public Sight {
 public:
  struct Whose {
    std::optional<boost::asio::ip::address> client;  // absent: nobody we know
    Visibility visibility = Visibility::all;
    std::string_view host;  // where a client is that nobody knows; empty: not known
  };
  View(std::shared_ptr<const Snapshot> snapshot, Version version, const Whose& whose);

  [[nodiscard]] std::optional<Node> root() const override;
  [[nodiscard]] Reads& reads() const noexcept override { return reads_; }
  [[nodiscard]] std::string state() const override;

  [[nodiscard]] Version version() const noexcept { return version_; }
  [[nodiscard]] const Environment& environment() const { return snapshot_->edition().environment; }
  // The edition's version; depends on all there is.
  [[nodiscard]] const std::string& content_version() const;

  // The pod that asks; null: nobody we know.
  [[nodiscard]] const Pod* client() const;
  // Its host, else the one this runs on; null: not known.
  [[nodiscard]] const Host* host() const;

  // As in Cluster, of what the client may see.
  template <class T>
  [[nodiscard]] Range<T> all() const {
    reads_.note(T::object_kind, mark_of_all(T::object_kind));
    if constexpr (has_namespace(T::object_kind)) {
      if (visibility_ == Visibility::self) return only(own<T>());
      if (visibility_ == Visibility::own_namespace) return all_in<T>(own_namespace());
    }
    return snapshot_->cluster().all<T>();
  }
  template <class T>
  [[nodiscard]] Range<T> all_in(std::string_view ns) const {
    reads_.note(T::object_kind, mark_of_all_in(T::object_kind, ns));
    if (visibility_ == Visibility::self) {
      const T* mine = own<T>();
      return only(mine != nullptr && mine->ns == ns ? mine : nullptr);
    }
    if (visibility_ == Visibility::own_namespace && ns != own_namespace()) return {};
    return snapshot_->cluster().all_in<T>(ns);
  }
  // Whoever is named, seen or not: for what an object that is seen refers to.
  template <class T>
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view ns, std::string_view name) const {
    reads_.note(T::object_kind, mark_of_object(T::object_kind, ns, name));
    return snapshot_->cluster().find<T>(ns, name);
  }
  template <class T>
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view name) const {
    return find<T>({}, name);
  }
  // As in Catalog, of what the client may see.
  template <class T>
  [[nodiscard]] const T* named(std::string_view name) const {
    reads_.note(T::object_kind, mark_of_name(T::object_kind, name));
    if (visibility_ == Visibility::self) {
      const T* mine = own<T>();
      return mine != nullptr && mine->name == name ? mine : nullptr;
    }
    if (visibility_ == Visibility::own_namespace) return find<T>(own_namespace(), name).get();
    return static_cast<const T*>(snapshot_->catalog().named(T::object_kind, name));
  }
  // The one of a namespace, if the client may see it.
  template <class T>
  [[nodiscard]] const T* named_in(std::string_view ns, std::string_view name) const {
    reads_.note(T::object_kind, mark_of_object(T::object_kind, ns, name));
    if (visibility_ == Visibility::self) {
      const T* mine = own<T>();
      return mine != nullptr && mine->ns == ns && mine->name == name ? mine : nullptr;
    }
    if (visibility_ == Visibility::own_namespace && ns != own_namespace()) return nullptr;
    return snapshot_->cluster().find<T>(ns, name).get();  // the cluster keeps it alive
  }
  template <class T>
  [[nodiscard]] const T* with_uid(std::string_view uid) const {
    reads_.note(T::object_kind, mark_of_uid(T::object_kind, uid));
    const auto* found = static_cast<const T*>(snapshot_->catalog().with_uid(T::object_kind, uid));
    if constexpr (has_namespace(T::object_kind)) {
      if (found == nullptr || visibility_ == Visibility::all) return found;
      if (visibility_ == Visibility::self) return found == own<T>() ? found : nullptr;
      return found->ns == own_namespace() ? found : nullptr;
    }
    return found;
  }
  // As in Snapshot.
  [[nodiscard]] const Service* service_of(const Pod& pod) const;
  [[nodiscard]] const std::vector<const Pod*>& pods_of(const Service& service) const;
  [[nodiscard]] const std::vector<std::string>& namespaces() const;
  [[nodiscard]] std::string uuid_of_namespace(std::string_view ns) const;

 private:
  // To what the client and its namespace say of themselves.
  void narrow(const Pod& client);
  void note_client() const;
  // Of the client; empty: nobody we know.
  [[nodiscard]] std::string_view own_namespace() const {
    return client_ == nullptr ? std::string_view() : client_->ns.view();
  }
  // The client itself, or its service.
  template <class T>
  [[nodiscard]] const T* own() const {
    if (client_ == nullptr) return nullptr;
    if constexpr (std::is_same_v<T, Pod>) return client_;
    if constexpr (std::is_same_v<T, Service>) return service_of(*client_);
    return nullptr;
  }
  // This one, in a range; none when it is null.
  template <class T>
  [[nodiscard]] Range<T> only(const T* object) const {
    if (object == nullptr) return {};
    const Range<T> all = snapshot_->cluster().all_in<T>(object->ns);
    std::size_t first = 0;
    for (std::size_t left = all.size(); left > 0;) {
      const std::size_t half = left / 2;
      const bool is_before = all[first + half].name < object->name;
      if (is_before) first += half + 1;
      left = is_before ? left - half - 1 : half;
    }
    return first < all.size() ? all.part(first, 1) : Range<T>();
  }

  std::shared_ptr<const Snapshot> snapshot_;
  Version version_;
  std::optional<boost::asio::ip::address> address_;
  std::string default_host_;
  Visibility visibility_;
  const Pod* client_ = nullptr;
  std::vector<std::string> own_namespaces_;
  std::vector<const Pod*> own_pods_;
  // The pod of the last service_of(), and the answer.
  mutable const Pod* asked_of_ = nullptr;
  mutable const Service* its_service_ = nullptr;
  mutable Reads reads_;
};

}  // namespace paddock::metadata::documents
