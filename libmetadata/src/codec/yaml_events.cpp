// SPDX-License-Identifier: Apache-2.0
#include "codec/yaml_events.hpp"

#include "codec/utf8.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace paddock::metadata {

unsigned line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : static_cast<unsigned>(mark.line) + 1;
}

void YamlHandler::OnDocumentStart(const YAML::Mark& mark) {
  // On some texts (",") yaml-cpp begins empty documents at one place for ever.
  if (mark.pos == document_at_) throw Refused{"not YAML: a value must stand here", line_of(mark)};
  document_at_ = mark.pos;
  begin_document(line_of(mark));
}

bool is_resolved_by_text(const std::string& tag, const YAML::Mark& mark) {
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return false;
  if (tag.empty() || tag == "?" || tag.starts_with("tag:yaml.org,2002:")) return true;
  throw Refused{"the tag " + tag + " means nothing here", line_of(mark)};
}

std::optional<TextError> parse_yaml(std::string_view text, YamlHandler& handler) {
  if (const auto bad = find_not_utf8(text); bad < text.size()) {
    const auto before = text.substr(0, bad);
    return TextError{"not UTF-8",
                     static_cast<unsigned>(1 + std::count(before.begin(), before.end(), '\n'))};
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const Refused& refused) {
    return TextError{refused.message, refused.line};
  } catch (const YAML::Exception& thrown) {
    return TextError{"not YAML: " + thrown.msg, line_of(thrown.mark)};
  }
  return std::nullopt;
}

}  // namespace paddock::metadata
