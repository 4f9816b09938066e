// SPDX-License-Identifier: Apache-2.0
//
// What the pods of this host are answered differently from others, by what the cluster says of
// them: links, search list, resolvers, and the namespaces they may see.
#pragma once

#include <paddock/dns/upstream.hpp>
#include <paddock/dns/view.hpp>
#include <paddock/metadata/cluster.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::dnsd {

struct Options;

// How a set of upstreams is called that only some clients have: what is in it.
[[nodiscard]] std::string set_name(const std::vector<dns::Upstream>& upstreams);
[[nodiscard]] std::vector<dns::Upstream> upstreams_of(std::string_view set_name);

class PodViews {
 public:
  explicit PodViews(const Options& options);

  // Whether what follow() returns may be other when this object is.
  [[nodiscard]] bool concerns(const metadata::Object& object) const;

  // A view for each pod that has one. A pod on the host's network has none, and nobody has the view
  // of a pod whose address has passed on to another.
  [[nodiscard]] std::vector<dns::View> follow(const metadata::Cluster& cluster);

  // Of the last follow().
  [[nodiscard]] const std::vector<dns::Problem>& problems() const { return problems_; }

 private:
  [[nodiscard]] dns::View view_of(const metadata::Pod& pod, const metadata::Cluster& cluster);
  void add_search(const metadata::Pod& pod, dns::View& view);
  void add_upstreams(const metadata::Pod& pod, dns::View& view);
  void add_service_links(const metadata::Pod& pod, const metadata::Cluster& cluster,
                         dns::View& view);
  void add_container_links(const metadata::Pod& pod, const metadata::Cluster& cluster,
                           dns::View& view);
  void add_same(const std::string& name, const std::string& target, dns::View& view);
  void add_path(const std::string& space, dns::View& view) const;
  void hide_namespaces(const std::string& space, dns::View& view) const;
  void report(const dns::View& view, std::string text);

  std::string host_;
  std::vector<dns::Name> parents_;  // namespaces stand below these
  std::optional<dns::Name> rancher_zone_;
  unsigned ndots_;
  std::optional<dns::Name> path_zone_;  // what search lists are completed in; absent: they are not
  std::vector<dns::Name> path_search_;  // what follows in them
  std::set<std::string> never_recurse_to_;
  std::map<std::string, std::set<std::string>> visible_;  // namespace → what its pods see

  std::set<std::pair<std::string, std::string>> services_;  // whose links were looked at
  std::set<std::string, std::less<>> linked_;               // uids of pods that were linked to
  std::set<boost::asio::ip::address> addresses_;            // of the pods, others' too by mistake
  std::vector<dns::Problem> problems_;
};

}  // namespace paddock::dnsd
