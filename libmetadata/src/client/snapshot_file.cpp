// SPDX-License-Identifier: Apache-2.0
#include "client/snapshot_file.hpp"

#include "http/listener.hpp"

#include <paddock/metadata/codec.hpp>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

namespace paddock::metadata::client {
namespace {

using http::Descriptor;
using nlohmann::json;

constexpr std::string_view format_name = "paddock-snapshot-1";
constexpr std::size_t batch_bytes = 256 * 1024;
constexpr std::chrono::seconds to_be_written{10};

Error failure(const std::string& what, int code) {
  const boost::system::error_code reason(code, boost::system::generic_category());
  return {reason, what + ": " + reason.message()};
}

Error unusable(const std::string& path, const std::string& why) {
  return {make_error_code(boost::system::errc::bad_message), "read snapshot " + path + ": " + why};
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Writes in batches and sums up what it writes; after a failure only remembers it.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}
  void line(const std::string& text) {
    batch_ += text;
    if (batch_.size() >= batch_bytes) flush();
  }
  void flush() {
    sum_.add(batch_);
    std::string_view rest = batch_;
    while (!rest.empty() && error_ == 0) {
      const ssize_t written = ::write(fd_, rest.data(), rest.size());
      if (written >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    batch_.clear();
  }
  [[nodiscard]] int error() const { return error_; }
  std::string checksum() { return sum_.hex(); }

 private:
  int fd_;
  std::string batch_;
  Sha256 sum_;
  int error_ = 0;
};

int write_all(int fd, const Cluster& cluster, const std::string& form) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  Output output(fd);
  json header{{"format", format_name},
              {"store", cluster.store()},
              {"revision", cluster.revision()},
              {"stale_since", cluster.stale_since() != 0 ? cluster.stale_since() : now}};
  if (!form.empty()) header["form"] = form;
  output.line(header.dump() + "\n");
  diff(Cluster(), cluster, [&](const Difference& added) {
    output.line(encode_put(*added.after));
    return output.error() == 0;
  });
  output.flush();
  const std::string checksum = output.checksum();
  output.line(json{{"objects", cluster.size()}, {"sha256", checksum}}.dump() + "\n");
  output.flush();
  if (output.error() == 0 && ::fsync(fd) != 0) return errno;
  return output.error();
}

bool is_named(int fd, const std::string& path) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

// The file, empty, and this process's alone: while one daemon takes the place of another, both keep
// the same snapshot. Not open: see errno.
Descriptor open_alone(const std::string& path) {
  const auto end = std::chrono::steady_clock::now() + to_be_written;
  for (;;) {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.is_open()) return fd;
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() > end) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    } else if (is_named(fd.get(), path)) {  // else its writer has just moved it into place
      return ::ftruncate(fd.get(), 0) == 0 ? std::move(fd) : Descriptor();
    }
  }
}

}  // namespace

Result<void> write_snapshot(const std::string& path, const Cluster& cluster,
                            const std::string& form) {
  const std::string what = "write snapshot " + path;
  const std::string temporary = path + ".new";
  const Descriptor fd = open_alone(temporary);
  if (!fd.is_open()) return failure(what, errno);
  if (const int code = write_all(fd.get(), cluster, form); code != 0) {
    ::unlink(temporary.c_str());
    return failure(what, code);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failure(what, errno);
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const Descriptor entry(
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (entry.is_open()) ::fsync(entry.get());
  return {};
}

Result<std::shared_ptr<const Cluster>> read_snapshot(const std::string& path) {
  auto kept = read_snapshot(path, Reduction());
  if (!kept) return kept.error();
  return std::move(kept->cluster);
}

Result<KeptCluster> read_snapshot(const std::string& path, const Reduction& reduction) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) {
    return unknown ? Result<KeptCluster>(failure("read snapshot " + path, unknown.value()))
                   : KeptCluster();
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure("read snapshot " + path, errno);
  std::string line;
  std::getline(file, line);
  const auto header = json::parse(line, nullptr, false);
  if (!header.is_object() || header.value("format", json()) != format_name) {
    return unusable(path, "it is not of the form " + std::string(format_name));
  }
  Sha256 sum;
  sum.add(line + "\n");
  Draft draft;
  std::size_t count = 0;
  while (std::getline(file, line) && line.starts_with(R"({"type":)")) {
    sum.add(line);
    sum.add("\n");
    auto event = decode_event(line);
    if (!event) return unusable(path, event.error().text);
    if (event->type != Event::Type::put) continue;
    ++count;
    ObjectPtr object = std::move(event->object);
    if (reduction.keep) object = reduction.keep(object);
    if (object) draft.put(std::move(object));
  }
  const auto trailer = json::parse(line, nullptr, false);
  if (!trailer.is_object() || trailer.value("objects", json()) != count ||
      trailer.value("sha256", json()) != sum.hex()) {
    return unusable(path, "it is torn or damaged");
  }
  try {
    return KeptCluster{draft.build({.store = header.at("store").get<std::string>(),
                                    .revision = header.at("revision").get<std::uint64_t>(),
                                    .stale_since = header.at("stale_since").get<std::int64_t>()}),
                       header.value("form", "")};
  } catch (const json::exception&) {
    return unusable(path, "its header is wrong");
  }
}

}  // namespace paddock::metadata::client
