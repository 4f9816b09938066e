// SPDX-License-Identifier: Apache-2.0
//
// The sources of Options::sources. A source may hold commas, at which a command line cuts a list:
// an item that begins with no kind of source goes on with the one before it.
#pragma once

#include <paddock/metadata/store.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace paddock::dnsd {

class ChangeDelays;
struct Options;

// What is wrong with an item behind those before it; nothing if it is right, or the rest of
// another.
[[nodiscard]] std::string check_source(const std::string& item,
                                       const std::vector<std::string>& before);

// Where the cluster is learnt from: `none`, or a store's location. Unless told, metadatad's socket;
// where there is an answers file or another source, nowhere.
[[nodiscard]] std::string source_of(const Options& options);

// Opens it; null where it is nowhere. `wake` is called, from another thread, when its state is
// another. `delays` is told of all that comes. Throws a sentence when it cannot be.
[[nodiscard]] std::unique_ptr<metadata::Store> open_cluster(const Options& options,
                                                            const std::function<void()>& wake,
                                                            ChangeDelays& delays);

// The sources that are SkyDNS trees.
[[nodiscard]] std::vector<std::string> skydns_sources(const Options& options);

}  // namespace paddock::dnsd
