// SPDX-License-Identifier: Apache-2.0
//
// answer() on arbitrary bytes, over UDP and TCP, from zones with everything in them: nothing out of
// bounds, and no reply to a reply.
#include <paddock/dns/answer.hpp>
#include <paddock/dns/skydns.hpp>
#include <paddock/dns/zone_file.hpp>

#include <cstdlib>
#include <vector>

namespace {

using namespace paddock::dns;

std::shared_ptr<const Authority> everything() {
  const auto file = parse_zone_file(
      "@ 5 SOA n h 1 2 3 4 5\n@ NS n\nn A 10.0.0.1\nweb A 10.0.0.1\n* CNAME web\ns SRV 0 1 80 web\n"
      "old DNAME new\nsub NS n.sub\nn.sub A 10.0.0.2\nl CNAME l\n",
      "zone", Name::parse("z").value());
  SkyDnsNames tree({.domains = {Name::parse("s").value()}});
  tree.set_content(Content::fixed);
  (void)tree.set("/skydns/s/a/b", R"({"host":"10.0.0.3"})");
  auto zones = tree.zones();
  zones.push_back(file->zone);
  AuthorityBuilder builder(zones);
  builder.put("file", file->records);
  tree.contribute(builder, {});
  return builder.snapshot({});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto authority = everything();
  static const TransferAccess anybody{.v4 = {boost::asio::ip::make_network_v4("0.0.0.0/0")}};
  for (const Transport transport : {Transport::udp, Transport::tcp}) {
    std::vector<std::uint8_t> reply(512), second(512);
    const AnswerContext context{.transport = transport, .server_id = "fuzz", .transfers = &anybody};
    const Outcome outcome = answer(*authority, {data, size}, context, reply);
    reply.resize(outcome.size);
    if (answer(*authority, reply, {}, second).action != Action::drop) std::abort();
  }
  return 0;
}
