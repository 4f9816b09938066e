// SPDX-License-Identifier: Apache-2.0
//
// The objects of some cluster files, as far as they could ever be read. Each file keeps its last
// good state: all of it when its text cannot be read to the end, an object of it when only that
// is wrong. One thread at a time.
#pragma once

#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/objects.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace paddock::metadata {

class ClusterFiles {
 public:
  // Files, and folders whose *.yaml, *.yml and *.json are read.
  explicit ClusterFiles(std::vector<std::filesystem::path> paths) : paths_(std::move(paths)) {}

  enum class Scan {
    changed,  // files that look changed since they were read
    all       // every file
  };
  // True when something was read or is gone. A file that was written to this moment may not be
  // whole: unless its path is in `closed`, is_unsettled() tells that it is to be looked at again.
  bool scan(Scan scan, const std::set<std::string>& closed = {});
  [[nodiscard]] bool is_unsettled() const noexcept { return is_unsettled_; }

  // Whether there was ever something to be known: a file read, or a folder found.
  [[nodiscard]] bool is_known() const noexcept { return is_known_; }
  struct Found {
    std::map<Key, ObjectPtr> objects;
    std::vector<Problem> problems;  // all there are now, also with files of earlier scans
  };
  // Of objects that are in several files the first counts, by the order of the paths and, in a
  // folder, of names.
  [[nodiscard]] Found merge() const;
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
  struct FileState {
    Look look;
    std::map<Key, Entry> objects;
    std::vector<Problem> problems;
  };
  static Look look_at(const std::filesystem::path& path);
  [[nodiscard]] std::vector<std::filesystem::path> list();
  void read(const std::filesystem::path& path, FileState& state);

  std::vector<std::filesystem::path> paths_;
  std::map<std::string, FileState> files_;
  std::vector<std::string> order_;  // of files_
  std::vector<Problem> missing_;    // paths that are not there
  bool is_unsettled_ = false;
  bool is_known_ = false;
};

}  // namespace paddock::metadata
