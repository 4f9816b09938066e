// SPDX-License-Identifier: Apache-2.0
//
// A store: who knows what the cluster holds. Store is what readers and writers see, whatever is
// behind it; open_embedded_store() keeps it in a directory of this machine, open_file_store()
// reads it from files. All members may be called from any thread.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/error.hpp>
#include <paddock/metadata/export.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace paddock::metadata {

// What is asked of a store.
struct Write {
  // Written when set; else `key` is deleted. created and revision are the store's: what the
  // object says of them is ignored. An absent uid is made, or kept from the stored object.
  ObjectPtr object = {};
  Key key = {};
  std::optional<std::uint64_t> if_match = {};  // only over this revision (If-Match)
  bool only_create = false;                    // only when there is none (If-None-Match: *)
  // Not empty: the object lives as long as this one is said to live, see Store::keep; else for
  // good. A later write without owner changes nothing of that.
  std::string owner = {};
  std::string who = {};  // for the audit log, as "uid=0 gid=0 pid=4711"
  // The object is one of parse_object() and was not edited since: it is not looked at again.
  bool is_parsed = false;
};

// What came of it.
struct WriteResult {
  enum class Status {
    created,
    changed,
    unchanged,  // equal to what is stored: no new revision
    deleted,
    not_found,            // delete of what is not there
    precondition_failed,  // `revision` is the present one, 0 when there is no such object
    invalid,              // `problems` says why
    derived,              // the object is made by Paddock, or says that it is: not to be written
    read_only,
    disk_full,    // nothing was changed; `text` says what to free
    failed,       // the store cannot write: `text` says why. Nothing was changed
    unavailable,  // what is behind the store is away; `text` says whether it may have been changed
    stopping
  };
  Status status = Status::failed;
  std::uint64_t revision = 0;  // of the object after the write
  ObjectPtr object;            // as stored now; of deleted: as it was
  std::string text;            // a sentence, when it was refused
  std::vector<Problem> problems;

  [[nodiscard]] bool is_accepted() const noexcept { return status <= Status::deleted; }
};

// One object that changed; the newest state of it is in cluster().
struct Change {
  std::uint64_t revision = 0;
  Key key;
};

// How a store stands with what is behind it.
struct StoreHealth {
  bool is_connected = true;       // always so for what is on this machine
  std::string last_error;         // of the last loss, or of the last object that was left out
  std::vector<Problem> problems;  // what is left out of the cluster, and why; not all of very many
};

// Each may be empty; called on the store's threads.
struct StoreEvents {
  std::function<void()> connected;
  std::function<void(const Error& why)> lost;       // once per loss, and once if never connected
  std::function<void(const Error& why)> restarted;  // the whole state is read again
  std::function<void(const Error& why)> left_out;   // an object; says which
  std::function<void(const Error& why)> snapshot_ignored;  // the file is torn or not ours
  std::function<void(const Error& why)> snapshot_failed;   // not written: disk full, no right
};

// Ends a subscription when destroyed; after that the callback is not running and never called.
using Subscription = std::shared_ptr<void>;

class PADDOCK_METADATA_EXPORT Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  // Finishes writes under way; those still queued end as `stopping`.
  virtual ~Store() = default;

  // Where this comes from, for people: "embedded:/var/lib/paddock".
  [[nodiscard]] virtual std::string source() const = 0;
  [[nodiscard]] virtual bool is_writable() const noexcept = 0;

  // The newest snapshot. Null while nothing was ever known.
  [[nodiscard]] virtual std::shared_ptr<const Cluster> cluster() const = 0;

  // Waits until there is a snapshot newer than `after` and returns it; null at the deadline or
  // when stopped.
  [[nodiscard]] virtual std::shared_ptr<const Cluster> wait(
      std::uint64_t after, std::chrono::steady_clock::time_point deadline,
      std::stop_token stop = {}) const = 0;

  // Called after every batch of changes, on the store's thread: be quick, do not write from it.
  [[nodiscard]] virtual Subscription subscribe(std::function<void()> on_change) = 0;

  // The objects that changed after `revision`, oldest first, each once. Nothing when that is
  // older than what is kept, or newer than cluster(): then compare with all there is.
  [[nodiscard]] virtual std::optional<std::vector<Change>> changes_since(
      std::uint64_t revision) const = 0;

  // `done` is called exactly once, on the store's thread or before submit returns; after an
  // accepted write cluster() holds it, and it and its audit line are on disk.
  virtual void submit(Write write, std::function<void(WriteResult)> done) = 0;
  // The same, waiting. Not to be called from a callback of the store.
  [[nodiscard]] WriteResult write(Write write);

  // The owner is alive: what was written with it stays for a while more (docs/stores.md says how
  // long). To be said again and again. For stores of one machine nothing needs to be said.
  virtual void keep(const std::string& owner) { (void)owner; }

  [[nodiscard]] virtual StoreHealth health() const { return {}; }

  // The last `limit` accepted writes, a JSON line each, without newline, oldest first. The form
  // is in docs/stream-api.md.
  [[nodiscard]] virtual std::vector<std::string> audit(std::size_t limit) const = 0;

  // Looks at the source again, where it is one that has to be looked at, and waits for that. An
  // error is what stands in health().
  [[nodiscard]] virtual Result<void> reload() { return {}; }
};

struct EmbeddedOptions {
  std::filesystem::path directory;       // made when absent
  std::size_t audit_bytes = 16U << 20U;  // audit.log is rotated at this size…
  unsigned audit_files = 5;              // …and this many are kept, audit.log included
  std::size_t history = 10'000;          // changes kept for changes_since
};

// Opens or makes a store in the directory. Throws std::runtime_error with a sentence that says
// what is wrong and what to do: directory not writable, locked by another process, made by
// another version, or damaged.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::unique_ptr<Store> open_embedded_store(
    EmbeddedOptions options);

struct FileStoreOptions {
  // Cluster files (docs/objects.md), and folders whose *.yaml, *.yml and *.json are read.
  std::vector<std::filesystem::path> paths;
  // Keeps a snapshot of what was read last; made when absent. Empty: none. Locked, unless it is
  // the folder of a daemon that sees to that itself.
  std::filesystem::path directory = {};
  bool locks_directory = true;
  std::size_t history = 10'000;               // changes kept for changes_since
  std::chrono::milliseconds save_after{500};  // from a change to the snapshot file
  StoreEvents events;  // left_out: a file or object that keeps its last good state
};

// Reads the files, and again when they change. Writes are refused. A file or object that is broken
// keeps its last good state and is a problem; so does a path that is gone: also from one life to
// the next, with a directory, and then the cluster is stale until every file can be read. Nothing
// is known until the first file is read or the first folder found. Throws std::runtime_error when
// the directory cannot be used, std::system_error when the kernel gives no inotify instance.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::unique_ptr<Store> open_file_store(
    FileStoreOptions options);

}  // namespace paddock::metadata
