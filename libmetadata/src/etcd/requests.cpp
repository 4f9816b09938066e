// SPDX-License-Identifier: Apache-2.0
#include "codec/base64.hpp"
#include "etcd/messages.hpp"

#include <nlohmann/json.hpp>

namespace paddock::metadata::etcd {
namespace {

using nlohmann::json;

std::string number(std::int64_t value) { return std::to_string(value); }

json key_range(const std::string& key, const std::string& end) {
  json range{{"key", encode_base64(key)}};
  if (!end.empty()) range["range_end"] = encode_base64(end);
  return range;
}

json get_of(const Get& get) {
  json range = key_range(get.key, get.end);
  if (get.revision != 0) range["revision"] = number(get.revision);
  if (get.limit != 0) range["limit"] = number(get.limit);
  if (get.keys_only) range["keys_only"] = true;
  return range;
}

struct OperationEncoder {
  json operator()(const Get& get) const { return {{"request_range", get_of(get)}}; }
  json operator()(const Put& put) const {
    json request{{"key", encode_base64(put.key)}, {"value", encode_base64(put.value)}};
    if (put.lease != 0) request["lease"] = number(put.lease);
    if (put.keeps_lease) request["ignore_lease"] = true;
    return {{"request_put", std::move(request)}};
  }
  json operator()(const Erase& erase) const {
    return {{"request_delete_range", key_range(erase.key, erase.end)}};
  }
};

json operations(const std::vector<Operation>& list) {
  json encoded = json::array();
  for (const Operation& one : list) encoded.push_back(std::visit(OperationEncoder(), one));
  return encoded;
}

json compare_of(const Compare& compare) {
  static constexpr const char* targets[] = {"VERSION", "CREATE", "MOD", "VALUE", "LEASE"};
  static constexpr const char* fields[] = {"version", "create_revision", "mod_revision", "value",
                                           "lease"};
  static constexpr const char* results[] = {"EQUAL", "GREATER", "LESS", "NOT_EQUAL"};
  const auto target = static_cast<std::size_t>(compare.target);
  json encoded{{"key", encode_base64(compare.key)},
               {"target", targets[target]},
               {"result", results[static_cast<std::size_t>(compare.is)]}};
  encoded[fields[target]] = compare.target == Compare::Target::value ? encode_base64(compare.value)
                                                                     : number(compare.number);
  return encoded;
}

}  // namespace

std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::string(1, '\0');  // etcd's sign for "to the last key"
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string encode(const Get& get) { return get_of(get).dump(); }

std::string encode(const Transaction& transaction) {
  json compares = json::array();
  for (const Compare& compare : transaction.when) compares.push_back(compare_of(compare));
  return json{{"compare", std::move(compares)},
              {"success", operations(transaction.then)},
              {"failure", operations(transaction.otherwise)}}
      .dump();
}

std::string encode_watch(const Get& range, std::int64_t revision) {
  json create = key_range(range.key, range.end);
  create["start_revision"] = number(revision);
  create["progress_notify"] = true;
  return json{{"create_request", std::move(create)}}.dump();
}

std::string encode_grant(std::chrono::seconds time, std::int64_t id) {
  return json{{"TTL", number(time.count())}, {"ID", number(id)}}.dump();
}

std::string encode_lease(std::int64_t id) { return json{{"ID", number(id)}}.dump(); }

std::string encode_login(const std::string& user, const std::string& password) {
  return json{{"name", user}, {"password", password}}.dump(-1, ' ', false,
                                                           json::error_handler_t::replace);
}

}  // namespace paddock::metadata::etcd
