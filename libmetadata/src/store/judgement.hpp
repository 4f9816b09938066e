// SPDX-License-Identifier: Apache-2.0
//
// What a write comes to over what is stored under its key, whatever the store. Pure.
#pragma once

#include <paddock/metadata/store.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata {

struct Judgement {
  bool is_change = false;        // else `result` is all there is to say
  WriteResult result;            // of a change: how it ends when it is stored, but for the revision
  std::shared_ptr<Object> next;  // of a put: what to store, its revision still to be set
};

// The write must be prepared. `stored` may be null. `now` in Unix milliseconds.
[[nodiscard]] Judgement judge(const Write& write, const ObjectPtr& stored, std::int64_t now);

// Brings a write into the form in which it is stored and read back; a result when it is invalid.
[[nodiscard]] std::optional<WriteResult> prepare(Write& write);

// The key that is written.
[[nodiscard]] Key key_of(const Write& write);

// {"revision":7,"time":…,"who":"…","verb":"put","key":"…","before":…,"after":…} and a newline.
// `after` is the object as JSON; empty: there is none any more.
[[nodiscard]] std::string audit_line(const Write& write, std::uint64_t revision, std::int64_t now,
                                     const Object* before, std::string_view after);
// Of such a line what is known before it is made: ,"time":…,"who":"…","verb":"put","key":"…"
void append_asked(std::string& line, const Write& write, std::int64_t now);

[[nodiscard]] std::int64_t unix_milliseconds();
// To be edited.
[[nodiscard]] std::shared_ptr<Object> copy_of(const Object& object);

}  // namespace paddock::metadata
