// SPDX-License-Identifier: Apache-2.0
//
// What a reload takes at its highest, beside what there is: counted, in a process of its own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what was freed
#include "support/temp_folder.hpp"

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/store.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace paddock::metadata {
namespace {

// Of this process, in megabytes: VmRSS, or VmHWM since forget_peak().
double memory(std::string_view what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(what)) return std::stod(line.substr(what.size() + 1)) / 1024;
  }
  return 0;
}

void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

// A service of ten pods with its endpoints, as GET /v1/cluster lists a large cluster.
std::string many_services(int count) {
  Draft draft;
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    auto service = std::make_shared<Service>();
    service->ns = "team-" + std::to_string(i / 20);
    service->name = "web-" + number;
    service->selector = {{"app", Text("web-" + number)}};
    for (int j = 0; j < 10; ++j) {
      auto pod = std::make_shared<Pod>();
      pod->ns = service->ns;
      pod->name = service->name.str() + "-5d4f8c7b9-" + std::to_string(j);
      pod->uid = "0b8f2c1e-6a51-4d2e-9e55-" + std::to_string(100'000'000'000 + i * 10 + j);
      pod->external_id = "containerd://8c1f5d0f52a64cb1a0f1f47f8b4e0d4c9f" + pod->uid.str();
      pod->host = "node-" + std::to_string(j);
      pod->labels = {{"app", Text("web-" + number)}, {"pod-template-hash", "5d4f8c7b9"}};
      pod->addresses = {boost::asio::ip::address_v4(0x0a2a0000U + unsigned(i * 10 + j))};
      draft.put(std::move(pod));
    }
    draft.put(std::move(service));
  }
  std::string text = "{\"objects\":[";
  const Cluster none;
  diff(none, draft.cluster(), [&](const Difference& difference) {
    if (text.back() != '[') text += ",\n";
    text += format_json(*difference.after);
    return true;
  });
  return text + "]}";
}

// Returns what is wrong, else nothing.
std::string reload_in_memory(const std::filesystem::path& file) {
  FileStoreOptions options;
  options.paths = {file};
  const auto store = open_file_store(std::move(options));
  const double loaded = memory("VmRSS");
  forget_peak();
  if (!store->reload()) return "not read";
  const double peak = memory("VmHWM");
  std::cout << loaded << " MB, " << peak << " MB at its highest" << std::endl;
  if (store->cluster()->count(Kind::pod) != 30'000) return "lost pods";
  return peak < 1.4 * loaded ? "" : "takes " + std::to_string(peak / loaded) + " times the memory";
}

TEST(FileStore, ReadsALargeFileAgainInLittleMoreMemoryThanItHas) {
  const test::TempFolder folder;
  const pid_t child = ::fork();  // a process that has nothing else, and never had
  if (child == 0) {
    const pid_t writer = ::fork();
    if (writer == 0) {
      folder.write("cluster.json", many_services(3000));
      ::_exit(0);
    }
    ::waitpid(writer, nullptr, 0);
    const std::string wrong = reload_in_memory(folder.file("cluster.json"));
    if (!wrong.empty()) std::cerr << wrong << std::endl;
    ::_exit(wrong.empty() ? 0 : 1);
  }

  int status = 0;
  ::waitpid(child, &status, 0);

  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace paddock::metadata
#endif
