// SPDX-License-Identifier: Apache-2.0
#include "files/cluster_files.hpp"

#include "codec/documents.hpp"
#include "codec/text_file.hpp"
#include "model/uuid.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace paddock::metadata {
namespace {

namespace fs = std::filesystem;

// A file that was touched so lately may be in the middle of being written.
constexpr std::chrono::milliseconds settling_time{200};

bool is_cluster_file(const fs::path& path) {
  const auto extension = path.extension();
  return !path.filename().string().starts_with('.') &&
         (extension == ".yaml" || extension == ".yml" || extension == ".json");
}

std::int64_t now_in_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ClusterFiles::Look ClusterFiles::look_at(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  const auto in_nanoseconds = [](const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .changed = std::max(in_nanoseconds(status.st_mtim), in_nanoseconds(status.st_ctim))};
}

std::vector<fs::path> ClusterFiles::list() {
  std::vector<fs::path> files;
  missing_.clear();
  for (const fs::path& path : paths_) {
    std::error_code failed;
    const auto status = fs::status(path, failed);
    if (fs::is_directory(status)) {
      std::vector<fs::path> inside;
      for (fs::directory_iterator entry(path, failed), end; !failed && entry != end;
           entry.increment(failed)) {
        if (is_cluster_file(entry->path())) inside.push_back(entry->path());
      }
      if (!failed) {
        is_known_ = true;
        std::ranges::sort(inside);
        std::ranges::move(inside, std::back_inserter(files));
        continue;
      }
    } else if (fs::exists(status)) {
      files.push_back(path);
      continue;
    }
    // Gone, or not to be listed: what was read from there stays.
    const std::string why = failed ? failed.message() : "No such file or directory";
    missing_.push_back({"", why + "; what was read from there stays", path.string(), 0, ""});
    for (const auto& [name, state] : files_) {
      if (name == path.string() || fs::path(name).parent_path() == path) files.emplace_back(name);
    }
  }
  return files;
}

void ClusterFiles::read(const fs::path& path, FileState& state) {
  state.problems.clear();
  const auto text = read_text_file(path, Limits::file_bytes);
  if (!text) {
    state.problems.push_back({"", text.error().text + "; what was read before stays", "", 0, ""});
    return;
  }
  // What has not changed moves over and is there once all the while: of a large file that is most.
  Reading reading;
  ReadDocuments read = read_documents(*text, path.string(), [&]() -> DocumentTaker {
    state.objects.merge(reading.same);
    reading = {};
    return [&](std::shared_ptr<Object> object, unsigned line) {
      return take(state.objects, reading, std::move(object), line);
    };
  });
  state.problems = std::move(read.problems);
  if (!read.is_whole) return state.objects.merge(reading.same);
  is_known_ = true;
  state.was_read = true;
  Entries objects = std::move(reading.same);
  objects.merge(reading.other);
  // An object that is wrong now stays as it was.
  for (const Problem& problem : state.problems) {
    const auto key = parse_key(problem.object);
    const auto known = key ? state.objects.find(*key) : state.objects.end();
    if (known != state.objects.end()) objects.insert(*known);
  }
  state.objects = std::move(objects);
}

unsigned ClusterFiles::take(Entries& before, Reading& now, std::shared_ptr<Object> read,
                            unsigned line) const {
  Key key = read->key();
  for (const Entries* entries : {&now.same, &now.other}) {
    if (const auto first = entries->find(key); first != entries->end()) return first->second.line;
  }
  const auto known = before.find(key);
  if (known == before.end()) {
    now.other.emplace(std::move(key), Entry{settle(std::move(read), nullptr), line});
    return 0;
  }
  auto settled = settle(std::move(read), known->second.object);
  if (settled == known->second.object) {
    known->second.line = line;
    now.same.insert(before.extract(known));
  } else {
    now.other.emplace(std::move(key), Entry{std::move(settled), line});
  }
  return 0;
}

ObjectPtr ClusterFiles::settle(std::shared_ptr<Object> read, const ObjectPtr& known) const {
  if (read->uid.empty()) read->uid = uuid_from(source_ + "/" + format(read->key()));
  if (!known) return read;
  const bool has_no_date = read->created == 0;
  if (has_no_date) read->created = known->created;
  read->revision = known->revision;
  return equal(*read, *known) ? known : read;
}

void ClusterFiles::remember(const Cluster& earlier) {
  const Cluster none;
  diff(none, earlier, [this](const Difference& difference) {
    const Endpoints* endpoints = as<Endpoints>(difference.after.get());
    const bool is_derived = endpoints != nullptr && endpoints->derived;
    if (!is_derived) earlier_.emplace(difference.after->key(), difference.after);
    return true;
  });
  is_known_ = true;
}

// Once every file has been read, an object of an earlier life stays only where it is wrong now.
void ClusterFiles::add_earlier(Found& found) {
  const bool is_complete = missing_.empty() && std::ranges::all_of(files_, [](const auto& file) {
                             return file.second.was_read;
                           });
  if (is_complete) {
    std::set<Key> wrong;
    for (const Problem& problem : found.problems) {
      if (auto key = parse_key(problem.object)) wrong.insert(std::move(*key));
    }
    std::erase_if(earlier_, [&wrong](const auto& one) { return !wrong.contains(one.first); });
  }
  for (auto& [key, object] : earlier_) {
    const bool is_only_known_from_then = found.objects.emplace(key, &object).second;
    found.is_stale |= is_only_known_from_then && !is_complete;
  }
}

bool ClusterFiles::scan(Scan scan, const std::set<std::string>& closed) {
  is_unsettled_ = false;
  bool is_changed = false;
  const auto missing_before = missing_.size();
  const bool was_known = is_known_;
  std::map<std::string, FileState> before = std::exchange(files_, {});
  // list() looks into files_ for what a folder held that is gone.
  files_ = before;
  const auto files = list();
  files_.clear();
  order_.clear();
  const std::int64_t settled =
      now_in_nanoseconds() - std::chrono::nanoseconds(settling_time).count();
  for (const fs::path& path : files) {
    const std::string name = path.string();
    if (files_.contains(name)) continue;
    order_.push_back(name);
    auto known = before.extract(name);
    FileState& state = files_[name];
    if (known) state = std::move(known.mapped());
    const Look look = look_at(path);
    if (look.size < 0 || (scan == Scan::changed && look == state.look)) continue;
    if (scan == Scan::changed && look.changed > settled && !closed.contains(name)) {
      is_unsettled_ = true;
      continue;
    }
    state.look = look;
    read(path, state);
    is_changed = true;
  }
  return is_changed || !before.empty() || missing_.size() != missing_before ||
         is_known_ != was_known;
}

ClusterFiles::Found ClusterFiles::merge() {
  Found found;
  found.problems = missing_;
  std::map<Key, const std::string*> from;
  for (const std::string& name : order_) {
    FileState& state = files_.at(name);
    for (Problem problem : state.problems) {
      if (problem.file.empty()) problem.file = name;
      found.problems.push_back(std::move(problem));
    }
    for (auto& [key, entry] : state.objects) {
      const auto [first, is_new] = from.emplace(key, &name);
      if (is_new) {
        found.objects.emplace(key, &entry.object);
      } else {
        found.problems.push_back(
            {"",
             "is there already, in " + *first->second + " line " +
                 std::to_string(files_.at(*first->second).objects.at(key).line),
             name, entry.line, format(key)});
      }
    }
  }
  if (!earlier_.empty()) add_earlier(found);
  return found;
}

std::set<std::string> ClusterFiles::folders() const {
  std::set<std::string> folders;
  const auto add_with_target = [&folders](const fs::path& path) {
    std::error_code failed;
    folders.insert(fs::absolute(path, failed).parent_path().string());
    const fs::path target = fs::canonical(path, failed);
    if (!failed) folders.insert(target.parent_path().string());
  };
  for (const fs::path& path : paths_) {
    std::error_code failed;
    if (fs::is_directory(path, failed)) folders.insert(path.string());
    add_with_target(path);
  }
  for (const std::string& name : order_) add_with_target(name);
  return folders;
}

}  // namespace paddock::metadata
