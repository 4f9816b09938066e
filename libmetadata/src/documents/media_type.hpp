// SPDX-License-Identifier: Apache-2.0
//
// Which form of a document a client wants (RFC 9110 section 12.5.1, and Rancher's rules: the
// weight decides, then a specific type beats a wildcard, then our order; nothing that we have:
// text).
#pragma once

#include <string_view>

namespace paddock::metadata::documents {

enum class Form { text, json, yaml };

struct MediaType {
  Form form = Form::text;
  std::string_view content_type;  // a literal
};

// `accept` is empty when the header is absent. Types are read in any case, and parameters other
// than q say nothing; an entry whose q is no weight is passed over.
[[nodiscard]] MediaType negotiate(std::string_view accept);

}  // namespace paddock::metadata::documents
