// SPDX-License-Identifier: Apache-2.0
#include "coredns/import.hpp"

#include "paddock/command.hpp"
#include "paddock/config_map.hpp"
#include "paddock/documents_file.hpp"
#include "paddock/output.hpp"

#include <glob.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace paddock::cli {
namespace {

using coredns::Import;
using coredns::Origin;

std::vector<std::string> matching(const std::filesystem::path& pattern) {
  std::vector<std::string> paths;
  ::glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::erase_if(paths, [](const auto& path) { return !std::filesystem::is_regular_file(path); });
  return paths;
}

// Imports are looked for beside the Corefile, variables in our own environment.
coredns::Surroundings surroundings_of(const std::string& file) {
  const auto folder = std::filesystem::path(file == "-" ? "" : file).parent_path();
  return {.files =
              [folder](const std::string& pattern) {
                std::vector<coredns::Text> texts;
                for (const auto& path : matching(folder / pattern)) {
                  texts.push_back({path, read_text(path)});
                }
                return texts;
              },
          .variable = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value == nullptr ? std::nullopt : std::optional<std::string>(value);
          }};
}

dns::Result<Import> import_corefile(const Arguments& arguments, const std::string& file) {
  coredns::Text corefile{file == "-" ? "standard input" : file, read_text(file)};
  if (const auto data = parse_config_map(corefile.text)) {
    const auto found = data->find("Corefile");
    if (found == data->end()) {
      throw Failure(exit_not_so, corefile.name + ": the ConfigMap has no Corefile",
                    "its key must be Corefile");
    }
    corefile = {corefile.name + " (Corefile)", found->second};
  }
  const auto origin = arguments.has("nodelocal") ? Origin::nodelocal : Origin::coredns;
  return coredns::import_corefile(corefile, origin, surroundings_of(file));
}

dns::Result<Import> import_kube_dns(const std::string& file) {
  const auto data = parse_config_map(read_text(file));
  if (!data) {
    throw Failure(exit_not_so, file + ": is no ConfigMap",
                  "kubectl -n kube-system get configmap kube-dns -o yaml");
  }
  const auto at = [&data](const char* key) {
    const auto found = data->find(key);
    return found == data->end() ? std::string() : found->second;
  };
  return coredns::import_kube_dns(file, {.stub_domains = at("stubDomains"),
                                         .upstream_name_servers = at("upstreamNameservers"),
                                         .federations = at("federations")});
}

int run(const Arguments& arguments) {
  const auto& kind = arguments.words[0];
  const auto& file = arguments.words[1];
  if (kind != "corefile" && kind != "kube-dns") {
    throw Failure(exit_usage, "cannot import " + kind, "allowed: corefile, kube-dns");
  }
  const auto import = kind == "corefile" ? import_corefile(arguments, file) : import_kube_dns(file);
  if (!import) throw Failure(exit_not_so, import.error().text);
  print(import->yaml);
  for (const auto& remark : import->remarks) {
    const auto* lost = remark.is_lost ? "not carried over: " : "";
    std::fprintf(stderr, "%s: %s%s\n", coredns::format(remark.place).c_str(), lost,
                 remark.text.c_str());
  }
  return import->is_whole() ? exit_done : exit_not_so;
}

}  // namespace

Command import_command() {
  return {.name = "import",
          .words = "corefile|kube-dns FILE",
          .summary = "Make dnsd's configuration of another cluster DNS'.",
          .details =
              "The configuration goes to standard output. What became of the rest goes to "
              "standard error, with its line; the exit status is 1 when something is not "
              "carried over. FILE may also be the ConfigMap it is kept in.",
          .examples =
              "  paddock import corefile Corefile > /etc/paddock/dnsd.yaml\n"
              "  paddock import corefile --nodelocal node-local-dns.yaml\n"
              "  kubectl -n kube-system get configmap coredns -o yaml | paddock import "
              "corefile -\n",
          .flags = {{"nodelocal", 0, "",
                     "It is NodeLocal DNSCache's: the zones it asks the cluster's DNS for are "
                     "answered here."}},
          .least_words = 2,
          .most_words = 2,
          .offers = {Offer::nothing, Offer::file},
          .run = run};
}

}  // namespace paddock::cli
