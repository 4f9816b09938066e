// SPDX-License-Identifier: Apache-2.0
//
// The store of cluster files: one thread reads them when they change and publishes what they come
// to, another keeps the snapshot of that. The files are never written.
#include "client/snapshot_file.hpp"
#include "client/snapshot_saver.hpp"
#include "files/cluster_files.hpp"
#include "files/folder_watch.hpp"
#include "model/derived.hpp"
#include "model/uuid.hpp"
#include "store/directory.hpp"
#include "store/file.hpp"
#include "store/judgement.hpp"
#include "store/published_store.hpp"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;

// How long a file system without events (NFS) may keep a change to itself.
constexpr milliseconds look_again{10'000};
constexpr milliseconds look_at_unsettled{250};
constexpr std::size_t large_cluster = 10'000;
// Several files that change together are read together.
constexpr milliseconds quiet_time{20};

std::int64_t unix_milliseconds() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string joined(const std::vector<std::filesystem::path>& paths) {
  std::string text;
  for (const auto& path : paths) text += (text.empty() ? "" : ",") + path.string();
  return text;
}

// Nobody else may use the directory meanwhile.
std::optional<File> hold(const FileStoreOptions& options) {
  if (options.directory.empty()) return std::nullopt;
  const auto directory = make_directory(options.directory);
  if (!options.locks_directory) return std::nullopt;
  return lock_directory(directory);
}

std::string snapshot_in(const std::filesystem::path& directory) {
  return directory.empty() ? "" : (directory / "cluster.snapshot").string();
}

class FileStore final : public PublishedStore {
 public:
  explicit FileStore(FileStoreOptions options)
      : PublishedStore(options.history),
        source_("file:" + joined(options.paths)),
        lock_(hold(options)),
        files_(options.paths, source_),
        events_(std::move(options.events)),
        saver_(
            snapshot_in(options.directory), options.save_after, [this] { return cluster(); },
            events_.snapshot_failed) {
    remember(snapshot_in(options.directory));
    folders_.follow(files_.folders());
    read(ClusterFiles::Scan::all, {});
    reader_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~FileStore() override {
    reader_.request_stop();
    folders_.wake();
    reader_.join();
  }

  [[nodiscard]] std::string source() const override { return source_; }
  [[nodiscard]] bool is_writable() const noexcept override { return false; }
  void submit(Write, std::function<void(WriteResult)> done) override {
    WriteResult refused;
    refused.status = WriteResult::Status::read_only;
    refused.text = "the cluster is read from " + source_ +
                   ": change the file, it is read again at once; or use another store";
    done(std::move(refused));
  }
  [[nodiscard]] std::vector<std::string> audit(std::size_t) const override { return {}; }

  [[nodiscard]] Result<void> reload() override {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = ++reloads_asked_;
    folders_.wake();
    reloaded_.wait(lock, [&] { return reloads_done_ >= wanted || has_ended_; });
    if (problems_.empty()) return {};
    std::string text = format(problems_.front());
    if (problems_.size() > 1) {
      text += "; and " + std::to_string(problems_.size() - 1) + " more problems";
    }
    return Error{make_error_code(boost::system::errc::bad_message), std::move(text)};
  }
  [[nodiscard]] StoreHealth health() const override {
    const std::scoped_lock lock(mutex_);
    return {.last_error = problems_.empty() ? std::string() : format(problems_.front()),
            .problems = problems_};
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) look(stop);
    const std::scoped_lock lock(mutex_);
    has_ended_ = true;
    reloaded_.notify_all();
  }

  void look(const std::stop_token& stop) {
    auto events = folders_.wait(files_.is_unsettled() ? look_at_unsettled : look_again);
    if (events.is_any) gather(events, stop);
    if (stop.stop_requested()) return;
    std::uint64_t asked = 0;
    {
      const std::scoped_lock lock(mutex_);
      asked = reloads_asked_;
    }
    read(asked > reloads_done_ ? ClusterFiles::Scan::all : ClusterFiles::Scan::changed,
         events.closed);
    {
      const std::scoped_lock lock(mutex_);
      reloads_done_ = asked;
    }
    reloaded_.notify_all();
  }

  // Until nothing more happens, but not for long.
  void gather(FolderWatch::Events& events, const std::stop_token& stop) {
    for (int rounds = 0; rounds < 10 && !stop.stop_requested(); ++rounds) {
      auto more = folders_.wait(quiet_time);
      if (!more.is_any) return;
      events.closed.merge(more.closed);
    }
  }

  // What was known in an earlier life, of these files.
  void remember(const std::string& file) {
    if (file.empty()) return;
    const auto snapshot = client::read_snapshot(file);
    if (!snapshot) {
      if (events_.snapshot_ignored) events_.snapshot_ignored(snapshot.error());
    } else if (*snapshot && (*snapshot)->store() == uuid_from(source_)) {
      publisher_.publish_anew(*snapshot);
      files_.remember(**snapshot);
    }
  }

  void read(ClusterFiles::Scan scan, const std::set<std::string>& closed) {
    if (!files_.scan(scan, closed)) return;
    folders_.follow(files_.folders());
    auto found = files_.merge();
    tell_of(found.problems);
    {
      const std::scoped_lock lock(mutex_);
      problems_ = std::move(found.problems);
    }
    files_.is_known() ? publish(found) : publisher_.tell();
    // Of a large file as much has been freed as there was; the allocator would keep most of it.
    if (found.objects.size() > large_cluster) ::malloc_trim(0);
  }

  // Each problem once, as long as it lasts.
  void tell_of(const std::vector<Problem>& problems) {
    std::set<std::string> now;
    for (const Problem& problem : problems) now.insert(format(problem));
    for (const std::string& text : now) {
      if (told_.contains(text) || !events_.left_out) continue;
      events_.left_out({make_error_code(boost::system::errc::bad_message), text});
    }
    told_ = std::move(now);
  }

  void publish(const ClusterFiles::Found& found) {
    const auto before = publisher_.cluster();
    // As old as what there was; the same objects in another standing are no new revision.
    const std::int64_t stale_since = found.is_stale && before ? before->stale_since() : 0;
    // Grows from one life to the next, as far as clocks do: a reader's revision means nothing else.
    const std::uint64_t revision = std::max<std::uint64_t>(
        before ? before->revision() + 1 : 1, static_cast<std::uint64_t>(unix_milliseconds()));
    Draft draft = before ? Draft(*before) : Draft();
    std::vector<Key> changed;
    for (const auto& [key, object] : found.objects) {
      const ObjectPtr stored = before ? before->find(key) : nullptr;
      if (stored == *object) continue;
      auto next = next_version(stored, **object, revision);
      *object = next ? next : stored;
      if (!next) continue;
      draft.put(std::move(next));
      changed.push_back(key);
    }
    if (before) erase_absent(*before, found.objects, draft, changed);
    if (before && changed.empty()) {
      if (before->stale_since() == stale_since) return publisher_.tell();
      publisher_.publish(draft.build({before->store(), before->revision(), stale_since}), {});
      return saver_.changed();
    }
    if (before) {
      for (Key& key : derive_endpoints(*before, draft, changed, revision)) {
        changed.push_back(std::move(key));
      }
    } else {
      derive_all_endpoints(draft, revision);
    }
    std::vector<Change> changes;
    for (Key& key : changed) changes.push_back({revision, std::move(key)});
    publisher_.publish(draft.build({uuid_from(source_), revision, stale_since}), changes);
    saver_.changed();
  }

  // Null: it is as it was.
  [[nodiscard]] static ObjectPtr next_version(const ObjectPtr& stored, const Object& read,
                                              std::uint64_t revision) {
    const auto next = copy_of(read);
    const bool was_derived = as<Endpoints>(stored.get()) && as<Endpoints>(stored.get())->derived;
    const Object* const old = was_derived ? nullptr : stored.get();
    if (next->created == 0) next->created = old ? old->created : unix_milliseconds();
    next->revision = old ? old->revision : 0;
    if (old && equal(*next, *old)) return nullptr;
    next->revision = revision;
    return next;
  }

  static void erase_absent(const Cluster& before, const std::map<Key, ObjectPtr*>& objects,
                           Draft& draft, std::vector<Key>& changed) {
    const Cluster none;
    diff(none, before, [&](const Difference& difference) {
      const Object& object = *difference.after;
      const Endpoints* endpoints = as<Endpoints>(&object);
      if (endpoints != nullptr && endpoints->derived) return true;
      Key key = object.key();
      if (objects.contains(key)) return true;
      draft.erase(key);
      changed.push_back(std::move(key));
      return true;
    });
  }

  const std::string source_;
  const std::optional<File> lock_;  // of the directory
  ClusterFiles files_;
  FolderWatch folders_;
  const StoreEvents events_;
  std::set<std::string> told_;  // problems
  mutable std::mutex mutex_;    // the reader's thread and who asks
  std::condition_variable reloaded_;
  bool has_ended_ = false;
  std::uint64_t reloads_asked_ = 0;
  std::uint64_t reloads_done_ = 0;  // written by the reader only
  std::vector<Problem> problems_;
  client::SnapshotSaver saver_;
  std::jthread reader_;
};

}  // namespace

std::unique_ptr<Store> open_file_store(FileStoreOptions options) {
  return std::make_unique<FileStore>(std::move(options));
}

}  // namespace paddock::metadata
