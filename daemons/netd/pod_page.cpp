// SPDX-License-Identifier: Apache-2.0
//
// What netd knows of one pod, for who asks why it has no network: /pods/NAMESPACE/NAME.
#include "netd/lease_json.hpp"
#include "netd/service.hpp"

#include <algorithm>

namespace paddock::netd {
namespace {

using Json = nlohmann::json;

constexpr std::string_view prefix = "/pods/";

std::int64_t milliseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// What the registry says otherwise.
Json registry_problems(const Registrar& registrar, const net::Lease& lease) {
  Json problems = Json::array();
  const auto status = registrar.status();
  if (!status.is_connected) return {"metadatad is away, so the registry cannot be compared"};
  const auto pod = registrar.find(key_of(lease.pod));
  if (!pod)
    return {"the registry does not have the pod" +
            (status.last_error.empty() ? "" : ": " + status.last_error)};
  for (const auto& address : lease.attachment.addresses) {
    if (std::ranges::find(pod->addresses, address) == pod->addresses.end())
      problems.push_back("the registry does not have the address " + address.to_string());
  }
  return problems;
}

// Where the registry has a pod that is not attached to this host; null: it has none.
Json elsewhere(const Registrar& registrar, std::string_view space, std::string_view name) {
  const auto pod = registrar.find(
      {.kind = metadata::Kind::pod, .ns = std::string(space), .name = std::string(name)});
  if (!pod) return nullptr;
  Json addresses = Json::array();
  for (const auto& address : pod->addresses) addresses.push_back(address.to_string());
  return {{"host", pod->host.str()}, {"addresses", std::move(addresses)}};
}

}  // namespace

std::optional<std::string> Service::page(std::string_view path) const {
  if (path == "/peers") return peers_page();
  if (path.starts_with("/paths/")) return path_page(path);
  const auto slash = path.starts_with(prefix) ? path.find('/', prefix.size()) : path.npos;
  if (slash == path.npos) return {};
  const auto space = path.substr(prefix.size(), slash - prefix.size());
  const auto name = path.substr(slash + 1);
  Json attachments = Json::array();
  for (const auto& lease : pods_->leases()) {
    if (lease.pod.name_space != space || lease.pod.name != name) continue;
    auto object = format_lease(lease);
    object["kernel"] = pods_->examine(lease);
    object["registry"] = registrar_ ? registry_problems(*registrar_, lease) : Json::array();
    attachments.push_back(std::move(object));
  }
  Json repairs = Json::array();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& repair : repairs_) {
      const bool is_about_it = std::ranges::any_of(attachments, [&](const Json& attachment) {
        return repair.what.find(attachment["container"].get<std::string>()) != std::string::npos ||
               repair.what.find(attachment["link"].get<std::string>()) != std::string::npos;
      });
      if (is_about_it)
        repairs.push_back({{"when", milliseconds(repair.when)}, {"what", repair.what}});
    }
  }
  Json page{{"namespace", space},
            {"name", name},
            {"attachments", std::move(attachments)},
            {"elsewhere", nullptr},
            {"repairs", std::move(repairs)}};
  if (registrar_ && page["attachments"].empty())
    page["elsewhere"] = elsewhere(*registrar_, space, name);
  return page.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace paddock::netd
