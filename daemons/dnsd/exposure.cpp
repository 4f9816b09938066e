// SPDX-License-Identifier: Apache-2.0
#include "dnsd/exposure.hpp"

#include "dnsd/options.hpp"

namespace paddock::dnsd {

Exposure::Exposure(const Options& options)
    : spaces_(options.namespaces.begin(), options.namespaces.end()),
      space_labels_(LabelSelector::parse(options.namespace_labels).value()),
      labels_(LabelSelector::parse(options.labels).value()) {}

bool Exposure::shows_space(const metadata::Cluster& cluster, const std::string& space) const {
  if (!spaces_.empty() && !spaces_.contains(space)) return false;
  if (!looks_at_spaces()) return true;
  const auto object = cluster.find<metadata::Namespace>(space);
  return space_labels_.matches(object ? object->labels : metadata::TextMap());
}

bool Exposure::shows(const metadata::Service& service) const {
  return labels_.matches(service.labels);
}

}  // namespace paddock::dnsd
