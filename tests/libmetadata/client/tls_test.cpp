// SPDX-License-Identifier: Apache-2.0
#include "libmetadata/http/socket_client.hpp"
#include "libmetadata/tls_certificates.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/http_server.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Certificates are made once: each costs a process.
const testing::Certificates& authority() {
  static const testing::Certificates made;
  static const bool signed_ = [] {
    made.sign("server");
    made.sign("node-7");
    made.sign("elsewhere", "DNS:elsewhere.example");
    made.sign("workload", "IP:127.0.0.1,URI:spiffe://test/netd", "/O=test");
    made.sign("nameless", "IP:127.0.0.1", "/O=test");
    return true;
  }();
  (void)signed_;
  return made;
}

class TlsTest : public ::testing::Test {
 protected:
  void serve(ServerTls tls, HttpServer::Handler handler = say_who) {
    HttpOptions options;
    options.tcp = {{boost::asio::ip::make_address("127.0.0.1"), 0}};
    options.tls = std::move(tls);
    server_ = std::make_unique<HttpServer>(std::move(options), std::move(handler));
    server_->start();
  }
  static Response say_who(const Request& request) {
    std::string text = request.peer->certificate + "|";
    text += request.header("Authorization").value_or("");
    return {.content_type = "text/plain", .body = text};
  }
  static ServerTls as(const std::string& name) {
    return {.certificate_file = authority().certificate(name),
            .key_file = authority().key(name),
            .client_ca_file = {}};
  }
  [[nodiscard]] std::string port() const {
    return std::to_string(server_->tcp_endpoints().front().port);
  }
  [[nodiscard]] Client client(Access access, const std::string& host = "127.0.0.1") const {
    return Client(
        ClientOptions{.server = "https://" + host + ":" + port(), .access = std::move(access)});
  }
  static Access trusting() {
    Access access;
    access.ca_file = authority().ca();
    return access;
  }
  test::TempFolder folder_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsTest, ServesByAddressAndByName) {
  serve(as("server"));

  for (const char* host : {"127.0.0.1", "localhost"}) {
    auto to_server = client(trusting(), host);
    const auto first = to_server.get("/");
    const auto second = to_server.get("/");

    ASSERT_TRUE(first) << first.error().text;
    ASSERT_TRUE(second) << second.error().text;
    EXPECT_EQ(second->body, "-|");
  }
  EXPECT_EQ(server_->counters().connections_accepted, 2U);
}

TEST_F(TlsTest, RefusesACertificateForSomebodyElse) {
  serve(as("elsewhere"));

  const auto by_address = client(trusting()).get("/");
  const auto by_name = client(trusting(), "localhost").get("/");

  ASSERT_FALSE(by_address);
  EXPECT_NE(by_address.error().text.find("IP address mismatch"), std::string::npos)
      << by_address.error().text;
  ASSERT_FALSE(by_name);
  EXPECT_NE(by_name.error().text.find("hostname mismatch"), std::string::npos);
}

TEST_F(TlsTest, RefusesAServerThatNobodyTrusted) {
  serve(as("server"));

  const auto response = client({}).get("/");

  ASSERT_FALSE(response);
  EXPECT_NE(response.error().text.find("certificate is not accepted"), std::string::npos)
      << response.error().text;
}

TEST_F(TlsTest, KnowsAClientByItsCertificate) {
  auto tls = as("server");
  tls.client_ca_file = authority().ca();
  serve(tls);
  auto access = trusting();
  access.certificate_file = authority().certificate("node-7");
  access.key_file = authority().key("node-7");

  const auto known = client(access).get("/");
  const auto unknown = client(trusting()).get("/");

  ASSERT_TRUE(known) << known.error().text;
  EXPECT_EQ(known->body, "node-7|");
  EXPECT_FALSE(unknown);
}

TEST_F(TlsTest, KnowsAClientByWhatElseItsCertificateIsFor) {
  const auto name_of = [this](const std::string& name) {
    auto access = trusting();
    access.certificate_file = authority().certificate(name);
    access.key_file = authority().key(name);
    const auto known = client(access).get("/");
    return known ? known->body : known.error().text;
  };
  auto tls = as("server");
  tls.client_ca_file = authority().ca();
  serve(tls);

  EXPECT_EQ(name_of("workload"), "spiffe://test/netd|");
  EXPECT_EQ(name_of("nameless"), "unnamed|");
}

TEST_F(TlsTest, ReadsARenewedTokenWithTheNextRequest) {
  serve(as("server"));
  auto access = trusting();
  access.token_file = folder_.write("token", "first\n");
  auto to_server = client(access);

  const auto before = to_server.get("/");
  folder_.write("token", "second\n");
  const auto after = to_server.get("/");

  ASSERT_TRUE(before) << before.error().text;
  EXPECT_EQ(before->body, "-|Bearer first");
  EXPECT_EQ(after->body, "-|Bearer second");
}

// The time-out of the client is longer than the test may take.
TEST_F(TlsTest, DoesNotWaitForAnAnswerToWhatItCouldNotSend) {
  serve(as("server"));
  auto access = trusting();
  access.token_file = folder_.write("token", "first\n");
  Client to_server(ClientOptions{
      .server = "https://127.0.0.1:" + port(), .access = access, .timeout = std::chrono::hours(1)});
  ASSERT_TRUE(to_server.get("/"));

  std::filesystem::remove(access.token_file);
  const auto without = to_server.get("/");
  folder_.write("token", "second\n");
  const auto again = to_server.get("/");

  ASSERT_FALSE(without);
  EXPECT_NE(without.error().text.find(access.token_file), std::string::npos);
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->body, "-|Bearer second");
}

TEST_F(TlsTest, SendsNameAndPasswordOnlyUnderTls) {
  serve(as("server"));
  auto access = trusting();
  access.user = "root";
  access.password_file = folder_.write("password", "secret\n");

  const auto response = client(access).get("/");

  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(response->body, "-|Basic cm9vdDpzZWNyZXQ=");
}

TEST_F(TlsTest, NamesTheFileThatCannotBeUsed) {
  serve(as("server"));
  auto access = trusting();
  access.ca_file = folder_.file("absent.pem");
  auto with_token = trusting();
  with_token.token_file = folder_.file("no-token");

  const auto no_ca = client(access).get("/");
  const auto no_token = client(with_token).get("/");

  ASSERT_FALSE(no_ca);
  EXPECT_NE(no_ca.error().text.find("absent.pem"), std::string::npos) << no_ca.error().text;
  ASSERT_FALSE(no_token);
  EXPECT_NE(no_token.error().text.find("no-token"), std::string::npos);
  EXPECT_THROW(
      serve({.certificate_file = folder_.file("none.pem"), .key_file = {}, .client_ca_file = {}}),
      std::runtime_error);
}

TEST_F(TlsTest, CarriesLargeBodiesBothWays) {
  const std::string large(3'000'000, 'x');
  HttpOptions options;
  options.tcp = {{boost::asio::ip::make_address("127.0.0.1"), 0}};
  options.tls = as("server");
  options.body_limit = 4U << 20U;
  server_ = std::make_unique<HttpServer>(std::move(options), [](const Request& request) {
    return Response{.body = std::string(request.body)};
  });
  server_->start();

  const auto response = client(trusting()).put("/", large);

  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(response->body, large);
}

TEST_F(TlsTest, StreamsAndNoticesSilence) {
  struct Two : ChunkSource {
    int left = 2;
    Chunk next() override {
      if (left-- > 0) return {Chunk::State::data, std::make_shared<std::string>("a\nb\n"), {}};
      return {Chunk::State::waiting, nullptr, Clock::now() + std::chrono::hours(1)};
    }
  };
  serve(as("server"), [](const Request&) { return Response{.stream = std::make_unique<Two>()}; });
  std::string seen;

  const auto response =
      client(trusting()).lines("/", milliseconds(1000), [&](std::string_view line) {
        seen += line;
        return true;
      });

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, boost::system::errc::timed_out);
  EXPECT_EQ(seen, "abab");
}

TEST_F(TlsTest, TakesOverARenewedCertificateWithoutRestart) {
  const testing::Certificates other("other-ca");
  other.sign("server");
  const auto certificate = folder_.file("live.pem");
  const auto install = [&](const testing::Certificates& from) {
    std::ifstream cert(from.certificate("server"));
    std::ifstream key(from.key("server"));
    std::ofstream(certificate + ".new") << cert.rdbuf() << key.rdbuf();
    std::filesystem::rename(certificate + ".new", certificate);
  };
  install(authority());
  serve({.certificate_file = certificate, .key_file = {}, .client_ca_file = {}});
  ASSERT_TRUE(client(trusting()).get("/"));
  auto trusting_other = trusting();
  trusting_other.ca_file = other.ca();

  install(other);

  const auto deadline = Clock::now() + std::chrono::seconds(20);
  bool is_taken_over = false;
  while (!is_taken_over && Clock::now() < deadline) {
    is_taken_over = client(trusting_other).get("/").has_value();
    if (!is_taken_over) std::this_thread::yield();
  }
  EXPECT_TRUE(is_taken_over);
}

TEST_F(TlsTest, SpeaksWithCurl) {
  serve(as("server"));
  const std::string command = "curl -s --cacert " + authority().ca() +
                              " https://localhost:" + port() + "/ https://localhost:" + port() +
                              "/";

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> curl(::popen(command.c_str(), "r"), &::pclose);
  std::array<char, 64> output{};
  const auto size = std::fread(output.data(), 1, output.size(), curl.get());

  EXPECT_EQ(std::string(output.data(), size), "-|-|");
}

TEST_F(TlsTest, ClosesWhoDoesNotSpeakTls) {
  serve(as("server"));

  auto bare = testing::SocketClient::to(server_->tcp_endpoints().front());
  bare.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

  EXPECT_EQ(bare.read_all().find("HTTP/1.1"), std::string::npos);
}

}  // namespace
}  // namespace paddock::metadata
