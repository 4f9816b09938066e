// SPDX-License-Identifier: Apache-2.0
//
// What a reader of the stream wants of a cluster (docs/stream-api.md, "A part of it"), and what it
// keeps of that.
#pragma once

#include <paddock/metadata/export.hpp>
#include <paddock/metadata/objects.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata {

enum class Part : std::uint8_t {
  all,
  names,  // what names are made of: no hosts, networks and subnets, and few fields of the others
  hosts   // hosts, subnets and pods, whole
};

// As in the stream's query; nothing for a part that is not known.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<Part> part_of_name(std::string_view) noexcept;
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string_view name_of(Part part) noexcept;

[[nodiscard]] constexpr bool has_kind(Part part, Kind kind) noexcept {
  switch (part) {
    case Part::names:
      return kind == Kind::name_space || kind == Kind::service || kind == Kind::endpoints ||
             kind == Kind::pod;
    case Part::hosts:
      return kind == Kind::host || kind == Kind::subnet || kind == Kind::pod;
    case Part::all:
      break;
  }
  return true;
}

// The object with those fields that are in the part; null when its kind is not. Of `all`, the
// object itself.
[[nodiscard]] PADDOCK_METADATA_EXPORT ObjectPtr part_of(Part part, const ObjectPtr& object);

// Whether both, versions of one object whose kind is in the part, are the same there.
[[nodiscard]] PADDOCK_METADATA_EXPORT bool same_in(Part part, const ObjectPtr& a,
                                                   const ObjectPtr& b);

// On Endpoints, where they come from Kubernetes: when what changed them happened (RFC 3339). It is
// in every part, and no version is another for it in `names`.
inline constexpr std::string_view change_time_annotation =
    "endpoints.kubernetes.io/last-change-trigger-time";

// How a reader keeps less than the whole cluster.
struct Reduction {
  Part part = Part::all;  // asked of the server; an older one sends all the same
  // What is kept of an object, under the same key; null: nothing. Called for everything that
  // comes, on the reader's thread. Empty: all of it is kept.
  std::function<ObjectPtr(const ObjectPtr&)> keep;
  // Another one for whatever keeps something else: what another one has kept on disk is shown
  // until all is read anew.
  std::string form;
};

}  // namespace paddock::metadata
