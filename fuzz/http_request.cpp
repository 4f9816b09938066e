// SPDX-License-Identifier: Apache-2.0
//
// Arbitrary bytes as an HTTP request: head, path and chunked body. A head that was accepted must
// be accepted the same when it comes in two parts, and a chunked body must not depend on its cuts.
#include "http/head_parser.hpp"

#include <cstdlib>

using namespace paddock::metadata::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Head head;
  const ParseResult result = parse_head(bytes, head);
  std::string_view body = bytes;
  if (result.state == ParseResult::State::done) {
    if (head.size > size) std::abort();
    std::string scratch;
    std::vector<std::string_view> segments;
    (void)split_path(head.path, scratch, segments);
    Head shorter;
    if (parse_head(bytes.substr(0, head.size - 1), shorter).state == ParseResult::State::done) {
      std::abort();
    }
    body.remove_prefix(head.size);
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
