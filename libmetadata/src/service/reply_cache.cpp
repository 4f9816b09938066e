// SPDX-License-Identifier: Apache-2.0
#include "service/reply_cache.hpp"

#include "model/hash.hpp"

#include <algorithm>
#include <utility>

namespace paddock::metadata::service {
namespace {

constexpr std::size_t entry_limit = 256 * 1024;
constexpr std::size_t half_limit = 16 * 1024 * 1024;
constexpr std::size_t overhead = 384;  // of an entry, about

const std::shared_ptr<const DocumentAnswer> no_answer;

std::size_t bytes_of(std::string_view text, const DocumentAnswer& answer) {
  return overhead + text.size() +
         (answer.ready ? answer.ready->lines().size() + answer.ready->body().size() : 0);
}

}  // namespace

void RecentChanges::note(std::span<const documents::Mark> marks, std::uint64_t edition) {
  for (const documents::Mark mark : marks) last_[mark % places] = edition;
}

bool RecentChanges::is_unchanged(std::span<const documents::Mark> marks,
                                 std::uint64_t since) const noexcept {
  return since >= floor_ && std::all_of(marks.begin(), marks.end(), [&](documents::Mark mark) {
           return last_[mark % places] <= since;
         });
}

bool ReplyCache::is_of(const Place& place, const Key& key, bool is_personal) noexcept {
  const auto& [path, accept, client] = key;
  std::string_view rest = place.text;
  const auto take = [&rest](std::string_view part) {
    if (!rest.starts_with(part)) return false;
    rest.remove_prefix(part.size());
    return true;
  };
  constexpr std::string_view between("\0", 1);
  if (!take(path) || !take(between) || !take(accept)) return false;
  return is_personal ? take(between) && rest == client : rest.empty();
}

bool ReplyCache::IsSame::operator()(const Sought& sought, const Place& place) const noexcept {
  return place.hash == sought.hash && is_of(place, sought.key, sought.is_personal);
}

ReplyCache::Sought ReplyCache::for_all(const Key& key) {
  const std::uint64_t hash = hash_text(key.path);
  return {key, false, key.accept.empty() ? hash : hash_text(key.accept, hash)};
}

ReplyCache::Sought ReplyCache::for_client(const Key& key, const Sought& all) {
  return {key, true, hash_text(key.client, all.hash)};
}

ReplyCache::Last ReplyCache::look_up(const Sought& sought) {
  if (!sought.is_personal || young_.personal.has(sought.hash)) {
    const auto found = young_.entries.find(sought);
    if (found != young_.entries.end()) {
      return {&found->first, &found->second, sought.is_personal};
    }
  }
  if (old_.entries.empty() || (sought.is_personal && !old_.personal.has(sought.hash))) return {};
  const auto found = old_.entries.find(sought);
  if (found == old_.entries.end()) return {};
  Place place = found->first;
  Entry entry = std::move(found->second);
  old_.entries.erase(found);
  return add(std::move(place), sought.is_personal, std::move(entry));
}

bool ReplyCache::is_right(Entry& entry) const noexcept {
  if (entry.edition == edition_) return true;
  if (!recent_.is_unchanged(entry.answer->marks, entry.edition)) return false;
  entry.edition = edition_;
  return true;
}

const std::shared_ptr<const DocumentAnswer>& ReplyCache::find(const Sought& sought) {
  const Last found = look_up(sought);
  if (found.place == nullptr || !is_right(*found.entry)) return no_answer;
  last_ = found;
  return found.entry->answer;
}

const std::shared_ptr<const DocumentAnswer>& ReplyCache::find(const Key& key) {
  if (last_.place != nullptr && is_of(*last_.place, key, last_.is_personal) &&
      is_right(*last_.entry)) {
    return last_.entry->answer;
  }
  const Sought all = for_all(key);
  const auto& personal = find(for_client(key, all));
  return personal ? personal : find(all);
}

ReplyCache::Last ReplyCache::add(Place place, bool is_personal, Entry entry) {
  last_ = {};
  const std::size_t bytes = bytes_of(place.text, *entry.answer);
  if (young_.bytes + bytes > half_limit) old_ = std::exchange(young_, {});
  young_.bytes += bytes;
  if (is_personal) young_.personal.add(place.hash);
  const auto at = young_.entries.insert_or_assign(std::move(place), std::move(entry)).first;
  return {&at->first, &at->second, is_personal};
}

bool ReplyCache::is_asked_again(const Key& key, bool is_personal) {
  const Sought all = for_all(key);
  const std::uint64_t hash = is_personal ? for_client(key, all).hash : all.hash;
  const auto mark = static_cast<std::uint32_t>(hash >> 32U);
  return std::exchange(asked_[hash % asked_places], mark) == mark;
}

void ReplyCache::keep(const Key& key, std::shared_ptr<const DocumentAnswer> answer) {
  if (answer->tag.empty() || (answer->ready && answer->ready->body().size() > entry_limit)) return;
  const Sought all = for_all(key);
  const Sought sought = answer->is_personal ? for_client(key, all) : all;
  std::string text(key.path);
  text.append(1, '\0').append(key.accept);
  if (sought.is_personal) text.append(1, '\0').append(key.client);
  add({std::move(text), sought.hash}, sought.is_personal, {std::move(answer), edition_});
}

void ReplyCache::take(const documents::Edition& edition) {
  edition_ = edition.number;
  if (edition.changes.is_everything) {
    recent_.note_everything(edition.number);
  } else {
    recent_.note(edition.changes.marks, edition.number);
  }
}

void ReplyCache::clear() {
  last_ = {};
  young_ = {};
  old_ = {};
}

}  // namespace paddock::metadata::service
