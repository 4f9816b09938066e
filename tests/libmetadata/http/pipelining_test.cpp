// SPDX-License-Identifier: Apache-2.0
//
// Requests that come together: each is answered as if it had come alone.
#include "libmetadata/http/echo_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace paddock::metadata {
namespace {

// Everything that the request was, and whether its connection goes on.
Response tell(const Request& request) {
  Response response = echo(request);
  response.body.append(" ?").append(request.query);
  for (const auto& [name, value] : request.headers) {
    response.body.append(" ").append(name).append("=").append(value);
  }
  return response;
}

std::string without_dates(std::string text) {
  for (auto at = text.find("Date: "); at != std::string::npos; at = text.find("Date: ", at)) {
    text.erase(at, text.find("\r\n", at) + 2 - at);
  }
  return text;
}

// Headers that are equal, begin alike, and differ in one letter; bodies; both versions.
std::vector<std::string> requests_of_all_sorts() {
  const std::string accept = "Host: a\r\nAccept: text/plain\r\n";
  return {
      "GET /a HTTP/1.1\r\n" + accept + "\r\n",
      "GET /b?c HTTP/1.1\r\n" + accept + "\r\n",
      "HEAD /b HTTP/1.1\r\n" + accept + "\r\n",
      "GET /a%20b HTTP/1.1\r\n" + accept + "X: y\r\n\r\n",
      "GET /a HTTP/1.1\r\n" + accept + "x: y\r\n\r\n",
      "PUT /a HTTP/1.1\r\n" + accept + "Content-Length: 5\r\n\r\nhello",
      "PUT /b HTTP/1.1\r\n" + accept + "Content-Length: 5\r\n\r\nthere",
      "PUT /c HTTP/1.1\r\n" + accept + "Content-Length: 6\r\n\r\nworlds",
      "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
      "PUT /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyou\r\n0\r\n\r\n",
      "GET /e HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
      "GET /f HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
      "GET /g HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
      "\r\n\r\nGET /h HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /i HTTP/1.1\r\nHost: a\r\n\r\n",
  };
}

TEST(Pipelining, EachRequestIsAnsweredAsIfItHadComeAlone) {
  Echo server(on_loopback(), tell);
  const auto requests = requests_of_all_sorts();
  std::vector<std::string> alone;
  for (const auto& request : requests) alone.push_back(without_dates(server.exchange(request)));

  for (std::size_t first = 0; first < requests.size(); ++first) {
    for (std::size_t second = 0; second < requests.size(); ++second) {
      EXPECT_EQ(without_dates(server.exchange(requests[first] + requests[second])),
                alone[first] + alone[second])
          << requests[first] << requests[second];
    }
  }
}

TEST(Pipelining, DoesNotDependOnWhereTheBytesAreCut) {
  Echo server(on_loopback(), tell);
  std::string requests;
  for (const auto& request : requests_of_all_sorts()) requests += request;
  const std::string whole = without_dates(server.exchange(requests));

  for (std::size_t cut = 1; cut < requests.size(); ++cut) {
    const auto before = server.server.counters().requests;
    auto client = server.connect();
    client.send(requests.substr(0, cut));
    // Those that are whole are answered: what follows comes on its own.
    const std::string first = cut > 60 ? client.read_response() : "";
    client.send(requests.substr(cut));
    client.end_sending();

    ASSERT_EQ(without_dates(first + client.read_all()), whole) << cut;
    ASSERT_EQ(server.server.counters().requests - before, requests_of_all_sorts().size()) << cut;
  }
}

TEST(Pipelining, WhatIsNoRequestEndsTheConnectionThere) {
  Echo server(on_loopback(), tell);
  const std::string good = get("/a") + get("/b");
  const std::string answers = without_dates(server.exchange(good));

  for (const std::string bad :
       {"\x01\r\n\r\n", "GET /c HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /c HTTP/1.1\r\nHost: a\r\n x\r\n\r\n", "GET /c HTTP/1.1\nHost: a\r\n\r\n",
        "GET /c HTTP/1.1\r\nHost: a\n\r\n", "GET /c HTTP/1.1\r\n\r\n",
        "GET /c\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%x HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    const HttpCounters before = server.server.counters();

    const std::string response = without_dates(server.exchange(good + bad + get("/d")));

    EXPECT_TRUE(response.starts_with(answers + "HTTP/1.1 400 Bad Request\r\n")) << response;
    EXPECT_EQ(response.find("GET d"), std::string::npos) << bad;
    EXPECT_EQ(server.server.counters().requests - before.requests, 2U) << bad;
    EXPECT_EQ(server.server.counters().bad_requests - before.bad_requests, 1U) << bad;
  }
}

TEST(Pipelining, NothingIsAnsweredBehindTheLastRequest) {
  Echo server(on_loopback(), tell);
  const std::string close = "GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

  const std::string response = server.exchange(get("/a") + close + close + get("/c"));

  EXPECT_NE(response.find("GET b"), std::string::npos);
  EXPECT_EQ(response.find("GET b"), response.rfind("GET b"));
  EXPECT_EQ(response.find("GET c"), std::string::npos);
}

TEST(Pipelining, AReadyAnswerIsAsOneMadeOfItsParts) {
  const auto served = [](std::size_t size) {
    return [size](const Request& request) {
      const std::string body(size, 'x');
      if (request.segments().empty()) {
        return Response{.content_type = "text/plain", .headers = "A: b\r\n", .body = body};
      }
      return Response{.ready = std::make_shared<const ReadyAnswer>("text/plain", "A: b\r\n", body)};
    };
  };
  for (const std::size_t size : {0U, 10U, 4096U, 4097U, 300'000U}) {
    Echo server(on_loopback(), served(size));
    for (const char* form :
         {"GET %s HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n",
          "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
          "GET %s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET %s HTTP/1.0\r\n\r\n"}) {
      std::string parts(form);
      std::string ready(form);
      parts.replace(parts.find("%s"), 2, "/");
      ready.replace(ready.find("%s"), 2, "/ready");

      EXPECT_EQ(without_dates(server.exchange(ready + ready)),
                without_dates(server.exchange(parts + parts)))
          << form << size;
    }
  }
}

}  // namespace
}  // namespace paddock::metadata
