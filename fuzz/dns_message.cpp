// SPDX-License-Identifier: Apache-2.0
//
// answer() on arbitrary bytes: nothing out of bounds, and no reply to a reply.
#include <paddock/dns/answer.hpp>
#include <paddock/dns/zone.hpp>

#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::dns;
  static const auto authority = [] {
    AuthorityBuilder builder({{.origin = Name::parse("z").value()}});
    const Name web = Name::parse("web.z").value(), www = Name::parse("*.z").value();
    const auto address = boost::asio::ip::make_address("10.0.0.1");
    const std::chrono::seconds ttl{5};
    builder.put("fuzz", std::vector{address_record(web, address, ttl), cname_record(www, web, ttl),
                                    srv_record(Name::parse("s.z").value(), {0, 1, 80, web}, ttl)});
    return builder.snapshot({});
  }();
  std::vector<std::uint8_t> reply(512), second(512);
  const Outcome outcome = answer(*authority, {data, size}, {.server_id = "fuzz"}, reply);
  reply.resize(outcome.size);
  if (answer(*authority, reply, {}, second).action != Action::drop) std::abort();
  return 0;
}
