// SPDX-License-Identifier: Apache-2.0
//
// Arbitrary bytes as an HTTP request: head, path and chunked body. A head that was accepted must
// be accepted the same when it comes in two parts, what follows it must be read as if it had come
// alone, and a chunked body must not depend on its cuts.
#include "http/head_parser.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>

using namespace paddock::metadata::http;

namespace {

bool is_same(const Head& a, const Head& b) {
  const auto numbers = [](const Head& head) {
    return std::tuple(head.method, head.path, head.query, head.is_http_1_0, head.keep_alive,
                      head.is_chunked, head.expects_continue, head.content_length,
                      head.text.size());
  };
  return numbers(a) == numbers(b) &&
         std::ranges::equal(a.headers, b.headers, [](const auto& x, const auto& y) {
           return x.name == y.name && x.value == y.value;
         });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Head head;
  const ParseResult result = parse_head(bytes, head);
  std::string_view body = bytes;
  if (result.state == ParseResult::State::done) {
    if (head.text.size() > size) std::abort();
    std::string decoded;
    if (!append_form_decoded(decoded, head.path)) std::abort();
    for (const auto segment : paddock::metadata::PathSegments(head.path)) {
      if (segment.size() > head.path.size()) std::abort();
    }
    Head shorter;
    if (parse_head(bytes.substr(0, head.text.size() - 1), shorter).state ==
        ParseResult::State::done) {
      std::abort();
    }
    body.remove_prefix(head.text.size());
    Head alone;
    const ParseResult expected = parse_head(body, alone);
    Head next = head;
    const ParseResult following = parse_next_head(body, next);
    if (following.state != expected.state || following.status != expected.status) std::abort();
    if (following.state == ParseResult::State::done && !is_same(next, alone)) std::abort();
  }
  constexpr std::size_t limit = 4096;
  ChunkDecoder whole;
  ChunkDecoder cut;
  std::string one;
  std::string two;
  std::size_t used = 0;
  const auto expected = whole.feed(body, limit, one, used);
  auto state = ParseResult::State::incomplete;
  std::size_t taken = 0;
  for (std::size_t end = 1; end <= body.size() && state == ParseResult::State::incomplete; ++end) {
    state = cut.feed(body.substr(taken, end - taken), limit, two, used).state;
    taken += used;
  }
  if (expected.state == ParseResult::State::done && (state != expected.state || one != two)) {
    std::abort();
  }
  return 0;
}
