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

std::uint64_t ReplyCache::hash_of(const Key& key) {
  return hash_text(key.client, hash_text(key.words));
}

const ReplyCache::Entry* ReplyCache::look_up(const std::string& key, Hash hash) {
  if (!hash || young_.personal.has(*hash)) {
    const auto found = young_.entries.find(key);
    if (found != young_.entries.end()) return &found->second;
  }
  if (old_.entries.empty() || (hash && !old_.personal.has(*hash))) return nullptr;
  auto node = old_.entries.extract(key);
  if (node.empty()) return nullptr;
  if (hash) young_.personal.add(*hash);
  young_.bytes += overhead + key.size();
  return &young_.entries.insert(std::move(node)).position->second;
}

std::shared_ptr<const DocumentAnswer> ReplyCache::find(const Key& key) {
  key_.assign(key.words);
  const Entry* entry = look_up(key_, {});
  if (entry != nullptr && !entry->answer) {
    key_.append(1, '\0').append(key.client);
    entry = look_up(key_, hash_of(key));
  }
  if (entry == nullptr || !entry->answer ||
      !recent_.is_unchanged(entry->answer->marks, entry->edition)) {
    return nullptr;
  }
  return entry->answer;
}

void ReplyCache::add(std::string key, Hash hash, Entry entry) {
  const std::size_t bytes =
      overhead + key.size() + (entry.answer && entry.answer->body ? entry.answer->body->size() : 0);
  if (young_.bytes + bytes > half_limit) old_ = std::exchange(young_, {});
  young_.bytes += bytes;
  if (hash) young_.personal.add(*hash);
  young_.entries.insert_or_assign(std::move(key), std::move(entry));
}

bool ReplyCache::is_asked_again(const Key& key, bool is_personal) {
  const std::uint64_t hash = is_personal ? hash_of(key) : hash_text(key.words);
  const auto mark = static_cast<std::uint32_t>(hash >> 32U);
  return std::exchange(asked_[hash % asked_places], mark) == mark;
}

void ReplyCache::keep(const Key& key, std::shared_ptr<const DocumentAnswer> answer) {
  if (answer->tag.empty() || (answer->body && answer->body->size() > entry_limit)) return;
  std::string words(key.words);
  Hash hash;
  if (answer->is_personal) {
    const Entry* present = look_up(words, {});
    if (present == nullptr || present->answer) add(words, {}, {});
    words.append(1, '\0').append(key.client);
    hash = hash_of(key);
  }
  add(std::move(words), hash, {std::move(answer), edition_});
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
  young_ = {};
  old_ = {};
}

}  // namespace paddock::metadata::service
