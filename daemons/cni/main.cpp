// SPDX-License-Identifier: Apache-2.0
//
// paddock, the CNI plugin: carries what the container runtime says to paddock-netd, and its answer
// back. It decides only what to say when the daemon is away, and executes what the daemon asks for
// of other plugins. Under the name of a standard plugin it is that one.
#include "cni/call.hpp"
#include "cni/delegate.hpp"
#include "cni/exchange.hpp"
#include "cni/spool.hpp"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

using namespace paddock::cni;

constexpr char default_socket[] = "/run/paddock/net.sock";
constexpr char default_spool[] = "/var/lib/paddock/netd/spool";
// The daemon's "first ask the plugin of this name": docs/plugin-protocol.md.
constexpr int ask_delegate = 256;

// Codes of the CNI specification.
constexpr int io_failure = 5;
constexpr int undecodable = 6;
constexpr int try_again = 11;
constexpr int cannot_add = 50;

constexpr char versions[] =
    "{\n  \"cniVersion\": \"1.1.0\",\n  \"supportedVersions\": [\"0.1.0\", \"0.2.0\", \"0.3.0\", "
    "\"0.3.1\", \"0.4.0\", \"1.0.0\", \"1.1.0\"]\n}\n";

void write_out(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the runtime has closed its end: nobody is left to tell
    bytes += count;
    size -= static_cast<size_t>(count);
  }
}

// The text of "cniVersion" as far as it looks like a version; the newest one otherwise. Errors are
// answered in the runtime's version, and a whole JSON parser would be the larger part of this
// program.
void find_version(const Call& call, char (&version)[16]) {
  ::strcpy(version, "1.1.0");
  static constexpr char key[] = "\"cniVersion\"";
  const char* end = call.input + call.input_size;
  const void* found = ::memmem(call.input, call.input_size, key, sizeof key - 1);
  if (!found) return;
  const char* at = static_cast<const char*>(found) + sizeof key - 1;
  while (at < end && ::strchr(" \t\r\n:", *at)) ++at;
  if (at == end || *at++ != '"') return;
  size_t length = 0;
  while (at + length < end && length + 1 < sizeof version && ::strchr("0123456789.", at[length]) &&
         at[length] != '\0')
    ++length;
  if (length == 0 || at + length == end || at[length] != '"') return;
  ::memcpy(version, at, length);
  version[length] = '\0';
}

// As the inside of a JSON text; cut where there is no room. A name in it may be of any letters.
template <size_t Size>
void escape(const char* text, char (&escaped)[Size]) {
  size_t length = 0;
  for (; *text && length + sizeof "\\u0000" < Size; ++text) {
    if (static_cast<unsigned char>(*text) < 0x20) {
      length += static_cast<size_t>(::sprintf(escaped + length, "\\u%04x", *text));
      continue;
    }
    if (*text == '"' || *text == '\\') escaped[length++] = '\\';
    escaped[length++] = *text;
  }
  escaped[length] = '\0';
}

int fail(const Call& call, int code, const char* message, const char* details) {
  char version[16];
  find_version(call, version);
  char shown_message[512];
  char shown_details[512];
  escape(message, shown_message);
  escape(details, shown_details);
  char object[1280];
  const int length = ::snprintf(object, sizeof object,
                                "{\n  \"cniVersion\": \"%s\",\n  \"code\": %d,\n  \"msg\": "
                                "\"%s\",\n  \"details\": \"%s\"\n}\n",
                                version, code, shown_message, shown_details);
  write_out(object, static_cast<size_t>(length));
  return 1;
}

const char* setting(const char* variable, const char* otherwise) {
  const char* value = ::getenv(variable);
  return value && *value ? value : otherwise;
}

int print(const Answer& answer) {
  write_out(answer.output, answer.output_size);
  return answer.status;
}

// A pod that starts can wait for the next netd; the others are not worth it, or kept for it.
Patience patience_of(const char* command) {
  return {.for_answer = 60'000, .for_daemon = ::strcmp(command, "ADD") == 0 ? 3'000 : 0};
}

// The daemon is away, and a pod must be able to go nevertheless.
int keep_for_later(const Call& call, const char* socket, Answer& answer) {
  char path[longest_path];
  if (const int code = spool(setting("PADDOCK_NET_SPOOL", default_spool), call, path); code != 0)
    return fail(call, io_failure, "netd is not running and the DEL cannot be kept for it",
                ::strerror(code));
  // It may have come up before it could see the file; then it is done at once.
  if (exchange(socket, call, patience_of("DEL"), answer) != Exchanged::ok) return 0;
  ::unlink(path);
  return print(answer);
}

int answer_without_daemon(const Call& call, const char* command, Exchanged why) {
  constexpr char remedy[] =
      "systemctl start paddock-netd; journalctl -u paddock-netd says why it ended";
  if (why == Exchanged::late)
    return fail(call, try_again, "netd did not answer within 60 seconds",
                "paddock status and journalctl -u paddock-netd say what it waits for");
  if (::strcmp(command, "STATUS") == 0)
    return fail(call, cannot_add, "netd is not running", remedy);
  return fail(
      call, try_again,
      why == Exchanged::broken ? "netd ended while it worked on this" : "netd is not running",
      remedy);
}

// Asks the plugin the daemon named for the addresses, then the daemon again.
int with_delegate(Call& call, const char* socket, const char* command, Answer& answer) {
  static Delegated delegated;
  char name[256];
  const auto length = answer.output_size < sizeof name ? answer.output_size : sizeof name - 1;
  ::memcpy(name, answer.output, length);
  name[length] = '\0';
  run_delegate(name, command, call, delegated);
  if (delegated.status < 0) {
    char message[400];
    ::snprintf(message, sizeof message, "the plugin %s, which ipam.type names, cannot be run",
               name);
    return fail(call, io_failure, message, "it has to be in one of the directories of CNI_PATH");
  }
  const bool is_del = ::strcmp(command, "DEL") == 0;
  if (delegated.status != 0 && !is_del) {
    write_out(delegated.output, delegated.output_size);
    return delegated.status;
  }
  const int failed = delegated.status;  // of a DEL: the rest has to go nevertheless
  if (!add_variable(call, "PADDOCK_DELEGATED", delegated.output,
                    failed ? 0 : delegated.output_size))
    return fail(call, io_failure, "what the other plugin answered is too long", name);
  const auto exchanged = exchange(socket, call, patience_of(command), answer);
  const int status = exchanged == Exchanged::ok ? answer.status : 1;
  if (status != 0 && ::strcmp(command, "ADD") == 0) run_delegate(name, "DEL", call, delegated);
  if (is_del && exchanged != Exchanged::ok && exchanged != Exchanged::late)
    return keep_for_later(call, socket, answer);
  if (exchanged != Exchanged::ok) return answer_without_daemon(call, command, exchanged);
  if (status == 0 && failed != 0) {
    write_out(delegated.output, delegated.output_size);
    return failed;
  }
  return print(answer);
}

int about() {
  ::fputs(
      "paddock: a CNI plugin, run by container runtimes with CNI_COMMAND and others set.\n"
      "It passes requests to paddock-netd at /run/paddock/net.sock (PADDOCK_NET_SOCKET).\n"
      "CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n"
      "To see pods: paddock pods\n",
      stderr);
  return 0;
}

}  // namespace

int main(int count, char** arguments, char** environment) {
  static Call call;  // too large for the stack; pages never touched cost nothing
  static Answer answer;
  const char* command = setting("CNI_COMMAND", "");
  if (*command == '\0') return about();
  if (::strcmp(command, "VERSION") == 0) {
    write_out(versions, sizeof versions - 1);
    return 0;
  }
  const char* socket = setting("PADDOCK_NET_SOCKET", default_socket);
  const int early = connect_early(socket);
  switch (gather(count > 0 ? arguments[0] : "paddock", environment, call)) {
    case Gathered::ok:
      break;
    case Gathered::input_unreadable:
      return fail(call, io_failure, "stdin cannot be read", ::strerror(errno));
    case Gathered::input_too_long:
      return fail(call, undecodable, "the configuration on stdin is longer than 1 MiB", "");
    case Gathered::environment_too_long:
      return fail(call, undecodable, "the environment is longer than 1 MiB", "");
  }
  const auto exchanged = exchange(socket, call, patience_of(command), answer, early);
  if (exchanged == Exchanged::ok && answer.status == ask_delegate)
    return with_delegate(call, socket, command, answer);
  if (exchanged == Exchanged::ok) return print(answer);
  if (::strcmp(command, "DEL") == 0 && exchanged != Exchanged::late)
    return keep_for_later(call, socket, answer);
  return answer_without_daemon(call, command, exchanged);
}
