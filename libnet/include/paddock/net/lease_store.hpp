// SPDX-License-Identifier: Apache-2.0
//
// Who holds which address: one record per attachment. A write is kept whatever happens to the
// process once it returns; it is on the disk a moment later, many with one fsync. docs/cni.md says
// what happens to records after a crash or a reboot.
#pragma once

#include <paddock/net/attachment.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace paddock::net {

// attached: the runtime was or will be told so. detaching: to be removed, whatever is left of it.
enum class LeaseState { attached, detaching };

// Who the pod is to people and to the registry.
struct PodIdentity {
  std::string name_space;
  std::string name;
  std::string uid;
  std::map<std::string, std::string> labels;
  std::vector<std::string> aliases;

  friend bool operator==(const PodIdentity&, const PodIdentity&) = default;
};

struct Lease {
  LeaseState state = LeaseState::attached;
  Attachment attachment;  // id and addresses are set in every state, the rest once attached
  std::string netns_path;
  NamespaceIdentity netns;
  std::string boot_id;  // of the boot it was made in; records of another boot are void
  PodIdentity pod;
  std::string result;  // what ADD answered, as CNI 1.1.0 JSON; empty until attached
  std::chrono::system_clock::time_point changed{};
  // What the standard plugins have to undo, each under a name of its own.
  std::map<std::string, std::string> kept;

  friend bool operator==(const Lease&, const Lease&) = default;
};

// Writes may come from any thread and take effect in the order they came. One that failed changed
// nothing; no_space_on_device: the disk is full.
class PADDOCK_NET_EXPORT LeaseStore {
 public:
  // Creates the directory and the files as needed. Throws std::runtime_error with a sentence when
  // another process has the store open, or it cannot be read.
  explicit LeaseStore(const std::filesystem::path& directory);
  // Returns when everything is on the disk, or cannot be brought there.
  ~LeaseStore();
  LeaseStore(const LeaseStore&) = delete;
  LeaseStore& operator=(const LeaseStore&) = delete;

  struct Freed {
    IpAddress address;
    std::chrono::system_clock::time_point when;
    std::string owner;  // who had it, in the caller's words, without control characters

    friend bool operator==(const Freed&, const Freed&) = default;
  };
  struct Contents {
    std::vector<Lease> leases;
    std::vector<Freed> freed;           // when addresses were last freed, and by whom
    std::vector<std::string> problems;  // records that could not be understood, one sentence each
  };
  // Brings everything to the disk and reads it. Throws std::runtime_error.
  [[nodiscard]] Contents load() const;

  // Writes the record in place of any earlier one of the same attachment.
  [[nodiscard]] Result<void> put(const Lease& lease);
  // Forgets the record and notes that its addresses were freed, in one step. A record that is not
  // there is no error.
  [[nodiscard]] Result<void> erase(const AttachmentId& id, const std::vector<Freed>& freed);

 private:
  class State;
  std::unique_ptr<State> state_;
};

// /proc/sys/kernel/random/boot_id. Throws std::runtime_error when it cannot be read.
PADDOCK_NET_EXPORT std::string current_boot_id();

}  // namespace paddock::net
