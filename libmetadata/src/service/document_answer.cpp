// SPDX-License-Identifier: Apache-2.0
#include "service/document_answer.hpp"

#include "documents/render.hpp"
#include "model/uuid.hpp"
#include "service/entity_tag.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace paddock::metadata::service {
namespace {

using documents::Form;
using documents::MediaType;
using documents::Node;
using documents::Reads;
using documents::Sight;

constexpr std::size_t whole_bytes = 64 * 1024;  // a larger document is sent in chunks
constexpr std::size_t usual_bytes = 2048;       // a container as JSON
constexpr std::size_t document_piece_bytes = 32 * 1024;

// What a strong tag is made of: equal bytes, equal tag, on every host and after every start. Eight
// bytes at a time: byte by byte this was a tenth of making a small document.
std::string tag_of(std::string_view body) {
  constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15U;
  std::uint64_t value = body.size();
  while (!body.empty()) {
    std::uint64_t word = 0;
    const std::size_t taken = std::min(body.size(), sizeof word);
    std::memcpy(&word, body.data(), taken);
    value = (value ^ word) * multiplier;
    value ^= value >> 29U;
    body.remove_prefix(taken);
  }
  char tag[19] = {'"'};
  char* end = std::to_chars(tag + 1, tag + 17, value, 16).ptr;
  *end++ = '"';
  return {tag, end};
}

// Of a document too large to be made before it is sent: of which state it is, and for whom.
std::string tag_of_state(const Sight& sight, const DocumentQuestion& question) {
  std::string what = sight.state() + "." + std::to_string(static_cast<int>(question.media.form));
  for (const auto& segment : question.path) what.append("/").append(segment);
  if (sight.reads().is_personal()) what += "#" + question.client.name;
  return "\"" + uuid_from(what) + "\"";
}

// A large document, made as it is read.
class Rendering final : public ChunkSource {
 public:
  Rendering(std::shared_ptr<const Sight> sight, std::unique_ptr<documents::Renderer> renderer,
            std::string head)
      : sight_(std::move(sight)), renderer_(std::move(renderer)), text_(std::move(head)) {}
  Chunk next() override {
    if (text_.empty() && !is_done_) {
      text_.reserve(2 * document_piece_bytes);
      is_done_ = !renderer_->append(text_, document_piece_bytes);
    }
    if (text_.empty()) return {};
    return {Chunk::State::data, std::make_shared<const std::string>(std::exchange(text_, {})), {}};
  }

 private:
  std::shared_ptr<const Sight> sight_;  // the nodes borrow from it
  std::unique_ptr<documents::Renderer> renderer_;
  std::string text_;
  bool is_done_ = false;
};

// Fills in what follows from what was looked at.
void note_reads(DocumentAnswer& answer, const Reads& reads) {
  answer.marks.assign(reads.marks().begin(), reads.marks().end());
  answer.is_personal = reads.is_personal();
}

MadeAnswer not_found(const Sight& sight, const DocumentQuestion& question) {
  Response response = missing(question.media, "Not found");
  auto answer = std::make_shared<DocumentAnswer>();
  answer->status = response.status;
  answer->content_type = response.content_type;
  answer->headers = std::move(response.headers);
  answer->ready.emplace(answer->content_type, answer->headers, std::move(response.body));
  note_reads(*answer, sight.reads());
  return {std::move(answer), nullptr};
}

MadeAnswer found(const std::shared_ptr<const Sight>& sight, const Node& node,
                 const DocumentQuestion& question) {
  auto answer = std::make_shared<DocumentAnswer>();
  std::unique_ptr<ChunkSource> stream;
  std::string body;
  if (!documents::is_container(node)) answer->text = documents::render_text(node);
  if (answer->text && question.media.form == Form::text) {
    body = *answer->text;
  } else {
    auto renderer = documents::renderer(question.media.form, node);
    if (documents::is_container(node)) body.reserve(usual_bytes);
    if (renderer->append(body, whole_bytes)) {
      stream = std::make_unique<Rendering>(sight, std::move(renderer), std::exchange(body, {}));
    }
  }
  if (stream) sight->reads().widen_to_rest();
  answer->tag = stream ? tag_of_state(*sight, question) : tag_of(body);
  answer->headers.append(cors).append("Vary: Accept\r\nETag: ");
  if (stream) answer->headers += "W/";
  answer->headers.append(answer->tag).append("\r\n");
  if (!body.empty() || stream) answer->content_type = question.media.content_type;
  if (!stream) answer->ready.emplace(answer->content_type, answer->headers, std::move(body));
  note_reads(*answer, sight->reads());
  return {std::move(answer), std::move(stream)};
}

bool is_known(const DocumentAnswer& answer, std::string_view tags) {
  return !tags.empty() && !answer.tag.empty() && lists_tag(tags, answer.tag, Comparison::weak);
}

Response not_modified(const DocumentAnswer& answer) {
  return {.status = 304, .headers = answer.headers};
}

}  // namespace

bool DocumentAnswer::is_known_as(std::string_view value) const {
  if (tag.empty()) return true;
  if (text) return *text == value;
  if (ready && ready->body() == value) return true;
  if (value.starts_with("W/")) value.remove_prefix(2);
  const std::string_view opaque = tag;
  return value == opaque || value == opaque.substr(1, opaque.size() - 2);
}

MadeAnswer make_answer(const std::shared_ptr<const Sight>& sight,
                       const DocumentQuestion& question) {
  const auto root = sight->root();
  const auto node = root ? documents::find(*root, question.path) : std::nullopt;
  return node ? found(sight, *node, question) : not_found(*sight, question);
}

Response respond(MadeAnswer made, std::string_view known) {
  const DocumentAnswer& answer = *made.answer;
  if (is_known(answer, known)) return not_modified(answer);
  if (answer.ready) {
    return {.status = answer.status, .ready = {std::move(made.answer), &*answer.ready}};
  }
  return {.status = answer.status,
          .content_type = answer.content_type,
          .headers = answer.headers,
          .stream = std::move(made.stream)};
}

Response respond(const std::shared_ptr<const DocumentAnswer>& kept, std::string_view known) {
  if (is_known(*kept, known)) return not_modified(*kept);
  // Counting owners would be a tenth of the work that is left.
  const ReadyAnswer* ready = &*kept->ready;
  return {.status = kept->status, .ready = {ready->is_copied() ? nullptr : kept, ready}};
}

Response missing(const MediaType& media, std::string_view message) {
  Response response{.status = 404, .content_type = media.content_type};
  response.headers.append(cors).append(sniffing);
  std::string& body = response.body;
  switch (media.form) {
    case Form::text:
      body.append(message).append("\n");
      break;
    case Form::json:
      body.append(R"({"code":404,"message":")").append(message).append("\",\"type\":\"error\"}\n");
      break;
    case Form::yaml:
      body.append("code: 404\nmessage: ").append(message).append("\ntype: error\n\n");
      break;
  }
  return response;
}

}  // namespace paddock::metadata::service
