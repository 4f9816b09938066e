// SPDX-License-Identifier: Apache-2.0
#include "http/head_parser.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::http {
namespace {

using State = ParseResult::State;

int status_of(const std::string& bytes) {
  Head head;
  const ParseResult result = parse_head(bytes, head);
  return result.state == State::failed ? result.status : result.state == State::done ? 0 : -1;
}

std::string request(const std::string& header_lines, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: a\r\n" + header_lines + "\r\n";
}

TEST(HeadParser, ReadsMethodTargetAndHeaders) {
  const std::string bytes = "GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nAccept:  text/plain \r\n\r\nrest";
  Head head;

  ASSERT_EQ(parse_head(bytes, head).state, State::done);

  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.path, "/a/b");
  EXPECT_EQ(head.query, "c=d");
  ASSERT_EQ(head.headers.size(), 2U);
  EXPECT_EQ(head.headers[1].value, "text/plain");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.text.size(), bytes.size() - 4);
}

TEST(HeadParser, EveryPrefixOfAGoodHeadIsIncomplete) {
  const std::string bytes = request("Content-Length: 3\r\n");
  Head head;

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(parse_head(bytes.substr(0, size), head).state, State::incomplete) << size;
  }
  EXPECT_EQ(parse_head(bytes, head).state, State::done);
  EXPECT_EQ(head.content_length, 3U);
}

struct Row {
  const char* what;
  std::string bytes;
  int status;  // 0: accepted
};

class HeadParserRows : public ::testing::TestWithParam<Row> {};

TEST_P(HeadParserRows, AnswersAsExpected) {
  EXPECT_EQ(status_of(GetParam().bytes), GetParam().status) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Traps, HeadParserRows,
    ::testing::Values(
        Row{"empty lines before", "\r\n\r\n" + request(""), 0},
        Row{"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Row{"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Row{"HTTP/0.9", "GET /\r\n\r\n", 400}, Row{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 505},
        Row{"HTTP/1.2 is as 1.1", request("", "GET / HTTP/1.2"), 0},
        Row{"version in lower case", request("", "GET / http/1.1"), 400},
        Row{"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        Row{"no Host in 1.0", "GET / HTTP/1.0\r\n\r\n", 0},
        Row{"two Hosts", request("Host: b\r\n"), 400},
        Row{"bare LF in the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        Row{"bare LF in the header", request("A: b\n"), 400},
        Row{"bare CR in a value", request("A: b\rc\r\n"), 400},
        Row{"NUL in a value", request(std::string("A: b\0c\r\n", 8)), 400},
        Row{"folded line", request("A: b\r\n c\r\n"), 400},
        Row{"space before the colon", request("A : b\r\n"), 400},
        Row{"no colon", request("A\r\n"), 400}, Row{"empty name", request(": b\r\n"), 400},
        Row{"empty value", request("A:\r\n"), 0},
        Row{"Latin-1 in a value", request("A: \xe9\r\n"), 0},
        Row{"Content-Length twice", request("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
        Row{"Content-Length list", request("Content-Length: 1, 1\r\n"), 400},
        Row{"negative Content-Length", request("Content-Length: -1\r\n"), 400},
        Row{"Content-Length with sign", request("Content-Length: +1\r\n"), 400},
        Row{"huge Content-Length", request("Content-Length: 99999999999999999999999\r\n"), 400},
        Row{"length and chunked", request("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
            400},
        Row{"chunked twice",
            request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        Row{"gzip", request("Transfer-Encoding: gzip, chunked\r\n"), 501},
        Row{"chunked in 1.0", request("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0"), 400},
        Row{"unknown expectation", request("Expect: a miracle\r\n"), 417},
        Row{"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        Row{"method with a slash", "G/T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Row{"fragment", request("", "GET /a#b HTTP/1.1"), 400},
        Row{"relative target", request("", "GET a HTTP/1.1"), 400},
        Row{"other scheme", request("", "GET ftp://a/ HTTP/1.1"), 400},
        Row{"asterisk for GET", request("", "GET * HTTP/1.1"), 400},
        Row{"asterisk for OPTIONS", request("", "OPTIONS * HTTP/1.1"), 0},
        Row{"long request line", "GET /" + std::string(9000, 'a'), 414},
        Row{"long header", "GET / HTTP/1.1\r\nA: " + std::string(17000, 'a'), 431}));

TEST(HeadParser, RefusesMoreThanAHundredHeaders) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "A: b\r\n";

  EXPECT_EQ(status_of(request(lines)), 431);
}

TEST(HeadParser, KnowsTheBytesOfATargetWhereverTheyAre) {
  for (std::size_t size = 1; size < 20; ++size) {
    for (std::size_t at = 1; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string target = "/" + std::string(size - 1, '\xff');
        target[at] = static_cast<char>(byte);
        const bool is_good = byte > 0x20 && byte != 0x7f && byte != '#' && byte != '%';

        ASSERT_EQ(status_of(request("", "GET " + target + " HTTP/1.1")), is_good ? 0 : 400)
            << size << ' ' << at << ' ' << byte;
      }
    }
  }
}

TEST(HeadParser, TakesThePathOutOfAnAbsoluteTarget) {
  const std::string bytes = request("", "GET HTTP://h:80/a?b HTTP/1.1");
  Head head;

  ASSERT_EQ(parse_head(bytes, head).state, State::done);

  EXPECT_EQ(head.path, "/a");
  EXPECT_EQ(head.query, "b");
}

TEST(HeadParser, FindsQueryAndEscapesWhereverTheyAre) {
  for (std::size_t at = 1; at <= 20; ++at) {
    const auto with = [at](std::string_view bytes) {
      std::string target = "/" + std::string(19, 'x');
      return request("", "GET " + target.insert(at, bytes) + " HTTP/1.1");
    };
    const std::string divided = with("?");
    Head head;

    ASSERT_EQ(parse_head(divided, head).state, State::done);
    EXPECT_EQ(head.path.size(), at);
    EXPECT_EQ(head.query.size(), 20 - at);
    for (const char* good : {"%41", "?%"}) EXPECT_EQ(status_of(with(good)), 0) << good << at;
    for (const char* bad : {"%", "%4", "%zz"}) EXPECT_EQ(status_of(with(bad)), 400) << bad << at;
  }
}

TEST(HeadParser, ReadsConnectionOptionsByVersion) {
  Head head;

  (void)parse_head("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, Close\r\n\r\n", head);
  EXPECT_FALSE(head.keep_alive);
  (void)parse_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", head);
  EXPECT_TRUE(head.keep_alive);
  (void)parse_head("GET / HTTP/1.0\r\n\r\n", head);
  EXPECT_FALSE(head.keep_alive);
}

// What was read, as text: equal for equal heads.
std::string told(const Head& head) {
  std::string text;
  text.append(head.method).append(" ").append(head.path).append("?").append(head.query);
  for (const auto& [name, value] : head.headers) {
    text.append("\n").append(name).append("=").append(value);
  }
  for (const std::uint64_t number :
       {std::uint64_t{head.is_http_1_0}, std::uint64_t{head.keep_alive},
        std::uint64_t{head.is_chunked}, std::uint64_t{head.expects_continue}, head.content_length,
        std::uint64_t{head.text.size()}, std::uint64_t{head.lines.size()}}) {
    text.append(" ").append(std::to_string(number));
  }
  return text;
}

TEST(HeadParser, ReadsTheNextHeadAsItWouldAlone) {
  std::vector<std::string> heads;
  for (const char* line :
       {"GET /a HTTP/1.1", "PUT /b?c HTTP/1.1", "GET / HTTP/1.0", "GET HTTP/1.1"}) {
    for (const char* lines :
         {"", "A: b\r\n", "A: c\r\n", "A: b\r\nC: d\r\n", "Connection: keep-alive\r\n",
          "Connection: close\r\n", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n",
          "Expect: 100-continue\r\n", "Host: b\r\n", "A: b\n"}) {
      heads.push_back(request(lines, line));
    }
  }
  heads.push_back(heads.front().substr(0, heads.front().size() - 1));

  for (const std::string& first : heads) {
    for (const std::string& second : heads) {
      Head before;
      if (parse_head(first, before).state != State::done) continue;
      Head alone;
      const ParseResult expected = parse_head(second, alone);

      const ParseResult result = parse_next_head(second, before);

      ASSERT_EQ(result.state, expected.state) << first << second;
      EXPECT_EQ(result.status, expected.status) << first << second;
      if (result.state == State::done) {
        EXPECT_EQ(told(before), told(alone)) << first << second;
      }
    }
  }
}

TEST(PathSegments, AreCutAtSlashesAndDecoded) {
  const auto segments = [](std::string_view path) {
    const PathSegments cut(path);
    return std::vector<std::string>(cut.begin(), cut.end());
  };
  using Expected = std::vector<std::string>;

  EXPECT_EQ(segments("/a+b/c%2Fd//e/"), (Expected{"a b", "c/d", "", "e"}));
  EXPECT_EQ(segments("/%61/b/%63"), (Expected{"a", "b", "c"}));
  EXPECT_EQ(segments("//"), (Expected{""}));
  EXPECT_EQ(segments("/"), Expected{});
  EXPECT_EQ(segments("*"), Expected{});
}

TEST(Escapes, AreTwoHexadecimalDigitsEach) {
  for (const char* good : {"/", "/a%20b", "/%aF%Fa", "/+", "/%25zz"}) {
    EXPECT_TRUE(has_good_escapes(good)) << good;
  }
  for (const char* bad : {"/%", "/%4", "/%zz", "/%4g", "/%20%", "/%2%20"}) {
    EXPECT_FALSE(has_good_escapes(bad)) << bad;
  }
}

TEST(ChunkDecoder, ReadsABodyByteByByte) {
  const std::string bytes = "5;x=y\r\nhello\r\nA\r\n 123456789\r\n0\r\nTrailer: t\r\n\r\n";
  ChunkDecoder decoder;
  std::string body;
  std::size_t taken = 0;
  State state = State::incomplete;

  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    std::size_t used = 0;
    state = decoder.feed(bytes.substr(taken, size - taken), 100, body, used).state;
    taken += used;
    ASSERT_EQ(state, size == bytes.size() ? State::done : State::incomplete) << size;
  }
  EXPECT_EQ(body, "hello 123456789");
}

int chunk_status(std::string_view bytes) {
  ChunkDecoder decoder;
  std::string body;
  std::size_t used = 0;
  return decoder.feed(bytes, 10, body, used).status;
}

TEST(ChunkDecoder, RefusesWhatIsNotChunked) {
  EXPECT_EQ(chunk_status("x\r\n"), 400);
  EXPECT_EQ(chunk_status("-1\r\n"), 400);
  EXPECT_EQ(chunk_status("\r\n"), 400);
  EXPECT_EQ(chunk_status("1\nA\r\n"), 400);
  EXPECT_EQ(chunk_status("1\r\nABC\r\n"), 400);
  EXPECT_EQ(chunk_status("11111111111111111\r\n"), 400);
  EXPECT_EQ(chunk_status("b\r\n"), 413);
  EXPECT_EQ(chunk_status("1;" + std::string(2000, 'x')), 400);
}

}  // namespace
}  // namespace paddock::metadata::http
