// SPDX-License-Identifier: Apache-2.0
//
// The socket between the CNI plugin, a program that only carries, and the daemon that works. The
// exchange is in docs/plugin-protocol.md.
#pragma once

#include <paddock/net/cni.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/namespace.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net {

// One run of the plugin.
struct PluginCall {
  cni::Environment environment;
  std::string input;                     // its stdin
  std::optional<NetworkNamespace> pod;   // what it found at CNI_NETNS
  std::optional<NamespaceIdentity> own;  // the namespace it runs in; absent when unknown
  bool is_live = true;                   // false: it was kept, and nobody waits for the answer
};

// A status that is no exit status: output names a plugin the caller has to execute first, with the
// same input; then it asks again, with what that printed (docs/plugin-protocol.md).
inline constexpr int ask_delegate = 256;

struct PluginAnswer {
  int status = 0;
  std::string output;
  std::function<void()> rest = {};  // called once the answer is on its way; may be empty
};

struct PluginServerOptions {
  std::filesystem::path socket = "/run/paddock/net.sock";
  // Calls answered at the same time; further ones wait in the kernel's queue.
  unsigned threads = 16;
  // Listening sockets that a process before this one left. The server owns them: the one at
  // `socket` is used, with the calls that wait in it, the others are closed.
  std::vector<int> inherited = {};
  // Somebody has a copy of descriptor() for the process after this one: the end of the server
  // leaves to it the calls that it has not taken yet.
  bool hands_socket_on = false;
  // Called on one of the threads; must not throw.
  std::function<PluginAnswer(const PluginCall&)> answer;
  // Told of calls that were none: wrong peer, wrong bytes. May be empty.
  std::function<void(const std::string&)> refused;
};

// Serves root and the user it runs as.
class PADDOCK_NET_EXPORT PluginServer {
 public:
  // Takes the socket (mode 0600), in place of one that nobody serves any more, so that plugins can
  // connect; they are answered from start() on. Throws std::system_error or std::runtime_error with
  // a sentence.
  explicit PluginServer(PluginServerOptions options);
  // Takes no more calls, waits for those under way, removes the socket unless it is handed on.
  ~PluginServer();
  PluginServer(const PluginServer&) = delete;
  PluginServer& operator=(const PluginServer&) = delete;

  void start();
  // Where it listens, which stays its own.
  [[nodiscard]] int descriptor() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

// Answers from the files of DEL calls that found no daemon, each once, oldest first, and removes
// them, but for those that failed. Between constructing a PluginServer and start() is the time for
// it: no ADD that came after such a DEL can be answered before it. Returns sentences about files
// that are kept, and those that were no call, which are removed.
PADDOCK_NET_EXPORT std::vector<std::string> replay_spool(
    const std::filesystem::path& directory,
    const std::function<PluginAnswer(const PluginCall&)>& answer);

}  // namespace paddock::net
