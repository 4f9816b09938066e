// SPDX-License-Identifier: Apache-2.0
//
// Stores on a disk that is full: nothing changes, they say so, and go on when there is room.
#include "remote/write_queue.hpp"
#include "store/judgement.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/store.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>

namespace paddock::metadata {
namespace {

using Status = WriteResult::Status;

WriteResult write_large(Store& store, int number) {
  auto host = std::make_shared<Host>();
  host->name = "h" + std::to_string(number);
  host->annotations = {{"filling", Text(std::string(20'000, 'x'))}};
  return store.write({.object = host, .who = "full"});
}

// Writes until the disk is full; what was accepted must be all there is, and the audit complete.
// Empty when all is well.
std::string fill(Store& store) {
  int number = 0;
  WriteResult result;
  do {
    result = write_large(store, ++number);
  } while (result.is_accepted() && number < 10'000);
  if (result.status != Status::disk_full) return "not called full: " + result.text;
  if (result.text.find("is full: free some space") == std::string::npos) return result.text;
  if (store.cluster()->hosts().size() != static_cast<std::size_t>(number) - 1) return "content";
  if (write_large(store, number).is_accepted()) return "accepted on a full disk";
  return {};
}

std::string check_after(Store& store) {
  const auto size = store.cluster()->hosts().size();
  const WriteResult result = write_large(store, 100'000);
  if (!result.is_accepted()) return "not accepted with room again: " + result.text;
  if (store.cluster()->hosts().size() != size + 1) return "content after";
  if (store.audit(100'000).size() != size + 1) return "audit after";
  return {};
}

// Runs `body` in a process of its own, since it changes what belongs to a process.
void expect_in_child(const std::function<std::string()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::string wrong;
    try {
      wrong = body();
    } catch (const std::exception& thrown) {
      wrong = thrown.what();
    }
    if (!wrong.empty()) std::cerr << wrong << std::endl;
    ::_exit(wrong.empty() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// False: this process may not mount.
bool mount_small(const test::TempFolder& directory, const char* size) {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, size) == 0;
}

TEST(EmbeddedStoreOnAFullDisk, ChangesNothingAndGoesOnWithRoom) {
  const test::TempFolder directory;
  expect_in_child([&directory]() -> std::string {
    if (!mount_small(directory, "size=2m")) return "this process may not mount; run it as root";
    auto store = open_embedded_store({.directory = directory.path()});
    if (auto wrong = fill(*store); !wrong.empty()) return wrong;
    store.reset();
    store = open_embedded_store({.directory = directory.path()});
    if (write_large(*store, 99'999).status != Status::disk_full) return "full after opening again";
    if (::mount("tmpfs", directory.path().c_str(), "tmpfs", MS_REMOUNT, "size=8m") != 0) {
      return "remount";
    }
    return check_after(*store);
  });
}

TEST(EmbeddedStoreOnAFullDisk, ChangesNothingOnceItsJournalsAreFullToo) {
  const test::TempFolder directory;
  expect_in_child([&directory]() -> std::string {
    if (!mount_small(directory, "size=80m")) return "this process may not mount; run it as root";
    auto store = open_embedded_store({.directory = directory.path()});
    const auto ballast = directory.path() / "ballast";
    std::ofstream(ballast) << std::string(80U << 20U, 'x');
    if (!std::filesystem::exists(directory.path() / "journal.0")) return "no journal";
    if (auto wrong = fill(*store); !wrong.empty()) return wrong;
    const auto size = store->cluster()->hosts().size();
    store.reset();
    store = open_embedded_store({.directory = directory.path()});
    if (store->cluster()->hosts().size() != size) return "content after opening again";
    if (write_large(*store, 99'999).status != Status::disk_full) return "full after opening again";
    std::filesystem::remove(ballast);
    return check_after(*store);
  });
}

// Makes every write, at the next revision.
remote::WriteQueue::Work working(int& made) {
  return {[&made](const remote::Writes& writes, std::int64_t now) {
            std::vector<remote::Made> results;
            for (const Write* write : writes) {
              WriteResult result;
              result.status = Status::created;
              result.revision = static_cast<std::uint64_t>(++made);
              results.push_back({result, audit_line(*write, result.revision, now, nullptr,
                                                    format_json(*write->object))});
            }
            return results;
          },
          [] { return remote::WriteQueue::Clock::now() + std::chrono::hours(1); }};
}

WriteResult write_to(remote::WriteQueue& queue, int number) {
  auto host = std::make_shared<Host>();
  host->name = "h" + std::to_string(number);
  host->annotations = {{"filling", Text(std::string(20'000, 'x'))}};
  Write write;
  write.key = host->key();
  write.object = std::move(host);
  std::promise<WriteResult> answered;
  queue.submit(std::move(write), [&](WriteResult result) { answered.set_value(result); });
  return answered.get_future().get();
}

TEST(WriteQueueOnAFullDisk, MakesNoChangeThatTheAuditLogHasNoRoomFor) {
  const test::TempFolder directory;
  expect_in_child([&directory]() -> std::string {
    if (!mount_small(directory, "size=2m")) return "this process may not mount; run it as root";
    RemoteOptions options;
    options.directory = directory.path();
    int made = 0;
    remote::WriteQueue queue(options);
    queue.start(working(made));
    queue.reached(1'000'000);
    WriteResult result;
    int accepted = 0;
    while ((result = write_to(queue, accepted)).is_accepted() && accepted < 1000) ++accepted;
    if (result.status != Status::disk_full) return "not called full: " + result.text;
    if (accepted == 0 || made != accepted) return "made without a line";
    return queue.audit(1000).size() == static_cast<std::size_t>(made) ? "" : "lines";
  });
}

TEST(EmbeddedStoreAtAFileSizeLimit, ChangesNothingAndGoesOnWithRoom) {
  const test::TempFolder directory;
  expect_in_child([&directory]() -> std::string {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit low{1U << 20U, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &low);
    auto store = open_embedded_store({.directory = directory.path()});
    if (auto wrong = fill(*store); !wrong.empty()) return wrong;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return check_after(*store);
  });
}

}  // namespace
}  // namespace paddock::metadata
