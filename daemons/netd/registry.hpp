// SPDX-License-Identifier: Apache-2.0
//
// The registry as netd uses it: what is registered, and a way to register that takes a moment at
// most. metadatad's socket (or that of one elsewhere), or a store that netd opens by itself.
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/cluster.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace paddock::netd {

// Any thread, but start() and keep() belong to one, and what waits for others' writes (create,
// replace, erase over a revision) is not for a thread a pod waits for.
class Registry {
 public:
  enum class Outcome {
    done,     // as asked
    foreign,  // the registry has these from elsewhere, as pods from Kubernetes
    refused,  // it will never take this
    failed,   // not now
    late      // somebody else came before; of put(): there is one that is not known here
  };
  struct Answer {
    Outcome outcome = Outcome::done;
    std::string text;            // why not
    std::uint64_t revision = 0;  // of what create() and replace() have written
  };

  virtual ~Registry() = default;
  virtual void start() = 0;
  // Wakes next(); nothing is heard after it.
  virtual void stop() = 0;

  // The newest state; null while nothing is known. Of other hosts' pods it has what RegistryOptions
  // say, with revision 0.
  [[nodiscard]] virtual std::shared_ptr<const metadata::Cluster> cluster() const = 0;
  // Waits for a state other than `seen`; null at the deadline or at stop().
  [[nodiscard]] virtual std::shared_ptr<const metadata::Cluster> next(
      const std::shared_ptr<const metadata::Cluster>& seen,
      std::chrono::steady_clock::time_point deadline) const = 0;
  [[nodiscard]] virtual bool is_connected() const = 0;

  // Nobody waits longer than a pod may wait for its name. A Host with a revision is written over
  // that state of it only: others write to it, too. Where cluster() has not all pods, one without
  // a revision is only made.
  [[nodiscard]] virtual Answer put(const metadata::Object& object) = 0;
  // The pod as it is now, whoever has it; null: there is none, or nobody says.
  [[nodiscard]] virtual std::shared_ptr<const metadata::Pod> read_pod(const metadata::Key& key) = 0;
  [[nodiscard]] virtual Answer erase(const metadata::Key& key) = 0;

  // What hosts contend for: nothing is written over what another has written meanwhile, and what is
  // written stays when this host is gone.
  [[nodiscard]] virtual Answer create(const metadata::Object& object) = 0;
  [[nodiscard]] virtual Answer replace(const metadata::Object& object, std::uint64_t revision) = 0;
  [[nodiscard]] virtual Answer erase(const metadata::Key& key, std::uint64_t revision) = 0;

  // The host lives, and with it what it has put.
  virtual void keep() = 0;
};

struct RegistryOptions {
  std::string location;  // as metadata::open_store takes it, but embedded
  metadata::Access access;
  std::string host;       // who owns what is put
  std::string state_dir;  // a store opened here keeps its files in a folder of it
  // Whether cluster() has to know where other hosts' pods are. A store opened here has all of them.
  bool knows_other_pods = false;
};

[[nodiscard]] std::unique_ptr<Registry> open_registry(const RegistryOptions& options);

}  // namespace paddock::netd
