// SPDX-License-Identifier: Apache-2.0
#include "paddock/documents_file.hpp"

#include "paddock/command.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

namespace paddock::cli {
namespace {

std::string read_all(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string read_text(const std::string& path) {
  if (path == "-") return read_all(std::cin);
  errno = 0;
  std::ifstream file(path);
  if (!file) throw Failure(exit_usage, "cannot read " + path + ": " + std::strerror(errno));
  try {
    file.exceptions(std::ios::badbit);
    return read_all(file);
  } catch (const std::ios_base::failure&) {
    throw Failure(exit_usage, "cannot read " + path + ": is it a folder?");
  }
}

metadata::Documents read_documents(const std::string& path) {
  auto documents =
      metadata::parse_documents(read_text(path), path == "-" ? "standard input" : path);
  if (!documents.problems.empty()) {
    const auto count = documents.problems.size();
    std::string text =
        std::to_string(count) + (count == 1 ? " problem" : " problems") + ", nothing was changed:";
    for (const auto& problem : documents.problems) text += "\n  " + metadata::format(problem);
    throw Failure(exit_not_so, text);
  }
  if (documents.objects.empty()) throw Failure(exit_not_so, path + " holds no objects");
  return documents;
}

}  // namespace paddock::cli
