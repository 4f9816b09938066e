// SPDX-License-Identifier: Apache-2.0
//
// The zones of master files: read at the start, and again when a file is another. A file that is
// broken leaves the last good zone in place. For the control thread.
#pragma once

#include "dnsd/file_stamp.hpp"

#include <paddock/dns/zone.hpp>
#include <paddock/dns/zone_file.hpp>

#include <string>
#include <utility>
#include <vector>

namespace paddock::dnsd {

class StaticZones {
 public:
  // Each is ORIGIN=FILE. Throws a sentence with file and line when one is no zone: there is no last
  // good one yet.
  explicit StaticZones(const std::vector<std::string>& zones);

  [[nodiscard]] std::vector<dns::ZoneSpec> zones() const;

  // Reads the files that are others now; logs what came of it. True when contribute() or problems()
  // have something else to say.
  bool refresh();

  // Reads all of them at the next refresh().
  void forget_stamps();

  // Puts the zones that changed since the last time to `builder`, which must have zones().
  void contribute(dns::AuthorityBuilder& builder);

  // For a builder that knows nothing yet.
  void start_over();

  [[nodiscard]] std::vector<dns::Problem> problems() const;

 private:
  using Stamps = std::vector<std::pair<std::string, FileStamp>>;

  struct Zone {
    std::string path;
    dns::ZoneFile file;
    Stamps stamps{};       // of the files it came from
    std::string broken{};  // why the file is not taken as it is now
    bool is_contributed = false;
  };

  static void read(Zone& zone);

  std::vector<Zone> zones_;
};

// The origin and the file of ORIGIN=FILE; a sentence when it is none.
[[nodiscard]] dns::Result<std::pair<dns::Name, std::string>> parse_zone_option(
    const std::string& text);

}  // namespace paddock::dnsd
