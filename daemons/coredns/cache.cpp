// SPDX-License-Identifier: Apache-2.0
#include "coredns/plugins.hpp"

#include <algorithm>
#include <charconv>

namespace paddock::coredns {
namespace {

constexpr std::uint64_t usual_entries = 9984;

std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                   : std::nullopt;
}

// The longest TTLs, in seconds; empty: as usual.
struct LongestTtls {
  std::string of_success{};
  std::string of_denial{};
};

// `success|denial ENTRIES [TTL [MINTTL]]`: a place for each answer at half a KiB, its usual size,
// as memory is what is limited here.
void take_capacity(const Directive& plugin, const Directive& option, std::string& ttl,
                   Draft& draft) {
  if (option.words.size() > 1) {
    const auto entries = number_of(option.words[1]);
    if (!entries) return draft.lose(plugin, option, "is no number of entries");
    if (*entries > usual_entries) {
      const auto mb = std::clamp<std::uint64_t>(*entries / 2048 + 1, 8, 4096);
      draft.set("cache_mb", std::to_string(mb), option.place);
    }
  }
  if (option.words.size() > 2) ttl = option.words[2];
  if (option.words.size() > 3) draft.note(option, "no answer is kept longer than its own TTL");
}

// One cache is for all zones: what the block of the root says counts.
void take_ttls(const Directive& plugin, const LongestTtls& ttls, const Server& server,
               Draft& draft) {
  const auto take = [&](const std::string& key, const std::string& ttl) {
    if (ttl.empty()) return;
    const auto seconds = number_of(ttl);
    if (!seconds || *seconds == 0) return draft.lose(plugin, ttl + " is no TTL in seconds");
    draft.set(key, ttl + "s", plugin.place);
  };
  if (server.is_root()) {
    take("cache_ttl", ttls.of_success);
    take("cache_negative_ttl", ttls.of_denial);
  } else if (!ttls.of_success.empty() || !ttls.of_denial.empty()) {
    draft.note(plugin, "our own names are never cached; others are kept as `.` says");
  }
}

// `disable success|denial [ZONE…]`: our own zones are never cached.
void take_disable(const Directive& plugin, const Directive& option, Draft& draft) {
  const auto& ours = draft.values("cluster_zone");
  const bool is_so =
      option.words.size() > 2 &&
      std::all_of(option.words.begin() + 2, option.words.end(), [&](const auto& word) {
        return std::ranges::find(ours, plain_zone(word)) != ours.end();
      });
  if (is_so) return draft.note(option, "already so: our own names are never cached");
  draft.lose(plugin, option, "what may be kept is kept");
}

}  // namespace

void take_cache(const Directive& plugin, const Server& server, Draft& draft) {
  LongestTtls ttls;
  if (plugin.words.size() > 1 && number_of(plugin.words[1])) {
    ttls = {.of_success = plugin.words[1], .of_denial = plugin.words[1]};
  }
  take_options(
      plugin,
      {{"success",
        [&](const Directive& option) { take_capacity(plugin, option, ttls.of_success, draft); }},
       {"denial",
        [&](const Directive& option) { take_capacity(plugin, option, ttls.of_denial, draft); }},
       {"prefetch",
        [&](const Directive& option) {
          const bool is_off = option.words.size() > 1 && option.words[1] == "0";
          draft.set("prefetch", is_off ? "false" : "true", option.place);
        }},
       {"serve_stale",
        [&](const Directive& option) {
          const auto time = option.words.size() > 1 ? duration_of(option.words[1])
                                                    : std::optional<std::string>("1h");
          if (!time) return draft.lose(plugin, option, "is no time");
          draft.set("serve_stale", *time, option.place);
          if (option.words.size() > 2 && option.words[2] == "immediate") {
            draft.note(option, "stale answers are given when no resolver answers in 1.8 s");
          }
        }},
       {"servfail",
        [&](const Directive& option) {
          if (option.words.size() != 2 || duration_of(option.words[1]) != "5s") {
            draft.lose(plugin, option, "is 5 s (RFC 9520)");
          }
        }},
       {"disable", [&](const Directive& option) { take_disable(plugin, option, draft); }},
       {"keepttl", lost(plugin, draft, "TTLs count down")}},
      draft);
  take_ttls(plugin, ttls, server, draft);
}

}  // namespace paddock::coredns
