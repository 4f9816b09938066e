// SPDX-License-Identifier: Apache-2.0
//
// One object from a tree: which kind it is, who it is, its fields, and what must hold between them.
#include "codec/fields.hpp"
#include "codec/reader.hpp"
#include "model/names.hpp"

#include <array>
#include <memory_resource>
#include <set>
#include <tuple>
#include <utility>

namespace paddock::metadata {
namespace {

std::shared_ptr<Object> make(Kind kind) {
  switch (kind) {
    case Kind::host:
      return std::make_shared<Host>();
    case Kind::name_space:
      return std::make_shared<Namespace>();
    case Kind::service:
      return std::make_shared<Service>();
    case Kind::endpoints:
      return std::make_shared<Endpoints>();
    case Kind::pod:
      return std::make_shared<Pod>();
    case Kind::network:
      return std::make_shared<Network>();
    case Kind::subnet:
      break;
  }
  return std::make_shared<Subnet>();
}

auto protocol_and_number(const Port& port) { return std::pair(port.protocol, port.port); }

// Two ports of a service may be one of its pods', each under its own name.
auto protocol_number_and_name(const Port& port) {
  return std::tuple(port.protocol, port.port, port.name.view());
}

// `identity` is what no two of them may have in common.
template <class Identity>
void check_ports(Reader& reader, const List<Port>& ports, Identity identity) {
  std::array<std::byte, 1024> memory;  // of most
  std::pmr::monotonic_buffer_resource resource(memory.data(), memory.size());
  std::pmr::set<std::string_view> names(&resource);
  std::pmr::set<decltype(identity(ports[0]))> identities(&resource);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto field = [i] { return "ports[" + std::to_string(i) + "]"; };
    if (!ports[i].name.empty() && !names.insert(ports[i].name).second) {
      reader.wrong(field() + ".name", "is the name of another port", reader.line());
    }
    if (ports[i].port != 0 && !identities.insert(identity(ports[i])).second) {
      reader.wrong(field(), "is there twice", reader.line());
    }
  }
}

// The name is what no two hosts can have, so it must say what is claimed.
void check_subnet(Reader& reader, const Subnet& subnet) {
  if (subnet.host.empty()) reader.wrong("host", "is missing", reader.line());
  if (subnet.subnets.empty()) {
    reader.wrong("subnets", "must hold at least one subnet", reader.line());
  } else if (const auto name = subnet_name(subnet.subnets[0]); subnet.name != name) {
    reader.wrong("name", "must be that of the first subnet: " + name, reader.line());
  }
}

// What must hold between fields.
void check(Reader& reader, const Object& object) {
  if (const Service* service = as<Service>(&object)) {
    check_ports(reader, service->ports, protocol_and_number);
    if (!service->external_name.empty() && !service->cluster_ips.empty()) {
      reader.wrong("external_name", "must not be given together with cluster_ips", reader.line());
    }
  }
  if (const Endpoints* endpoints = as<Endpoints>(&object)) {
    check_ports(reader, endpoints->ports, protocol_number_and_name);
    if (!is_label(endpoints->service)) {
      reader.wrong("service", "must be given: the name is none of a service", reader.line());
    }
  }
  if (const Subnet* subnet = as<Subnet>(&object)) check_subnet(reader, *subnet);
}

// Who an object is, and whether that is who `at` says.
class Identity {
 public:
  Identity(const Value& value, const Key* at, ProblemList& problems)
      : value_(value), at_(at), problems_(problems) {}

  [[nodiscard]] std::optional<Kind> kind() {
    const auto text = text_of("kind", at_ == nullptr ? "" : kind_name(at_->kind));
    const auto kind = text ? kind_of_name(*text) : std::nullopt;
    if (text && !kind) {
      problems_.add("kind", "must be Host, Namespace, Service, Endpoints, Pod, Network or Subnet",
                    line("kind"));
    }
    if (kind && at_ != nullptr && *kind != at_->kind) is_misplaced_ = true;
    return kind;
  }

  void name(Object& object) {
    if (has_namespace(object.kind)) {
      const std::string_view absent = at_ == nullptr ? std::string_view("default") : at_->ns;
      const auto ns = text_of("namespace", absent);
      if (ns) check("namespace", *ns, Rule::label);
      if (ns && at_ != nullptr && *ns != at_->ns) is_misplaced_ = true;
      if (ns) object.ns = Text::shared(*ns);
    } else if (value_.find("namespace") != nullptr) {
      problems_.add("namespace", "must not be given: this kind has no namespace",
                    line("namespace"));
    }
    const auto name = text_of("name", at_ == nullptr ? std::string_view() : at_->name);
    if (name) check("name", *name, rule_of(object.kind));
    if (name && at_ != nullptr && *name != at_->name) is_misplaced_ = true;
    if (name) object.name = *name;
  }

  [[nodiscard]] bool is_misplaced() const noexcept { return is_misplaced_; }

  static Rule rule_of(Kind kind) noexcept {
    return kind == Kind::name_space || kind == Kind::service ? Rule::label : Rule::dotted_name;
  }

 private:
  [[nodiscard]] unsigned line(std::string_view key) const {
    const Value* value = value_.find(key);
    return value == nullptr ? value_.line() : value->line();
  }

  std::optional<std::string_view> text_of(std::string_view key, std::string_view absent) {
    const Value* value = value_.find(key);
    if (value == nullptr && !absent.empty()) return absent;
    if (value != nullptr && value->type() == Value::Type::text) return value->text();
    problems_.add(std::string(key),
                  value == nullptr ? "is missing" : "must be text: write it in quotes", line(key));
    return std::nullopt;
  }

  void check(std::string_view key, std::string_view text, Rule rule) {
    if (const char* message = broken(rule, text)) {
      problems_.add(std::string(key), message, line(key));
    }
  }

  const Value& value_;
  const Key* at_;
  ProblemList& problems_;
  bool is_misplaced_ = false;
};

Parsed failed(Parsed::Outcome outcome, ProblemList& problems, std::string object) {
  Parsed parsed{outcome, nullptr, problems.take()};
  for (Problem& problem : parsed.problems) problem.object = object;
  return parsed;
}

}  // namespace

Parsed read_object(const Value& value, const Key* at, UnknownKeys unknown) {
  ProblemList problems(unknown);
  if (value.type() != Value::Type::map) {
    problems.add("", "must be a map with kind, name and fields", value.line());
    return failed(Parsed::Outcome::invalid, problems, {});
  }
  Identity identity(value, at, problems);
  const auto kind = identity.kind();
  if (!kind) return failed(Parsed::Outcome::invalid, problems, {});
  const std::shared_ptr<Object> object = make(*kind);
  identity.name(*object);
  if (identity.is_misplaced() && problems.empty()) {
    problems.add("",
                 "the object is " + format(object->key()) + ", but the path says " + format(*at),
                 value.line());
    return failed(Parsed::Outcome::misplaced, problems, format(object->key()));
  }
  Reader reader(value, nullptr, problems);
  for (const char* key : {"kind", "namespace", "name"}) reader.know(key);
  visit(*object, [&reader](const auto& typed) {
    using T = std::remove_cvref_t<decltype(typed)>;
    describe(reader, const_cast<T&>(typed));  // made above, not const
  });
  check(reader, *object);
  reader.finish();
  if (!problems.empty()) {
    return failed(Parsed::Outcome::invalid, problems, format(object->key()));
  }
  return {Parsed::Outcome::ok, object, {}};
}

Parsed parse_object(std::string_view json, const Key* at) {
  const auto malformed = [](TextError error) {
    return Parsed{Parsed::Outcome::malformed, nullptr, {{"", error.message, "", error.line, ""}}};
  };
  if (json.size() > Limits::object_bytes) {
    return malformed({"longer than " + std::to_string(Limits::object_bytes) + " bytes", 0});
  }
  Value root;
  TreeBuilder builder(TreeBuilder::Lists::whole, [&root](const Value& value) { root = value; });
  if (auto error = read_json(json, builder)) return malformed(std::move(*error));
  return read_object(root, at, UnknownKeys::refuse);
}

bool is_name(Kind kind, std::string_view text) noexcept {
  return broken(Identity::rule_of(kind), text) == nullptr;
}

std::string format(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line != 0) {
    text.append(text.empty() ? "line " : ":").append(std::to_string(problem.line));
  }
  for (const std::string* part : {&problem.object, &problem.field, &problem.message}) {
    if (!part->empty()) text.append(text.empty() ? "" : ": ").append(*part);
  }
  return text;
}

}  // namespace paddock::metadata
