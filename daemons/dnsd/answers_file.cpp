// SPDX-License-Identifier: Apache-2.0
#include "dnsd/answers_file.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace paddock::dnsd {

namespace {

namespace asio = boost::asio;

// Sections may repeat one another by aliases; what they come to is bounded.
constexpr std::size_t most_records = 1'000'000;

// Something has another shape: a record is left out then, and of a file nothing is used.
struct Refused {
  YAML::Mark mark;
  std::string text;
};

// A subnet or an address, in either family.
bool is_client(const std::string& text) {
  boost::system::error_code error;
  if (text.find('/') == std::string::npos) {
    asio::ip::make_address(text, error);
  } else if (text.find(':') == std::string::npos) {
    asio::ip::make_network_v4(text, error);
  } else {
    asio::ip::make_network_v6(text, error);
  }
  return !error;
}

// A and AAAA are of one kind: the file's `a`.
dns::Type kind_of(const dns::Record& record) {
  return record.type == dns::Type::aaaa ? dns::Type::a : record.type;
}

class Reader {
 public:
  Reader(const std::string& path, std::chrono::seconds ttl) : path_(path), ttl_(ttl) {}

  AnswersFile read(const YAML::Node& root) {
    if (root.IsNull()) return {};
    if (!root.IsMap()) throw Refused{root.Mark(), "the file must be a map of clients"};
    for (const auto& pair : root) {
      const auto client = scalar(pair.first, "a client");
      AnswersSection section = read_section(client, pair.second);
      if (client == "default") {
        file_.common = std::move(section);
      } else if (is_client(client)) {
        section.client = client;
        file_.clients.push_back(std::move(section));
      } else {
        report(pair.first, "\"" + client + "\" is no address, no subnet and not \"default\"");
      }
    }
    complete_clients(root.Mark());
    return std::move(file_);
  }

 private:
  void report(const YAML::Mark& mark, std::string text) {
    file_.problems.push_back({path_ + ":" + std::to_string(mark.line + 1), std::move(text)});
  }

  void report(const YAML::Node& node, std::string text) { report(node.Mark(), std::move(text)); }

  static std::string scalar(const YAML::Node& node, const std::string& what) {
    if (!node.IsScalar()) throw Refused{node.Mark(), what + " must be a text"};
    return node.Scalar();
  }

  static std::vector<YAML::Node> list(const YAML::Node& node, const std::string& what) {
    if (node.IsNull()) return {};
    if (!node.IsSequence()) throw Refused{node.Mark(), what + " must be a list"};
    return {node.begin(), node.end()};
  }

  std::optional<dns::Name> name(const YAML::Node& node, const std::string& text) {
    auto name = dns::Name::parse(text);
    if (name) return std::move(name).value();
    report(node, name.error().text);
    return std::nullopt;
  }

  AnswersSection read_section(const std::string& client, const YAML::Node& node) {
    AnswersSection section;
    if (node.IsNull()) return section;
    if (!node.IsMap()) throw Refused{node.Mark(), client + " must be a map"};
    for (const auto& pair : node) {
      const auto key = scalar(pair.first, "a key");
      if (key == "search") {
        section.search = read_names(pair.second, key);
      } else if (key == "recurse") {
        read_recursers(pair.second, section);
      } else if (key == "authoritative" || key == "authorative") {  // rancher-dns writes the latter
        auto names = read_names(pair.second, key);
        if (client == "default") file_.authoritative = std::move(names);
      } else if (key == "a" || key == "cname" || key == "ptr" || key == "txt") {
        read_records(key, pair.second, section);
      } else {
        report(pair.first, "\"" + key + "\" is none of search, recurse, authoritative, a, cname, " +
                               "ptr and txt");
      }
    }
    return section;
  }

  std::vector<dns::Name> read_names(const YAML::Node& node, const std::string& key) {
    std::vector<dns::Name> names;
    for (const auto& item : list(node, key)) {
      if (auto one = name(item, scalar(item, "an item of " + key))) names.push_back(*one);
    }
    return names;
  }

  void read_recursers(const YAML::Node& node, AnswersSection& section) {
    for (const auto& item : list(node, "recurse")) {
      const auto text = scalar(item, "an item of recurse");
      if (auto upstream = dns::parse_upstream(text)) {
        section.recurse.push_back(std::move(upstream).value());
      } else {
        report(item, upstream.error().text);
      }
    }
  }

  // A map from names to {answer, ttl}, or to the answer alone.
  void read_records(const std::string& kind, const YAML::Node& node, AnswersSection& section) {
    if (node.IsNull()) return;
    if (!node.IsMap()) throw Refused{node.Mark(), kind + " must be a map of names"};
    for (const auto& pair : node) {
      const auto before = section.records.size();
      try {
        read_record(kind, pair.first, pair.second, section.records);
      } catch (const Refused& refused) {
        report(refused.mark, refused.text);
      }
      count(section.records.size() - before, pair.first.Mark());
    }
  }

  void count(std::size_t records, const YAML::Mark& mark) {
    record_count_ += records;
    if (record_count_ > most_records) throw Refused{mark, "more than a million records"};
  }

  void read_record(const std::string& kind, const YAML::Node& key, const YAML::Node& value,
                   std::vector<dns::Record>& records) {
    const auto text = scalar(key, "a name");
    const YAML::Node answer = value.IsMap() ? value["answer"] : value;
    if (!answer.IsDefined() || value.IsNull()) throw Refused{key.Mark(), text + " has no answer"};
    const auto ttl = value.IsMap() ? read_ttl(value["ttl"]) : ttl_;
    const auto owner = kind == "ptr" ? reverse_owner(key, text) : name(key, text);
    if (owner) read_answer(kind, *owner, ttl, answer, records);
  }

  // The key may be the address itself.
  std::optional<dns::Name> reverse_owner(const YAML::Node& node, const std::string& text) {
    boost::system::error_code no_address;
    const auto address = asio::ip::make_address(text, no_address);
    return no_address ? name(node, text) : dns::reverse_name(address);
  }

  std::chrono::seconds read_ttl(const YAML::Node& node) {
    if (!node.IsDefined() || node.IsNull()) return ttl_;
    std::uint32_t seconds = 0;
    if (!node.IsScalar() || !YAML::convert<std::uint32_t>::decode(node, seconds)) {
      throw Refused{node.Mark(), "ttl must be a number of seconds"};
    }
    return std::chrono::seconds{seconds};
  }

  void read_answer(const std::string& kind, const dns::Name& owner, std::chrono::seconds ttl,
                   const YAML::Node& answer, std::vector<dns::Record>& records) {
    if (kind == "cname" || kind == "ptr") {
      if (const auto target = name(answer, scalar(answer, "answer"))) {
        records.push_back(kind == "ptr" ? dns::ptr_record(owner, *target, ttl)
                                        : dns::cname_record(owner, *target, ttl));
      }
      return;
    }
    const bool is_one = answer.IsScalar();
    for (const auto& item : is_one ? std::vector{answer} : list(answer, "answer")) {
      const auto text = scalar(item, "an item of answer");
      boost::system::error_code no_address;
      if (kind == "txt") {
        records.push_back(dns::txt_record(owner, text, ttl));
      } else if (const auto address = asio::ip::make_address(text, no_address); !no_address) {
        records.push_back(dns::address_record(owner, address, ttl));
      } else {
        report(item, owner.format() + ": \"" + text + "\" is no address");
      }
    }
  }

  using RecordsByName = std::map<dns::Name, std::vector<const dns::Record*>>;

  // Kinds of records that a client's section lacks at a name it has are the default section's.
  void complete_clients(const YAML::Mark& mark) {
    RecordsByName common;
    for (const auto& section : file_.clients) {
      for (const auto& record : section.records) common.try_emplace(record.owner);
    }
    for (const auto& record : file_.common.records) {
      const auto found = common.find(record.owner);
      if (found != common.end()) found->second.push_back(&record);
    }
    for (auto& section : file_.clients) complete(section, common, mark);
  }

  // A CNAME, in either section, stands alone.
  void complete(AnswersSection& section, const RecordsByName& common, const YAML::Mark& mark) {
    std::map<dns::Name, std::set<dns::Type>> kinds;
    for (const auto& record : section.records) kinds[record.owner].insert(kind_of(record));
    for (auto& [owner, own] : kinds) {
      const auto& others = common.at(owner);
      for (const auto* record : others) {
        if (record->type == dns::Type::cname) own.insert(dns::Type::cname);
      }
      if (own.contains(dns::Type::cname)) continue;
      for (const auto* record : others) {
        if (own.contains(kind_of(*record))) continue;
        section.records.push_back(*record);
        count(1, mark);
      }
    }
  }

  const std::string& path_;
  const std::chrono::seconds ttl_;
  AnswersFile file_;
  std::size_t record_count_ = 0;  // of all sections
};

dns::Error error_at(const std::string& path, const YAML::Mark& mark, const std::string& text) {
  return {make_error_code(boost::system::errc::invalid_argument),
          path + ":" + std::to_string(mark.line + 1) + ": " + text};
}

}  // namespace

dns::Result<AnswersFile> parse_answers(std::string_view text, const std::string& path,
                                       std::chrono::seconds ttl) {
  try {
    return Reader(path, ttl).read(YAML::Load(std::string(text)));
  } catch (const Refused& refused) {
    return error_at(path, refused.mark, refused.text);
  } catch (const YAML::Exception& broken) {
    return error_at(path, broken.mark, "not YAML: " + broken.msg);
  }
}

dns::Result<AnswersFile> read_answers(const std::string& path, std::chrono::seconds ttl) {
  std::ifstream file(path);
  std::stringstream text;
  // An empty file puts nothing into the text; of a folder nothing can be read either.
  const bool is_read = file && (text << file.rdbuf() ||
                                (file.peek() == std::ifstream::traits_type::eof() && !file.bad()));
  if (!is_read) {
    return dns::Error{boost::system::error_code(errno, boost::system::generic_category()),
                      path + ": cannot be read: " + std::strerror(errno)};
  }
  return parse_answers(text.str(), path, ttl);
}

// The client is an address or a subnet: parse_answers() made sure.
dns::View view_of(const AnswersSection& section) {
  const std::string& text = section.client;
  const bool is_subnet = text.find('/') != std::string::npos;
  dns::View view{.name = "client " + text, .records = section.records, .search = section.search};
  if (text.find(':') == std::string::npos) {
    view.clients_v4.push_back(
        asio::ip::make_network_v4(is_subnet ? text : text + "/32").canonical());
  } else {
    view.clients_v6.push_back(
        asio::ip::make_network_v6(is_subnet ? text : text + "/128").canonical());
  }
  return view;
}

}  // namespace paddock::dnsd
