#include "api/formats.h"

#include <gtest/gtest.h>

#include <set>

#include "api/registry.h"

namespace freehold::api {
namespace {

void expect(const Format& format, std::initializer_list<std::string_view> good,
            std::initializer_list<std::string_view> bad) {
  for (const std::string_view text : good)
    EXPECT_TRUE(format.accepts(text)) << format.name << ' ' << text;
  for (const std::string_view text : bad)
    EXPECT_FALSE(format.accepts(text)) << format.name << ' ' << text;
}

void collect(const schema::TypeInfo& type, std::set<const schema::TypeInfo*>& seen,
             std::set<const Format*>& formats) {
  if (!seen.insert(&type).second) return;
  if (type.element != nullptr) collect(*type.element, seen, formats);
  for (const schema::FieldInfo& field : type.fields) {
    if (field.rules.format != nullptr) formats.insert(field.rules.format);
    if (field.rules.key_format != nullptr) formats.insert(field.rules.key_format);
    collect(*field.type, seen, formats);
  }
}

TEST(Formats, EachAcceptsItsGoodSampleAndNotItsBadOne) {
  std::set<const schema::TypeInfo*> seen;
  std::set<const Format*> formats;
  for (const Kind* kind : kinds()) collect(*kind->type, seen, formats);
  EXPECT_GE(formats.size(), 18u);
  for (const Format* format : formats) {
    EXPECT_TRUE(format->accepts(format->good)) << format->name;
    EXPECT_FALSE(format->accepts(format->bad)) << format->name;
  }
}

TEST(Formats, Paths) {
  expect(uri_path, {"/", "/metrics", "/a/b-c_d~e.f", "/x?y=1&z=%2F", "/%C3%A4", "/@:!$"},
         {"", "metrics", "/a b", "/a#b", "/%2", "/%zz", "/\xC3\xA4", "/a\n", "/<", "/\"", "/\\"});
}
TEST(Formats, EnvironmentVariables) {
  expect(env_name, {"A", "_", "OMP_NUM_THREADS", "a1"}, {"", "1A", "A-B", "A=", "A B", "\xC3\xA4"});
}
TEST(Formats, CpuLists) {
  expect(cpu_list, {"", "0", "0-3,8", "8,0-3", "1,1"},
         {"3-0", "a", "0-", "-1", "0,,1", "0-4294967295", "1 2"});
}
TEST(Formats, Countries) {
  expect(country, {"DE", "US", "AD", "ZW", "XK"},
         {"", "D", "de", "DEU", "EU", "XX", "UK", "E ", " A", "D ", "\xC3\xA4"});
}
TEST(Formats, Currencies) {
  expect(currency, {"EUR", "USD", "CHF"}, {"", "euro", "eur", "EU", "XYZ", "EUR/h", "1EU"});
}
TEST(Formats, Metrics) {
  expect(metric_name, {"a", "requests_per_second", "ns:x", "_x"}, {"", "1x", "a-b", "a b", "a{}"});
}
TEST(Formats, Conditions) {
  expect(condition, {"<=12/s", ">=80GB", "<5", "> 3", "<= 2048"},
         {"", "12/s", "<", "<=", "=5", "==5", "<>5", "about 12", ">=80 GB", "<=x", ">=5, <=7"});
}
TEST(Formats, Digests) {
  expect(
      digest, {std::string(64, 'a'), std::string(64, '0')},
      {"", std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'), std::string(64, 'g')});
}
TEST(Formats, Starts) {
  expect(start, {"now", "2026-11-23T15:39:13Z", "2026-11-23T15:39:13+01:00"},
         {"", "soon", "Now", "2026-11-23", "1"});
}
TEST(Formats, Degrees) {
  expect(
      latitude, {"0", "-0", "50.11", "-90", "90", "90.0"},
      {"", "-", ".", "1.", ".5", "91", "-90.1", "1e1", "+1", "1.2.3", "nan", "inf", "0x1", " 1"});
  expect(longitude, {"180", "-180", "8.68"}, {"180.5", "181", "east"});
}
TEST(Formats, ConfigKeys) {
  expect(config_key, {"a", "app.conf", "A_B-c.1", "...", ".x"},
         {"", ".", "..", "a/b", "a b", std::string(254, 'a')});
}
TEST(Formats, Verbs) {
  expect(verb, {"*", "get", "deletecollection"},
         {"", "Get", "read", "get,list", "get ", "impersonate", "bind"});
}
TEST(Formats, Groups) {
  expect(api_group, {"", "*", "freehold.dev", "apps"}, {"Freehold", "a b", "*.dev", "-a"});
}
TEST(Formats, Resources) {
  expect(resource_name, {"*", "contracts", "contracts/status", "*/status", "contracts/*"},
         {"", "/", "Contract", "contracts/", "/status", "contracts/status/x", "con tracts", "**"});
}
TEST(Formats, WhatIsLimitedAndPriced) {
  expect(quota_resource, {"cpu", "memory", "power", "money", "gpu", "rdma-nic"},
         {"", "CPU", "cpus", "bandwidth", "gpu/x"});
  expect(priced_class, {"cpu", "memory", "gpu", "nic"}, {"", "power", "money", "GPU"});
}

}  // namespace
}  // namespace freehold::api
