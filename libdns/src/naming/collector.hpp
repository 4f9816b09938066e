// SPDX-License-Identifier: Apache-2.0
//
// Collects the contribution of one object: records that could be made, problems for those that
// could not.
#pragma once

#include <paddock/dns/naming.hpp>

#include <optional>

namespace paddock::dns {

class Collector {
 public:
  // `subject` is how problems call the object: "service shop/web".
  Collector(std::string subject, std::chrono::seconds ttl)
      : subject_(std::move(subject)), ttl_(ttl) {}

  // `label` in front of `name`, for labels of letters, digits, `-` and `_` that neither begin nor
  // end in a dash. Anything else is reported as a bad `what` and gives nothing.
  std::optional<Name> label(const Name& name, std::string_view label, std::string_view what);

  // The same for a text of several labels, such as a pod's name with dots in it.
  std::optional<Name> labels(const Name& name, std::string_view text, std::string_view what);

  // About so many records will come.
  void expect(std::size_t records) { contribution_.records.reserve(records); }

  void add(Record record) { contribution_.records.push_back(std::move(record)); }
  void add_existence(Name owner);
  void add_address(const Name& owner, const boost::asio::ip::address& address);
  void add_reverse(const boost::asio::ip::address& address, const Name& target,
                   Precedence precedence = Precedence::regular);
  void report(std::string text);

  std::chrono::seconds ttl() const { return ttl_; }
  Contribution take() { return std::move(contribution_); }

 private:
  std::string subject_;
  std::chrono::seconds ttl_;
  Contribution contribution_;
};

// "service shop/web": how problems call an object.
std::string subject_of(std::string_view kind, std::string_view space, std::string_view name);

// The zone as it is unless something else is said of it.
ZoneSpec spec_of(const ServiceZone& zone);

// A name server called `server`, where this server is asked.
void add_name_server(Collector& collector, const Name& server,
                     const std::vector<boost::asio::ip::address>& addresses);

bool is_label(std::string_view text);

// `name` with a label in front that cannot fail; the library's own fixed labels.
Name below(const Name& name, std::string_view label);

}  // namespace paddock::dns
