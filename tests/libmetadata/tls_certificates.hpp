// SPDX-License-Identifier: Apache-2.0
//
// A certificate authority of a test's own, made by the openssl command: what it signs for servers
// is for localhost and 127.0.0.1.
#pragma once

#include "support/temp_folder.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace paddock::metadata::testing {

class Certificates {
 public:
  explicit Certificates(const std::string& name = "test-ca") {
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" +
        name + " -keyout " + file("ca.key") + " -out " + ca());
  }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] std::string ca() const { return file("ca.pem"); }

  // Writes NAME.pem and NAME.key, the certificate with this common name, or another subject.
  void sign(const std::string& name,
            const std::string& alternatives = "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1",
            const std::string& subject = {}) const {
    const std::string request = file(name + ".csr");
    run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj " +
        (subject.empty() ? "/CN=" + name : subject) + " -keyout " + file(name + ".key") + " -out " +
        request);
    run("printf 'subjectAltName=" + alternatives + "\\n' > " + request + ".ext && openssl x509 " +
        "-req -days 2 -in " + request + " -extfile " + request + ".ext -CA " + ca() + " -CAkey " +
        file("ca.key") + " -CAcreateserial -out " + file(name + ".new") + " && mv " +
        file(name + ".new") + " " + file(name + ".pem"));
  }
  [[nodiscard]] std::string certificate(const std::string& name) const {
    return file(name + ".pem");
  }
  [[nodiscard]] std::string key(const std::string& name) const { return file(name + ".key"); }

 private:
  static void run(const std::string& command) {
    if (std::system(("(" + command + ") >/dev/null 2>&1").c_str()) != 0) {
      throw std::runtime_error("failed: " + command);
    }
  }
  test::TempFolder folder_;
};

}  // namespace paddock::metadata::testing
