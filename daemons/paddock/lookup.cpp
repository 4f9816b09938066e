// SPDX-License-Identifier: Apache-2.0
//
// Asks dnsd as a pod would, and shows the answer the way dig +short does, with what dig hides: the
// name that matched, the response code in words, and extended errors (RFC 8914).
#include "paddock/command.hpp"
#include "paddock/ldns.hpp"
#include "paddock/output.hpp"

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <sstream>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Resolver = std::unique_ptr<ldns_resolver, Freed<ldns_resolver_deep_free>>;
using Packet = std::unique_ptr<ldns_pkt, Freed<ldns_pkt_free>>;
using Name = std::unique_ptr<ldns_rdf, Freed<ldns_rdf_deep_free>>;
using CText = std::unique_ptr<char, Freed<std::free>>;

constexpr auto usual_server = "169.254.169.250:53";
constexpr auto usual_search = "svc.cluster.local,cluster.local,rancher.internal";

struct Server {
  std::string address;
  std::uint16_t port = 53;
};

Server server_of(const std::string& text) {
  Server server{text, 53};
  boost::system::error_code error;
  boost::asio::ip::make_address(text, error);
  if (!error) return server;  // no port said
  const auto colon = text.rfind(':');
  server.address = text.substr(0, colon);
  if (server.address.starts_with('[') && server.address.ends_with(']')) {
    server.address = server.address.substr(1, server.address.size() - 2);
  }
  const auto port = colon == std::string::npos ? "" : text.substr(colon + 1);
  boost::asio::ip::make_address(server.address, error);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  if (error || !digits || port.size() > 5 || std::stoul(port) > 65535) {
    throw Failure(exit_usage, "--server " + text + ": allowed: ADDRESS or ADDRESS:PORT");
  }
  server.port = static_cast<std::uint16_t>(std::stoul(port));
  return server;
}

Resolver open_resolver(const Server& server) {
  Resolver resolver(ldns_resolver_new());
  const auto type =
      server.address.find(':') == std::string::npos ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA;
  const Name address(ldns_rdf_new_frm_str(type, server.address.c_str()));
  if (!address) {
    throw Failure(exit_usage, "--server " + server.address + ": an interface cannot be named");
  }
  ldns_resolver_push_nameserver(resolver.get(), address.get());
  ldns_resolver_set_port(resolver.get(), server.port);
  ldns_resolver_set_timeout(resolver.get(), {2, 0});
  ldns_resolver_set_retry(resolver.get(), 2);
  ldns_resolver_set_edns_udp_size(resolver.get(), 1232);
  ldns_resolver_set_fallback(resolver.get(), true);  // TC: over TCP
  return resolver;
}

std::string text_of(char* owned) {
  const CText text(owned);
  return text ? text.get() : "";
}

// What the codes of RFC 8914 that a resolver such as ours gives are called.
std::string_view extended_error_name(unsigned code) {
  switch (code) {
    case 3:
      return "stale answer";
    case 13:
      return "cached error";
    case 14:
      return "not ready";
    case 15:
      return "blocked";
    case 18:
      return "prohibited";
    case 19:
      return "stale NXDOMAIN";
    case 20:
      return "not authoritative";
    case 22:
      return "no reachable authority";
    case 23:
      return "network error";
    default:
      return "";
  }
}

// The extended errors of the OPT record: "22 no reachable authority (10.0.0.1 timed out)".
std::vector<std::string> extended_errors(const ldns_pkt* packet) {
  std::vector<std::string> found;
  const ldns_rdf* data = ldns_pkt_edns_data(packet);
  if (data == nullptr) return found;
  const auto* bytes = ldns_rdf_data(data);
  const auto size = ldns_rdf_size(data);
  for (std::size_t at = 0; at + 4 <= size;) {
    const auto code = ldns_read_uint16(bytes + at);
    const std::size_t length = ldns_read_uint16(bytes + at + 2);
    at += 4;
    if (length > size - at) break;
    if (code == 15 && length >= 2) {
      auto text = std::to_string(ldns_read_uint16(bytes + at));
      if (const auto name = extended_error_name(ldns_read_uint16(bytes + at)); !name.empty()) {
        text.append(" ").append(name);
      }
      const std::string extra(reinterpret_cast<const char*>(bytes + at + 2), length - 2);
      found.push_back(extra.empty() ? text : text + " (" + extra + ")");
    }
    at += length;
  }
  return found;
}

ordered_json records_of(const ldns_pkt* packet) {
  auto records = ordered_json::array();
  const auto* list = ldns_pkt_answer(packet);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const auto* record = ldns_rr_list_rr(list, i);
    std::string data;
    for (std::size_t field = 0; field < ldns_rr_rd_count(record); ++field) {
      if (field != 0) data += ' ';
      data += text_of(ldns_rdf2str(ldns_rr_rdf(record, field)));
    }
    records.push_back({{"name", text_of(ldns_rdf2str(ldns_rr_owner(record)))},
                       {"type", text_of(ldns_rr_type2str(ldns_rr_get_type(record)))},
                       {"ttl", ldns_rr_ttl(record)},
                       {"data", data}});
  }
  return records;
}

ordered_json ask(ldns_resolver* resolver, const std::string& name, ldns_rr_type type,
                 const std::string& server) {
  const Name question(ldns_dname_new_frm_str(name.c_str()));
  if (!question) throw Failure(exit_usage, name + " is not a name");
  ldns_pkt* raw = nullptr;
  const auto status =
      ldns_resolver_send(&raw, resolver, question.get(), type, LDNS_RR_CLASS_IN, LDNS_RD);
  const Packet packet(raw);
  if (status != LDNS_STATUS_OK || !packet) {
    throw Failure(exit_unreachable, "no answer from " + server, "paddock status");
  }
  return {{"name", name},
          {"type", text_of(ldns_rr_type2str(type))},
          {"rcode", text_of(ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet.get())))},
          {"authoritative", static_cast<bool>(ldns_pkt_aa(packet.get()))},
          {"answers", records_of(packet.get())},
          {"extended_errors", extended_errors(packet.get())}};
}

// The names to try, in turn: as a pod's resolver would with its search list and ndots 5.
std::vector<std::string> names_to_try(const std::string& name, const Arguments& arguments) {
  if (name.ends_with('.')) return {name};
  if (arguments.has("exact")) return {name + "."};
  std::vector<std::string> names;
  if (!arguments.has("search")) {
    names.push_back(name + "." + arguments.value("namespace", "default") + ".svc.cluster.local.");
  }
  std::stringstream domains(arguments.value("search", usual_search));
  for (std::string domain; std::getline(domains, domain, ',');) {
    if (!domain.empty()) names.push_back(name + "." + domain + (domain.ends_with('.') ? "" : "."));
  }
  names.push_back(name + ".");
  return names;
}

std::string reason(const ordered_json& answer) {
  const auto rcode = answer.value("rcode", "");
  if (rcode == "NXDOMAIN") return "there is no such name";
  if (rcode == "NOERROR") {
    return "the name exists, but has no record of type " + answer.value("type", "");
  }
  if (rcode == "SERVFAIL") return "dnsd cannot tell now";
  if (rcode == "REFUSED") return "dnsd does not answer this";
  return "dnsd answered " + rcode;
}

void show(const ordered_json& answer) {
  for (const auto& record : answer.at("answers")) {
    print(record.value("data", "") + "\n");
  }
  const bool is_found = !answer.at("answers").empty();
  std::string line = "; " + answer.value("name", "") + " " + answer.value("type", "") + ": " +
                     answer.value("rcode", "") + (is_found ? "" : ", " + reason(answer));
  for (const auto& error : answer.at("extended_errors")) {
    line += "; EDE " + error.get<std::string>();
  }
  for (const auto& other : answer.value("also_tried", ordered_json::array())) {
    line += "\n; also tried " + other.value("name", "") + ": " + other.value("rcode", "");
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

// The answer for the first name that exists. When none does, the one for the first name tried: that
// is the one meant, while the last has gone to resolvers outside.
ordered_json first_found(ldns_resolver* resolver, const std::vector<std::string>& names,
                         ldns_rr_type type, const std::string& server) {
  std::optional<ordered_json> first;
  auto others = ordered_json::array();
  for (const auto& name : names) {
    auto answer = ask(resolver, name, type, server);
    const auto rcode = answer.value("rcode", "");
    if (rcode == "NOERROR" || (rcode != "NXDOMAIN" && !first)) return answer;
    if (first) {
      others.push_back({{"name", name}, {"rcode", rcode}});
    } else {
      first = std::move(answer);
    }
  }
  (*first)["also_tried"] = std::move(others);
  return *first;
}

// An address is looked up by its reverse name.
std::optional<std::string> reverse_name(const std::string& text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  if (error) return std::nullopt;
  const auto plain = text.substr(0, text.find('%'));  // the interface is no part of the name
  const Name rdf(
      ldns_rdf_new_frm_str(address.is_v4() ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, plain.c_str()));
  if (!rdf) throw Failure(exit_usage, text + " is not an address");
  const Name reverse(ldns_rdf_address_reverse(rdf.get()));
  return text_of(ldns_rdf2str(reverse.get()));
}

int run(const Arguments& arguments) {
  const auto reverse = reverse_name(arguments.words[0]);
  const auto type_word = arguments.words.size() > 1 ? arguments.words[1] : reverse ? "PTR" : "A";
  const auto type = ldns_get_rr_type_by_name(type_word.c_str());
  if (type == 0) throw Failure(exit_usage, "no such record type: " + type_word);
  const auto server = arguments.value("server", usual_server);
  const auto resolver = open_resolver(server_of(server));
  const auto answer = first_found(
      resolver.get(), names_to_try(reverse.value_or(arguments.words[0]), arguments), type, server);
  if (const auto format = arguments.value("output", "table"); format != "table") {
    print(rendered(answer, format));
  } else {
    show(answer);
  }
  return answer.at("answers").empty() ? exit_not_so : exit_done;
}

}  // namespace

Command lookup_command() {
  return {.name = "lookup",
          .words = "NAME|ADDRESS [TYPE]",
          .summary = "Ask dnsd for a name, as a pod would.",
          .details =
              "NAME is tried with the search list of a pod in the namespace, then as it is; a dot "
              "at the "
              "end or --exact means as it is. An ADDRESS is looked up by its PTR "
              "record. Exit status 1 when there is no such record.",
          .examples =
              "  paddock lookup web.shop\n  paddock lookup web --namespace shop\n  paddock lookup "
              "_http._tcp.web.shop SRV\n"
              "  paddock lookup 10.42.0.7\n  paddock lookup example.com. AAAA\n",
          .flags = {{"server", 's', "ADDRESS", "Whom to ask. Default: 169.254.169.250:53."},
                    {"namespace", 'n', "NAMESPACE", "Whose pod asks. Default: default."},
                    {"search", 0, "DOMAIN,...",
                     "The search list instead of NAMESPACE.svc.cluster.local, svc.cluster.local, "
                     "cluster.local and rancher.internal."},
                    {"exact", 'x', "", "Do not try the search list."},
                    output_flag()},
          .least_words = 1,
          .most_words = 2,
          .offers = {Offer::name, Offer::record_type},
          .run = run};
}

}  // namespace paddock::cli
