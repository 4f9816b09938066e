// SPDX-License-Identifier: Apache-2.0
#include "cni/call.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paddock::cni {
namespace {

bool is_ours(const char* variable) {
  return ::strncmp(variable, "CNI_", 4) == 0 || ::strncmp(variable, "PADDOCK_", 8) == 0;
}

// Appends with its final zero. False: no room.
bool append(Call& call, const char* variable) {
  const size_t size = ::strlen(variable) + 1;
  if (call.size + size > header_size + longest_part) return false;
  ::memcpy(call.bytes + call.size, variable, size);
  call.size += size;
  return true;
}

// The daemon must refuse a pod in the namespace we run in, and may itself run in another one.
bool append_own_namespace(Call& call) {
  struct stat own {};
  if (::stat("/proc/self/ns/net", &own) != 0) return true;
  char variable[80];
  ::snprintf(variable, sizeof variable, "PADDOCK_PLUGIN_NETNS=%llu:%llu",
             static_cast<unsigned long long>(own.st_dev),
             static_cast<unsigned long long>(own.st_ino));
  return append(call, variable);
}

// "/opt/cni/bin/bridge" is to be bridge, whatever type the configuration is of.
bool append_name(Call& call, const char* name) {
  const char* slash = ::strrchr(name, '/');
  char variable[80];
  ::snprintf(variable, sizeof variable, "PADDOCK_PLUGIN=%s", slash ? slash + 1 : name);
  return append(call, variable);
}

Gathered read_input(Call& call) {
  for (;;) {
    const size_t room = longest_part - call.input_size;
    char rest;  // one byte more than fits tells that it does not fit
    const ssize_t got = room > 0 ? ::read(STDIN_FILENO, call.bytes + call.size, room)
                                 : ::read(STDIN_FILENO, &rest, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Gathered::input_unreadable;
    if (got == 0) return Gathered::ok;
    if (room == 0) return Gathered::input_too_long;
    call.size += static_cast<size_t>(got);
    call.input_size += static_cast<size_t>(got);
  }
}

}  // namespace

void put_number(char* bytes, uint32_t number) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(number >> (24 - 8 * i));
}

uint32_t get_number(const char* bytes) {
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = (number << 8) | static_cast<unsigned char>(bytes[i]);
  return number;
}

bool add_variable(Call& call, const char* name, const char* value, size_t size) {
  const size_t name_size = ::strlen(name);
  const size_t added = name_size + 1 + size + 1;
  const size_t before = get_number(call.bytes + magic_size);
  if (before + added > longest_part) return false;
  char* end = call.bytes + header_size + before;
  ::memmove(end + added, end, call.input_size);
  ::memcpy(end, name, name_size);
  end[name_size] = '=';
  ::memcpy(end + name_size + 1, value, size);
  end[added - 1] = '\0';
  put_number(call.bytes + magic_size, static_cast<uint32_t>(before + added));
  call.size += added;
  call.input = end + added;
  return true;
}

Gathered gather(const char* name, char** environment, Call& call) {
  ::memcpy(call.bytes, magic, magic_size);
  call.size = header_size;
  call.netns = -1;
  bool fits = true;
  for (; *environment; ++environment)
    fits = fits && (!is_ours(*environment) || append(call, *environment));
  fits = fits && append_own_namespace(call) && append_name(call, name);
  if (!fits) return Gathered::environment_too_long;
  put_number(call.bytes + magic_size, static_cast<uint32_t>(call.size - header_size));
  call.input = call.bytes + call.size;
  call.input_size = 0;
  const auto read = read_input(call);
  put_number(call.bytes + magic_size + 4, static_cast<uint32_t>(call.input_size));
  const char* path = ::getenv("CNI_NETNS");
  if (path && *path) call.netns = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return read;
}

}  // namespace paddock::cni
