// SPDX-License-Identifier: Apache-2.0
#include "documents/view.hpp"

#include <algorithm>
#include <utility>

namespace paddock::metadata::documents {
namespace {

// A value that nobody knows is meant to hide something.
Visibility visibility_said_by(const Object* object) {
  const Text* said = object == nullptr ? nullptr : object->annotations.find(visibility_annotation);
  if (said == nullptr || *said == "all") return Visibility::all;
  return *said == "namespace" ? Visibility::own_namespace : Visibility::self;
}

}  // namespace

View::View(std::shared_ptr<const Snapshot> snapshot, Version version, const Whose& whose)
    : snapshot_(std::move(snapshot)),
      version_(version),
      address_(whose.client),
      default_host_(whose.host),
      visibility_(whose.visibility) {
  if (address_) client_ = snapshot_->cluster().pod_at(*address_).get();
  const bool is_asked = snapshot_->edition().visibilities > 0;
  if (is_asked && client_ != nullptr) narrow(*client_);
  if (!is_asked && visibility_ == Visibility::all) return;
  // All that is read may differ by who reads.
  note_client();
  if (client_ == nullptr) return;
  own_namespaces_.push_back(client_->ns.str());
  own_pods_.push_back(client_);
}

void View::narrow(const Pod& client) {
  const auto ns = find<Namespace>(client.ns);
  visibility_ = std::max({visibility_, visibility_said_by(ns.get()), visibility_said_by(&client)});
}

std::string View::state() const {
  std::string state;
  for (const Kind kind : all_kinds) {
    if (reads_.has(kind)) state += snapshot_->edition().versions[static_cast<std::size_t>(kind)];
  }
  return state + "." + std::to_string(static_cast<int>(version_));
}

void View::note_client() const {
  if (reads_.is_personal()) return;
  reads_.note_client();
  if (address_) reads_.note(Kind::pod, mark_of_address(*address_));
}

const std::string& View::content_version() const {
  reads_.note_everything();
  return snapshot_->edition().version;
}

const Pod* View::client() const {
  note_client();
  return client_;
}

const Host* View::host() const {
  note_client();
  const bool is_told = client_ != nullptr && !client_->host.empty();
  const std::string_view name = is_told ? client_->host.view() : std::string_view(default_host_);
  return name.empty() ? nullptr : find<Host>(name).get();
}

const Service* View::service_of(const Pod& pod) const {
  if (&pod == asked_of_) return its_service_;  // several fields of one container show it
  const Service* service = snapshot_->service_of(pod);
  asked_of_ = &pod;
  its_service_ = service;
  if (pod.service.empty()) {
    if (!pod.labels.empty()) {
      reads_.note(Kind::service, mark_of_all_in(Kind::service, pod.ns));
    }
  } else if (service != nullptr) {
    reads_.note(Kind::service, mark_of_object(Kind::service, service->ns, service->name));
  } else {
    // Named, and not there (yet): rare enough to be asked again for any of them.
    reads_.note(Kind::service, mark_of_all(Kind::service));
  }
  return service;
}

const std::vector<const Pod*>& View::pods_of(const Service& service) const {
  reads_.note(Kind::pod, mark_of_all_in(Kind::pod, service.ns));
  reads_.note(Kind::service, mark_of_object(Kind::service, service.ns, service.name));
  const bool is_all_seen =
      visibility_ == Visibility::all ||
      (visibility_ == Visibility::own_namespace && service.ns == own_namespace());
  return is_all_seen ? snapshot_->pods_of(service) : own_pods_;
}

const std::vector<std::string>& View::namespaces() const {
  reads_.note_namespaces();
  return visibility_ == Visibility::all ? snapshot_->namespaces() : own_namespaces_;
}

std::string View::uuid_of_namespace(std::string_view ns) const {
  reads_.note(Kind::name_space, mark_of_object(Kind::name_space, {}, ns));
  return snapshot_->uuid_of_namespace(ns);
}

}  // namespace paddock::metadata::documents
