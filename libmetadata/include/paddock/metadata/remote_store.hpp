// SPDX-License-Identifier: Apache-2.0
//
// Stores that are elsewhere: in etcd, or another metadatad. What was last known is served while
// they are away, marked stale, also across restarts (docs/stores.md).
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/part.hpp>
#include <paddock/metadata/store.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace paddock::metadata {

// What all stores elsewhere have in common.
struct RemoteOptions {
  Access access;
  // Keeps the last known state and the audit log, and is locked; made when absent. Empty: none.
  std::filesystem::path directory;
  // Another process may have the directory, and is about to end: what is written waits for that.
  bool waits_for_directory = false;
  bool is_writable = true;               // false: all writes are refused, and no audit log is kept
  std::size_t audit_bytes = 16U << 20U;  // as EmbeddedOptions
  unsigned audit_files = 5;
  std::size_t history = 10'000;
  std::chrono::milliseconds timeout{5000};    // of an exchange with what is behind
  std::chrono::milliseconds save_after{500};  // from a change to the snapshot file
  std::chrono::milliseconds longest_retry{5000};
  // Of another metadatad's cluster; other stores make objects of what they read, and keep all.
  Reduction reduction = {};
  StoreEvents events;
};

struct EtcdStoreOptions : RemoteOptions {
  std::vector<std::string> endpoints;   // as ClientOptions::server
  std::string prefix = "/paddock";      // of all keys; begins with a slash
  std::chrono::seconds owner_time{60};  // an owner not heard of for so long is dead
  std::chrono::milliseconds silence{
      30000};  // after that the watch is made anew, to see if it lives
};

// A store in etcd, shared by all who name the same endpoints and prefix. Does not wait for etcd.
// Throws std::runtime_error when the directory cannot be used, std::invalid_argument for an
// endpoint that is none.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::unique_ptr<Store> open_etcd_store(
    EtcdStoreOptions options);

struct PaddockStoreOptions : RemoteOptions {
  std::string server = "unix:/run/paddock/metadata.sock";  // as ClientOptions::server
  std::chrono::milliseconds heartbeat{5000};               // asked of it; three missed: it is away
};

// The store of another metadatad: its stream is followed, writes are forwarded to it. Revisions are
// its own. Throws as above.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::unique_ptr<Store> open_paddock_store(
    PaddockStoreOptions options);

}  // namespace paddock::metadata
