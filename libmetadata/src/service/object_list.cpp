// SPDX-License-Identifier: Apache-2.0
#include "service/object_list.hpp"

#include <paddock/metadata/codec.hpp>

#include <utility>

namespace paddock::metadata::service {
namespace {

constexpr std::size_t list_piece_bytes = 64 * 1024;

class ObjectList final : public ChunkSource {
 public:
  ObjectList(std::shared_ptr<const Cluster> cluster, Selection selection, std::string opening)
      : cluster_(std::move(cluster)), selection_(std::move(selection)), text_(std::move(opening)) {
    // No object has an empty name: this comes right before the first of the selection.
    if (selection_.kind) last_ = Key{*selection_.kind, selection_.ns.value_or(""), ""};
  }

  Chunk next() override {
    if (is_done_) return {};
    const bool is_whole = diff(
        none_, *cluster_, [this](const Difference& added) { return add(*added.after); }, last_);
    is_done_ = is_done_ || is_whole;
    if (is_done_) text_ += "]}\n";
    return {Chunk::State::data, std::make_shared<const std::string>(std::exchange(text_, {})), {}};
  }

 private:
  bool add(const Object& object) {
    if ((selection_.kind && object.kind != *selection_.kind) ||
        (selection_.ns && object.ns != *selection_.ns)) {
      is_done_ = true;
      return false;
    }
    if (!std::exchange(is_first_, false)) text_ += ',';
    append_json(text_, object);
    last_ = object.key();
    return text_.size() < list_piece_bytes;
  }

  std::shared_ptr<const Cluster> cluster_;
  Selection selection_;
  std::string text_;
  Cluster none_;
  std::optional<Key> last_;
  bool is_first_ = true;
  bool is_done_ = false;
};

}  // namespace

std::unique_ptr<ChunkSource> object_list(std::shared_ptr<const Cluster> cluster,
                                         Selection selection, std::string opening) {
  return std::make_unique<ObjectList>(std::move(cluster), std::move(selection), std::move(opening));
}

}  // namespace paddock::metadata::service
