// SPDX-License-Identifier: Apache-2.0
//
// An Ingress, as the load balancer service that Rancher's ingress controller made of it: its rules
// are those of the balancer, the addresses those of whatever balances. Pure.
#pragma once

#include "kubernetes/json.hpp"

#include <paddock/metadata/objects.hpp>

#include <memory>

namespace paddock::metadata::kubernetes {

[[nodiscard]] std::shared_ptr<Service> read_ingress(const Json& object);

// "shop/shop-rancherlb-web" of Ingress shop/web; one like it, with a hash, where that is no name of
// a Service. Empty when the object has no name.
[[nodiscard]] Key key_of_ingress(const Json& object);

// Whether an Ingress was made into this one.
[[nodiscard]] bool is_ingress(const Service& service);

}  // namespace paddock::metadata::kubernetes
