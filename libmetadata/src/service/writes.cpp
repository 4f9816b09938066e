// SPDX-License-Identifier: Apache-2.0
#include "service/writes.hpp"

#include "service/entity_tag.hpp"
#include "service/problem.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace paddock::metadata::service {
namespace {

// A store that has not written by then is asked no longer; whether it will is not known.
constexpr std::chrono::seconds write_limit{30};

Response with_object(int status, const WriteResult& result) {
  Response response{.status = status, .content_type = json_type};
  response.headers = "ETag: " + quoted(result.revision) + "\r\n";
  if (result.object) append_json(response.body, *result.object);
  response.body += '\n';
  return response;
}

Response precondition_failed(std::uint64_t present) {
  Response response =
      problem(412, present == 0 ? std::string("there is no such object")
                                : "the object's revision is " + std::to_string(present));
  if (present != 0) response.headers = "ETag: " + quoted(present) + "\r\n";
  return response;
}

Response answer(const WriteResult& result, const Key& key) {
  using Status = WriteResult::Status;
  const auto text_or = [&](std::string_view otherwise) {
    return result.text.empty() ? std::string(otherwise) : result.text;
  };
  switch (result.status) {
    case Status::created:
      return with_object(201, result);
    case Status::changed:
    case Status::unchanged:
      return with_object(200, result);
    case Status::deleted:
      return {.status = 204,
              .headers = "Paddock-Revision: " + std::to_string(result.revision) + "\r\n"};
    case Status::not_found:
      return problem(404, "there is no " + format(key));
    case Status::precondition_failed:
      return precondition_failed(result.revision);
    case Status::invalid:
      return problem(422, text_or("the object is wrong"), result.problems);
    case Status::derived:
      return problem(403, text_or("the object is made by Paddock and cannot be written"));
    case Status::read_only: {
      Response refused = problem(405, text_or("this store is read-only"));
      refused.headers = "Allow: GET, HEAD\r\n";
      return refused;
    }
    case Status::disk_full:
      return problem(507, text_or("the disk is full; nothing was changed"));
    case Status::unavailable:
      return not_ready(text_or("the store is away"));
    case Status::stopping:
      return not_ready(text_or("stopping"));
    case Status::failed:
      break;
  }
  return problem(500, text_or("the store could not write; nothing was changed"));
}

// Filled by the store's callback, on the server's thread.
struct WriteOutcome {
  std::optional<WriteResult> result;
};

class PendingWrite final : public LongPoll {
 public:
  PendingWrite(std::shared_ptr<WriteOutcome> outcome, Key key)
      : outcome_(std::move(outcome)), key_(std::move(key)) {}
  std::optional<Response> poll(bool expired) override {
    if (outcome_->result) return answer(*outcome_->result, key_);
    if (!expired) return std::nullopt;
    return not_ready("the store has not answered; the write may still be made");
  }
  [[nodiscard]] bool is_under_way() const override { return true; }

 private:
  std::shared_ptr<WriteOutcome> outcome_;
  Key key_;
};

// Reads If-Match and If-None-Match into the write; a response when the request is settled by them.
std::optional<Response> read_conditions(const Store& store, const Request& request, Write& write) {
  if (const auto none = request.header("If-None-Match")) {
    if (*none != "*") return problem(400, "If-None-Match of a write must be *");
    write.only_create = true;
  }
  const auto match = request.header("If-Match");
  if (!match) return std::nullopt;
  const auto cluster = store.cluster();
  const ObjectPtr present = cluster ? cluster->find(write.key) : nullptr;
  if (!present) return precondition_failed(0);
  if (!lists_tag(*match, quoted(present->revision), Comparison::strong)) {
    return precondition_failed(present->revision);
  }
  write.if_match = present->revision;  // checked again by the store when it writes
  return std::nullopt;
}

Response submit(Store& store, const std::shared_ptr<Mailbox>& mailbox, const Request& request,
                Write write) {
  write.who = describe(*request.peer);
  // Another metadatad says for whom it writes.
  const auto behind = request.header("Paddock-For");
  if (behind && !request.peer->is_local) write.who += " for " + std::string(*behind);
  auto outcome = std::make_shared<WriteOutcome>();
  Response response{.wait = std::make_unique<PendingWrite>(outcome, write.key),
                    .wait_until = std::chrono::steady_clock::now() + write_limit};
  store.submit(std::move(write),
               [mailbox, outcome, id = request.connection](const WriteResult& result) {
                 mailbox->post([outcome, id, result](HttpServer& server) {
                   outcome->result = result;
                   server.wake(id);
                 });
               });
  return response;
}

// Somebody chooses their name: nothing in it may look like another field.
std::string one_word(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == '=' || c == 0x7f; },
      '_');
  return name;
}

bool is_json(std::string_view content_type) {
  const auto end = content_type.find_first_of("; \t");
  std::string type(content_type.substr(0, end));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return type == json_type;
}

}  // namespace

void Mailbox::post(std::function<void(HttpServer&)> work) {
  const std::scoped_lock lock(mutex_);
  if (server_ == nullptr) return;
  server_->post([server = server_, work = std::move(work)] { work(*server); });
}

void Mailbox::close() {
  const std::scoped_lock lock(mutex_);
  server_ = nullptr;
}

std::string describe(const Peer& peer) {
  if (!peer.is_local) {
    std::string who = "address=" + peer.address.to_string() + " port=" + std::to_string(peer.port);
    if (!peer.certificate.empty()) who += " as=" + one_word(peer.certificate);
    return who;
  }
  std::string who = "uid=" + std::to_string(peer.uid) + " gid=" + std::to_string(peer.gid) +
                    " pid=" + std::to_string(peer.pid);
  if (!peer.command.empty()) who += " comm=" + one_word(peer.command);
  return who;
}

Response put(Store& store, const std::shared_ptr<Mailbox>& mailbox, const Request& request,
             const Key& key) {
  if (const auto type = request.header("Content-Type"); type && !is_json(*type)) {
    return problem(415, "an object is sent as application/json");
  }
  Parsed parsed = parse_object(request.body, &key);
  switch (parsed.outcome) {
    case Parsed::Outcome::ok:
      break;
    case Parsed::Outcome::malformed:
      return problem(400, parsed.problems.empty() ? "not JSON" : parsed.problems.front().message);
    case Parsed::Outcome::misplaced:
      return problem(409, "the body is not the object that the path names", parsed.problems);
    case Parsed::Outcome::invalid:
      return problem(422, "the object is wrong", parsed.problems);
  }
  Write write;
  write.object = std::move(parsed.object);
  write.is_parsed = true;
  write.key = key;
  if (auto owner = request.parameter("owner")) {
    if (!is_name(Kind::host, *owner)) return problem(400, "owner must be the name of a host");
    write.owner = std::move(*owner);
  }
  if (auto settled = read_conditions(store, request, write)) return std::move(*settled);
  return submit(store, mailbox, request, std::move(write));
}

Response erase(Store& store, const std::shared_ptr<Mailbox>& mailbox, const Request& request,
               const Key& key) {
  Write write;
  write.key = key;
  if (auto settled = read_conditions(store, request, write)) {
    return settled->status == 412 && settled->headers.empty()
               ? problem(404, "there is no " + format(key))
               : std::move(*settled);
  }
  return submit(store, mailbox, request, std::move(write));
}

}  // namespace paddock::metadata::service
