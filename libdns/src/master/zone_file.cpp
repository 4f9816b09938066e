// SPDX-License-Identifier: Apache-2.0
#include "master/entries.hpp"
#include "master/generate.hpp"
#include "master/service_binding.hpp"
#include "master/words.hpp"
#include "wire/message.hpp"
#include "wire/record_text.hpp"

#include <paddock/dns/zone_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

namespace paddock::dns {
namespace {

using master::Entries;
using master::Entry;
using master::equals;
using master::parse_name;
using master::parse_ttl;
using Words = std::span<const std::string_view>;
using std::chrono::seconds;

constexpr int max_includes = 8;                   // one inside the other
constexpr std::uint32_t max_generated = 1 << 16;  // of a file: a zone of two octets
constexpr Type caa{257};
constexpr Type ipseckey{45};
constexpr Type amtrelay{260};
constexpr Type first_statement{0xFFFE};  // from here on types are no records', see record.hpp

Error error_of(std::string text) {
  return {make_error_code(boost::system::errc::invalid_argument), std::move(text)};
}

// What a record has before its data, in the order RFC 1035 leaves open.
struct Prefix {
  std::optional<seconds> ttl;
  Type type{0};
  Words data;
};

// Reads one zone, file by file.
class Reader {
 public:
  Reader(const Name& origin, bool may_include) : apex_(origin), may_include_(may_include) {
    zone_.zone.origin = origin;
    zone_.zone.content = Content::fixed;
  }

  Result<void> read(std::string_view text, const std::string& path, const Name& origin) {
    const std::string outer_path = std::exchange(path_, path);
    const Name outer_origin = std::exchange(origin_, origin);
    const auto outer_owner = std::exchange(owner_, std::nullopt);
    zone_.files.push_back(path);
    Entries entries(text);
    for (;;) {
      auto entry = entries.next();
      if (!entry) return placed(path, entries.line(), entry.error());
      if (!*entry) break;
      if (auto done = take(**entry); !done) return placed(path, (*entry)->line, done.error());
    }
    path_ = outer_path;
    origin_ = outer_origin;
    owner_ = outer_owner;
    return {};
  }

  Result<ZoneFile> finish() && {
    const std::string& path = zone_.files.front();
    if (!zone_.zone.own_soa) return error_of(path + ": no SOA record at " + apex_.format());
    const auto is_name_server = [&](const Record& record) {
      return record.type == Type::ns && record.owner == apex_;
    };
    if (std::ranges::none_of(zone_.records, is_name_server)) {
      return error_of(path + ": no NS record at " + apex_.format());
    }
    // RFC 2308 section 4 lets $TTL stand for what is missing; before it, the SOA's minimum did.
    for (const std::size_t index : without_ttl_) zone_.records[index].ttl = zone_.zone.negative_ttl;
    return std::move(zone_);
  }

 private:
  static Error placed(const std::string& path, std::size_t line, const Error& error) {
    return {error.code, path + ":" + std::to_string(line) + ": " + error.text};
  }

  Result<void> take(const Entry& entry) {
    const std::string_view first = entry.words.front();
    if (!entry.begins_blank && first.starts_with('$')) return direct(entry.words);
    return entry.begins_blank ? take_data(entry.words) : take_record(entry.words);
  }

  Result<void> take_record(Words words) {
    auto owner = parse_name(words.front(), origin_);
    if (!owner) return owner.error();
    owner_ = std::move(*owner);
    return take_data(words.subspan(1));
  }

  // Of the last owner.
  Result<void> take_data(Words words) {
    if (!owner_) return error_of("a record without an owner, and none before it");
    if (!owner_->is_within(apex_)) {
      return error_of(owner_->format() + " is outside of the zone " + apex_.format());
    }
    auto prefix = read_prefix(words);
    if (!prefix) return prefix.error();
    return add(*prefix);
  }

  Result<void> direct(Words words) {
    const std::string directive(words[0]);
    if (equals(directive, "$ORIGIN") && words.size() == 2) {
      auto origin = parse_name(words[1], origin_);
      if (!origin) return origin.error();
      origin_ = std::move(*origin);
      return {};
    }
    if (equals(directive, "$TTL") && words.size() == 2) {
      default_ttl_ = parse_ttl(words[1]);
      if (!default_ttl_) return error_of("$TTL " + std::string(words[1]) + " is no time");
      return {};
    }
    if (equals(directive, "$INCLUDE") && (words.size() == 2 || words.size() == 3)) {
      return include(words);
    }
    if (equals(directive, "$GENERATE") && words.size() >= 5) return generate(words.subspan(1));
    return error_of(directive +
                    " is not understood; $ORIGIN NAME, $TTL TIME, $INCLUDE FILE [ORIGIN] and "
                    "$GENERATE RANGE OWNER [TTL] [CLASS] TYPE DATA are");
  }

  Result<void> generate(Words words) {
    const auto range = master::parse_range(words[0]);
    if (!range) return range.error();
    if (range->count() > max_generated - generated_) {
      return error_of("$GENERATE makes more than " + std::to_string(max_generated) + " records");
    }
    generated_ += range->count();
    for (std::uint32_t i = 0; i < range->count(); ++i) {
      std::vector<std::string> texts;
      for (const std::string_view word : words.subspan(1)) {
        auto text = master::fill_in(word, range->first + i * range->step);
        if (!text) return text.error();
        texts.push_back(std::move(*text));
      }
      const std::vector<std::string_view> filled(texts.begin(), texts.end());
      if (auto done = take_record(filled); !done) return done;
    }
    return {};
  }

  Result<void> include(Words words) {
    if (!may_include_) return error_of("$INCLUDE is not allowed here");
    if (depth_ == max_includes) return error_of("files include each other more than 8 deep");
    std::string_view file = words[1];
    if (file.size() > 1 && file.front() == '"') file = file.substr(1, file.size() - 2);
    auto origin = words.size() == 3 ? parse_name(words[2], origin_) : Result<Name>(origin_);
    if (!origin) return origin.error();
    const std::string path = (std::filesystem::path(path_).parent_path() / file).string();
    auto text = read_text(path);
    if (!text) return text.error();
    ++depth_;
    auto done = read(*text, path, *origin);
    --depth_;
    return done;
  }

  Result<Prefix> read_prefix(Words words) const {
    Prefix prefix;
    bool has_class = false;
    for (; !words.empty(); words = words.subspan(1)) {
      const std::string_view word = words.front();
      if (const auto ttl = prefix.ttl ? std::nullopt : parse_ttl(word)) {
        prefix.ttl = ttl;
      } else if (!has_class && (equals(word, "IN") || equals(word, "CLASS1"))) {
        has_class = true;
      } else if (equals(word, "CH") || equals(word, "HS") || equals(word, "CS")) {
        return error_of("class " + std::string(word) + "; only IN is served");
      } else if (const auto type = parse_type(word)) {
        prefix.type = *type;
        prefix.data = words.subspan(1);
        return prefix;
      } else {
        return error_of(std::string(word) + " is no TTL, class or type");
      }
    }
    return error_of("a record without a type");
  }

  Result<void> add(const Prefix& prefix) {
    if (is_meta(prefix.type)) return error_of("a type that only queries have");
    if (prefix.type >= first_statement) return error_of("a type that this server has for itself");
    auto data = read_data(prefix);
    if (!data) return data.error();
    if (prefix.ttl) last_ttl_ = prefix.ttl;
    const auto ttl = prefix.ttl ? prefix.ttl : default_ttl_ ? default_ttl_ : last_ttl_;
    if (prefix.type == Type::soa) return set_soa(*data, ttl);
    if (auto fits = check_alone(prefix.type); !fits) return fits;
    if (!ttl) without_ttl_.push_back(zone_.records.size());
    zone_.records.push_back(
        {.owner = *owner_, .type = prefix.type, .ttl = ttl.value_or(seconds{0}), .data = *data});
    return {};
  }

  Result<std::string> read_data(const Prefix& prefix) const {
    const bool is_opaque = !prefix.data.empty() && prefix.data.front() == "\\#";  // RFC 3597
    if ((prefix.type == Type::svcb || prefix.type == Type::https) && !is_opaque) {
      auto data = master::parse_service_binding(prefix.data, origin_);
      if (!data) return error_of(format(prefix.type) + " data: " + data.error().text);
      return data;
    }
    // ldns loses memory on broken ones.
    if ((prefix.type == ipseckey || prefix.type == amtrelay) && !is_opaque) {
      return error_of(format(prefix.type) +
                      " data is only read in the form of RFC 3597: \\# LENGTH HEX");
    }
    std::string text;
    for (const std::string_view word : prefix.data) {
      if (!text.empty()) text += ' ';
      text += word;
    }
    if (prefix.type == caa && !is_opaque && prefix.data.size() == 3 &&
        !prefix.data[2].starts_with('"')) {  // RFC 8659, 4.1.1; ldns wants quotes
      text.insert(text.size() - prefix.data[2].size(), 1, '"');
      text += '"';
    }
    return wire::parse_data(prefix.type, text, origin_);
  }

  static bool is_meta(Type type) {
    const auto number = static_cast<unsigned>(type);
    return type == Type::opt || (number >= 128 && number <= 255);
  }

  // RFC 1034 section 3.6.2: a CNAME is alone, but for its signatures (RFC 4034).
  Result<void> check_alone(Type type) {
    if (type == Type::rrsig || type == Type::nsec) return {};
    const auto [place, is_first] = kinds_.try_emplace(*owner_, type);
    const bool is_repeated =
        !is_first && (type == Type::cname || type == Type::dname) && place->second == type;
    if (!is_first && type != place->second &&
        (type == Type::cname || place->second == Type::cname)) {
      return error_of(owner_->format() + " has a CNAME and other data");
    }
    if (is_repeated) return error_of(owner_->format() + " has two of a kind that is alone");
    if (type == Type::dname) place->second = type;
    return {};
  }

  Result<void> set_soa(const std::string& data, std::optional<seconds> ttl) {
    if (*owner_ != apex_) return error_of("a SOA record that is not at " + apex_.format());
    if (zone_.zone.own_soa) return error_of("a second SOA record");
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
    std::size_t offset = 0;
    std::array<Name, 2> names;
    for (Name& name : names) {
      std::array<std::uint8_t, Name::max_length> wire;
      const auto size = wire::read_name(bytes, offset, wire);
      if (!size) return error_of("SOA data: a broken name");
      name = Name::from_wire(std::span(wire).first(*size)).value();
    }
    if (bytes.size() - offset != 20) return error_of("SOA data: not five numbers");
    const auto number = [&](std::size_t i) { return wire::load32(bytes.data() + offset + 4 * i); };
    ZoneSpec& zone = zone_.zone;
    zone.mname = names[0];
    zone.rname = names[1];
    zone.refresh = seconds{number(1)};
    zone.retry = seconds{number(2)};
    zone.expire = seconds{number(3)};
    zone.negative_ttl = seconds{number(4)};
    zone.ttl = ttl.value_or(zone.negative_ttl);
    zone.own_soa = ZoneSpec::OwnSoa{.serial = number(0), .ttl = zone.ttl};
    return {};
  }

 public:
  static Result<std::string> read_text(const std::string& path) {
    const auto unreadable = [&](const std::string& why) {
      return error_of(path + ": cannot be read: " + why);
    };
    std::error_code failed;  // a folder can be opened, and a pipe would keep us waiting
    if (!std::filesystem::is_regular_file(path, failed)) {
      return unreadable(failed ? failed.message() : "it is no file");
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) return unreadable(std::strerror(errno));
    std::ostringstream text;
    errno = 0;
    if (!(text << file.rdbuf()) && errno != 0) return unreadable(std::strerror(errno));
    return std::move(text).str();
  }

 private:
  const Name apex_;
  const bool may_include_;
  ZoneFile zone_;
  std::vector<std::size_t> without_ttl_;  // records that came before any TTL
  std::map<Name, Type> kinds_;            // the type, or one of the types, of an owner
  std::string path_;
  Name origin_;
  std::optional<Name> owner_;
  std::optional<seconds> default_ttl_;
  std::optional<seconds> last_ttl_;
  int depth_ = 0;
  std::uint32_t generated_ = 0;
};

}  // namespace

Result<ZoneFile> read_zone_file(const std::string& path, const Name& origin) {
  auto text = Reader::read_text(path);
  if (!text) return text.error();
  Reader reader(origin, true);
  if (auto done = reader.read(*text, path, origin); !done) return done.error();
  return std::move(reader).finish();
}

Result<ZoneFile> parse_zone_file(std::string_view text, const std::string& path,
                                 const Name& origin) {
  Reader reader(origin, false);
  if (auto done = reader.read(text, path, origin); !done) return done.error();
  return std::move(reader).finish();
}

}  // namespace paddock::dns
