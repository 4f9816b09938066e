// SPDX-License-Identifier: Apache-2.0
//
// Reading JSON that a stranger wrote: typed members of an object, each missing, present or wrong,
// where wrong becomes a Failure that names the field.
#pragma once

#include <paddock/net/cni.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net::cni {

using Json = nlohmann::json;

// Thrown by whatever reads a configuration; whoever asked for that turns it into a Failure, as
// parse(), parse_result() and attempt() do.
struct Refusal {
  Code code;
  std::string msg;
  std::string details;
};

// What `read` returns, or its refusal as a Failure in that version.
template <class Read>
auto attempt(const std::string& version, const Read& read) -> Expected<decltype(read())> {
  try {
    return read();
  } catch (const Refusal& refusal) {
    return Failure{refusal.code, refusal.msg, refusal.details, version};
  }
}

// The JSON object in text. Refuses with Code::undecodable when it is anything else.
Json parse_object(std::string_view text);

// Refuses a document whose member of that name has a key twice, of which parsing keeps only one.
void check_unrepeated(std::string_view text, std::string_view member);

// The member, or null when it is absent or JSON's null. `path` is its name for messages. The result
// is borrowed from the object.
const Json* find(const Json& object, const char* name);

std::string text_of(const Json& value, const std::string& path);
// A number of 0 to 4,294,967,295.
std::uint32_t number_of(const Json& value, const std::string& path);
std::vector<std::string> texts_of(const Json& value, const std::string& path);
IpAddress address_of(const std::string& text, const std::string& path);
const Json& object_of(const Json& value, const std::string& path);
const Json& array_of(const Json& value, const std::string& path);

// The result in a document of that version. `path` names the document for messages.
AddResult result_of(const Json& document, std::string_view version, const std::string& path);
Route route_of(const Json& value, const std::string& path);
Dns dns_of(const Json& value, const std::string& path);

// -1, 0 or 1; both are supported versions.
int compare_versions(std::string_view left, std::string_view right);
bool is_supported(std::string_view version);

}  // namespace paddock::net::cni
