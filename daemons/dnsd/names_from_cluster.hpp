// SPDX-License-Identifier: Apache-2.0
//
// From a cluster to the names it has: translates metadata's objects into libdns' vocabulary, object
// by object, and keeps the compiled names in step with the newest cluster at the cost of what
// changed. One thread.
#pragma once

#include "dnsd/client_views.hpp"
#include "dnsd/exposure.hpp"
#include "dnsd/reach.hpp"
#include "dnsd/schemas.hpp"

#include <paddock/dns/naming.hpp>
#include <paddock/dns/zone.hpp>
#include <paddock/metadata/cluster.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace paddock::dnsd {

struct Options;

class NamesFromCluster {
 public:
  // `authoritative` are zones besides those of the cluster, for names that take() adds; `others`
  // are for who puts records to builder(). Throws a sentence when one of them is the cluster's.
  explicit NamesFromCluster(const Options& options,
                            const std::vector<dns::Name>& authoritative = {},
                            const std::vector<dns::ZoneSpec>& others = {});

  // For names that are not the cluster's.
  [[nodiscard]] dns::AuthorityBuilder& builder() { return builder_; }

  // Makes the names those of `cluster`.
  void follow(std::shared_ptr<const metadata::Cluster> cluster);

  // From now on endpoints that are not reached are left out.
  void set_reach(Reach reach);

  // Adds the names of an answers file, instead of those of the one before.
  void take(const AnswersFile& answers);

  // What is to be answered now; shares with the last one all that did not change.
  [[nodiscard]] std::shared_ptr<const dns::Authority> authority();

  // What single clients are answered differently; may be null.
  [[nodiscard]] std::shared_ptr<const dns::Views> views() { return views_.compiled(); }
  [[nodiscard]] std::vector<dns::UpstreamSet> upstream_sets() const {
    return views_.upstream_sets();
  }

  // Whatever of the cluster could not be named, and why.
  [[nodiscard]] std::vector<dns::Problem> problems() const;

 private:
  using ServiceKey = std::pair<std::string, std::string>;  // namespace, name

  // What a change touches, each once.
  struct Touched {
    std::set<std::string> spaces;
    std::set<std::string> labelled;  // namespaces whose labels may be others
    std::set<ServiceKey> services;
    std::set<ServiceKey> backends;  // of these services, if nothing else of them
    std::set<ServiceKey> pods;
    std::set<std::string> networks;  // by the uid of the pod whose they are; others may be on them
  };
  // Of a pod whose network others share.
  struct Network {
    ServiceKey holder;  // where the pod was found; its uid says whether it is still there
    std::set<ServiceKey> sharers;
  };
  void touch(const metadata::Object& object, Touched& touched);
  void touch_pod(const metadata::Pod& pod, Touched& touched);
  void touch_spaces(Touched& touched) const;
  void touch_aliases(Touched& touched) const;
  void find_holders(Touched& touched);
  void name(Touched& touched, const metadata::Cluster& before);

  void name_space(const std::string& space);
  void name_service(const ServiceKey& key);
  void name_backends(const ServiceKey& key, const metadata::Cluster& before);
  [[nodiscard]] bool exchange(const std::string& source, const dns::BackendChange& change);
  void name_pod(const ServiceKey& key);
  void remember_targets(const ServiceKey& alias, const std::vector<dns::ServiceReference>& targets);
  void put(const std::string& source, std::vector<dns::Contribution> contributions);

  [[nodiscard]] std::shared_ptr<const metadata::Pod> holder_of(const std::string& uid) const;
  [[nodiscard]] std::optional<dns::Service> find_service(const metadata::Cluster& cluster,
                                                         const ServiceKey& key) const;

  Schemas schemas_;
  Exposure exposure_;
  bool has_endpoints_;
  Reach reach_;
  std::vector<dns::ZoneSpec> zones_;
  dns::AuthorityBuilder builder_;
  ClientViews views_;
  std::shared_ptr<const metadata::Cluster> cluster_;
  std::map<ServiceKey, std::set<ServiceKey>> aliases_;  // service → the aliases that stand for it
  std::map<ServiceKey, std::set<ServiceKey>> targets_;  // alias → the services it stands for
  std::map<std::string, Network, std::less<>> networks_;       // by uid
  std::map<std::string, std::vector<dns::Problem>> problems_;  // by source
};

}  // namespace paddock::dnsd
