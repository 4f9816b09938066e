// SPDX-License-Identifier: Apache-2.0
//
// Cuts the answer to a list of the Kubernetes API into its items while the bytes arrive, however
// they were cut on the way: one item is held at a time, never the list.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace paddock::metadata::kubernetes {

class ListReader {
 public:
  // Called with the text of each element of `items`, in order.
  using Item = std::function<void(std::string_view json)>;

  // An item longer than `item_limit` ends the reading.
  explicit ListReader(Item item, std::size_t item_limit = std::size_t{16} << 20)
      : item_(std::move(item)), item_limit_(item_limit) {}

  // False when the bytes are no list; problem() says why, and nothing more should be fed.
  [[nodiscard]] bool feed(std::string_view bytes);

  // The list has ended as it should: before, nothing may be taken for gone.
  [[nodiscard]] bool is_whole() const noexcept { return state_ == State::whole; }
  // For people; empty while all is well.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  // Of the list's metadata, once is_whole().
  [[nodiscard]] const std::string& resource_version() const noexcept { return resource_version_; }
  [[nodiscard]] const std::string& next_page() const noexcept { return next_page_; }

 private:
  enum class State { before, inside, whole, failed };
  enum class Capture { none, key, metadata, item };

  // Each takes what it understands from the front of `bytes`; false: see problem_.
  bool take_text(std::string_view& bytes);
  bool take_mark(std::string_view& bytes);
  bool keep(std::string_view bytes);
  void open(char bracket);
  bool close();
  bool read_metadata();
  bool fail(std::string why);

  Item item_;
  std::size_t item_limit_;
  State state_ = State::before;
  Capture capture_ = Capture::none;
  std::size_t depth_ = 0;
  bool is_in_text_ = false;
  bool is_escaped_ = false;
  bool is_value_ = false;  // at the list's own level: behind a colon
  bool is_in_items_ = false;
  bool has_items_ = false;
  std::string key_;   // the last key at the list's own level
  std::string kept_;  // what is captured, so far
  std::string resource_version_;
  std::string next_page_;
  std::string problem_;
};

}  // namespace paddock::metadata::kubernetes
