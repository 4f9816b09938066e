// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/upstream.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

using Transport = Upstream::Transport;

TEST(ParseUpstream, ReadsHowItIsSpokenTo) {
  const auto plain = parse_upstream("10.0.0.1:5353").value();
  const auto stream = parse_upstream("tcp://[fd00::1]").value();
  const auto tls = parse_upstream("tls://1.1.1.1#cloudflare-dns.com").value();
  const auto absolute = parse_upstream("tls://1.1.1.1#cloudflare-dns.com.").value();

  EXPECT_EQ(plain.transport, Transport::udp);
  EXPECT_EQ(stream.transport, Transport::tcp);
  EXPECT_EQ(stream.endpoint.port, 53);
  EXPECT_EQ(tls.transport, Transport::tls);
  EXPECT_EQ(tls.endpoint.port, 853);
  EXPECT_EQ(tls.tls_name, "cloudflare-dns.com");
  EXPECT_EQ(absolute, tls) << "no certificate has the final dot";
}

TEST(ParseUpstream, ReadsWhatFormatWrites) {
  for (const char* text : {"10.0.0.1:53", "[fd00::1]:5353", "tcp://10.0.0.1:53",
                           "tls://[fd00::1]:8853", "tls://1.1.1.1:853#one.example"}) {
    EXPECT_EQ(format(parse_upstream(text).value()), text);
  }
}

TEST(ParseUpstream, RefusesWhatIsNone) {
  for (const char* text :
       {"", "udp://10.0.0.1", "tls://", "tls://name", "tls://1.1.1.1#", "tls://1.1.1.1#a..b",
        "tcp://10.0.0.1#name", "10.0.0.1#name", "10.0.0.1:0", "tls://[::1]:0"}) {
    EXPECT_FALSE(parse_upstream(text)) << text;
  }
}

TEST(ParseStubZone, ReadsAZoneAndItsResolvers) {
  const auto stub = parse_stub_zone("Corp.Example=10.0.0.1,tcp://10.0.0.2:5353").value();

  EXPECT_EQ(stub.zone, Name::parse("corp.example").value());
  ASSERT_EQ(stub.upstreams.size(), 2U);
  EXPECT_EQ(stub.upstreams[1].endpoint.port, 5353);
}

TEST(ParseStubZone, RefusesWhatIsNone) {
  for (const char* text : {"", "corp.example", "=10.0.0.1", "corp.example=", "a..b=10.0.0.1",
                           "corp.example=10.0.0.1,x"}) {
    EXPECT_FALSE(parse_stub_zone(text)) << text;
  }
}

}  // namespace
}  // namespace paddock::dns
