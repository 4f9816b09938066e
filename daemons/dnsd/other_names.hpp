// SPDX-License-Identifier: Apache-2.0
//
// The names that come neither from the cluster nor from an answers file: master files and SkyDNS
// trees. For the control thread.
#pragma once

#include "dnsd/skydns_source.hpp"
#include "dnsd/static_zones.hpp"

#include <paddock/dns/skydns.hpp>
#include <paddock/dns/zone.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace paddock::dnsd {

struct Options;

class OtherNames {
 public:
  // Throws a sentence when a master file is none. `wake` as with SkyDnsSource.
  OtherNames(const Options& options, const std::function<void()>& wake);

  // What a builder must have before contribute().
  [[nodiscard]] std::vector<dns::ZoneSpec> zones() const;

  // Takes what changed; true when contribute(), problems(), losses() or stub_zones() are others
  // now.
  bool refresh();

  // Reads every master file at the next refresh().
  void forget_stamps() { static_zones_.forget_stamps(); }

  void contribute(dns::AuthorityBuilder& builder);

  // For a builder that knows nothing yet.
  void start_over();

  [[nodiscard]] std::vector<dns::Problem> problems() const;

  // What is said when sources are lost, or not known yet: each a sentence that begins with the
  // source.
  [[nodiscard]] std::vector<std::string> losses() const;

  [[nodiscard]] std::vector<dns::StubZone> stub_zones() const;

 private:
  struct Tree {
    std::string location;
    dns::SkyDnsNames names;
    std::unique_ptr<SkyDnsSource> source;
    std::vector<dns::Problem> problems{};
    SkyDnsState state{};  // that the names have
  };

  static bool refresh(Tree& tree);

  StaticZones static_zones_;
  std::vector<Tree> trees_;
};

}  // namespace paddock::dnsd
