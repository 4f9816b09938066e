// SPDX-License-Identifier: Apache-2.0
//
// A DNS server for the names of a file in the form of /etc/hosts, on all CPUs, over UDP and TCP:
//
//   dns_server ZONE FILE ADDRESS:PORT
//
// SIGHUP reads the file again and changes what differs, without losing a query; a broken file
// changes nothing. Names outside of ZONE are reported and left out.
#include <paddock/dns/name.hpp>
#include <paddock/dns/record.hpp>
#include <paddock/dns/server.hpp>
#include <paddock/dns/upstream.hpp>
#include <paddock/dns/zone.hpp>

#include <boost/asio/ip/address.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace dns = paddock::dns;

namespace {

constexpr std::chrono::seconds ttl{30};

dns::Error wrong(const std::string& path, int line, const std::string& text) {
  return {make_error_code(boost::system::errc::invalid_argument),
          path + ":" + std::to_string(line) + ": " + text};
}

dns::Result<std::vector<dns::Record>> read_names(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    const boost::system::error_code code(errno, boost::system::generic_category());
    return dns::Error{code, path + ": " + code.message()};
  }
  std::vector<dns::Record> records;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    if (!(words >> word)) continue;
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(word, no_address);
    if (no_address) return wrong(path, number, "\"" + word + "\" is no address");
    while (words >> word) {
      const auto name = dns::Name::parse(word);
      if (!name) return wrong(path, number, name.error().text);
      records.push_back(dns::address_record(*name, address, ttl));
    }
  }
  if (file.bad()) {
    return dns::Error{make_error_code(boost::system::errc::io_error), path + ": cannot be read"};
  }
  return records;
}

// False when the file is broken; what it said before stands then.
bool take(const std::string& path, dns::AuthorityBuilder& names) {
  const auto records = read_names(path);
  if (!records) {
    std::cerr << records.error().text << '\n';
    return false;
  }
  for (const auto& [subject, text] : names.put(path, *records)) {
    std::cerr << path << ": " << subject << ": " << text << '\n';
  }
  return true;
}

std::shared_ptr<const dns::Authority> snapshot(dns::AuthorityBuilder& names) {
  return names.snapshot(std::chrono::system_clock::now());
}

int serve(const std::string& zone, const std::string& path, const std::string& listen) {
  // Before there are threads: they are all to leave these signals to this one.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  dns::AuthorityBuilder names(
      {{.origin = dns::Name::parse(zone).value(), .ttl = ttl, .content = dns::Content::fixed}});
  if (!take(path, names)) return 1;
  dns::Server server({.listen = {dns::parse_endpoint(listen).value()}}, snapshot(names));
  std::cout << "answering at " << format(server.endpoints().front()) << std::endl;

  for (int signal = 0; sigwait(&signals, &signal) == 0 && signal == SIGHUP;) {
    if (take(path, names)) server.publish(snapshot(names));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "Usage: dns_server ZONE FILE ADDRESS:PORT\n";
    return 2;
  }
  try {
    return serve(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::cerr << "dns_server: " << error.what() << '\n';
    return 1;
  }
}
