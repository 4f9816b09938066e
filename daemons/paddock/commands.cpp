// SPDX-License-Identifier: Apache-2.0
#include "paddock/command.hpp"

#include <algorithm>

namespace paddock::cli {

std::span<const Command> commands() {
  static const std::vector<Command> all{
      up_command(),     down_command(),     status_command(), why_command(),   pods_command(),
      peers_command(),  services_command(), get_command(),    apply_command(), delete_command(),
      lookup_command(), metadata_command(), watch_command(),  audit_command(), debug_command(),
      probe_command(),  import_command()};
  return all;
}

const Command* find_command(std::string_view name) {
  const auto all = commands();
  const auto found = std::ranges::find(all, name, &Command::name);
  return found == all.end() ? nullptr : &*found;
}

Flag output_flag() {
  return {"output", 'o', "FORMAT", "How to show it: table (default), json or yaml.",
          Offer::output_format};
}

Flag socket_flag() {
  return {"socket", 0, "PATH",
          "metadatad's socket. Default: $PADDOCK_METADATAD_SOCKET or /run/paddock/metadata.sock.",
          Offer::file};
}

}  // namespace paddock::cli
