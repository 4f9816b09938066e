// SPDX-License-Identifier: Apache-2.0
//
// How a client gets in at a server: whom it believes, and how it says who it is.
#pragma once

#include <string>

namespace paddock::metadata {

// Every file is read again when it has changed, so certificates and tokens may be renewed under a
// running process. Nothing of this is used on a unix socket.
struct Access {
  std::string ca_file;           // PEM: who signs for servers; empty: whom the system trusts
  std::string certificate_file;  // PEM: our certificate and those between it and the CA's
  std::string key_file;          // PEM: its key; empty: it is in certificate_file
  std::string token_file;        // its first line is sent as bearer token
  std::string user;              // else, when not empty: name and password
  std::string password_file;     // its first line

  friend bool operator==(const Access&, const Access&) = default;
};

// How a server proves what it is, and whom it lets in by certificate.
struct ServerTls {
  std::string certificate_file;  // PEM, as above; empty: no TLS
  std::string key_file;
  std::string client_ca_file;  // who signs for clients; empty: clients need no certificate
  // With client_ca_file: also clients without certificate come in, to be told apart by token.
  bool certificate_is_optional = false;
};

}  // namespace paddock::metadata
