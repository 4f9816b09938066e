// SPDX-License-Identifier: Apache-2.0
//
// Rancher's answers file: names by client, in YAML or JSON. docs/dns-answers.md has the form.
#pragma once

#include <paddock/dns/error.hpp>
#include <paddock/dns/upstream.hpp>
#include <paddock/dns/view.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dnsd {

// What a client, or everybody, is answered.
struct AnswersSection {
  std::string client{};  // an address or a subnet; empty: everybody
  std::vector<dns::Record> records{};
  std::vector<dns::Name> search{};
  std::vector<dns::Upstream> recurse{};
};

struct AnswersFile {
  std::vector<AnswersSection> clients{};
  AnswersSection common{};
  std::vector<dns::Name> authoritative{};  // nobody else is asked for names below these

  // What was left out of it, each with the line: an address that is none, say.
  std::vector<dns::Problem> problems{};
};

// `path` is for the messages. `ttl` is for records that say none. Fails with FILE:LINE and a
// sentence when the text is no YAML, or has another shape than such a file.
[[nodiscard]] dns::Result<AnswersFile> parse_answers(std::string_view text, const std::string& path,
                                                     std::chrono::seconds ttl);

// The same of what is in the file.
[[nodiscard]] dns::Result<AnswersFile> read_answers(const std::string& path,
                                                    std::chrono::seconds ttl);

// What the client of a section sees; its resolvers are left to who knows them.
[[nodiscard]] dns::View view_of(const AnswersSection& section);

}  // namespace paddock::dnsd
