// SPDX-License-Identifier: Apache-2.0
//
// SharedFlights: which questions are on their way to other resolvers, so that
// two workers that are asked the same send it once. The first one leads; the
// others wait and are told what came of it through a descriptor of their own.
//
// It has a lock because several workers meet here; it is taken when a question
// goes out and when its answer has come, never for what is known.
#pragma once

#include "upstream/known_answer.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns::upstream {

// What came of a question that another worker led. Neither an answer nor the error of a failure:
// nobody asks any more, do it yourself.
struct Landing {
  std::string key;
  std::shared_ptr<const KnownAnswer> answer{};
  NoAnswer failure{};
};

class SharedFlights {
 public:
  explicit SharedFlights(std::size_t workers);
  ~SharedFlights();
  SharedFlights(const SharedFlights&) = delete;
  SharedFlights& operator=(const SharedFlights&) = delete;

  // True when the worker is to ask; else it will be told.
  [[nodiscard]] bool lead(std::string_view key, std::size_t worker);

  // From the one that leads: what came of it. `answer` is null when nothing did.
  void land(std::string_view key, const KnownAnswer* answer, NoAnswer failure);

  // Readable when there are landings for the worker.
  [[nodiscard]] int descriptor(std::size_t worker) const { return waiting_[worker].descriptor; }
  [[nodiscard]] std::vector<Landing> take_landings(std::size_t worker);

 private:
  struct Flight {
    std::size_t leader;
    std::vector<std::size_t> followers;
  };
  struct Waiting {
    int descriptor = -1;
    std::vector<Landing> landings;
  };

  std::mutex mutex_;
  std::map<std::string, Flight, std::less<>> flights_;
  std::vector<Waiting> waiting_;
};

}  // namespace paddock::dns::upstream
