#include "json/yaml.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace freehold::json {
namespace {

// The only document as JSON, or the message of the refusal.
std::string read(std::string_view text) {
  const auto documents = parse_yaml(text);
  if (!documents.ok()) return documents.error().message;
  return documents->size() == 1 ? print(documents->front()) : std::to_string(documents->size());
}

std::string written(std::string_view json_text) {
  const auto value = parse(json_text);
  EXPECT_TRUE(value.ok()) << value.error().message;
  return print_yaml(*value);
}

TEST(ParseYaml, reads_a_manifest) {
  EXPECT_EQ(read(R"(# a comment
apiVersion: v1
metadata:
  name: "a"
  labels: {stage: 'b c', empty: }
items:
- one
-   two: 2
    three: [3, 3.5]
text: |
  line 1
    line 2
)"),
            R"({"apiVersion":"v1","metadata":{"name":"a","labels":{"stage":"b c","empty":null}},)"
            R"("items":["one",{"two":2,"three":[3,3.5]}],"text":"line 1\n  line 2\n"})");
}

TEST(ParseYaml, splits_documents_and_leaves_empty_ones_out) {
  const auto documents = parse_yaml("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n");
  ASSERT_TRUE(documents.ok()) << documents.error().message;
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ(print((*documents)[1]), R"({"b":2})");
  EXPECT_TRUE(parse_yaml("")->empty());
  EXPECT_TRUE(parse_yaml("# only a comment\n")->empty());
}

TEST(ParseYaml, text_behind_a_document_is_refused) {
  EXPECT_EQ(
      read("[a],b"),
      "malformed YAML at line 1, column 4: unexpected text behind the document: begin another "
      "with ---");
  for (const char* text : {"[a] [b]", "[a]\n[b]", "'a' 'b'", "--- ,", "---\na\n...\nb", "[a]: ]"})
    EXPECT_FALSE(parse_yaml(text).ok()) << text;
  EXPECT_EQ(parse_yaml("%YAML 1.2\n---\na\n...\n%YAML 1.2\n---\nb\n")->size(), 2u);
}

TEST(ParseYaml, plain_scalars_follow_the_core_schema) {
  EXPECT_EQ(read("[~, null, Null, true, TRUE, False]"), "[null,null,null,true,true,false]");
  EXPECT_EQ(read("[0, -12, +12, 0o17, 0x1F]"), "[0,-12,12,15,31]");
  EXPECT_EQ(read("[1.5, .5, 5., 1e3, -1.e3, 00.5]"), "[1.5,0.5,5.0,1000.0,-1000.0,0.5]");
  EXPECT_EQ(read("[9223372036854775807, 9223372036854775808]"),
            "[9223372036854775807,9223372036854775808.0]");
}

TEST(ParseYaml, everything_else_is_a_string) {
  EXPECT_EQ(
      read("[yes, no, on, off, y, 2026-11-23, 1:30, 1_000, 1.2.3, 80Gi, nULL, 0b1, -, 0x]"),
      R"(["yes","no","on","off","y","2026-11-23","1:30","1_000","1.2.3","80Gi","nULL","0b1","-","0x"])");
  EXPECT_EQ(read("['1', \"true\", 'null', '']"), R"(["1","true","null",""])");
}

TEST(ParseYaml, numbers_that_json_or_other_readers_lack_are_refused) {
  EXPECT_EQ(
      read("mode: 0644"),
      "malformed YAML at line 1, column 7: number 0644 has a leading zero: quote it, or write "
      "octal as 0o17");
  EXPECT_NE(read("a: .inf").find("does not exist in JSON"), std::string::npos);
  EXPECT_NE(read("a: -.NaN").find("does not exist in JSON"), std::string::npos);
  EXPECT_NE(read("a: 1e999").find("out of range"), std::string::npos);
}

TEST(ParseYaml, core_tags_are_understood_and_others_refused) {
  EXPECT_EQ(read("[!!str 1, !!int 2, !!float 3, !!bool true, !!null ~, !!seq [], !!map {}, ! 4]"),
            R"(["1",2,3,true,null,[],{},"4"])");
  EXPECT_NE(read("a: !!int x").find("is not supported"), std::string::npos);
  EXPECT_NE(read("a: !!binary aGk=").find("is not supported"), std::string::npos);
  EXPECT_NE(read("a: !local x").find("tag !local is not supported"), std::string::npos);
  EXPECT_NE(read("!!map []").find("is not supported"), std::string::npos);
}

TEST(ParseYaml, anchors_and_aliases_are_refused) {
  EXPECT_EQ(read("a: &x 1"), "malformed YAML at line 1, column 4: anchors are not supported");
  EXPECT_NE(read("a: &x [1]\nb: *x").find("anchors"), std::string::npos);
  EXPECT_FALSE(parse_yaml("a: *x").ok());
}

TEST(ParseYaml, names_must_be_unique_strings) {
  EXPECT_EQ(read("a: 1\nb:\n  c: 1\n  c: 2\n"),
            "malformed YAML at line 4, column 3: duplicate name \"c\"");
  EXPECT_NE(read("1: a").find("a name must be a string"), std::string::npos);
  EXPECT_NE(read("true: a").find("a name must be a string"), std::string::npos);
  EXPECT_NE(read("? [a]\n: b").find("a name must be a string"), std::string::npos);
  EXPECT_EQ(read("\"1\": a\ny: b"), R"({"1":"a","y":"b"})");
}

TEST(ParseYaml, errors_name_line_and_column) {
  const auto documents = parse_yaml("a: 1\nb: [1, 2\nc: 3\n");
  ASSERT_FALSE(documents.ok());
  EXPECT_EQ(documents.error().reason, Reason::bad_request);
  EXPECT_EQ(documents.error().message.find("malformed YAML at line "), 0u)
      << documents.error().message;
  EXPECT_FALSE(parse_yaml("a: 'open").ok());
  EXPECT_FALSE(parse_yaml("a: b: c").ok());
  EXPECT_FALSE(parse_yaml("\ta: b").ok());
}

TEST(ParseYaml, bytes_that_are_no_text_are_refused) {
  EXPECT_EQ(read("a: \xFF"), "malformed YAML: not UTF-8");
  EXPECT_EQ(read(std::string("a: 1\x04 b", 7)), "malformed YAML at byte 4: control character");
  EXPECT_EQ(read(std::string_view("\0a", 2)), "malformed YAML at byte 0: control character");
}

TEST(ParseYaml, escapes_give_utf8) {
  EXPECT_EQ(read(R"("\xe4\u20AC\U0001F600\x85")"),
            "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xC2\x85\"");
  EXPECT_NE(read(R"("\N")").find("not supported"), std::string::npos);
  EXPECT_FALSE(parse_yaml(R"("\ud83d\ude00")").ok());
}

TEST(ParseYaml, depth_and_size_are_bounded) {
  EXPECT_NE(read(std::string(65, '[') + std::string(65, ']')).find("nested too deeply"),
            std::string::npos);
  EXPECT_EQ(read(std::string(64, '[') + std::string(64, ']')),
            std::string(64, '[') + std::string(64, ']'));
  EXPECT_FALSE(parse_yaml(std::string(100'000, '[')).ok());
  EXPECT_EQ(parse_yaml(std::string(limits::yaml_bytes + 1, ' ')).error().reason, Reason::too_large);
}

TEST(ParseYamlOrJson, takes_exactly_one_document) {
  EXPECT_EQ(print(*parse_yaml_or_json(" {\"a\": 1}")), R"({"a":1})");
  EXPECT_EQ(print(*parse_yaml_or_json("a: 1")), R"({"a":1})");
  EXPECT_EQ(parse_yaml_or_json("a: 1\n---\nb: 2").error().message,
            "expected one YAML document, found 2");
  EXPECT_FALSE(parse_yaml_or_json("").ok());
  EXPECT_FALSE(parse_yaml_or_json("{a: 1}").ok());
}

TEST(PrintYaml, looks_as_from_kubectl) {
  EXPECT_EQ(
      written(
          R"({"apiVersion":"v1","items":[{"name":"a","args":["--port=80","x"]},[1,[2]],{}],)"
          R"("none":null,"empty":[],"map":{"x":{"y":1.5}},"creationTimestamp":"2026-11-23T15:39:13Z"})"),
      R"(apiVersion: v1
items:
- name: a
  args:
  - --port=80
  - x
- - 1
  - - 2
- {}
none: null
empty: []
map:
  x:
    "y": 1.5
creationTimestamp: "2026-11-23T15:39:13Z"
)");
}

TEST(PrintYaml, strings_that_would_read_as_another_type_are_in_double_quotes) {
  for (
      const char* text :
      {"",   "~",  "null", "True",  "yes",  "NO",   "on",           "Off",        "y",
       "1",  "-1", "+1.5", "1e3",   "0x1F", "0o17", "0b1",          "017",        "1_000",
       ".5", "5.", ".inf", "-.INF", ".NaN", "1:30", "190:20:30.15", "2026-11-23", "2026-1-2T3:4:5Z",
       "=",  "<<"})
    EXPECT_EQ(print_yaml(Value(text)), '"' + std::string(text) + "\"\n");
}

TEST(PrintYaml, strings_with_signs_of_yaml_are_in_single_quotes_and_others_plain) {
  for (const char* text : {"a: b", "a:", "- a", "a #b", "#a", "[a", "{a", "*a", "&a", "!a", "%a",
                           "@a", "|", ">", " a", "a ", "? a", "---", "\"a\""})
    EXPECT_EQ(print_yaml(Value(text)), '\'' + std::string(text) + "'\n");
  EXPECT_EQ(print_yaml(Value("'a': b")), "'''a'': b'\n");
  for (const char* text :
       {"a", "-a", "a:b", "a#b", "80Gi", "10.0.0.1", "1.2.3", "v1", "a, b", "1h30m",
        "https://example.org/x?y=z", "~a", "it's", "\xC3\xA4\xF0\x9F\x98\x80"})
    EXPECT_EQ(print_yaml(Value(text)), std::string(text) + '\n');
}

TEST(PrintYaml, lines_are_literal_blocks_where_nothing_is_hidden) {
  EXPECT_EQ(written(R"({"a":"x\n y\n\nz","b":"x\n","c":["x\n\n"]})"),
            "a: |-\n  x\n   y\n\n  z\nb: |\n  x\nc:\n- |+\n  x\n\n");
  EXPECT_EQ(print_yaml(Value("a \nb")), "\"a \\nb\"\n");
  EXPECT_EQ(print_yaml(Value(" a\nb")), "\" a\\nb\"\n");
  EXPECT_EQ(print_yaml(Value("\n")), "\"\\n\"\n");
  EXPECT_EQ(print_yaml(Value("a\tb\n")), "\"a\\tb\\n\"\n");
}

TEST(PrintYaml, what_cannot_be_seen_is_escaped) {
  EXPECT_EQ(print_yaml(Value(std::string("\x01\x7F\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF\\", 11))),
            "\"\\u0001\\u007F\\u0085\\u2028\\uFEFF\\\\\"\n");
  EXPECT_EQ(print_yaml(Value("a\xFF")), "\"a\xEF\xBF\xBD\"\n");
}

TEST(PrintYaml, every_document_reads_back) {
  for (const char* text :
       {R"({"a":{"b":[[],{},[[1]],{"c":[{"d":null}]}]}})",
        R"(["x\n\n","  ","\n\n"," \n","a\n b \n"])",
        R"({"":"","a: b":"c: d","? x":["- y","-"],"\n":"\u0000\u001f\u0085","1":1,"1.0":1.0})",
        R"({"e":1e300,"big":9223372036854775807,"small":-9223372036854775808})", R"("#")", "[]",
        "-1.5"}) {
    const auto value = parse(text);
    ASSERT_TRUE(value.ok()) << value.error().message;
    const std::string yaml = print_yaml(*value);
    const auto again = parse_yaml(yaml);
    ASSERT_TRUE(again.ok()) << again.error().message << '\n' << yaml;
    ASSERT_EQ(again->size(), 1u) << yaml;
    EXPECT_EQ(print(again->front()), print(*value)) << yaml;
  }
  const Value long_name(Object{{std::string(2'000, 'n'), Object{{"a", Array{1, 2}}}}});
  EXPECT_EQ(parse_yaml(print_yaml(long_name))->front(), long_name);
}

}  // namespace
}  // namespace freehold::json
