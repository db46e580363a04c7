#include "schema/protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "schema/protobuf_wire.h"
#include "schema/testing/widget.h"

namespace freehold::schema {
namespace {

using testing::Color;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Widget;

// Builds messages field by field.
class Message {
 public:
  Message& bytes(uint32_t field, std::string_view value) {
    append_bytes(field, value, bytes_);
    return *this;
  }
  Message& message(uint32_t field, const Message& value) { return bytes(field, value.bytes_); }
  Message& varint(uint32_t field, int64_t value) {
    append_tag(field, WireType::varint, bytes_);
    append_varint(static_cast<uint64_t>(value), bytes_);
    return *this;
  }
  Message& number(uint32_t field, double value) {
    append_tag(field, WireType::fixed64, bytes_);
    auto bits = std::bit_cast<uint64_t>(value);
    for (int i = 0; i < 8; ++i, bits >>= 8) bytes_ += static_cast<char>(bits & 0xFF);
    return *this;
  }
  const std::string& text() const { return bytes_; }

 private:
  std::string bytes_;
};
Message entry(std::string_view key, const Message& value) {
  return Message().bytes(1, key).message(2, value);
}
Message entry(std::string_view key, std::string_view value) {
  return Message().bytes(1, key).bytes(2, value);
}

struct Read {
  Widget widget;
  Errors errors;
  ReadOutcome outcome;
  bool ok = false;
};
Read read_widget(const Message& message) {
  Read r;
  const Result<ReadOutcome> outcome =
      read_protobuf(type_of<Widget>, &r.widget, message.text(), r.errors);
  r.ok = outcome.ok();
  if (r.ok) r.outcome = *outcome;
  return r;
}
Read read_spec(const Message& spec) { return read_widget(Message().message(2, spec)); }
std::vector<std::string> lines(const Errors& errors) {
  std::vector<std::string> out;
  for (const FieldError& e : errors.all()) out.push_back(e.path + ": " + e.detail);
  return out;
}

TEST(Protobuf, TheEnvelopeTellsTheKindAndHoldsTheMessage) {
  const Message unknown = Message()
                              .message(1, Message().bytes(1, "v1").bytes(2, "ConfigMap"))
                              .bytes(2, "raw")
                              .bytes(3, "")
                              .bytes(4, "");
  const std::string body = std::string("k8s\0", 4) + unknown.text();
  const auto envelope = open_protobuf(body);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->api_version, "v1");
  EXPECT_EQ(envelope->kind, "ConfigMap");
  EXPECT_EQ(envelope->message, "raw");
}

TEST(Protobuf, WhatIsNoEnvelopeIsRefused) {
  EXPECT_EQ(open_protobuf("").error().reason, Reason::bad_request);
  EXPECT_EQ(open_protobuf("{}").error().reason, Reason::bad_request);
  EXPECT_EQ(open_protobuf(std::string("k8s\0\x0a\x7f", 6)).error().reason, Reason::bad_request);
  EXPECT_EQ(
      open_protobuf(std::string("k8s\0", 4) + Message().bytes(3, "gzip").text()).error().reason,
      Reason::unsupported_media_type);
}

TEST(Protobuf, FieldsOfEveryKindAreRead) {
  const Message spec =
      Message()
          .bytes(1, "research")
          .varint(2, -3)
          .varint(3, 1)
          .number(5, 0.25)
          .message(6, Message()
                          .bytes(1, "a")
                          .bytes(2, "img")
                          .varint(3, 2)
                          .bytes(4, "x")
                          .bytes(4, "")
                          .message(5, entry("A", "b"))
                          .message(6, Message()
                                          .message(1, Message().bytes(1, "8Gi"))
                                          .message(3, entry("net", Message().bytes(1, "10Gbps"))))
                          .bytes(7, "Blue"))
          .message(6, Message().bytes(1, "b"))
          .message(8, Message().bytes(1, R"({"a":[1]})"))
          .bytes(9, std::string_view("\0\xff", 2))
          .message(10, Message().varint(1, 90'000'000'000))
          .message(11, Message().varint(1, 1767323045).varint(2, 6000))
          .message(12, Message().varint(1, 1767323045).varint(2, 999))
          .varint(13, 1)
          .bytes(16, "Green")
          .varint(17, 80)
          .varint(17, 443)
          .message(18, entry("g", Message().bytes(1, "x").bytes(1, "y")));
  const Read r = read_widget(
      Message()
          .message(1, Message().bytes(1, "w").message(11, entry("team", "nlp")).bytes(14, "gang"))
          .message(2, spec));
  ASSERT_TRUE(r.ok && r.outcome.empty());
  EXPECT_THAT(lines(r.errors), ElementsAre());
  EXPECT_EQ(
      print(r.widget),
      R"({"metadata":{"name":"w","namespace":"default","labels":{"team":"nlp"},"finalizers":["gang"]},)"
      R"("spec":{"queue":"research","priority":-3,"suspended":true,"adopt":true,"share":0.25,"roles":[)"
      R"({"name":"a","image":"img","count":2,"command":["x",""],"env":{"A":"b"},"each":{"memory":"8Gi",)"
      R"("extra":{"net":"10Gbps"}},"color":"Blue"},{"name":"b","count":1}],"parameters":{"a":[1]},"seed":"AP8=",)"
      R"("window":"1m30s","at":"2026-01-02T03:04:05.000006Z","until":"2026-01-02T03:04:05Z","strict":true,)"
      R"("colors":["Green"],"ports":[80,443],"groups":{"g":["x","y"]},"color":"Red","retry":{"forever":true}}})");
}

TEST(Protobuf, ZerosCountAsAbsentUnlessTheFieldIsAPointer) {
  const Read r = read_widget(Message()
                                 .message(1, Message().bytes(3, "").message(8, Message()))
                                 .message(2, Message()
                                                 .varint(2, 0)
                                                 .varint(4, 0)
                                                 .message(7, Message())
                                                 .varint(13, 0)
                                                 .number(5, 0)));
  ASSERT_TRUE(r.ok);
  EXPECT_EQ(r.widget.metadata.ns, "default");
  EXPECT_TRUE(r.widget.spec.adopt);
  EXPECT_EQ(r.widget.spec.share, 0.5);
  EXPECT_FALSE(r.widget.spec.ceiling.has_value());
  EXPECT_FALSE(r.widget.spec.strict.has_value());
  Widget w;
  w.spec.priority = 5;  // stands for a default that is not zero
  Errors errors;
  ASSERT_TRUE(read_protobuf(type_of<Widget>, &w,
                            Message().message(2, Message().varint(2, 0).varint(3, 1)).text(),
                            errors)
                  .ok());
  EXPECT_EQ(w.spec.priority, 0) << "proto_pointer";
}

TEST(Protobuf, UnknownFieldsThatSayAnythingAreNamed) {
  const Read r = read_spec(Message()
                               .bytes(90, "x")
                               .bytes(90, "y")
                               .varint(91, 0)
                               .bytes(92, "")
                               .message(93, Message().varint(1, 0).bytes(2, ""))
                               .message(6, Message().bytes(1, "a").varint(99, 1)));
  ASSERT_TRUE(r.ok);
  EXPECT_THAT(r.outcome.unknown, ElementsAre("spec.#90", "spec.roles[0].#99"));
  EXPECT_EQ(r.outcome.messages().size(), 2u);
}

TEST(Protobuf, BadValuesAreNamedWithTheirPath) {
  const Read r =
      read_spec(Message()
                    .bytes(1, "\xff")
                    .message(6, Message().bytes(7, "Pink").message(
                                    6, Message().message(1, Message().bytes(1, "8 parsecs"))))
                    .message(8, Message().bytes(1, "{"))
                    .message(10, Message().varint(1, -1000000))
                    .message(12, Message().varint(1, int64_t{1} << 60)));
  ASSERT_TRUE(r.ok);
  EXPECT_THAT(
      lines(r.errors),
      ElementsAre("spec.queue: is not UTF-8",
                  "spec.roles[0].color: unsupported value \"Pink\": use one of \"Red\", \"Green\", "
                  "\"Blue\"",
                  HasSubstr("spec.roles[0].each.memory: "),
                  HasSubstr("spec.parameters: malformed JSON"), "spec.window: must not be negative",
                  "spec.until: is not a time between the years 1 and 9999"));
}

TEST(Protobuf, BytesThatAreNoMessageAreABadRequest) {
  EXPECT_FALSE(read_widget(Message().bytes(1, "\x0f")).ok);
  EXPECT_FALSE(read_widget(Message().varint(1, 5)).ok) << "a number where a message belongs";
  EXPECT_FALSE(read_spec(Message().bytes(2, "abc")).ok) << "bytes where a number belongs";
  Widget w;
  Errors errors;
  const auto r = read_protobuf(
      type_of<Widget>, &w,
      Message().message(2, Message().message(6, Message().bytes(6, "\x0a"))).text(), errors);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().message, "malformed protobuf in spec.roles[0].each");
}

TEST(Protobuf, IntOrStringIsReadIntoAFreeFormValue) {
  const Read number =
      read_spec(Message().message(8, Message().varint(1, 0).varint(2, 8080).bytes(3, "")));
  EXPECT_EQ(number.widget.spec.parameters, json::Value(8080));
  const Read name =
      read_spec(Message().message(8, Message().varint(1, 1).varint(2, 0).bytes(3, "http")));
  EXPECT_EQ(name.widget.spec.parameters, json::Value("http"));
}

TEST(Protobuf, PackedNumbersAreReadToo) {
  EXPECT_THAT(read_spec(Message().bytes(17, "\x50\xbb\x03")).widget.spec.ports,
              ElementsAre(80, 443));
  EXPECT_FALSE(read_spec(Message().bytes(17, "\xff")).ok);
}

TEST(Protobuf, ARepeatedMapKeyIsNamed) {
  const Read r = read_widget(
      Message().message(1, Message().message(11, entry("a", "1")).message(11, entry("a", "2"))));
  EXPECT_THAT(r.outcome.duplicate, ElementsAre("metadata.labels[a]"));
}

}  // namespace
}  // namespace freehold::schema
