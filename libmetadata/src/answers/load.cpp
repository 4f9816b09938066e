// SPDX-License-Identifier: Apache-2.0
#include "answers/answers.hpp"
#include "answers/data_form.hpp"
#include "answers/generate.hpp"
#include "answers/tree_text.hpp"
#include "codec/text_file.hpp"
#include "documents/render.hpp"
#include "model/uuid.hpp"

namespace paddock::metadata {
namespace {

using answers::MapPtr;

Error unreadable(Problem problem) {
  return {make_error_code(boost::system::errc::bad_message), format(problem)};
}

// A file's text, understood so far that its form is known.
struct Opened {
  MapPtr root;
  std::vector<Problem> problems;
};

Result<Opened> open_text(std::string_view text, std::string_view name) {
  if (text.size() > Limits::file_bytes) {
    return unreadable({"", "longer than " + std::to_string(Limits::file_bytes) + " bytes",
                       std::string(name), 0, ""});
  }
  answers::TreeText read = answers::read_tree_text(text);
  if (read.error)
    return unreadable({"", read.error->message, std::string(name), read.error->line, ""});
  Opened opened;
  opened.root = answers::map_in(read.root);
  if (!opened.root) {
    return unreadable(
        {"", "must be a map: of versions, or of Version and Data", std::string(name), 1, ""});
  }
  for (TextError& doubt : read.doubts) {
    opened.problems.push_back({"", std::move(doubt.message), "", doubt.line, ""});
  }
  return opened;
}

// The objects of the later form.
Result<answers::RancherObjects> read_objects(const Opened& opened, std::string_view name,
                                             std::vector<Problem>& problems) {
  auto read = answers::objects_of_data(*opened.root);
  if (!read) return unreadable({"", read.error().text, std::string(name), 0, ""});
  for (std::string& doubt : read->doubts) problems.push_back({"", std::move(doubt), "", 0, ""});
  return answers::sort_objects(read->objects, problems);
}

Result<Answers::Region> load_region(const std::filesystem::path& file) {
  const auto text = read_text_file(file, Limits::file_bytes);
  if (!text) return text.error();
  const auto opened = open_text(*text, file.string());
  if (!opened) return opened.error();
  if (!answers::is_data_form(*opened->root)) {
    return unreadable({"", "must be a map of Version and Data", file.string(), 0, ""});
  }
  std::vector<Problem> unheard;  // of another region's objects, its own service tells
  const auto objects = read_objects(*opened, file.string(), unheard);
  if (!objects) return objects.error();
  // What is shown of it has the version that its server gave it, too.
  const auto version = objects->defaults ? objects->defaults->find("version") : std::nullopt;
  return Answers::Region{
      answers::tree_for_other_regions(*objects),
      objects->stamp + documents::render_json(version.value_or(documents::Node()))};
}

Answers::Regions load_regions(const std::filesystem::path& file,
                              const std::vector<std::string>& keys, const Answers* before,
                              std::vector<Problem>& problems) {
  Answers::Regions regions;
  for (const std::string& key : keys) {
    auto region = load_region(file.string() + "_" + key);
    if (region) {
      regions.emplace(key, std::move(*region));
      continue;
    }
    problems.push_back({"", region.error().text + "; the region is shown as it was known last", "",
                        0, "region " + key});
    if (before == nullptr) continue;
    const auto known = before->regions().find(key);
    if (known != before->regions().end()) regions.insert(*known);
  }
  return regions;
}

Result<AnswersReading> read_answers(std::string_view text, std::string_view name,
                                    const std::filesystem::path& file, const Answers* before) {
  auto opened = open_text(text, name);
  if (!opened) return opened.error();
  std::vector<Problem> problems = std::move(opened->problems);
  std::shared_ptr<const Answers> made;
  if (answers::is_data_form(*opened->root)) {
    const auto objects = read_objects(*opened, name, problems);
    if (!objects) return objects.error();
    Answers::Regions regions;
    if (!file.empty()) regions = load_regions(file, objects->access_keys, before, problems);
    std::string stamps = objects->stamp;
    for (const auto& [key, region] : regions) stamps += region.stamp;
    const auto version = uuid_from(stamps);
    auto editions = answers::editions_of_objects(*objects, regions, version);
    made = std::make_shared<const Answers>(std::move(editions), version, std::move(regions));
  } else {
    auto editions = answers::editions_of_tree(*opened->root, problems);
    made = std::make_shared<const Answers>(std::move(editions), uuid_from(text));
  }
  for (Problem& problem : problems) problem.file = name;
  return AnswersReading{std::move(made), std::move(problems)};
}

}  // namespace

Result<AnswersReading> parse_answers(std::string_view text, std::string_view name) {
  return read_answers(text, name, {}, nullptr);
}

Result<AnswersReading> load_answers(const std::filesystem::path& file, const Answers* before) {
  const auto text = read_text_file(file, Limits::file_bytes);
  if (!text) return text.error();
  return read_answers(*text, file.string(), file, before);
}

}  // namespace paddock::metadata
