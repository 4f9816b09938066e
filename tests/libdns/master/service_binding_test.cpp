// SPDX-License-Identifier: Apache-2.0
//
// ldns is asked what records it reads well mean; what it is not asked are broken ones.
#include "master/service_binding.hpp"

#include "libdns/ask.hpp"
#include "wire/record_text.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>

namespace paddock::dns {
namespace {

Result<std::string> binding(const std::string& text) {
  std::istringstream in(text);
  const std::vector<std::string> owned{std::istream_iterator<std::string>(in), {}};
  const std::vector<std::string_view> words(owned.begin(), owned.end());
  return master::parse_service_binding(words, name("example"));
}

std::string error(const std::string& text) {
  const auto data = binding(text);
  return data ? "" : data.error().text;
}

TEST(ServiceBinding, IsWhatOthersReadToo) {
  for (const std::string text :
       {"0 other.example.", "1 .", "1 svc", "16 foo.example.net. port=53",
        "1 . alpn=\"h2,h3\" no-default-alpn", "1 . ipv4hint=192.0.2.1,192.0.2.2",
        "1 . ipv6hint=2001:db8::1,2001:db8::53:1", "1 . ech=AAEC",
        "16 foo.example.org. mandatory=ipv4hint,alpn alpn=h2,h3-19 ipv4hint=192.0.2.1"}) {
    const auto data = binding(text);
    ASSERT_TRUE(data) << text << ": " << data.error().text;
    EXPECT_EQ(*data, wire::parse_data(Type::https, text, name("example")).value()) << text;
  }
}

TEST(ServiceBinding, ParametersAreSortedByTheirNumbers) {
  EXPECT_EQ(binding("1 . key667=b port=1 key666=a").value(),
            binding("1 . port=1 key666=a key667=b").value());
}

TEST(ServiceBinding, EscapesAreOfTheTextAndThenOfTheList) {
  // RFC 9460 appendix D.2, its last two examples.
  const std::string wanted(
      "\0\x10\3foo\7example\3org\0\0\1\0\x0C\x08"
      "f\\oo,bar\x02h2",
      35);
  EXPECT_EQ(binding(R"(16 foo.example.org. alpn="f\\\\oo\\,bar,h2")").value(), wanted);
  EXPECT_EQ(binding(R"(16 foo.example.org. alpn=f\\\092oo\092,bar,h2)").value(), wanted);
  EXPECT_EQ(binding(R"(1 . key667="hello\210qoo")").value(),
            std::string("\0\1\0\x02\x9B\0\x09hello\xD2qoo", 16));
}

TEST(ServiceBinding, WhatIsBrokenIsNamed) {
  EXPECT_EQ(error("1"), "a priority and a target are needed");
  EXPECT_EQ(error("x ."), "\"x\" is no priority");
  EXPECT_EQ(error("1 . colour=red"), "\"colour\" is no parameter");
  EXPECT_EQ(error("1 . key065=x"), "\"key065\" is no parameter");
  EXPECT_EQ(error("1 . port=1 port=2"), "port is there twice");
  EXPECT_EQ(error("1 . port=70000"), "\"70000\" is no port");
  EXPECT_EQ(error("1 . alpn="), "an alpn of 1 to 255 octets is needed");
  EXPECT_EQ(error("1 . ipv4hint=::1"), "\"::1\" is no address of the kind its hint has");
  EXPECT_EQ(error("1 . ech=?"), "ech is not base64");
  EXPECT_EQ(error("1 . no-default-alpn"), "no-default-alpn without alpn");
  EXPECT_EQ(error("1 . mandatory=port"), "a mandatory parameter is missing");
  EXPECT_EQ(error("1 . mandatory=port,port port=1"), "a mandatory key is named twice");
  EXPECT_EQ(error("1 . mandatory=mandatory"), "\"mandatory\" cannot be a mandatory key");
  EXPECT_EQ(error("1 . key7=\\9"), "a broken escape in \\9");
}

}  // namespace
}  // namespace paddock::dns
