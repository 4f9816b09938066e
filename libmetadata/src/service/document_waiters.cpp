// SPDX-License-Identifier: Apache-2.0
#include "service/document_waiters.hpp"

namespace paddock::metadata::service {

void DocumentWaiters::Places::leave() noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    const auto found = all_.by_mark_.find(places_[i].mark);
    found->second.erase(found->second.iterator_to(places_[i]));
    if (found->second.empty()) all_.by_mark_.erase(found);
  }
  count_ = 0;
}

void DocumentWaiters::Places::stand_under(std::span<const documents::Mark> marks) {
  leave();
  // Who depends on nothing still has a place, to be found by each().
  static constexpr documents::Mark nothing[] = {0};
  if (marks.empty()) marks = nothing;
  places_ = std::make_unique<Place[]>(marks.size());
  for (const documents::Mark mark : marks) {
    Place& place = places_[count_];
    place.mark = mark;
    place.id = id_;
    all_.by_mark_[mark].push_back(place);
    ++count_;
  }
}

}  // namespace paddock::metadata::service
