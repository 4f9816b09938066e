// SPDX-License-Identifier: Apache-2.0
#include "zone/compiled_view.hpp"

#include "zone/compiled_sets.hpp"
#include "zone/entry_writer.hpp"
#include "zone/soa.hpp"

#include <algorithm>
#include <utility>

namespace paddock::dns {
namespace {

using Wire = std::span<const std::uint8_t>;

std::string text_of(const Name& name) {
  const auto wire = name.wire();
  return {wire.begin(), wire.end()};
}

std::vector<std::string> texts_of(const std::vector<Name>& names) {
  std::vector<std::string> texts;
  for (const Name& name : names) texts.push_back(text_of(name));
  return texts;
}

bool is_within(Wire name, const std::string& ancestor) {
  while (name.size() > ancestor.size()) name = name.subspan(std::size_t{1} + name[0]);
  return name.size() == ancestor.size() &&
         std::memcmp(name.data(), ancestor.data(), name.size()) == 0;
}

// An SOA for names that have no zone: it says how long to remember, and nobody to turn to.
SoaTemplate soa_of_own_names() {
  return compile_zone({.origin = {},
                       .mname = Name::parse("localhost").value(),
                       .rname = Name::parse("nobody.invalid").value()})
      .soa;
}

std::size_t memory_of(const std::vector<std::string>& texts) {
  std::size_t bytes = texts.capacity() * sizeof(std::string);
  for (const auto& text : texts) bytes += text.capacity();
  return bytes;
}

}  // namespace

CompiledView::CompiledView(const View& view, std::uint64_t seed, std::vector<Problem>& problems)
    : seed_(seed),
      ndots_(view.ndots),
      search_(texts_of(view.search)),
      path_(texts_of(view.path)),
      hidden_(texts_of(view.hidden)),
      shown_(texts_of(view.shown)),
      upstreams_(view.upstreams),
      soa_(soa_of_own_names()) {
  compile_names(view, problems);
}

void CompiledView::compile_names(const View& view, std::vector<Problem>& problems) {
  std::vector<Record> statements;
  for (const SameAs& same : view.same) {
    statements.push_back({.owner = same.name, .type = same_as, .data = text_of(same.target)});
  }
  std::vector<const Record*> records;
  for (const std::vector<Record>* list : {&view.records, &std::as_const(statements)}) {
    for (const Record& record : *list) records.push_back(&record);
  }
  std::ranges::sort(records, record_less);
  CompiledSets compiled;
  EntryWriter writer;
  ShardEditor editor(names_, seed_, memory_of_names_);
  for (std::size_t i = 0; i < records.size();) {
    const Name& owner = records[i]->owner;
    const std::size_t first = i;
    while (i < records.size() && records[i]->owner == owner) ++i;
    if (!compiled.compile(std::span<const Record* const>(records).subspan(first, i - first), 0)) {
      problems.push_back(
          {view.name, owner.format() + " has more records than one answer can hold"});
    }
    std::vector<SetView> sets(compiled.sets().begin(), compiled.sets().end());
    editor.store(writer.write(owner.wire(), AuthorityTable::no_zone, sets),
                 hash_bytes(owner.wire(), seed_));
  }
  editor.trim();
}

bool CompiledView::hides(Wire name) const noexcept {
  const auto is_above = [name](const std::string& ancestor) { return is_within(name, ancestor); };
  const auto is_parent = [name](const std::string& ancestor) {
    return name.size() > ancestor.size() && is_within(name, ancestor);
  };
  return std::ranges::any_of(hidden_, is_parent) && std::ranges::none_of(shown_, is_above);
}

std::size_t CompiledView::memory() const {
  return sizeof *this + dns::memory_of(names_) + memory_of(search_) + memory_of(path_) +
         memory_of(hidden_) + memory_of(shown_) + upstreams_.capacity() + soa_.bytes.capacity();
}

}  // namespace paddock::dns
