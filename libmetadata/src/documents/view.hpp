// SPDX-License-Identifier: Apache-2.0
//
// One client's sight of a snapshot: the only way documents reach the cluster. Everything that is
// looked at through it is noted, so that it is known on what an answer depends. Nodes made of a
// view borrow from it. For one thread.
#pragma once

#include "documents/sight.hpp"
#include "documents/snapshot.hpp"

#include <boost/asio/ip/address.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::documents {

enum class Version { v2015_07_25, v2015_12_19, v2016_07_29 };

class View final : public Sight {
 public:
  struct Whose {
    std::optional<boost::asio::ip::address> client;  // absent: nobody we know
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

  // As in Cluster.
  template <class T>
  [[nodiscard]] Range<T> all() const {
    reads_.note(T::object_kind, mark_of_all(T::object_kind));
    return snapshot_->cluster().all<T>();
  }
  template <class T>
  [[nodiscard]] Range<T> all_in(std::string_view ns) const {
    reads_.note(T::object_kind, mark_of_all_in(T::object_kind, ns));
    return snapshot_->cluster().all_in<T>(ns);
  }
  template <class T>
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view ns, std::string_view name) const {
    reads_.note(T::object_kind, mark_of_object(T::object_kind, ns, name));
    return snapshot_->cluster().find<T>(ns, name);
  }
  template <class T>
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view name) const {
    return find<T>({}, name);
  }
  // As in Catalog.
  template <class T>
  [[nodiscard]] const T* named(std::string_view name) const {
    reads_.note(T::object_kind, mark_of_name(T::object_kind, name));
    return static_cast<const T*>(snapshot_->edition().catalog.named(T::object_kind, name));
  }
  template <class T>
  [[nodiscard]] const T* with_uid(std::string_view uid) const {
    reads_.note(T::object_kind, mark_of_uid(T::object_kind, uid));
    return static_cast<const T*>(snapshot_->edition().catalog.with_uid(T::object_kind, uid));
  }
  // As in Snapshot.
  [[nodiscard]] const Service* service_of(const Pod& pod) const;
  [[nodiscard]] const std::vector<const Pod*>& pods_of(const Service& service) const;
  [[nodiscard]] const std::vector<std::string>& namespaces() const;
  [[nodiscard]] std::string uuid_of_namespace(std::string_view ns) const;

 private:
  void note_client() const;

  std::shared_ptr<const Snapshot> snapshot_;
  Version version_;
  std::optional<boost::asio::ip::address> address_;
  std::string default_host_;
  const Pod* client_ = nullptr;
  mutable Reads reads_;
};

}  // namespace paddock::metadata::documents
