// SPDX-License-Identifier: Apache-2.0
#include "store/journaled_database.hpp"

#include <algorithm>
#include <map>
#include <system_error>
#include <unordered_map>

namespace paddock::metadata {
namespace {

// Journals take at most this part of what is free on the disk.
constexpr std::uintmax_t part_of_free_space = 16;
// Without journals: how many records audit.log may be ahead of its last sync, for which the
// writers of that moment wait.
constexpr std::uint64_t unsynced_records = 8192;
// Each commit of the database looks at a few pages of the file.
constexpr std::uint64_t commits_between_releases = 64;

void take_room(std::span<Journal> journals, const std::filesystem::path& directory) {
  std::error_code unknown;
  const auto space = std::filesystem::space(directory, unknown);
  const bool is_small =
      unknown || space.available / part_of_free_space < journals.size() * Journal::wanted_room;
  for (Journal& journal : journals) {
    if (!is_small) journal.take_room();
  }
  // One alone would be waited for whenever it is full.
  const auto has_room = [](const Journal& journal) { return journal.has_room(); };
  if (std::ranges::all_of(journals, has_room)) return;
  for (Journal& journal : journals) {
    if (journal.is_empty()) journal.give_back_room();
  }
}

}  // namespace

JournaledDatabase::JournaledDatabase(const std::filesystem::path& directory, AuditLog& audit)
    : audit_(audit),
      database_(directory / "store.mdb"),
      store_(database_.store()),
      journals_{Journal(directory / "journal.0", store_),
                Journal(directory / "journal.1", store_)} {
  take_up_journals();
  take_room(journals_, directory);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

JournaledDatabase::~JournaledDatabase() {
  thread_.request_stop();
  thread_.join();
  std::string why;
  if (bring_all(why) != Database::Commit::done) return;  // the next start reads them
  for (Journal& journal : journals_) journal.clear();
}

// The journals that go on from what the database has. Others are of another copy of it.
void JournaledDatabase::take_up_journals() {
  revision_ = database_.revision();
  const std::size_t older = journals_[1].first_revision() < journals_[0].first_revision() ? 1 : 0;
  for (const std::size_t place : {older, 1 - older}) {
    Journal& journal = journals_[place];
    if (journal.is_empty()) continue;
    if (journal.last_revision() <= revision_ || journal.first_revision() > revision_ + 1) {
      journal.clear();
      continue;
    }
    if (revision_ != database_.revision()) full_ = older;  // there is one before this
    revision_ = journal.last_revision();
    current_ = place;
  }
}

void JournaledDatabase::each_object(const Database::Visit& visit) {
  const auto lock = when_idle();
  std::array<std::string, 2> bytes;
  std::unordered_map<std::string_view, StepView> newest;
  const std::size_t first = full_.value_or(current_);
  for (const std::size_t place : {first, 1 - first}) {
    bytes[place] = journals_[place].read();
    for (const StepView& step : parse_journal(bytes[place], store()).steps) {
      if (step.revision > database_.revision()) newest[step.key] = step;
    }
  }
  database_.each_object([&](std::string_view key, std::string_view json) {
    if (!newest.contains(key)) visit(key, json);
  });
  for (const auto& [key, step] : newest) {
    if (!step.json.empty()) visit(key, step.json);
  }
}

std::vector<AuditRecord> JournaledDatabase::audit_records(std::uint64_t after) {
  const auto lock = when_idle();
  std::map<std::uint64_t, std::string> lines;
  for (AuditRecord& record : database_.audit_records(after)) {
    lines[record.revision] = std::move(record.line);
  }
  for (const Journal& journal : journals_) {
    const std::string bytes = journal.read();
    for (const StepView& step : parse_journal(bytes, store()).steps) {
      if (step.revision > after) lines.try_emplace(step.revision, step.line);
    }
  }
  std::vector<AuditRecord> records;
  for (auto& [revision, line] : lines) records.push_back({revision, std::move(line)});
  return records;
}

Database::Commit JournaledDatabase::commit(std::span<const Step> steps, std::string& why) {
  if (!append(steps)) {
    const auto outcome = commit_directly(steps, why);
    if (outcome != Database::Commit::done) return outcome;
  }
  revision_ = steps.back().audit.revision;
  return Database::Commit::done;
}

bool JournaledDatabase::append(std::span<const Step> steps) {
  return journals_[current_].append(steps) ||
         (change_journals() && journals_[current_].append(steps));
}

// Hands over the current one, as soon as the other is free. False: it is not, or there is nothing
// to be gained.
bool JournaledDatabase::change_journals() {
  if (journals_[current_].is_empty()) return false;
  const auto lock = when_idle();
  if (full_) return false;
  full_ = std::exchange(current_, 1 - current_);
  changed_.notify_all();
  return true;
}

Database::Commit JournaledDatabase::commit_directly(std::span<const Step> steps, std::string& why) {
  const auto lock = when_idle();
  if (const auto outcome = bring_all(why); outcome != Database::Commit::done) return outcome;
  if (audit_.last_revision() >= synced_audit_ + unsynced_records) sync_audit();
  Database::Batch batch{.objects = {},
                        .records = {},
                        .revision = steps.back().audit.revision,
                        .drop_audit_until = synced_audit_};
  for (const Step& step : steps) batch.objects.push_back(view(step));
  batch.records = batch.objects;
  const auto outcome = database_.commit(batch, why);
  if ((direct_commits_ += 1) % commits_between_releases == 0) database_.release_pages();
  return outcome;
}

Database::Commit JournaledDatabase::bring_all(std::string& why) {
  const std::size_t first = full_.value_or(current_);
  for (const std::size_t place : {first, 1 - first}) {
    const auto outcome = bring(journals_[place], why);
    if (outcome != Database::Commit::done) return outcome;
  }
  full_.reset();
  cannot_bring_ = false;
  return Database::Commit::done;
}

Database::Commit JournaledDatabase::bring(Journal& journal, std::string& why) {
  if (journal.is_empty()) return Database::Commit::done;
  const std::string bytes = journal.read();
  const auto steps = parse_journal(bytes, store()).steps;
  if (steps.empty() || steps.back().revision != journal.last_revision()) {
    why = "a journal of the store cannot be read; nothing was changed";
    return Database::Commit::failed;
  }
  Database::Batch batch{.objects = {},
                        .records = {},
                        .revision = steps.back().revision,
                        .drop_audit_until = synced_audit_};
  std::map<std::string_view, StepView> newest;  // in the order of the database's pages
  for (const StepView& step : steps) {
    if (step.revision <= database_.revision()) continue;
    newest[step.key] = step;
    if (step.revision > synced_audit_) batch.records.push_back(step);
  }
  for (const auto& [key, step] : newest) batch.objects.push_back(step);
  const auto outcome = newest.empty() ? Database::Commit::done : database_.commit(batch, why);
  if (outcome != Database::Commit::done) return outcome;
  database_.release_pages();
  journal.restart();
  return outcome;
}

void JournaledDatabase::sync_audit() {
  const std::uint64_t written = audit_.last_revision();
  if (audit_.sync()) synced_audit_ = written;
}

void JournaledDatabase::release_pages() {
  const auto lock = when_idle();
  database_.release_pages();
}

std::unique_lock<std::mutex> JournaledDatabase::when_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_idle(); });
  return lock;
}

void JournaledDatabase::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !is_idle(); })) {
    Journal& journal = journals_[*full_];
    lock.unlock();
    sync_audit();
    std::string why;
    const bool is_done = bring(journal, why) == Database::Commit::done;
    lock.lock();
    is_done ? full_.reset() : void(cannot_bring_ = true);
    changed_.notify_all();
  }
}

}  // namespace paddock::metadata
