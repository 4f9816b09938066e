// SPDX-License-Identifier: Apache-2.0
//
// The objects of some cluster files, as far as they could ever be read. Each file keeps its last
// good state: all of it when its text cannot be read to the end, an object of it when only that
// is wrong; so do objects of an earlier life, until it is known what became of them. One thread at
// a time.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/objects.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace paddock::metadata {

class ClusterFiles {
 public:
  // Files, and folders whose *.yaml, *.yml and *.json are read.
  // `source` is what uids are made of, where an object has none.
  ClusterFiles(std::vector<std::filesystem::path> paths, std::string source)
      : paths_(std::move(paths)), source_(std::move(source)) {}

  // What was known when the store was last open: it stands in for what cannot be read yet.
  void remember(const Cluster& earlier);

  enum class Scan {
    changed,  // files that look changed since they were read
    all       // every file
  };
  // True when something was read or is gone. A file that was written to this moment may not be
  // whole: unless its path is in `closed`, is_unsettled() tells that it is to be looked at again.
  bool scan(Scan scan, const std::set<std::string>& closed = {});
  [[nodiscard]] bool is_unsettled() const noexcept { return is_unsettled_; }

  // Whether there was ever something to be known: a file read, a folder found, an earlier life.
  [[nodiscard]] bool is_known() const noexcept { return is_known_; }
  struct Found {
    // Valid until the next scan. Who makes another object of one puts it here, so that there are
    // not two for each.
    std::map<Key, ObjectPtr*> objects;
    std::vector<Problem> problems;  // all there are now, also with files of earlier scans
    bool is_stale = false;  // some of it is of an earlier life, and its file could not be read yet
  };
  // Of objects that are in several files the first counts, by the order of the paths and, in a
  // folder, of names.
  [[nodiscard]] Found merge();
  // The folders in which something may change.
  [[nodiscard]] std::set<std::string> folders() const;

 private:
  // What a file is known by; equal looks, equal content.
  struct Look {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t changed = 0;  // nanoseconds
    friend bool operator==(const Look&, const Look&) = default;
  };
  struct Entry {
    ObjectPtr object;
    unsigned line = 0;
  };
  using Entries = std::map<Key, Entry>;
  struct FileState {
    Look look;
    Entries objects;
    std::vector<Problem> problems;
    bool was_read = false;  // to its end, once
  };
  static Look look_at(const std::filesystem::path& path);
  [[nodiscard]] std::vector<std::filesystem::path> list();
  void read(const std::filesystem::path& path, FileState& state);
  // What a text has said so far.
  struct Reading {
    Entries same;   // moved over from what the file said before
    Entries other;  // new, or other than before
  };
  // Adds the object to what is read `now`; as DocumentTaker.
  unsigned take(Entries& before, Reading& now, std::shared_ptr<Object> read, unsigned line) const;
  // The one known, when the object that was read says nothing else.
  [[nodiscard]] ObjectPtr settle(std::shared_ptr<Object> read, const ObjectPtr& known) const;
  void add_earlier(Found& found);

  std::vector<std::filesystem::path> paths_;
  std::string source_;
  std::map<std::string, FileState> files_;
  std::vector<std::string> order_;  // of files_
  std::vector<Problem> missing_;    // paths that are not there
  std::map<Key, ObjectPtr> earlier_;
  bool is_unsettled_ = false;
  bool is_known_ = false;
};

}  // namespace paddock::metadata
