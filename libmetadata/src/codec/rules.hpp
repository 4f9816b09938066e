// SPDX-License-Identifier: Apache-2.0
//
// What a text in an object may be, beyond being text.
#pragma once

#include <string_view>

namespace paddock::metadata {

enum class Rule {
  free,          // anything up to 64 KiB
  line,          // one line, no control characters
  word,          // neither spaces nor control characters, at most 253 bytes
  label,         // a DNS label
  dotted_name,   // the name of anything but a namespace and a service
  dns_name,      // a name of the outside
  address,       // one IP address
  mac,           // of Ethernet
  service_path,  // namespace/service
  service_name,  // service, or namespace/service
  port_mapping,  // hostIP:public:private[/proto]
  label_key      // of labels and annotations
};

// Null when the text keeps to the rule, else what is allowed. An empty text is for the caller.
[[nodiscard]] const char* broken(Rule rule, std::string_view text) noexcept;

}  // namespace paddock::metadata
