// SPDX-License-Identifier: Apache-2.0
//
// The writing side of a store elsewhere: what was asked for is known whatever happens to the
// process between the change and its line in the audit log.
#include "remote/write_queue.hpp"

#include "store/judgement.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/remote_store.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace paddock::metadata::remote {
namespace {

using Status = WriteResult::Status;
using Make = std::function<std::vector<Made>(const Writes&, std::int64_t)>;

RemoteOptions in(const test::TempFolder& folder) {
  RemoteOptions options;
  options.directory = folder.path();
  return options;
}

void start(WriteQueue& queue, Make make) {
  queue.start({std::move(make), [] { return WriteQueue::Clock::now() + std::chrono::hours(1); }});
  queue.reached(1'000'000);
}

// As a store that makes every write, each at the next revision.
std::vector<Made> make_all(const Writes& writes, std::int64_t now) {
  std::vector<Made> made;
  for (const Write* write : writes) {
    WriteResult result;
    result.status = Status::created;
    result.revision = 7 + made.size();
    made.push_back(
        {result, audit_line(*write, result.revision, now, nullptr, format_json(*write->object))});
  }
  return made;
}

std::vector<Made> refuse_all(const Writes& writes, std::int64_t) {
  WriteResult result;
  result.status = Status::precondition_failed;
  return {writes.size(), Made{result, {}}};
}

Write writing(const std::string& name) {
  auto host = std::make_shared<Host>();
  host->name = name;
  Write write;
  write.key = host->key();
  write.object = std::move(host);
  write.who = "uid=0";
  return write;
}

WriteResult write_to(WriteQueue& queue, const std::string& name) {
  std::promise<WriteResult> answered;
  queue.submit(writing(name), [&](WriteResult result) { answered.set_value(std::move(result)); });
  return answered.get_future().get();
}

TEST(WriteQueue, WaitsForADirectoryThatAnotherIsAboutToLeave) {
  const test::TempFolder folder;
  auto before = std::make_unique<WriteQueue>(in(folder));
  auto options = in(folder);
  EXPECT_THROW(WriteQueue{options}, std::runtime_error);
  options.waits_for_directory = true;

  WriteQueue after(options);
  start(after, make_all);
  std::promise<WriteResult> answered;
  after.submit(writing("one"), [&](WriteResult result) { answered.set_value(std::move(result)); });
  EXPECT_TRUE(after.audit(10).empty());
  before.reset();

  EXPECT_EQ(answered.get_future().get().status, Status::created);
  EXPECT_EQ(after.audit(10).size(), 1U);
}

// Runs the body in a process of its own, to be killed in it or to change its limits; how it ended.
int run_apart(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

bool has(const std::string& line, std::string_view part) {
  return line.find(part) != std::string::npos;
}

TEST(WriteQueue, TellsOfAWriteWhoseMakerDidNotLiveToSeeItsOutcome) {
  const test::TempFolder folder;
  const int status = run_apart([&] {
    WriteQueue queue(in(folder));
    start(queue, [](const Writes& writes, std::int64_t now) {
      if (writes.front()->key.name == "two") ::raise(SIGKILL);  // it is made by then, or not
      return make_all(writes, now);
    });
    (void)write_to(queue, "one");
    (void)write_to(queue, "two");
    return false;
  });
  ASSERT_TRUE(WIFSIGNALED(status));

  const WriteQueue queue(in(folder));
  const auto lines = queue.audit(10);

  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(has(lines[0], R"("key":"hosts/one","before":null)")) << lines[0];
  EXPECT_TRUE(has(lines[1], R"({"revision":0,"time":)")) << lines[1];
  EXPECT_TRUE(has(lines[1], R"("who":"uid=0","verb":"put","key":"hosts/two","after":{)"));
  EXPECT_TRUE(has(lines[1], R"(,"outcome":"unknown"})")) << lines[1];
}

TEST(WriteQueue, TellsOfItOnce) {
  const test::TempFolder folder;
  (void)run_apart([&] {
    WriteQueue queue(in(folder));
    start(queue, [](const Writes&, std::int64_t) -> std::vector<Made> { ::abort(); });
    (void)write_to(queue, "one");
    return false;
  });

  { const WriteQueue queue(in(folder)); }
  const WriteQueue queue(in(folder));

  EXPECT_EQ(queue.audit(10).size(), 1U);
}

TEST(WriteQueue, HasNothingToTellOfWhatWasRefused) {
  const test::TempFolder folder;
  (void)run_apart([&] {
    WriteQueue queue(in(folder));
    start(queue, refuse_all);
    (void)write_to(queue, "one");
    ::raise(SIGKILL);
    return false;
  });

  const WriteQueue queue(in(folder));

  EXPECT_TRUE(queue.audit(10).empty());
}

TEST(WriteQueue, IgnoresIntentsThatWereNotWhollyOnDisk) {
  const test::TempFolder folder;
  (void)run_apart([&] {
    WriteQueue queue(in(folder));
    start(queue, [](const Writes&, std::int64_t) -> std::vector<Made> { ::abort(); });
    (void)write_to(queue, "one");
    return false;
  });
  const auto file = folder.path() / "audit.pending";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);

  const WriteQueue queue(in(folder));

  EXPECT_TRUE(queue.audit(10).empty());
}

// No file of this process grows beyond what it has; 0: to any size.
void limit_files(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

TEST(WriteQueue, SaysWhatItMadeWhenTheLineOfThatCannotBeWritten) {
  const test::TempFolder folder;
  const int status = run_apart([&] {
    WriteQueue queue(in(folder));
    start(queue, [](const Writes& writes, std::int64_t now) {
      limit_files(1);
      return make_all(writes, now);
    });
    const auto one = write_to(queue, "one");
    const auto two = write_to(queue, "two");  // refused: the line of the first comes first
    limit_files(0);
    const auto three = write_to(queue, "three");
    return one.status == Status::unavailable && has(one.text, "was made at revision 7") &&
           has(one.text, folder.path().string()) && !two.is_accepted() &&
           has(two.text, folder.path().string()) && has(two.text, "nothing was changed") &&
           three.status == Status::unavailable && queue.audit(10).size() == 1;
  });
  EXPECT_EQ(status, 0);

  const WriteQueue queue(in(folder));
  const auto lines = queue.audit(10);

  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(has(lines[0], R"({"revision":7,)") && has(lines[0], "hosts/one")) << lines[0];
  EXPECT_TRUE(has(lines[1], "hosts/three")) << lines[1];
}

TEST(WriteQueue, AsksForNothingThatItCouldNotNote) {
  const test::TempFolder folder;
  const int status = run_apart([&] {
    WriteQueue queue(in(folder));
    int asked = 0;
    start(queue, [&asked](const Writes& writes, std::int64_t now) {
      ++asked;
      return make_all(writes, now);
    });
    std::filesystem::remove(folder.path() / "audit.log");
    limit_files(1);
    const auto one = write_to(queue, "one");
    return one.status == Status::disk_full && has(one.text, folder.path().string()) && asked == 0;
  });

  EXPECT_EQ(status, 0);
}

// While there is more to do, lines are on disk first in the note of the next intents.
TEST(WriteQueue, HasTheLinesThatTheAuditLogLostWithTheMachine) {
  const test::TempFolder folder;
  (void)run_apart([&] {
    WriteQueue queue(in(folder));
    start(queue, [&](const Writes& writes, std::int64_t now) {
      if (writes.front()->key.name == "two") ::raise(SIGKILL);
      queue.submit(writing("two"), [](const WriteResult&) {});
      return make_all(writes, now);
    });
    (void)write_to(queue, "one");
    return false;
  });
  std::filesystem::resize_file(folder.path() / "audit.log", 0);

  const WriteQueue queue(in(folder));
  const auto lines = queue.audit(10);

  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(has(lines[0], R"({"revision":7,)") && has(lines[0], "hosts/one")) << lines[0];
  EXPECT_TRUE(has(lines[1], "hosts/two") && has(lines[1], R"("outcome":"unknown")")) << lines[1];
}

TEST(WriteQueue, AnswersAllOfManyWriters) {
  const test::TempFolder folder;
  WriteQueue queue(in(folder));
  start(queue, make_all);
  std::vector<std::jthread> writers;
  std::atomic<int> accepted = 0;

  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = "w" + std::to_string(writer) + "-" + std::to_string(i);
        if (write_to(queue, name).is_accepted()) ++accepted;
      }
    });
  }
  writers.clear();

  EXPECT_EQ(accepted, 400);
  EXPECT_EQ(queue.audit(1000).size(), 400U);
}

std::string intent_of(const char* name) {
  std::string line = intent_line(writing(name), 12);
  line.pop_back();
  return line;
}

std::string outcome_of(const char* name, std::uint64_t revision) {
  std::string line = audit_line(writing(name), revision, 12, nullptr, "{}");
  line.pop_back();
  return line;
}

TEST(PendingWrites, AreThoseWithoutAnOutcome) {
  const auto left = lacking({intent_of("a"), intent_of("b"), intent_of("a")}, {outcome_of("a", 9)});

  EXPECT_EQ(left, (std::vector<std::string>{intent_of("b"), intent_of("a")}));
}

TEST(PendingWrites, AreNotTakenForMadeByTheLineOfAnEarlierWrite) {
  const auto left = lacking({outcome_of("a", 8), outcome_of("a", 9), intent_of("a")},
                            {outcome_of("b", 7), outcome_of("a", 8)});

  EXPECT_EQ(left, (std::vector<std::string>{outcome_of("a", 9), intent_of("a")}));
}

}  // namespace
}  // namespace paddock::metadata::remote
