// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/list_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace paddock::metadata::kubernetes {
namespace {

constexpr std::size_t own_level = 1;    // inside the list's braces
constexpr std::size_t items_level = 2;  // inside the brackets of `items`
constexpr std::size_t deepest = 512;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

bool ListReader::fail(std::string why) {
  state_ = State::failed;
  problem_ = std::move(why);
  return false;
}

bool ListReader::feed(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::failed) {
    if (state_ == State::whole) {
      if (!std::all_of(bytes.begin(), bytes.end(), is_space)) return fail("text behind the list");
      return true;
    }
    if (is_in_text_ ? !take_text(bytes) : !take_mark(bytes)) return false;
  }
  return state_ != State::failed;
}

bool ListReader::keep(std::string_view bytes) {
  if (capture_ == Capture::none) return true;
  if (kept_.size() + bytes.size() > item_limit_) {
    return fail("an item of the list is longer than " + std::to_string(item_limit_) + " bytes");
  }
  kept_.append(bytes);
  return true;
}

// The rest of a text, up to its closing quote or the end of the piece.
bool ListReader::take_text(std::string_view& bytes) {
  std::size_t at = 0;
  for (; at < bytes.size(); ++at) {
    if (std::exchange(is_escaped_, false)) continue;
    if (bytes[at] == '\\') is_escaped_ = true;
    if (bytes[at] == '"') break;
  }
  const bool is_ended = at < bytes.size();
  if (capture_ == Capture::key) {
    if (!keep(bytes.substr(0, at))) return false;
    if (is_ended) {
      key_ = std::exchange(kept_, {});
      capture_ = Capture::none;
    }
  } else if (!keep(bytes.substr(0, is_ended ? at + 1 : at))) {
    return false;
  }
  bytes.remove_prefix(is_ended ? at + 1 : at);
  is_in_text_ = !is_ended;
  return true;
}

// What lies between texts, up to and with the next mark that matters.
bool ListReader::take_mark(std::string_view& bytes) {
  const std::size_t at = std::min(bytes.find_first_of("\"{}[]:,"), bytes.size());
  if (depth_ == 0 &&
      !std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), is_space)) {
    return fail("no JSON object");
  }
  if (!keep(bytes.substr(0, at))) return false;
  if (at == bytes.size()) {
    bytes = {};
    return true;
  }
  const char mark = bytes[at];
  bytes.remove_prefix(at + 1);
  if (depth_ == 0 && mark != '{') return fail("no JSON object");
  switch (mark) {
    case '"':
      is_in_text_ = true;
      if (depth_ == own_level && !is_value_) {
        capture_ = Capture::key;
        return true;
      }
      return keep("\"");
    case '{':
    case '[':
      open(mark);
      return depth_ <= deepest ? keep({&mark, 1}) : fail("the list is nested too deeply");
    case '}':
    case ']':
      return keep({&mark, 1}) && close();
    default:
      if (depth_ == own_level) {
        is_value_ = mark == ':';
        has_items_ = has_items_ || (is_value_ && key_ == "items");
      }
      return keep({&mark, 1});
  }
}

void ListReader::open(char bracket) {
  state_ = State::inside;
  if (depth_ == own_level && is_value_) {
    if (bracket == '{' && key_ == "metadata") capture_ = Capture::metadata;
    is_in_items_ = bracket == '[' && key_ == "items";
  } else if (depth_ == items_level && is_in_items_ && bracket == '{') {
    capture_ = Capture::item;
  }
  ++depth_;
}

bool ListReader::close() {
  --depth_;
  if (depth_ == 0) {
    // Some other object, as of a proxy: that nothing is in it says nothing.
    if (!has_items_) return fail("no list: it has no items");
    state_ = State::whole;
  } else if (depth_ == own_level) {
    is_in_items_ = false;
    if (capture_ == Capture::metadata) return read_metadata();
  } else if (depth_ == items_level && capture_ == Capture::item) {
    item_(kept_);
    kept_.clear();
    capture_ = Capture::none;
  }
  return true;
}

bool ListReader::read_metadata() {
  const auto metadata = nlohmann::json::parse(kept_, nullptr, false);
  if (!metadata.is_object()) return fail("the list's metadata is no JSON");
  const auto text = [&metadata](const char* key) {
    const auto found = metadata.find(key);
    return found != metadata.end() && found->is_string() ? found->get<std::string>() : "";
  };
  resource_version_ = text("resourceVersion");
  next_page_ = text("continue");
  kept_.clear();
  capture_ = Capture::none;
  return true;
}

}  // namespace paddock::metadata::kubernetes
