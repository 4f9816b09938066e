// SPDX-License-Identifier: Apache-2.0
//
// Arbitrary bytes sent to a running document service. Whatever they are, its answers look like
// answers, and the next client is served.
#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/service.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace paddock::metadata;

class Served {
 public:
  Served() {
    DocumentOptions options;
    options.http.unix_sockets = {{.path = path_, .mode = 0600, .group = {}}};
    options.trust_forwarded_for = true;
    service_ = std::make_unique<DocumentService>(std::move(options));
    Draft draft;
    auto pod = std::make_shared<Pod>();
    pod->ns = "shop";
    pod->name = "web-1";
    pod->service = "web";
    pod->addresses = {boost::asio::ip::make_address("10.42.0.2")};
    draft.put(pod);
    auto service = std::make_shared<Service>();
    service->ns = "shop";
    service->name = "web";
    service->metadata = R"({"a b":[1,{"name":"x"},null],"c":1.5})";
    draft.put(service);
    service_->publish(draft.build({.store = "fuzz", .revision = 1, .stale_since = 0}));
    service_->start();
  }
  // All that is answered to the bytes, with the sending side closed behind them.
  [[nodiscard]] std::string answer(std::string_view bytes) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
    std::string answers;
    char buffer[4096];
    for (ssize_t size = 1; size > 0 || errno == EINTR;) {  // the fuzzer's clock is a signal
      size = ::recv(fd, buffer, sizeof buffer, 0);
      if (size == 0) break;
      if (size > 0) answers.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(fd);
    return answers;
  }

 private:
  std::string path_ = "/tmp/paddock-fuzz-" + std::to_string(::getpid());
  std::unique_ptr<DocumentService> service_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Served served;
  const std::string answers = served.answer({reinterpret_cast<const char*>(data), size});
  if (!answers.empty() && !answers.starts_with("HTTP/1.1 ")) std::abort();
  const std::string good =
      served.answer("GET /latest/containers/web-1/name HTTP/1.1\r\nHost: a\r\n\r\n");
  if (!good.starts_with("HTTP/1.1 200 OK\r\n") || !good.ends_with("\r\n\r\nweb-1")) {
    std::fprintf(stderr, "the next client is answered: %s\n", good.c_str());
    std::abort();
  }
  return 0;
}
