// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/metadata/kubernetes.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace paddock::metadata {
namespace {

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class KubeconfigTest : public ::testing::Test {
 protected:
  // A kubeconfig with this cluster and user.
  std::string write(const std::string& cluster, const std::string& user) {
    return folder_.write("config",
                         "apiVersion: v1\nkind: Config\ncurrent-context: main\n"
                         "contexts:\n- name: main\n  context: {cluster: c, user: u}\n"
                         "clusters:\n- name: c\n  cluster: {" +
                             cluster +
                             "}\n"
                             "users:\n- name: u\n  user: {" +
                             user + "}\n");
  }

  // What is said of one that cannot be used.
  std::string refusal(const std::string& cluster, const std::string& user) {
    const auto read = read_kubeconfig(write(cluster, user));
    return read ? "" : read.error().text;
  }

  test::TempFolder folder_;
};

const std::string server = "server: 'https://10.0.0.1:6443/'";

TEST_F(KubeconfigTest, FindsTheServerOfTheCurrentContext) {
  const auto read = read_kubeconfig(write(server + ", certificate-authority: ca.pem",
                                          "client-certificate: /c.pem, client-key: /k"));

  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->url, "https://10.0.0.1:6443");
  EXPECT_EQ(read->access.ca_file, (folder_.path() / "ca.pem").string());
  EXPECT_EQ(read->access.certificate_file, "/c.pem");
  EXPECT_EQ(read->access.key_file, "/k");
}

TEST_F(KubeconfigTest, KnowsAServerBehindAPath) {
  const auto read =
      read_kubeconfig(write("server: 'https://rancher.example/k8s/clusters/local/'", ""));

  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->url, "https://rancher.example");
  EXPECT_EQ(read->base, "/k8s/clusters/local");
}

TEST_F(KubeconfigTest, KeepsInlineDataInMemoryFiles) {
  const auto read =
      read_kubeconfig(write(server + ", certificate-authority-data: Q0E=", "token: secret"));

  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(contents(read->access.ca_file), "CA");
  EXPECT_EQ(contents(read->access.token_file), "secret");
}

TEST_F(KubeconfigTest, TakesInlineDataInLines) {
  const auto read = read_kubeconfig(
      write(server + R"(, certificate-authority-data: "Q0\nE=\r\n")", "token: secret"));

  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(contents(read->access.ca_file), "CA");
}

TEST_F(KubeconfigTest, RefusesWhatWouldWeakenOrRunSomething) {
  EXPECT_NE(refusal(server + ", insecure-skip-tls-verify: true", "").find("always verified"),
            std::string::npos);
  EXPECT_NE(refusal(server, "exec: {command: aws}").find("users[u].user.exec"), std::string::npos);
  EXPECT_NE(refusal(server, "token: t, as: admin").find("users[u].user.as"), std::string::npos);
  EXPECT_NE(refusal(server + ", proxy-url: 'http://p'", "").find("proxies"), std::string::npos);
  EXPECT_EQ(refusal(server + ", insecure-skip-tls-verify: false", ""), "");
}

TEST_F(KubeconfigTest, SaysWhereSomethingIsWrong) {
  EXPECT_NE(refusal("certificate-authority: x", "").find("/config:9: "), std::string::npos);
  EXPECT_NE(refusal(server + ", certificate-authority-data: '%'", "").find("no base64"),
            std::string::npos);
  EXPECT_NE(read_kubeconfig(write(server, ""), "other").error().text.find("\"other\""),
            std::string::npos);
  EXPECT_NE(read_kubeconfig("/nowhere").error().text.find("/nowhere: cannot be read"),
            std::string::npos);
  EXPECT_NE(read_kubeconfig(folder_.write("list", "- 1\n")).error().text.find("no kubeconfig"),
            std::string::npos);
}

TEST(InClusterServer, ComesFromTheEnvironmentOfAPod) {
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  EXPECT_FALSE(find_kubernetes_server());

  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
  const auto found = find_kubernetes_server();
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  ::unsetenv("KUBERNETES_SERVICE_PORT");

  ASSERT_TRUE(found);
  EXPECT_EQ(found->url, "https://[fd00::1]:6443");
  EXPECT_TRUE(found->access.token_file.ends_with("/token"));
}

}  // namespace
}  // namespace paddock::metadata
