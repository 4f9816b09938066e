// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/node_writer.hpp"

#include "store/judgement.hpp"

#include <algorithm>
#include <utility>

namespace paddock::metadata::kubernetes {
namespace {

using remote::Made;
using Status = WriteResult::Status;
using std::chrono::milliseconds;

constexpr std::chrono::seconds look_around{1};
constexpr std::chrono::hours unasked{1};
// What others change of the node meanwhile is read, and the change made again.
constexpr int most_conflicts = 5;
constexpr milliseconds to_be_told{1000};

Made refusal(Status status, std::string text) {
  Made made;
  made.result.status = status;
  made.result.text = std::move(text);
  return made;
}

}  // namespace

NodeWriter::NodeWriter(Api api, std::string node, Table& table, RetryTimes times)
    : node_(std::move(node)),
      // Nothing in the name of a node needs escaping.
      target_(api.base + "/api/v1/nodes/" + node_),
      cordon_(api.cordon),
      times_(times),
      table_(table),
      client_(std::move(api.server)),
      retry_(times.shortest) {}

std::vector<Made> NodeWriter::make(const remote::Writes& writes, std::int64_t now) {
  std::vector<Made> made;
  for (const Write* write : writes) made.push_back(make(*write, now));
  return made;
}

Made NodeWriter::make(const Write& write, std::int64_t now) {
  const auto* wanted = as<Host>(write.object.get());
  if (wanted == nullptr) {
    return refusal(Status::read_only, "a node leaves its cluster by kubectl delete node");
  }
  Made made = change(write, *wanted, now);
  if (made.result.is_accepted() && announces_network(*wanted)) announces_network_ = true;
  return made;
}

Made NodeWriter::change(const Write& write, const Host& wanted, std::int64_t now) {
  for (int tries = 0;; ++tries) {
    const auto own = table_.own_node();
    if (!own.host) {
      return refusal(Status::unavailable,
                     "the API has not told of node " + node_ + " yet; nothing was changed");
    }
    if (write.only_create || (write.if_match && *write.if_match != own.host->revision)) {
      Made made = refusal(Status::precondition_failed, "");
      made.result.revision = own.host->revision;
      return made;
    }
    auto change = node_change(*own.host, wanted, cordon_);
    if (!change) {
      const bool is_wrong = change.error().code == boost::system::errc::invalid_argument;
      return refusal(is_wrong ? Status::invalid : Status::read_only, change.error().text);
    }
    change->network_is_up = announces_network(wanted) && !own.facts.has_network;
    Made made;
    made.result.status = Status::unchanged;
    made.result.revision = own.host->revision;
    made.result.object = own.host;
    if (change->empty()) return made;
    // Whose a label or a cordon is can change with the node.
    const bool is_of_that_version = !change->labels.empty() || change->is_cordoned;
    const Sent sent = send(*change, is_of_that_version ? own.facts.version : "");
    if (sent.is_outrun && tries < most_conflicts) {
      table_.wait_for_own_node(own.facts.version, Clock::now() + to_be_told);
      continue;
    }
    if (sent.status != Status::changed) return refusal(sent.status, sent.text);
    if (sent.revision == own.host->revision) return made;  // nothing but the condition
    made.result.status = Status::changed;
    made.result.revision = sent.revision;
    made.result.object = table_.own_node().host;
    made.audit = audit_line(write, sent.revision, now, own.host.get(),
                            made.result.object ? format_json(*made.result.object) : std::string());
    return made;
  }
}

NodeWriter::Sent NodeWriter::send(const NodeChange& change, const std::string& version) {
  if (Clock::now() < not_before_) return {.status = Status::unavailable, .text = last_error_};
  // The status takes metadata, too, but nothing of the spec: so that is all there is a right to
  // where nothing is to be cordoned.
  const std::string_view part = change.is_cordoned ? "" : "/status";
  const ClientRequest request{
      .method = "PATCH",
      .target = target_ + std::string(part) + "?fieldManager=paddock",
      .headers = {{"Accept", "application/json"},
                  {"Content-Type", "application/strategic-merge-patch+json"},
                  {"User-Agent", "paddock-metadatad"}},
      .body = format_patch(change, version, unix_milliseconds())};
  auto answer = client_.send(request);
  // The connection may have been closed long ago; a patch may be made twice.
  if (!answer) answer = client_.send(request);
  if (!answer) return put_off(answer.error().text + "; it may have been changed", milliseconds(0));
  return judge(*answer);
}

NodeWriter::Sent NodeWriter::judge(const ClientResponse& response) {
  const Json body = Json::parse(response.body, nullptr, false);
  if (response.status == 200 && body.is_object()) {
    retry_ = times_.shortest;
    last_error_.clear();
    return {.revision = table_.learn_own_node(body)};
  }
  std::string why = "node " + node_ + ": " + std::to_string(response.status) + " ";
  const auto message = text_at(body, "message");
  why += message.empty() ? response.body.substr(0, response.body.find('\n')) : std::string(message);
  switch (response.status) {
    case 409:
      return {
          .status = Status::unavailable, .text = why + "; nothing was changed", .is_outrun = true};
    case 400:
    case 422:
      return {.status = Status::invalid, .text = why};
    case 404:
      return {.status = Status::not_found, .text = why};
    case 403:
      why +=
          " (packaging/kubernetes/rbac.yaml has the rights that are needed, "
          "packaging/kubernetes-cordon those to cordon)";
      break;
    default:
      break;
  }
  return put_off(why + "; nothing was changed",
                 response.retry_after().value_or(std::chrono::seconds(0)));
}

// Whoever asks before the time has come is told at once what was wrong.
NodeWriter::Sent NodeWriter::put_off(std::string why, milliseconds at_least) {
  // Between half and all of it, so that nodes that were refused together do not come back as one.
  std::uniform_int_distribution<std::int64_t> jitter(retry_.count() / 2, retry_.count());
  not_before_ = Clock::now() + std::max(at_least, milliseconds(jitter(random_)));
  retry_ = std::min(times_.longest, 2 * retry_);
  last_error_ = std::move(why);
  return {.status = Status::unavailable, .text = last_error_};
}

NodeWriter::Clock::time_point NodeWriter::tend() {
  const auto now = Clock::now();
  if (!announces_network_ && cordon_ == Cordon::read) return now + unasked;
  const auto own = table_.own_node();
  if (own.host && now >= not_before_) {
    NodeChange change;
    change.network_is_up = announces_network_ && !own.facts.has_network;
    const bool is_stale = cordon_ == Cordon::follows && has_stale_cordon_mark(*own.host);
    if (is_stale) forget_cordon(change);
    if (!change.empty()) (void)send(change, is_stale ? own.facts.version : "");
  }
  return Clock::now() + look_around;
}

}  // namespace paddock::metadata::kubernetes
