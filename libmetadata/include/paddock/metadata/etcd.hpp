// SPDX-License-Identifier: Apache-2.0
//
// A client of etcd's version 3 API through its JSON gateway (/v3, or /v3beta of etcd 3.3), so with
// no gRPC: reading whole ranges at one revision, watching, transactions, leases. Blocking, each
// call with a deadline. Any of several endpoints will do: what one cannot answer, because it is
// away or has lost the leader, is asked of the next.
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/error.hpp>

#include <boost/system/error_category.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace paddock::metadata::etcd {

// What etcd answers when it does not do as asked: gRPC's codes. Other codes of an Error are those
// of the connection.
enum class Code {
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,  // the lease
  permission_denied = 7,
  resource_exhausted = 8,   // out of space, or an answer too large
  failed_precondition = 9,  // a lease of that id exists; authentication is not enabled
  out_of_range = 11,        // the revision is compacted, or yet to come
  unavailable = 14,         // no leader
  unauthenticated = 16
};
[[nodiscard]] PADDOCK_METADATA_EXPORT boost::system::error_code make_error_code(Code code) noexcept;

struct KeyValue {
  std::string key;
  std::string value;
  std::int64_t create_revision = 0;
  std::int64_t mod_revision = 0;
  std::int64_t version = 0;  // changes since it was created, from 1
  std::int64_t lease = 0;    // 0: none
};

// Keys from `key` up to and without `end`; an empty `end` means `key` alone.
struct Get {
  std::string key;
  std::string end = {};
  std::int64_t revision = 0;  // as it was then; 0: now
  std::int64_t limit = 0;     // 0: all
  bool keys_only = false;
};
struct Put {
  std::string key;
  std::string value;
  std::int64_t lease = 0;
  bool keeps_lease = false;  // that of the key, which must be there
};
struct Erase {
  std::string key;
  std::string end = {};
};
using Operation = std::variant<Get, Put, Erase>;

// The `end` that makes a range of all keys that begin with the prefix.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string end_of_prefix(std::string_view prefix);

struct Found {
  std::uint64_t cluster = 0;  // which etcd this is
  std::int64_t revision = 0;  // of etcd when it answered
  std::vector<KeyValue> values;
  std::int64_t count = 0;  // without the limit; of Erase: how many went
};

struct Compare {
  enum class Target { version, create_revision, mod_revision, value, lease };
  enum class Is { equal, greater, less, not_equal };
  std::string key;
  Target target = Target::mod_revision;
  Is is = Is::equal;
  std::int64_t number = 0;  // 0 for a key that is not there
  std::string value = {};   // with Target::value
};

// All of `when` hold: `then` is done, else `otherwise`; either as one change.
struct Transaction {
  std::vector<Compare> when;
  std::vector<Operation> then;
  std::vector<Operation> otherwise = {};
};
struct Committed {
  bool succeeded = false;  // `when` held
  // It was sent more than once, so that an earlier one, whose answer got lost, may have been made.
  bool is_repeated = false;
  std::int64_t revision = 0;   // of etcd after it: that of the keys put
  std::vector<Found> answers;  // to the operations, in their order
};

struct Lease {
  std::int64_t id = 0;
  std::chrono::seconds granted{0};
  std::chrono::seconds left{0};  // 0 or less: it has ended
};

struct Changed {
  bool is_erased = false;  // then `value` has key and mod_revision only
  KeyValue value;
};

// What a watch is told.
struct Notice {
  enum class Type {
    created,    // it has begun
    changes,    // all with revisions up to `revision`
    progress,   // nothing has changed up to `revision`
    compacted,  // changes since the revision asked for are gone: read again. The watch ends
  };
  Type type = Type::progress;
  std::int64_t revision = 0;
  std::vector<Changed> changes;
};

struct Options {
  std::vector<std::string> endpoints;  // each as ClientOptions::server
  // user and password are etcd's own; a token_file is not used.
  Access access;
  std::chrono::milliseconds timeout{5000};   // of a call, over all endpoints
  std::chrono::milliseconds silence{30000};  // of a watch, then it ends as timed_out
  std::int64_t page = 1000;                  // keys asked for at a time
};

// One thread at a time, but for interrupt().
class PADDOCK_METADATA_EXPORT Client {
 public:
  // Throws std::invalid_argument for an endpoint that is none.
  explicit Client(Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // At most one answer of etcd: with a limit, `count` says whether there is more.
  [[nodiscard]] Result<Found> get(const Get& get);
  // The whole range as of one revision, however large, page by page.
  [[nodiscard]] Result<Found> all(Get get);
  // A transaction whose answer got lost is made again: so compare what it changes.
  [[nodiscard]] Result<Committed> commit(const Transaction& transaction);
  // Without an id, etcd chooses one.
  [[nodiscard]] Result<Lease> grant(std::chrono::seconds time, std::int64_t id = 0);
  // The time until it ends now; 0: there is no such lease (any more).
  [[nodiscard]] Result<std::chrono::seconds> keep_alive(std::int64_t id);
  // The keys of a revoked lease are deleted.
  [[nodiscard]] Result<void> revoke(std::int64_t id);
  [[nodiscard]] Result<Lease> time_to_live(std::int64_t id);

  // Tells `told` of all changes from `revision` on, in order, until it says false (no Error), the
  // revision is compacted (no Error), or the watch is lost. The next call asks the next endpoint
  // when one was lost.
  [[nodiscard]] Result<void> watch(const Get& range, std::int64_t revision,
                                   const std::function<bool(const Notice&)>& told);

  // Makes the call under way on another thread, and all later ones, fail with operation_canceled.
  void interrupt() noexcept;
  // Which endpoint is asked next.
  [[nodiscard]] const std::string& endpoint() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::metadata::etcd

namespace boost::system {
template <>
struct is_error_code_enum<paddock::metadata::etcd::Code> : std::true_type {};
}  // namespace boost::system
