// SPDX-License-Identifier: Apache-2.0
//
// Long polls by what they wait for: each stands under the marks of all that its present answer
// was made of. For one thread.
#pragma once

#include "documents/reads.hpp"

#include <paddock/metadata/http_server.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <unordered_map>

namespace paddock::metadata::service {

class DocumentWaiters {
 public:
  // One waiter's places; ends with it. Must not outlive the DocumentWaiters.
  class Places {
   public:
    Places(DocumentWaiters& all, ConnectionId id) noexcept : all_(all), id_(id) {}
    ~Places() { leave(); }
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;
    // Stands under these marks and no others.
    void stand_under(std::span<const documents::Mark> marks);

   private:
    friend class DocumentWaiters;
    struct Place : boost::intrusive::list_base_hook<> {
      documents::Mark mark = 0;
      ConnectionId id = 0;
    };
    void leave() noexcept;
    DocumentWaiters& all_;
    ConnectionId id_;
    std::unique_ptr<Place[]> places_;
    std::size_t count_ = 0;
  };

  // Calls `visit` with everybody who stands under the mark. It must not change who stands where.
  template <class Visit>
  void each_under(documents::Mark mark, Visit visit) const {
    const auto found = by_mark_.find(mark);
    if (found == by_mark_.end()) return;
    for (const auto& place : found->second) visit(place.id);
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [mark, places] : by_mark_) {
      for (const auto& place : places) visit(place.id);
    }
  }

 private:
  using List = boost::intrusive::list<Places::Place, boost::intrusive::constant_time_size<false>>;
  std::unordered_map<documents::Mark, List> by_mark_;
};

}  // namespace paddock::metadata::service
