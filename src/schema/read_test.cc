#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "schema/testing/widget.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using testing::Color;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Level;
using testing::Widget;

struct Read {
  Widget widget;
  Errors errors;
  ReadOutcome outcome;
  bool ok = false;
  Error error;
};

Read read_widget(std::string_view json) {
  Read r;
  Result<ReadOutcome> outcome = read(type_of<Widget>, &r.widget, json, r.errors);
  r.ok = outcome.ok();
  if (r.ok)
    r.outcome = *outcome;
  else
    r.error = outcome.error();
  return r;
}

// What reading `spec` with this inside complains about, one line per fault.
std::vector<std::string> faults_of_spec(const std::string& members) {
  const Read r = read_widget(R"({"spec":{)" + members + "}}");
  EXPECT_TRUE(r.ok) << r.error.to_string();
  std::vector<std::string> lines;
  for (const FieldError& e : r.errors.all()) lines.push_back(e.path + ": " + e.detail);
  return lines;
}

TEST(Read, FillsFieldsOfEveryKind) {
  const Read r = read_widget(R"({"metadata":{"name":"a","labels":{"x":"y"}},"spec":{
    "queue":"q","priority":-3,"suspended":true,"adopt":false,"share":0.25,
    "roles":[{"name":"r","image":"i","count":2,"each":{"memory":"8Gi","cpu":1.5,"extra":{"net":"10Gbps"}},
              "color":"Blue"}],
    "ceiling":{},"parameters":{"a":[1,null]},"notes":{"n":null},"seed":"AAEC","window":"90s",
    "at":"2026-01-02T03:04:05.000006Z","until":"2026-01-02T03:04:05+01:00","strict":false,"budget":0,
    "colors":["Green","Blue"],"ports":[80,443],"groups":{"g":["a","b"]},"steps":["1Ki",2048],
    "level":"rack","retry":{"times":2}}})");
  ASSERT_TRUE(r.ok && r.errors.empty() && r.outcome.empty());
  const auto& s = r.widget.spec;
  EXPECT_EQ(r.widget.metadata.labels.at("x"), "y");
  EXPECT_EQ(s.queue, "q");
  EXPECT_EQ(s.priority, -3);
  EXPECT_TRUE(s.suspended);
  EXPECT_FALSE(s.adopt);
  EXPECT_EQ(s.share, 0.25);
  ASSERT_EQ(s.roles.size(), 1u);
  EXPECT_EQ(s.roles[0].count, 2);
  EXPECT_EQ(s.roles[0].each.memory.value(), int64_t{8} << 30);
  EXPECT_EQ(s.roles[0].each.cpu.text(), "1.5");
  EXPECT_EQ(s.roles[0].each.extra.at("net").dimension(), Dimension::bandwidth);
  EXPECT_EQ(s.roles[0].color, Color::blue);
  EXPECT_TRUE(s.ceiling.has_value());
  EXPECT_EQ(json::print(s.parameters), R"({"a":[1,null]})");
  EXPECT_TRUE(s.notes.at("n").is_null());
  EXPECT_EQ(s.seed.data, std::string("\0\1\2", 3));
  EXPECT_EQ(s.window, seconds(90));
  EXPECT_EQ(s.at.time.us % 1000000, 6);
  EXPECT_EQ(format_rfc3339(s.until), "2026-01-02T02:04:05Z");
  EXPECT_EQ(s.strict, false);
  EXPECT_EQ(s.budget, 0);
  EXPECT_THAT(s.colors, ElementsAre(Color::green, Color::blue));
  EXPECT_THAT(s.ports, ElementsAre(80, 443));
  EXPECT_THAT(s.groups.at("g"), ElementsAre("a", "b"));
  EXPECT_EQ(s.steps[1].value(), 2048);
  EXPECT_EQ(s.level, Level::rack);
  EXPECT_EQ(s.retry.times, 2);
  EXPECT_TRUE(s.retry.forever) << "what the parent sets by default stays";
}

TEST(Read, FieldsMayComeInAnyOrder) {
  const Read r = read_widget(
      R"({"spec":{"share":1,"queue":"q","adopt":false,"priority":1},"metadata":{"name":"a"}})");
  ASSERT_TRUE(r.ok && r.errors.empty() && r.outcome.empty());
  EXPECT_EQ(r.widget.metadata.name, "a");
  EXPECT_EQ(r.widget.spec.priority, 1);
  EXPECT_EQ(r.widget.spec.share, 1.0);
}

TEST(Read, NullCountsAsAbsent) {
  const Read r = read_widget(
      R"({"metadata":{"namespace":null},"spec":{"adopt":null,"colors":null,"ceiling":null,"parameters":null},"status":null})");
  ASSERT_TRUE(r.ok && r.errors.empty() && r.outcome.empty());
  EXPECT_EQ(r.widget.metadata.ns, "default");
  EXPECT_TRUE(r.widget.spec.adopt);
  EXPECT_THAT(r.widget.spec.colors, ElementsAre(Color::red));
  EXPECT_FALSE(r.widget.spec.ceiling.has_value());
}

TEST(Read, NullInAMapIsAnEmptyValueAndInAListAnError) {
  const Read r = read_widget(R"({"metadata":{"labels":{"a":null}},"spec":{"ports":[null]}})");
  EXPECT_EQ(r.widget.metadata.labels.at("a"), "");
  ASSERT_EQ(r.errors.all().size(), 1u);
  EXPECT_EQ(r.errors.all()[0].path, "spec.ports[0]");
}

TEST(Read, AListReplacesItsDefault) {
  EXPECT_THAT(read_widget(R"({"spec":{"colors":["Blue"]}})").widget.spec.colors,
              ElementsAre(Color::blue));
  EXPECT_THAT(read_widget(R"({"spec":{"colors":[]}})").widget.spec.colors, IsEmpty());
}

TEST(Read, ReportsEveryFaultWithItsPathAndRemedy) {
  EXPECT_THAT(
      faults_of_spec(R"("queue":5,"priority":"9","suspended":"yes","share":[],"roles":{},
        "ceiling":[],"seed":"!","window":"soon","at":1,"until":"tomorrow","color":"Pink",
        "ports":[1.5,"2",99999999999999999999],"steps":["x",true])"),
      ElementsAre(
          "spec.queue: expected a string, got a number; put it in quotes",
          "spec.priority: expected a whole number, got a string; write it without quotes",
          "spec.suspended: expected true or false, got a string",
          "spec.share: expected a number, got a list; write it without quotes",
          "spec.roles: expected a list, got an object; begin its items with '-'",
          "spec.ceiling: expected an object, got a list", "spec.seed: \"!\" is not base64 text",
          "spec.window: \"soon\" is not a duration such as 30s or 1h30m",
          "spec.at: expected a time such as 2026-11-23T15:39:13Z, got a number; put it in quotes",
          "spec.until: \"tomorrow\" is not a time such as 2026-11-23T15:39:13Z",
          "spec.color: unsupported value \"Pink\": use one of \"Red\", \"Green\", \"Blue\"",
          "spec.ports[0]: expected a whole number, got 1.5",
          "spec.ports[1]: expected a whole number, got a string; write it without quotes",
          "spec.ports[2]: 99999999999999999999 does not fit 64 bits", HasSubstr("spec.steps[0]: "),
          "spec.steps[1]: expected a quantity such as 80Gi, got a boolean"));
}

TEST(Read, ValuesAtFaultLeaveTheirNeighboursReadable) {
  const Read r = read_widget(
      R"({"spec":{"roles":[{"name":1,"image":{"deep":[1,{"x":2}]},"count":4}],"queue":"q"}})");
  EXPECT_EQ(r.errors.all().size(), 2u);
  EXPECT_EQ(r.widget.spec.roles[0].count, 4);
  EXPECT_EQ(r.widget.spec.queue, "q");
}

TEST(Read, UnknownFieldsAreNamedWithTheNearestName) {
  const Read r =
      read_widget(R"({"spec":{"rolez":[],"roles":[{"imgae":"x","zzz":{"a":[1]}}]},"extra":1})");
  ASSERT_TRUE(r.ok && r.errors.empty());
  EXPECT_THAT(r.outcome.unknown,
              ElementsAre("spec.rolez", "spec.roles[0].imgae", "spec.roles[0].zzz", "extra"));
  EXPECT_THAT(r.outcome.messages(),
              ElementsAre(R"(unknown field "spec.rolez", did you mean "roles"?)",
                          R"(unknown field "spec.roles[0].imgae", did you mean "image"?)",
                          R"(unknown field "spec.roles[0].zzz")", R"(unknown field "extra")"));
}

TEST(Read, UnknownFieldsAreStillCheckedAsJson) {
  EXPECT_FALSE(read_widget(R"({"extra":{"a":tru}})").ok);
  EXPECT_FALSE(read_widget("{\"extra\":\"\xff\"}").ok);
  EXPECT_FALSE(read_widget(R"({"spec":{"parameters":{"a":1,"a":2}}})").ok);
}

TEST(Read, TheFirstOfTwoFieldsCountsAndTheSecondIsNamed) {
  const Read r =
      read_widget(R"({"spec":{"queue":"a","queue":"b"},"metadata":{"labels":{"x":"1","x":"2"}}})");
  ASSERT_TRUE(r.ok && r.errors.empty());
  EXPECT_EQ(r.widget.spec.queue, "a");
  EXPECT_EQ(r.widget.metadata.labels.at("x"), "1");
  EXPECT_THAT(r.outcome.duplicate, ElementsAre("spec.queue", "metadata.labels[x]"));
}

TEST(Read, KeysWithEscapesAreKeptWhileTheirValueIsRead) {
  const Read r =
      read_widget(R"({"metadata":{"labels":{"\u0061-very-long-key-that-is-escaped":5}}})");
  ASSERT_EQ(r.errors.all().size(), 1u);
  EXPECT_EQ(r.errors.all()[0].path, "metadata.labels[a-very-long-key-that-is-escaped]");
  EXPECT_TRUE(read_widget(R"({"\u0073pec":{"queue":"q"}})").outcome.empty());
}

TEST(Read, WhatIsNotJsonIsABadRequest) {
  for (const char* text :
       {"", "{", "[", R"({"spec":})", R"({"spec":{}} x)", R"({"spec":{"queue":"a})", "nul"}) {
    const Read r = read_widget(text);
    EXPECT_FALSE(r.ok) << text;
    EXPECT_EQ(r.error.reason, Reason::bad_request) << text;
    EXPECT_THAT(r.error.message, HasSubstr("malformed JSON at byte")) << text;
  }
}

TEST(Read, ADocumentThatIsNoObjectIsAFault) {
  for (const char* text : {"null", "[]", "5", "\"x\""}) {
    const Read r = read_widget(text);
    EXPECT_TRUE(r.ok) << text;
    ASSERT_EQ(r.errors.all().size(), 1u) << text;
    EXPECT_EQ(r.errors.all()[0].path, "") << text;
  }
}

TEST(Read, FaultsAndUnknownFieldsAreBounded) {
  std::string ports, fields;
  for (size_t i = 0; i < 3 * limits::field_errors; ++i) {
    ports += i == 0 ? "true" : ",true";
    fields += ",\"u" + std::to_string(i) + "\":1";
  }
  const Read r = read_widget(R"({"spec":{"ports":[)" + ports + "]}" + fields + "}");
  EXPECT_TRUE(r.ok);
  EXPECT_EQ(r.errors.all().size(), limits::field_errors);
  EXPECT_EQ(r.outcome.unknown.size(), limits::field_errors);
}

TEST(Read, DepthIsBounded) {
  const auto nested = [](size_t n) {
    return R"({"spec":{"parameters":)" + std::string(n, '[') + std::string(n, ']') + "}}";
  };
  EXPECT_TRUE(read_widget(nested(limits::json_depth - 2)).ok);
  EXPECT_FALSE(read_widget(nested(limits::json_depth + 1)).ok);
}

TEST(Read, ListsAreBounded) {
  std::string ports = "1";
  for (size_t i = 0; i < limits::list_items; ++i) ports += ",1";
  const Read r = read_widget(R"({"spec":{"ports":[)" + ports + "]}}");
  EXPECT_TRUE(r.ok);
  EXPECT_EQ(r.widget.spec.ports.size(), limits::list_items);
  ASSERT_EQ(r.errors.all().size(), 1u);
  EXPECT_EQ(r.errors.all()[0].path, "spec.ports");
}

TEST(Read, FreeFormValuesThatCannotBeHeldAreAFault) {
  EXPECT_THAT(faults_of_spec(R"("parameters":{"a":[1e999]})"),
              ElementsAre("spec.parameters: number out of range"));
}

TEST(Read, WrappedBase64IsAccepted) {
  EXPECT_EQ(read_widget(R"({"spec":{"seed":"AA\nEC\r\n"}})").widget.spec.seed.data,
            std::string("\0\1\2", 3));
}

TEST(Read, LongValuesAreCutInMessages) {
  const std::string umlauts(400, '\0');
  std::string text;
  for (size_t i = 0; i < umlauts.size(); ++i) text += "ü";
  const auto lines = faults_of_spec("\"window\":\"" + text + "\"");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 200u);
  EXPECT_TRUE(is_utf8(lines[0]));
}

TEST(Read, StrictReadingRefusesUnknownAndRepeatedFields) {
  const Result<Widget> r =
      read<Widget>(R"({"spec":{"queue":"a","queue":"b","rolez":1,"priority":"x"}})");
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().reason, Reason::invalid);
  EXPECT_EQ(
      r.error().message,
      "Widget is invalid: [spec.priority: expected a whole number, got a string; write it without "
      "quotes, spec.rolez: unknown field, did you mean \"roles\"?, spec.queue: given more than "
      "once]");
  ASSERT_EQ(r.error().causes.size(), 3u);
  EXPECT_EQ(r.error().causes[0].type, "FieldValueTypeInvalid");
  EXPECT_EQ(r.error().causes[1].field, "spec.rolez");
  EXPECT_EQ(r.error().causes[2].type, "FieldValueDuplicate");
}

TEST(Read, OneFaultStandsWithoutBrackets) {
  Errors errors;
  errors.add(Fault::required, "spec.x", "required");
  EXPECT_EQ(errors.to_error("Contract", "a").message,
            R"(Contract "a" is invalid: spec.x: required)");
}

TEST(Read, FromJsonReadsUntypedDocuments) {
  Widget w;
  Errors errors;
  const auto document = json::parse(R"({"spec":{"queue":"q","x":1}})");
  const ReadOutcome outcome = from_json(type_of<Widget>, &w, *document, errors);
  EXPECT_EQ(w.spec.queue, "q");
  EXPECT_THAT(outcome.unknown, ElementsAre("spec.x"));
}

}  // namespace
}  // namespace freehold::schema
