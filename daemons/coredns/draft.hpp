// SPDX-License-Identifier: Apache-2.0
//
// A configuration of dnsd while it is being made from another server's: settings, each with the
// place it comes from, and remarks on what became of the rest.
#pragma once

#include "coredns/corefile.hpp"

#include <string>
#include <vector>

namespace paddock::coredns {

struct Remark {
  Place place;
  std::string text;
  bool is_lost = false;  // not carried over; else: why nothing had to be
  friend bool operator==(const Remark&, const Remark&) = default;
};

class Draft {
 public:
  // One value. The first stays; another one is remarked as lost.
  void set(const std::string& key, const std::string& value, const Place& place);
  // One more item, unless the list has it.
  void add(const std::string& key, const std::string& item, const Place& place);
  // The list stands in the file even without items.
  void begin_list(const std::string& key, const Place& place);
  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] const std::vector<std::string>& values(const std::string& key) const;

  // `subject` is the plugin, and the option where it is one.
  void lose(const Directive& subject, const std::string& why);
  void lose(const Directive& plugin, const Directive& option, const std::string& why);
  void note(const Directive& subject, const std::string& why);
  void remark(Remark remark);  // once, however often a snippet is imported

  [[nodiscard]] const std::vector<Remark>& remarks() const { return remarks_; }
  // The file, each key once.
  [[nodiscard]] std::string yaml() const;

 private:
  struct Setting {
    std::string key;
    bool is_list = false;
    std::vector<std::string> values;
    std::vector<Place> places;
  };
  Setting& at(const std::string& key, bool is_list);

  std::vector<Setting> settings_;
  std::vector<Remark> remarks_;
};

}  // namespace paddock::coredns
