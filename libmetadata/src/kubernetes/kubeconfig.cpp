// SPDX-License-Identifier: Apache-2.0
#include "codec/base64.hpp"

#include <paddock/metadata/kubernetes.hpp>

#include <sys/mman.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace paddock::metadata {
namespace {

constexpr auto account_folder = "/var/run/secrets/kubernetes.io/serviceaccount/";

// Files that exist in memory only, so that an inline key never reaches a disk.
class MemoryFiles {
 public:
  MemoryFiles() = default;
  MemoryFiles(const MemoryFiles&) = delete;
  MemoryFiles& operator=(const MemoryFiles&) = delete;
  ~MemoryFiles() {
    for (const int file : files_) ::close(file);
  }

  // The path under which this process can open the text as a file. Throws std::system_error.
  std::string add(std::string_view text) {
    const int file = ::memfd_create("paddock-kubeconfig", MFD_CLOEXEC);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "make a file in memory");
    files_.push_back(file);
    while (!text.empty()) {
      const ssize_t written = ::write(file, text.data(), text.size());
      if (written < 0)
        throw std::system_error(errno, std::generic_category(), "fill a memory file");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return "/proc/self/fd/" + std::to_string(file);
  }

 private:
  std::vector<int> files_;
};

// What is wrong with a kubeconfig; caught where it was begun to be read.
struct Refusal {
  YAML::Mark mark;
  std::string text;
};

// A map of the file, or the absence of one, and where it stands.
class Section {
 public:
  Section(YAML::Node node, std::string path) : node_(std::move(node)), path_(std::move(path)) {}

  [[nodiscard]] bool has(const char* key) const { return node_.IsMap() && node_[key].IsDefined(); }
  [[nodiscard]] Section at(const char* key) const {
    const YAML::Node inner = node_.IsMap() ? node_[key] : YAML::Node();
    return {inner, path_.empty() ? key : path_ + "." + key};
  }
  // Empty when absent.
  [[nodiscard]] std::string text(const char* key) const {
    if (!has(key) || node_[key].IsNull()) return {};
    if (!node_[key].IsScalar()) refuse(key, "must be a text");
    return node_[key].Scalar();
  }
  void must_not_have(const char* key, const char* remedy) const {
    if (has(key) && text(key) != "false" && !text(key).empty()) refuse(key, remedy);
  }
  // The element of the list called `name`.
  [[nodiscard]] Section named(const char* key, const std::string& name) const {
    if (has(key) && node_[key].IsSequence()) {
      for (const YAML::Node& item : node_[key]) {
        if (item.IsMap() && item["name"].IsDefined() && item["name"].Scalar() == name) {
          return {item, std::string(key) + "[" + name + "]"};
        }
      }
    }
    throw Refusal{node_.Mark(), std::string(key) + ": has no \"" + name + "\""};
  }
  [[noreturn]] void refuse(const char* key, const std::string& why) const {
    throw Refusal{has(key) ? node_[key].Mark() : node_.Mark(), path_ + "." + key + ": " + why};
  }
  [[nodiscard]] bool is_map() const { return node_.IsMap(); }

 private:
  YAML::Node node_;
  std::string path_;
};

class Kubeconfig {
 public:
  Kubeconfig(const std::string& file, MemoryFiles& files)
      : folder_(std::filesystem::absolute(file).parent_path()), files_(files) {}

  KubernetesServer server_of(const Section& root, std::string context) const {
    if (context.empty()) context = root.text("current-context");
    if (context.empty()) throw Refusal{{}, "current-context: not said, and no context asked for"};
    const Section chosen = root.named("contexts", context).at("context");
    const Section cluster = root.named("clusters", chosen.text("cluster")).at("cluster");
    KubernetesServer server;
    read_cluster(cluster, server);
    if (const auto user = chosen.text("user"); !user.empty()) {
      read_user(root.named("users", user).at("user"), server.access);
    }
    return server;
  }

 private:
  void read_cluster(const Section& cluster, KubernetesServer& server) const {
    server.url = cluster.text("server");
    if (server.url.empty()) cluster.refuse("server", "must be said, as https://10.0.0.1:6443");
    while (server.url.ends_with('/')) server.url.pop_back();
    const auto host = server.url.find("://");
    const auto path = host == std::string::npos ? host : server.url.find('/', host + 3);
    if (path != std::string::npos) {
      server.base = server.url.substr(path);
      server.url.resize(path);
    }
    cluster.must_not_have("insecure-skip-tls-verify",
                          "servers are always verified: give certificate-authority instead");
    cluster.must_not_have("proxy-url", "proxies are not supported: name the server itself");
    cluster.must_not_have("tls-server-name",
                          "is not supported: name the server as its certificate does");
    server.access.ca_file = file_of(cluster, "certificate-authority");
  }

  void read_user(const Section& user, Access& access) const {
    for (const char* key : {"exec", "auth-provider"}) {
      if (user.has(key)) {
        user.refuse(key,
                    "programs that fetch credentials are not run: use a token, tokenFile or a "
                    "client certificate");
      }
    }
    for (const char* key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
      if (user.has(key)) user.refuse(key, "nobody is impersonated: name a user with the rights");
    }
    access.certificate_file = file_of(user, "client-certificate");
    access.key_file = file_of(user, "client-key");
    if (const auto token = user.text("token"); !token.empty())
      access.token_file = files_.add(token);
    if (const auto file = user.text("tokenFile"); !file.empty()) access.token_file = path_of(file);
    access.user = user.text("username");
    if (!access.user.empty()) access.password_file = files_.add(user.text("password"));
  }

  // KEY names a file, KEY-data is one in base64; the latter wins, as for kubectl.
  std::string file_of(const Section& section, const std::string& key) const {
    const auto data = key + "-data";
    if (auto inline_data = section.text(data.c_str()); !inline_data.empty()) {
      std::erase_if(inline_data, [](char c) { return c == '\n' || c == '\r'; });
      const auto bytes = decode_base64(inline_data);
      if (!bytes) section.refuse(data.c_str(), "is no base64");
      return files_.add(*bytes);
    }
    const auto file = section.text(key.c_str());
    return file.empty() ? "" : path_of(file);
  }

  // A relative name starts where the kubeconfig is.
  std::string path_of(const std::string& file) const { return (folder_ / file).string(); }

  std::filesystem::path folder_;
  MemoryFiles& files_;
};

Error unusable(const std::string& file, const YAML::Mark& mark, const std::string& why) {
  return {make_error_code(boost::system::errc::invalid_argument),
          file + (mark.is_null() ? "" : ":" + std::to_string(mark.line + 1)) + ": " + why};
}

}  // namespace

Result<KubernetesServer> read_kubeconfig(const std::string& file, const std::string& context) {
  auto files = std::make_shared<MemoryFiles>();
  try {
    const YAML::Node root = YAML::LoadFile(file);
    if (!root.IsMap()) return unusable(file, root.Mark(), "is no kubeconfig: a map is expected");
    auto server = Kubeconfig(file, *files).server_of(Section(root, ""), context);
    server.files = std::move(files);
    return server;
  } catch (const Refusal& refusal) {
    return unusable(file, refusal.mark, refusal.text);
  } catch (const YAML::BadFile&) {
    return unusable(file, YAML::Mark::null_mark(), "cannot be read");
  } catch (const YAML::Exception& broken) {
    return unusable(file, broken.mark, broken.msg);
  } catch (const std::system_error& failed) {
    return unusable(file, YAML::Mark::null_mark(), failed.what());
  }
}

Result<KubernetesServer> find_kubernetes_server() {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || *host == '\0') {
    return Error{make_error_code(boost::system::errc::no_such_file_or_directory),
                 "KUBERNETES_SERVICE_HOST is not set, so this is no pod: name a kubeconfig"};
  }
  const std::string name(host);
  KubernetesServer server;
  server.url = "https://" + (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" +
               (port != nullptr && *port != '\0' ? port : "443");
  server.access.ca_file = std::string(account_folder) + "ca.crt";
  server.access.token_file = std::string(account_folder) + "token";
  return server;
}

}  // namespace paddock::metadata
