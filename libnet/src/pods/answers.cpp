// SPDX-License-Identifier: Apache-2.0
#include "pods/answers.hpp"

namespace paddock::net {

cni::Failure to_failure(const Error& error, const std::string& version) {
  using boost::system::errc::errc_t;
  cni::Failure failure{cni::Code::internal, error.text, {}, version};
  const auto is = [&](errc_t code) { return error.code == code; };
  if (is(errc_t::invalid_argument)) {
    failure.code = cni::Code::bad_config;
  } else if (is(errc_t::no_buffer_space) || is(errc_t::address_in_use)) {
    failure.code = cni::Code::try_again;
    failure.details = "paddock status shows how full the subnet is";
  } else if (is(errc_t::address_not_available)) {
    failure.code = cni::Code::bad_config;
    failure.details = "ask for an address of this host's subnet, or for none";
  } else if (is(errc_t::no_space_on_device)) {
    failure.code = cni::Code::try_again;
    failure.details = "free space where paddock-netd keeps its state";
  } else if (is(errc_t::device_or_resource_busy)) {
    failure.code = cni::Code::try_again;  // a name or index chosen by chance is somebody's already
  } else if (is(errc_t::operation_not_permitted)) {
    failure.code = cni::Code::bad_namespace;
  } else if (is(errc_t::file_exists)) {
    failure.details = "something else has made this interface or route; remove it first";
  }
  return failure;
}

cni::Failure busy(const cni::Request& request) {
  return {cni::Code::try_again, "another request for this interface is still running", "try again",
          request.version};
}

AttachmentId id_of(const cni::Request& request) {
  return {request.network, request.container, request.ifname};
}

std::string join(const std::vector<std::string>& texts) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : "; ") + text;
  return result;
}

}  // namespace paddock::net
