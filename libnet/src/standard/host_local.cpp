// SPDX-License-Identifier: Apache-2.0
//
// The folder's time of change is set to a time of ours after each change of ours: any other time
// says that somebody else was there, and it is read again. So an operation costs the same however
// many files there are.
#include "standard/host_local.hpp"

#include "failure.hpp"
#include "standard/small_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>

namespace paddock::net::standard {
namespace {

constexpr std::string_view separators = " \t\r\n";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(separators);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(separators) - first + 1));
}

Holder parse_holder(const std::string& content) {
  const auto end = std::min(content.find_first_of("\r\n"), content.size());
  return {trim(std::string_view(content).substr(0, end)),
          trim(std::string_view(content).substr(end))};
}

bool is_same(const timespec& left, const timespec& right) {
  return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

// Old versions did not say which interface.
bool is_of(const Holder& found, const Holder& asked) {
  return found.container == asked.container &&
         (found.ifname.empty() || found.ifname == asked.ifname);
}

}  // namespace

// One folder, with what memory knows of it. All functions but open() need the lock.
class HostLocal::Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  // Holds the folder, for this process and for others, until destroyed.
  class Lock {
   public:
    Lock(Folder& folder, int descriptor) : held_(folder.mutex_), file_(descriptor) {}
    int number() const { return file_.number(); }

   private:
    std::unique_lock<std::mutex> held_;
    Descriptor file_;
  };
  enum class Make { no, yes };

  // no_such_file_or_directory: the folder is not there and was not to be made.
  Result<std::unique_ptr<Lock>> lock(Make make) {
    std::error_code failed;
    const auto name = path_ / "lock";
    if (make == Make::yes) {
      std::filesystem::create_directories(path_, failed);
    } else if (!std::filesystem::exists(path_, failed) && !failed) {
      return failure(ENOENT, "lock " + name.string());  // even when no descriptor is left
    }
    auto lock =
        std::make_unique<Lock>(*this, ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    while (lock->number() < 0 || ::flock(lock->number(), LOCK_EX) != 0) {
      if (errno != EINTR) return failure(errno, "lock " + name.string());
    }
    if (auto read = refresh(); !read) return read.error();
    return lock;
  }

  const std::map<Holder, std::vector<IpAddress>>& holders() const { return by_holder_; }
  // Also those of which an old version did not say the interface.
  std::vector<IpAddress> addresses_of(const Holder& holder) const {
    std::vector<IpAddress> all;
    for (const auto& whose : {holder, Holder{holder.container, {}}}) {
      if (const auto found = by_holder_.find(whose); found != by_holder_.end())
        std::ranges::copy(found->second, std::back_inserter(all));
    }
    return all;
  }
  bool is_taken(const IpAddress& address) const {
    return by_address_.contains(address.to_string());
  }

  // A file with its content appears at once, so that nobody ever sees an empty one.
  Result<void> take(const IpAddress& address, const Holder& holder) {
    const auto unfinished = path_ / ".unfinished";
    if (auto done = write_file(unfinished, holder.container + "\r\n" + holder.ifname); !done)
      return done;
    const int linked = ::link(unfinished.c_str(), (path_ / address.to_string()).c_str());
    const int code = errno;
    ::unlink(unfinished.c_str());
    if (linked != 0) return failure(code, "reserve " + address.to_string());
    note(address, holder);
    return {};
  }

  Result<void> free(const IpAddress& address) {
    const auto name = address.to_string();
    if (::unlink((path_ / name).c_str()) != 0 && errno != ENOENT)
      return failure(errno, "free " + name);
    const auto found = by_address_.find(name);
    if (found == by_address_.end()) return {};
    auto& addresses = by_holder_[found->second];
    std::erase(addresses, address);
    if (addresses.empty()) by_holder_.erase(found->second);
    by_address_.erase(found);
    return {};
  }

  std::optional<IpAddress> last_reserved(std::size_t set) const {
    boost::system::error_code failed;
    const auto text = trim(content_of(path_ / ("last_reserved_ip." + std::to_string(set))));
    const auto address = boost::asio::ip::make_address(text, failed);
    return failed ? std::nullopt : std::optional(address);
  }
  Result<void> set_last_reserved(std::size_t set, const IpAddress& address) {
    return write_file(path_ / ("last_reserved_ip." + std::to_string(set)), address.to_string());
  }

  // What memory knows is what is on disk now.
  void settle() {
    timespec times[2]{};
    ::clock_gettime(CLOCK_REALTIME, &times[1]);
    times[0] = times[1];
    // A coarse clock makes others' changes land on multiples of milliseconds.
    times[1].tv_nsec = times[1].tv_nsec / 1000 * 1000 + 1 + static_cast<long>(++changes_ % 998);
    struct stat status {};
    if (::utimensat(AT_FDCWD, path_.c_str(), times, 0) == 0 && ::stat(path_.c_str(), &status) == 0)
      settled_ = status.st_mtim;
  }

 private:
  void note(const IpAddress& address, const Holder& holder) {
    by_address_[address.to_string()] = holder;
    by_holder_[holder].push_back(address);
  }

  Result<void> refresh() {
    struct stat status {};
    if (::stat(path_.c_str(), &status) != 0) return failure(errno, "look at " + path_.string());
    if (is_same(status.st_mtim, settled_)) return {};
    by_address_.clear();
    by_holder_.clear();
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(path_, failed)) {
      boost::system::error_code no_address;
      const auto address =
          boost::asio::ip::make_address(entry.path().filename().string(), no_address);
      if (!no_address) note(address, parse_holder(content_of(entry.path())));
    }
    if (failed) return failure(failed.value(), "read " + path_.string());
    settle();
    return {};
  }

  const std::filesystem::path path_;
  std::mutex mutex_;  // one operation after the other; other processes: the lock file
  std::unordered_map<std::string, Holder> by_address_;
  std::map<Holder, std::vector<IpAddress>> by_holder_;
  timespec settled_{};
  unsigned changes_ = 0;
};

HostLocal::HostLocal() = default;
HostLocal::~HostLocal() = default;

std::shared_ptr<HostLocal::Folder> HostLocal::at(const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex_);
  auto& found = folders_[folder];
  if (!found) found = std::make_shared<Folder>(folder);
  return found;
}

namespace {

std::string to_string(const RangeSet& set) {
  std::string ranges;
  for (const auto& range : set)
    ranges += (ranges.empty() ? "" : ",") + range.first.to_string() + "-" + range.last.to_string();
  return ranges;
}

// A set that names no address already taken for the holder; whoever asks for one gets that one.
Result<void> check_unserved(const RangeSet& set, const Holder& holder,
                            const std::vector<IpAddress>& held) {
  for (const auto& address : held) {
    if (contains(set, address))
      return objection(EEXIST, address.to_string() + " has been allocated to " + holder.container +
                                   ", duplicate allocation is not allowed");
  }
  return {};
}

Error in_set(std::size_t number, Error error) {
  error.text = "failed to allocate for range " + std::to_string(number) + ": " + error.text;
  return error;
}

Result<Choice> choose_from(const RangeSet& set, const std::optional<IpAddress>& requested,
                           const std::optional<IpAddress>& last,
                           const std::function<bool(const IpAddress&)>& is_taken) {
  if (!requested) {
    if (const auto choice = choose(set, last, is_taken)) return *choice;
    return objection(ENOBUFS, "no IP addresses available in range set: " + to_string(set));
  }
  if (is_gateway(set, *requested))
    return objection(EADDRNOTAVAIL,
                     "requested ip " + requested->to_string() + " is subnet's gateway");
  if (is_taken(*requested))
    return objection(EADDRINUSE, "requested IP address " + requested->to_string() +
                                     " is not available in range set " + to_string(set));
  const auto range = std::ranges::find_if(
      set, [&](const cni::IpRange& each) { return each.contains(*requested); });
  return Choice{*requested, *range};
}

}  // namespace

Result<std::vector<cni::Ip>> HostLocal::reserve(const HostLocalSettings& settings,
                                                const Holder& holder) {
  const auto folder = at(settings.folder);
  const auto lock = folder->lock(Folder::Make::yes);
  if (!lock) return lock.error();
  std::vector<IpAddress> requested = settings.requested;
  std::vector<cni::Ip> ips;
  const auto undo = [&](Error error) {
    for (const auto& ip : ips) (void)folder->free(ip.address.address);
    folder->settle();
    return error;
  };
  const auto before = folder->addresses_of(holder);
  for (std::size_t i = 0; i < settings.sets.size(); ++i) {
    const auto& set = settings.sets[i];
    const auto wanted = std::ranges::find_if(
        requested, [&](const IpAddress& address) { return contains(set, address); });
    if (wanted == requested.end()) {
      if (auto unserved = check_unserved(set, holder, before); !unserved)
        return undo(in_set(i, unserved.error()));
    }
    const auto choice =
        choose_from(set, wanted == requested.end() ? std::nullopt : std::optional(*wanted),
                    folder->last_reserved(i),
                    [&](const IpAddress& address) { return folder->is_taken(address); });
    if (!choice) return undo(in_set(i, choice.error()));
    if (wanted != requested.end()) requested.erase(wanted);
    if (auto taken = folder->take(choice->address, holder); !taken) return undo(taken.error());
    ips.push_back({.address = {choice->address, choice->range.subnet.length},
                   .gateway = choice->range.gateway,
                   .interface = {}});
    if (auto noted = folder->set_last_reserved(i, choice->address); !noted)
      return undo(noted.error());
  }
  if (!requested.empty()) {
    std::string text = "failed to allocate all requested IPs:";
    for (const auto& address : requested) text += " " + address.to_string();
    return undo(objection(EADDRNOTAVAIL, text));
  }
  folder->settle();
  return ips;
}

Result<void> HostLocal::release(const std::filesystem::path& folder, const Holder& holder) {
  const auto known = at(folder);
  const auto lock = known->lock(Folder::Make::no);
  if (!lock) return lock.error().code.value() == ENOENT ? Result<void>() : lock.error();
  const auto addresses = known->addresses_of(holder);
  Result<void> result;
  for (const auto& address : addresses) {
    if (auto freed = known->free(address); !freed) result = freed;
  }
  if (!addresses.empty()) known->settle();
  return result;
}

Result<bool> HostLocal::holds(const std::filesystem::path& folder, const Holder& holder) {
  const auto all = holders(folder);
  if (!all) return all.error();
  return std::ranges::any_of(*all, [&](const Holder& found) { return is_of(found, holder); });
}

Result<std::vector<Holder>> HostLocal::holders(const std::filesystem::path& folder) {
  const auto known = at(folder);
  std::vector<Holder> all;
  const auto lock = known->lock(Folder::Make::no);
  if (!lock)
    return lock.error().code.value() == ENOENT ? Result<std::vector<Holder>>(all) : lock.error();
  for (const auto& [holder, addresses] : known->holders()) all.push_back(holder);
  return all;
}

Result<bool> HostLocal::is_used_up(const HostLocalSettings& settings) {
  const auto folder = at(settings.folder);
  const auto lock = folder->lock(Folder::Make::no);
  if (!lock) return lock.error().code.value() == ENOENT ? Result<bool>(false) : lock.error();
  for (std::size_t i = 0; i < settings.sets.size(); ++i) {
    if (!choose(settings.sets[i], folder->last_reserved(i),
                [&](const IpAddress& address) { return folder->is_taken(address); }))
      return true;
  }
  return false;
}

}  // namespace paddock::net::standard
