#include "audit/leaf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/random.h"
#include "json/value.h"

namespace freehold::audit {
namespace {

LeafFields example() {
  LeafFields fields;
  fields.verb = "update";
  fields.group = "freehold.dev";
  fields.version = "v1alpha1";
  fields.resource = "contracts";
  fields.ns = "acme-prod";
  fields.name = "chat";
  fields.uid = "7d1a4c1e-52f5-4a51-9a9d-0d3c9f6b2a11";
  fields.key = "contracts/acme-prod/chat";
  fields.revision = 4711;
  fields.time = Time{1'790'000'000'123'456};
  fields.principal = "u:0123456789abcdef";
  fields.prev_digest = std::string(64, 'a');
  fields.new_digest = std::string(64, 'b');
  fields.policy_set_digest = std::string(64, 'c');
  fields.fact_set_digest = std::string(64, 'd');
  fields.decision_digest = std::string(64, 'e');
  fields.payload_commitment = std::string(64, 'f');
  return fields;
}

// The format is for ever: whoever changes this text breaks every record that was written.
TEST(Leaf, looks_like_this) {
  LeafFields fields = example();
  fields.policy_set_digest = fields.fact_set_digest = fields.decision_digest = "";
  fields.payload_commitment = "";
  EXPECT_EQ(
      encode_leaf(fields),
      R"({"annotations":{"freehold.dev/key":"contracts/acme-prod/chat",)"
      R"("freehold.dev/newDigest":")" +
          fields.new_digest + R"(","freehold.dev/prevDigest":")" + fields.prev_digest +
          R"(","freehold.dev/revision":"4711"},"apiVersion":"audit.k8s.io/v1",)"
          R"("auditID":"941b6202-857d-8758-8a33-6139a6756b66","kind":"Event",)"
          R"("level":"Metadata","objectRef":{"apiGroup":"freehold.dev","apiVersion":"v1alpha1",)"
          R"("name":"chat","namespace":"acme-prod","resource":"contracts",)"
          R"("resourceVersion":"4711","uid":"7d1a4c1e-52f5-4a51-9a9d-0d3c9f6b2a11"},)"
          R"("requestReceivedTimestamp":"2026-09-21T14:13:20.123456Z",)"
          R"("responseStatus":{"code":200},"stage":"ResponseComplete",)"
          R"("stageTimestamp":"2026-09-21T14:13:20.123456Z",)"
          R"("user":{"username":"u:0123456789abcdef"},"verb":"update"})");
}

TEST(Leaf, its_audit_id_is_a_uuid_made_of_key_uid_and_revision) {
  const auto id = [](const LeafFields& fields) {
    return std::string(json::parse(encode_leaf(fields)).value().string_at({"auditID"}));
  };
  const LeafFields fields = example();
  EXPECT_THAT(
      id(fields),
      testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  LeafFields other = fields;
  other.principal = "u:ffffffffffffffff";
  EXPECT_EQ(id(other), id(fields)) << "deterministic";
  for (auto change : {+[](LeafFields& f) { f.key += "x"; }, +[](LeafFields& f) { f.uid += "x"; },
                      +[](LeafFields& f) { ++f.revision; }}) {
    other = fields;
    change(other);
    EXPECT_NE(id(other), id(fields));
  }
}

std::string random_text(Random& chance) {
  static const std::string pieces[] = {"a", "Z", "/",  "\"", "\\", "\n", "\x01", "\x1f", "\x7f",
                                       "é", "€", "😀", " ",  "-",  "\t", "\b",   "\f",   "\r"};
  std::string text;
  for (int64_t n = chance.in(0, 12); n > 0; --n)
    text += pieces[static_cast<size_t>(chance.in(0, std::size(pieces) - 1))];
  return text;
}

LeafFields random_fields(Random& chance) {
  LeafFields fields;
  for (std::string* text :
       {&fields.verb, &fields.group, &fields.version, &fields.resource, &fields.ns, &fields.name,
        &fields.uid, &fields.key, &fields.principal, &fields.prev_digest, &fields.new_digest,
        &fields.policy_set_digest, &fields.fact_set_digest, &fields.decision_digest,
        &fields.payload_commitment})
    if (chance.percent(70)) *text = random_text(chance);
  fields.revision = chance.next() >> chance.in(0, 63);
  fields.time = Time{static_cast<int64_t>(chance.next() % 4'000'000'000'000'000)};
  return fields;
}

TEST(Leaf, is_canonical_json_and_comes_back_as_it_was) {
  Random chance(1);
  for (int i = 0; i < 5'000; ++i) {
    const LeafFields fields = random_fields(chance);
    const std::string leaf = encode_leaf(fields);
    const auto parsed = json::parse(leaf);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message << "\n" << leaf;
    ASSERT_EQ(json::canonical(*parsed), leaf);
    const auto decoded = decode_leaf(leaf);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message << "\n" << leaf;
    ASSERT_EQ(*decoded, fields);
  }
}

TEST(Leaf, no_changed_byte_comes_back_as_the_same_leaf) {
  Random chance(2);
  const LeafFields fields = example();
  const std::string leaf = encode_leaf(fields);
  for (size_t at = 0; at < leaf.size(); ++at) {
    std::string changed = leaf;
    changed[at] = static_cast<char>(changed[at] ^ (1 << chance.in(0, 7)));
    const auto decoded = decode_leaf(changed);
    if (!decoded.ok()) continue;
    EXPECT_NE(*decoded, fields) << changed;
    EXPECT_EQ(encode_leaf(*decoded), changed);
  }
}

TEST(Leaf, refuses_what_is_not_exactly_a_leaf_and_names_the_byte) {
  const std::string leaf = encode_leaf(example());
  const auto refusal = [](const std::string& text) {
    const auto decoded = decode_leaf(text);
    return decoded.ok() ? "accepted" : decoded.error().message;
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = leaf;
    return refusal(text.replace(text.find(from), from.size(), to));
  };
  using testing::HasSubstr;
  EXPECT_THAT(refusal(""), HasSubstr("byte 0: expected {"));
  EXPECT_THAT(refusal("{}"), HasSubstr("byte 0: expected {"));
  EXPECT_THAT(refusal(leaf + " "), HasSubstr("expected the end"));
  EXPECT_THAT(refusal(leaf.substr(0, leaf.size() - 1)), HasSubstr("expected }"));
  EXPECT_THAT(with("{\"annotations", "{ \"annotations"), HasSubstr("byte 0"));
  EXPECT_THAT(with("\"Event\"", "\"Invent\""), HasSubstr("expected"));
  EXPECT_THAT(with("chat\",", "\\u0063hat\","), HasSubstr("is not as the fields"));
  EXPECT_THAT(with("\"4711\"", "\"04711\""), HasSubstr("is not as the fields"));
  EXPECT_THAT(with("\"4711\"", "\"-1\""), HasSubstr("expected a revision"));
  EXPECT_THAT(with("2026-09", "2026-9"), HasSubstr("expected a time"));
  EXPECT_THAT(with("Version\":\"4711", "Version\":\"4712"), HasSubstr("is not as the fields"));
  EXPECT_THAT(with("code\":200", "code\":201"), HasSubstr("is not as the fields"));
  EXPECT_THAT(with("chat",
                   "ch\xff"
                   "at"),
              HasSubstr("not UTF-8"));
  EXPECT_THAT(refusal(std::string(limits::leaf_bytes + 1, ' ')), HasSubstr("at most 65535"));
}

TEST(Leaf, the_largest_names_fit) {
  LeafFields fields = example();
  fields.ns = std::string(63, 'n');
  fields.name = fields.group = std::string(253, 'n');
  fields.key = std::string(600, 'k');
  EXPECT_LT(encode_leaf(fields).size(), 4'096u);
}

TEST(Leaf, a_log_is_named_by_site_organisation_and_tenant) {
  EXPECT_EQ(log_origin("fra1", "example", "acme"), "audit.fra1.example/acme");
  EXPECT_EQ(log_origin("fra1", "example", "operator"), "audit.fra1.example/operator");
}

}  // namespace
}  // namespace freehold::audit
