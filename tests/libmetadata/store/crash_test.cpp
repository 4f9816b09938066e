// SPDX-License-Identifier: Apache-2.0
//
// A process that writes is killed at any moment, again and again: what it was told is stored is
// stored, and the audit log tells exactly how the content came about.
#include "support/temp_folder.hpp"

#include <paddock/metadata/store.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <random>
#include <semaphore>
#include <stdexcept>

namespace paddock::metadata {
namespace {

struct Run {
  std::filesystem::path directory;
  unsigned seed = 0;
  std::size_t object_bytes = 0;  // about
};

// Rotates often, so that the kill hits that too, and keeps all.
EmbeddedOptions options(const Run& run) {
  return {.directory = run.directory,
          .audit_bytes = (64U << 10U) + 20 * run.object_bytes,
          .audit_files = 9999};
}

// Writes for ever, some at once; says each accepted revision through the pipe.
[[noreturn]] void write_until_killed(const Run& run, int pipe) {
  auto store = open_embedded_store(options(run));
  const Text filling(std::string(run.object_bytes, 'x'));
  std::mt19937 random(run.seed);
  std::counting_semaphore<16> room(16);
  for (;;) {
    auto object = std::make_shared<Host>();
    object->name = "h" + std::to_string(random() % 20);
    object->milli_cpu = static_cast<std::int64_t>(random() % 1000);
    if (!filling.empty()) object->annotations = {{"filling", filling}};
    Write write{.who = "crash"};
    if (random() % 3 == 0) {
      write.key = object->key();
    } else {
      write.object = object;
    }
    room.acquire();
    store->submit(std::move(write), [pipe, &room](const WriteResult& result) {
      if (result.is_accepted() && ::write(pipe, &result.revision, sizeof result.revision) < 0) {
        ::_exit(1);
      }
      room.release();
    });
  }
}

// Lets a child write, kills it, and returns the last revision it was told of.
std::uint64_t run_and_kill(const Run& run) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) write_until_killed(run, ends[1]);
  ::close(ends[1]);
  std::mt19937 random(run.seed);
  std::uint64_t last = 0;
  std::uint64_t revision = 0;
  for (auto enough = 1 + random() % 200; enough > 0; --enough) {
    if (::read(ends[0], &revision, sizeof revision) != sizeof revision) break;
    last = std::max(last, revision);
  }
  ::kill(child, SIGKILL);
  while (::read(ends[0], &revision, sizeof revision) == sizeof revision) {
    last = std::max(last, revision);
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return last;
}

// Plays the audit log from the beginning.
std::map<std::string, std::string> replay(const Store& store) {
  std::map<std::string, std::string> content;
  std::uint64_t expected = 1;
  for (const std::string& line : store.audit(10'000'000)) {
    const std::string start = "{\"revision\":" + std::to_string(expected++) + ",";
    EXPECT_EQ(line.substr(0, start.size()), start) << "no line is missing or there twice";
    const auto at = line.find("\"key\":\"") + 7;
    const std::string key = line.substr(at, line.find('"', at) - at);
    const std::string after = line.substr(line.find(",\"after\":") + 9);
    content.erase(key);
    if (after != "null}") content[key] = after.substr(0, after.size() - 1);
  }
  EXPECT_EQ(store.cluster()->revision(), expected - 1);
  return content;
}

void expect_whole_after_kills(const Run& first, unsigned rounds) {
  for (Run run = first; run.seed < rounds; ++run.seed) {
    const std::uint64_t told = run_and_kill(run);
    ASSERT_GT(told, 0U) << "the child did not write";
    const auto store = open_embedded_store(options(run));
    ASSERT_GE(store->cluster()->revision(), told);
    std::map<std::string, std::string> content;
    for (const Host& host : store->cluster()->hosts()) {
      content[format(host.key())] = format_json(host);
    }
    ASSERT_EQ(content, replay(*store)) << "round " << run.seed;
  }
}

TEST(EmbeddedStoreCrash, LeavesContentAndAuditEqualAtAnyMoment) {
  const test::TempFolder directory;
  expect_whole_after_kills({.directory = directory.path()}, 50);
}

// So many large changes that journals are full and brought into the database meanwhile.
TEST(EmbeddedStoreCrash, LeavesThemEqualWhenJournalsChange) {
  const test::TempFolder directory;
  expect_whole_after_kills({.directory = directory.path(), .object_bytes = 30'000}, 4);
}

}  // namespace
}  // namespace paddock::metadata
