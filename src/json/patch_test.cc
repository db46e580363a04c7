#include "json/patch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "base/limits.h"

namespace freehold::json {
namespace {

Value parsed(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value.ok()) << value.error().message << " in " << text;
  return value.ok() ? std::move(value).value() : Value();
}

std::string patched(std::string_view target, std::string_view patch) {
  const auto result = json_patch(parsed(target), parsed(patch));
  return result.ok() ? print(*result) : result.error().message;
}

std::string merged(std::string_view target, std::string_view patch) {
  return print(merge_patch(parsed(target), parsed(patch)));
}

// Nothing when there is no folder of recorded inputs.
std::optional<std::string> test_data(const std::string& path) {
  const char* const folder = std::getenv("FREEHOLD_TEST_DATA");
  if (folder == nullptr) return std::nullopt;
  std::ifstream file(std::string(folder) + '/' + path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The files hold, in cases that are disabled, operations with two "op": our reader refuses such
// documents, so the second goes.
void drop_second_op(std::string& text) {
  for (const std::string_view second :
       {R"(, "op": "remove" })", ",\n                   \"op\": \"move\", \"from\":\"/foo\" }"}) {
    const size_t at = text.find(second);
    if (at != std::string::npos) text.replace(at, second.size(), "}");
  }
}

void run_case(const Value& one, const std::string& name) {
  const Value* const document = one.at({"doc"});
  const Value* const expected = one.at({"expected"});
  ASSERT_NE(document, nullptr) << name;
  const auto result = json_patch(*document, *one.at({"patch"}));
  if (one.at({"error"}) != nullptr) {
    EXPECT_FALSE(result.ok()) << name;
    return;
  }
  ASSERT_TRUE(result.ok()) << name << ": " << result.error().message;
  if (expected == nullptr) return;
  EXPECT_EQ(*result, *expected) << name << ": " << print(*result);
}

size_t run_file(const std::string& path) {
  auto text = test_data(path);
  if (!text) return 0;
  drop_second_op(*text);
  size_t count = 0;
  const Value cases = parsed(*text);
  for (const Value& one : *cases.as_array()) {
    const Value* const disabled = one.at({"disabled"});
    if (disabled != nullptr && *disabled == Value(true)) continue;
    if (one.at({"patch"}) == nullptr) continue;
    run_case(one, path + " case " + std::to_string(++count) + ' ' +
                      std::string(one.string_at({"comment"})));
  }
  return count;
}

TEST(JsonPatch, agrees_with_the_public_vectors) {
  const size_t cases =
      run_file("kube/json-patch/spec_tests.json") + run_file("kube/json-patch/tests.json");
  if (cases == 0) GTEST_SKIP() << "skipped: no data folder";
  EXPECT_GT(cases, 80u);
}

TEST(MergePatch, agrees_with_the_vectors_of_rfc_7396) {
  const auto text = test_data("kube/merge-patch-rfc7396.json");
  if (!text) GTEST_SKIP() << "skipped: no data folder";
  const Value vectors = parsed(*text);
  EXPECT_EQ(vectors.at({"vectors"})->as_array()->size(), 15u);
  for (const Value& one : *vectors.at({"vectors"})->as_array())
    EXPECT_EQ(merge_patch(*one.at({"original"}), *one.at({"patch"})), *one.at({"result"}))
        << print(one);
}

TEST(MergePatch, changes_what_it_names_and_keeps_places) {
  EXPECT_EQ(merged(R"({"a":{"x":1,"y":2},"b":[1],"c":3})",
                   R"({"d":{"e":null,"f":1},"a":{"x":null},"b":[2]})"),
            R"({"a":{"y":2},"b":[2],"c":3,"d":{"f":1}})");
  EXPECT_EQ(merged(R"([1])", R"({"a":{"b":null}})"), R"({"a":{}})");
  EXPECT_EQ(merged(R"({"a":1})", "null"), "null");
}

TEST(MergePatch, a_large_patch_on_a_large_object_takes_no_square_of_time) {
  Object target, patch;
  for (int i = 0; i < 5'000; ++i) {
    target.append('n' + std::to_string(i), i);
    patch.append('n' + std::to_string(9'999 - i), i);
  }
  EXPECT_EQ(merge_patch(target, patch).as_object()->size(), 10'000u);
}

TEST(Diff, gives_what_turns_one_into_the_other) {
  EXPECT_EQ(print(diff(parsed(R"({"a":1,"b":{"x":1,"y":2},"c":[1]})"),
                       parsed(R"({"b":{"x":1,"y":3,"z":{}},"c":[1],"d":true})"))),
            R"({"a":null,"b":{"y":3,"z":{}},"d":true})");
  EXPECT_EQ(print(diff(parsed(R"({"a":1,"b":2})"), parsed(R"({"b":2,"a":1})"))), "{}");
  EXPECT_EQ(print(diff(parsed(R"({"a":{"b":1}})"), parsed(R"({"a":[]})"))), R"({"a":[]})");
}

TEST(JsonPatch, a_refused_operation_is_named_with_its_path) {
  EXPECT_EQ(patched(R"({"a":1})",
                    R"([{"op":"test","path":"/a","value":1},{"op":"remove","path":"/b/c"}])"),
            "patch operation 2: path \"/b\" not found");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])"),
            "patch operation 1: path \"/a\" has another value");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"add","path":"/a/b","value":2}])"),
            "patch operation 1: path \"/a\" is neither an object nor an array");
  EXPECT_EQ(patched(R"({"x~/y":[]})", R"([{"op":"remove","path":"/x~0~1y/0"}])"),
            "patch operation 1: path \"/x~0~1y/0\" not found");
}

TEST(JsonPatch, what_cannot_be_applied_is_invalid_and_what_is_no_patch_is_a_bad_request) {
  const auto reason = [](std::string_view patch) {
    const auto result = json_patch(parsed("{}"), parsed(patch));
    return result.ok() ? std::string("accepted") : std::string(reason_name(result.error().reason));
  };
  EXPECT_EQ(reason(R"([{"op":"remove","path":"/a"}])"), "Invalid");
  EXPECT_EQ(reason(R"([{"op":"remove","path":""}])"), "Invalid");
  EXPECT_EQ(reason(R"({})"), "BadRequest");
  EXPECT_EQ(reason(R"([1])"), "BadRequest");
  EXPECT_EQ(reason(R"([{"op":"merge","path":"/a"}])"), "BadRequest");
  EXPECT_EQ(reason(R"([{"op":"add","path":"/a"}])"), "BadRequest");
  EXPECT_EQ(reason(R"([{"op":"add","path":"a","value":1}])"), "BadRequest");
  EXPECT_EQ(reason(R"([{"op":"add","path":"/~2","value":1}])"), "BadRequest");
  EXPECT_EQ(reason(R"([{"op":"copy","path":"/a"}])"), "BadRequest");
}

TEST(JsonPatch, a_value_cannot_move_into_itself_but_may_stay) {
  EXPECT_EQ(patched(R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/c"}])"),
            "patch operation 1: a value cannot be moved into itself");
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])"), R"({"a":1})");
  EXPECT_EQ(patched(R"({"a":1,"ab":2})", R"([{"op":"move","from":"/a","path":"/ab"}])"),
            R"({"ab":1})");
}

TEST(JsonPatch, test_compares_numbers_by_value_and_objects_without_order) {
  EXPECT_EQ(patched("[1,{\"a\":1,\"b\":2.0}]",
                    R"([{"op":"test","path":"","value":[1.0,{"b":2,"a":1}]}])"),
            "[1,{\"a\":1,\"b\":2.0}]");
  EXPECT_EQ(patched("9007199254740993", R"([{"op":"test","path":"","value":9007199254740992.0}])"),
            "patch operation 1: path \"\" has another value");
  EXPECT_EQ(patched("1", R"([{"op":"test","path":"","value":1e300}])"),
            "patch operation 1: path \"\" has another value");
}

TEST(JsonPatch, copies_of_copies_are_bounded) {
  Array operations;
  for (int i = 0; i < 100; ++i)
    operations.push_back(Object{{"op", "copy"}, {"from", ""}, {"path", "/-"}});
  const auto doubled = json_patch(parsed(R"(["0123456789"])"), operations);
  ASSERT_FALSE(doubled.ok());
  EXPECT_EQ(doubled.error().reason, Reason::too_large);
}

TEST(JsonPatch, the_result_is_never_deeper_than_a_reader_accepts) {
  Array operations;
  for (int i = 0; i < 100; ++i) {
    operations.push_back(Object{{"op", "move"}, {"from", "/a"}, {"path", "/b/a"}});
    operations.push_back(Object{{"op", "add"}, {"path", "/c"}, {"value", Object{}}});
    operations.push_back(Object{{"op", "move"}, {"from", "/b"}, {"path", "/a"}});
    operations.push_back(Object{{"op", "move"}, {"from", "/c"}, {"path", "/b"}});
  }
  const auto deep = json_patch(parsed(R"({"a":{},"b":{}})"), operations);
  ASSERT_FALSE(deep.ok());
  EXPECT_NE(deep.error().message.find("nested too deeply"), std::string::npos)
      << deep.error().message;
}

TEST(JsonPatch, the_number_of_operations_is_bounded) {
  Array operations(limits::patch_operations + 1, parsed(R"({"op":"test","path":"","value":1})"));
  EXPECT_EQ(json_patch(1, operations).error().reason, Reason::too_large);
  operations.pop_back();
  EXPECT_TRUE(json_patch(1, operations).ok());
}

TEST(JsonPatch, work_is_bounded) {
  Array large(90'000, Value(0)), operations;
  for (int i = 0; i < 1'000; ++i)
    operations.push_back(Object{{"op", "add"}, {"path", "/0"}, {"value", 1}});
  const auto result = json_patch(large, operations);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, Reason::too_large);
}

}  // namespace
}  // namespace freehold::json
