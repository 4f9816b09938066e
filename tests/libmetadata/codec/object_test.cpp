// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/codec.hpp>

#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>

namespace paddock::metadata {
namespace {

// Every field of every kind away from its default, in the order in which it is written.
constexpr const char* full_objects[] = {
    R"({"kind":"Host","name":"one.example","uid":"u1","labels":{"a":"b"},"annotations":{"n":"x\ny"},"created":5,"revision":7,"hostname":"one","addresses":["192.0.2.1","2001:db8::1"],"state":"inactive","zone":"z1","subnets":["10.42.0.0/24"],"milli_cpu":4000,"memory":8589934592,"local_storage_mb":100})",
    R"({"kind":"Namespace","name":"shop","labels":{"team":"s"}})",
    R"({"kind":"Service","namespace":"shop","name":"web","cluster_ips":["10.43.0.1"],"external_ips":["192.0.2.9"],"load_balancer_ips":["192.0.2.10"],"clusterset_ips":["10.44.0.1"],"ports":[{"name":"http","port":80,"target_port":8080},{"name":"dns","protocol":"UDP","port":53}],"selector":{"app":"web"},"publish_not_ready":true,"service_kind":"loadBalancerService","targets":["shop/db"],"sidekicks":["log"],"primary_service":"main","links":{"shop/db":"database"},"scale":3,"state":"inactive","expose":["81"],"fqdn":"web.example.","health_check":{"port":80,"request_line":"GET / HTTP/1.0","interval":2000,"response_timeout":500,"healthy_threshold":2,"unhealthy_threshold":3},"metadata":{"any":[1,2.50,null,{"x":true}]},"lb_config":[],"token":"t0","system":true})",
    R"({"kind":"Service","namespace":"shop","name":"out","external_name":"www.Example.org."})",
    R"({"kind":"Endpoints","namespace":"shop","name":"web-2","service":"web","ports":[{"name":"http","port":8080}],"endpoints":[{"addresses":["10.42.0.2"],"hostname":"w-0","pod":"w-0","host":"one.example","zone":"z1","ready":false,"terminating":true},{"addresses":["10.42.0.3"],"serving":false}],"derived":true,"cluster":"west"})",
    R"({"kind":"Pod","namespace":"shop","name":"w-0","external_id":"c0ffee","host":"one.example","addresses":["10.42.0.2"],"mac":"02:42:0a:2a:00:02","interface":"eth0","network":"overlay","host_network":true,"hostname":"w-0","subdomain":"web","service_account":"default","state":"stopped","health":"unhealthy","ready":false,"service":"shop/web","service_index":"1","ports":["0.0.0.0:80:8080/tcp","80:80"],"dns":["169.254.169.250"],"dns_search":["shop.example"],"links":{"db":"u2"},"network_from":"u3","create_index":1,"start_count":2,"milli_cpu_reservation":3,"memory_reservation":4,"health_check_hosts":["h"],"system":true})",
    R"({"kind":"Network","name":"overlay","subnets":["10.42.0.0/16"],"default":true,"host_ports":false,"mtu":1450,"default_policy_action":"deny","policy":[{"within":"stack"}],"metadata":{"cniConfig":{}}})",
    R"({"kind":"Subnet","name":"10.42.3.0-24","host":"one.example","host_uid":"u1","subnets":["10.42.3.0/24","fd00:42:0:3::/64"]})",
    R"({"kind":"Subnet","name":"fd00-42-0-3---64","host":"one.example","subnets":["fd00:42:0:3::/64"]})",
};

std::string messages(const Parsed& parsed) {
  std::string all;
  for (const Problem& problem : parsed.problems) {
    all += problem.field + ": " + problem.message + "\n";
  }
  return all;
}

TEST(Object, IsWrittenAsItWasRead) {
  for (const char* json : full_objects) {
    const Parsed parsed = parse_object(json);
    ASSERT_EQ(parsed.outcome, Parsed::Outcome::ok) << json << "\n" << messages(parsed);
    EXPECT_EQ(format_json(*parsed.object), json);
  }
}

TEST(Object, DefaultsAreLeftOutAndMeanTheSame) {
  const Parsed spelt = parse_object(
      R"({"kind":"Pod","namespace":"default","name":"p","state":"running","ready":true,"labels":{},
          "host_network":false,"start_count":0,"addresses":null})");
  const Parsed brief = parse_object(R"({"kind":"Pod","name":"p"})");

  ASSERT_TRUE(spelt.object && brief.object);
  EXPECT_TRUE(equal(*spelt.object, *brief.object));
  EXPECT_EQ(format_json(*brief.object), R"({"kind":"Pod","namespace":"default","name":"p"})");
}

TEST(Object, FieldsStandInAnyOrder) {
  const Parsed usual = parse_object(
      R"({"kind":"Endpoints","namespace":"shop","name":"web","uid":"u","labels":{"a":"b"},
          "ports":[{"name":"http","protocol":"UDP","port":80}],"endpoints":[{"addresses":["::1"],
          "pod":"p","host":"h","ready":false,"serving":true}]})");
  const Parsed reversed = parse_object(
      R"({"endpoints":[{"serving":true,"ready":false,"host":"h","pod":"p","addresses":["::1"]}],
          "ports":[{"port":80,"name":"http","protocol":"UDP"}],"labels":{"a":"b"},"uid":"u",
          "name":"web","kind":"Endpoints","namespace":"shop"})");

  ASSERT_TRUE(usual.object && reversed.object);
  EXPECT_TRUE(equal(*usual.object, *reversed.object));
}

TEST(Object, AFieldGivenTwiceIsFoundWhereverItStands) {
  for (const char* json : {R"({"kind":"Host","kind":"Host","name":"h"})",
                           R"({"kind":"Host","name":"h","zone":"z","zone":"z"})",
                           R"({"zone":"z","kind":"Host","name":"h","zone":null})"}) {
    EXPECT_NE(messages(parse_object(json)).find("is there twice"), std::string::npos) << json;
  }
}

TEST(Object, AnAddressIsNothingElseBesides) {
  for (const char* address :
       {"10.0.0.1 ", "10.0.0", "010.0.0.1", "10.0.0.1\\u0000", "fe80::1%eth0", "::1\\u0000x", "",
        "1:2:3:4:5:6:7:8:9",
        "0000000000000000000000000000000000000000000000000000000000000000:1"}) {
    const std::string json =
        R"({"kind":"Host","name":"h","addresses":[")" + std::string(address) + "\"]}";
    EXPECT_EQ(messages(parse_object(json)), "addresses[0]: must be an IPv4 or IPv6 address\n");
  }
}

TEST(Object, SubnetIsNamedAsWhatItClaims) {
  const Parsed parsed =
      parse_object(R"({"kind":"Subnet","name":"mine","host":"one","subnets":["10.42.3.0/24"]})");

  EXPECT_EQ(messages(parsed), "name: must be that of the first subnet: 10.42.3.0-24\n");
  EXPECT_EQ(messages(parse_object(R"({"kind":"Subnet","name":"mine"})")),
            "host: is missing\nsubnets: must hold at least one subnet\n");
}

TEST(Object, EndpointsAreOfTheServiceOfTheirName) {
  const Parsed parsed = parse_object(R"({"kind":"Endpoints","name":"web"})");

  ASSERT_TRUE(parsed.object);
  EXPECT_EQ(as<Endpoints>(parsed.object.get())->service, "web");
}

TEST(Object, ServingFollowsReadyWhenAbsent) {
  const Parsed parsed = parse_object(
      R"({"kind":"Endpoints","name":"e","endpoints":[{"addresses":["::1"],"ready":false}]})");

  ASSERT_TRUE(parsed.object);
  EXPECT_FALSE(as<Endpoints>(parsed.object.get())->endpoints[0].serving);
}

TEST(Object, ReportsAllThatIsWrongAtOnceByField) {
  const Parsed parsed = parse_object(
      R"({"kind":"Service","name":"Web","namespace":"a.b","cluster_ips":["10.43.0.300",1],
          "ports":[{"port":0},{"port":80,"protocol":"tcp"},7],"selektor":{"a":"b"},
          "labels":{"v":1.10,"two words":"x"},"scale":"3","health_check":{"portt":1},"system":1})");

  EXPECT_EQ(parsed.outcome, Parsed::Outcome::invalid);
  EXPECT_EQ(messages(parsed),
            "namespace: must be a DNS label: a-z, 0-9 and inner hyphens, at most 63 characters\n"
            "name: must be a DNS label: a-z, 0-9 and inner hyphens, at most 63 characters\n"
            "labels[\"v\"]: must be text: write it in quotes\n"
            "labels[\"two words\"]: a key must be at most 317 bytes, without spaces and control "
            "characters\n"
            "cluster_ips[0]: must be an IPv4 or IPv6 address\n"
            "cluster_ips[1]: must be an IPv4 or IPv6 address\n"
            "ports[0].port: must be a whole number from 1 to 65535\n"
            "ports[1].protocol: must be TCP, UDP or SCTP\n"
            "ports[2]: must be a map\n"
            "scale: must be a whole number from 0\n"
            "health_check.portt: is no field here; did you mean port?\n"
            "system: must be true or false\n"
            "selektor: is no field here; did you mean selector?\n");
}

TEST(Object, RefusesWhatFieldsMayNotBe) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"("kind":"Pod","name":"p","mac":"02-42")", "mac"},
      {R"("kind":"Pod","name":"p","addresses":"10.0.0.1")", "addresses"},
      {R"("kind":"Pod","name":"p","addresses":["fe80::1%lo"])", "addresses[0]"},
      {R"("kind":"Pod","name":"p","ports":["80"])", "ports[0]"},
      {R"("kind":"Pod","name":"p","service":"a/b/c")", "service"},
      {R"("kind":"Pod","name":"p","uid":"a b")", "uid"},
      {R"("kind":"Pod","name":"p","state":"a\u0001")", "state"},
      {R"("kind":"Pod","name":"p","start_count":1.0)", "start_count"},
      {R"("kind":"Pod","name":"p","start_count":-1)", "start_count"},
      {R"("kind":"Pod","name":"p","start_count":99999999999999999999)", "start_count"},
      {R"("kind":"Pod","name":"p","ready":true,"ready":false)", "ready"},
      {R"("kind":"Pod","name":"p","labels":{"a":"1","a":"2"})", "labels"},
      {R"("kind":"Host","name":"h","subnets":["10.42.0.1/16"])", "subnets[0]"},
      {R"("kind":"Host","name":"h","namespace":"x")", "namespace"},
      {R"("kind":"Endpoints","name":"e","endpoints":[{}])", "endpoints[0].addresses"},
      {R"("kind":"Service","name":"s","metadata":{"a":{"b":1,"b":2}})", "metadata"},
      {R"("kind":"Service","name":"s","ports":[{"port":1},{"port":1}])", "ports[1]"},
      {R"("kind":"Service","name":"s","cluster_ips":["::1"],"external_name":"a.b")",
       "external_name"},
      {R"("kind":"Service")", "name"},
      {R"("kind":"Widget","name":"x")", "kind"},
      {R"("name":"x")", "kind"},
  };
  for (const auto& [fields, where] : wrong) {
    const Parsed parsed = parse_object("{" + std::string(fields) + "}");
    EXPECT_EQ(parsed.outcome, Parsed::Outcome::invalid) << fields;
    ASSERT_EQ(parsed.problems.size(), 1U) << fields << "\n" << messages(parsed);
    EXPECT_EQ(parsed.problems[0].field, where);
  }
}

TEST(Object, TakesItsPlaceFromThePathAndMustNotDisagree) {
  const Key at{Kind::service, "shop", "web"};
  const Parsed parsed = parse_object("{}", &at);
  ASSERT_TRUE(parsed.object);
  EXPECT_EQ(parsed.object->key(), at);

  for (const char* other :
       {R"({"kind":"Pod"})", R"({"namespace":"default"})", R"({"name":"web2"})"}) {
    EXPECT_EQ(parse_object(other, &at).outcome, Parsed::Outcome::misplaced) << other;
  }
}

TEST(Object, MalformedTextSaysTheByte) {
  const Parsed parsed = parse_object("{\"kind\":\"Pod\",\n \"name\" 5}");

  EXPECT_EQ(parsed.outcome, Parsed::Outcome::malformed);
  EXPECT_EQ(parsed.problems.at(0).message.find("not JSON at byte 24: "), 0U)
      << parsed.problems[0].message;
}

TEST(Object, RefusesTextThatIsNotUtf8TooDeepOrTooLong) {
  const std::string deep(100'000, '[');
  for (const std::string& text : {std::string("{\"kind\":\"\xc0\xaf\"}"), deep,
                                  std::string(Limits::object_bytes + 1, ' '), std::string()}) {
    EXPECT_EQ(parse_object(text).outcome, Parsed::Outcome::malformed);
  }
}

TEST(Object, ManyProblemsAreBounded) {
  std::string json = R"({"kind":"Pod","name":"p","addresses":[)";
  for (int i = 0; i < 5000; ++i) json += "1,";
  EXPECT_EQ(parse_object(json + "1]}").problems.size(), Limits::problems);
}

TEST(JsonText, IsEscapedAndAlwaysUtf8) {
  std::string out;
  append_json_text(out, "a\"\\\n\x01\x7f\u00e9\xff\xf0\x9f\x90\x8e");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\\u007f\u00e9\xef\xbf\xbd\xf0\x9f\x90\x8e\"");
}

TEST(Name, FollowsRfc1123) {
  EXPECT_TRUE(is_name(Kind::service, "web-1"));
  EXPECT_TRUE(is_name(Kind::host, "one.example"));
  EXPECT_TRUE(is_name(Kind::service, std::string(63, 'a')));
  EXPECT_FALSE(is_name(Kind::service, std::string(64, 'a')));
  for (const char* text : {"", "-a", "a-", "A", "a_b", "a.b", "a/b"}) {
    EXPECT_FALSE(is_name(Kind::service, text)) << text;
  }
  for (const char* text : {"a..b", ".a", "a.", "a.-b"}) {
    EXPECT_FALSE(is_name(Kind::pod, text)) << text;
  }
}

}  // namespace
}  // namespace paddock::metadata
