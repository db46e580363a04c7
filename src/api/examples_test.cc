// The manifests that people copy from: every file of examples/ is valid.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "api/registry.h"
#include "json/yaml.h"

namespace freehold::api {
namespace {

std::string faults(const json::Value& document) {
  const Kind* kind =
      find_document(document.string_at({"apiVersion"}), document.string_at({"kind"}));
  if (kind == nullptr) return "no kind of this name";
  Object object(*kind);
  schema::Errors errors;
  const Result<schema::ReadOutcome> outcome = from_json(object, document, errors);
  if (!outcome.ok()) return outcome.error().message;
  for (const std::string& message : outcome->messages()) return message;
  if (kind->admit != nullptr) kind->admit(object.data());
  validate(object, errors);
  if (object.meta().name.empty()) return "no name";
  return errors.empty() ? "" : errors.to_error(kind->name, object.meta().name).message;
}

TEST(Examples, AreValid) {
  size_t documents = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("examples")) {
    if (entry.path().extension() != ".yaml") continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const Result<std::vector<json::Value>> all = json::parse_yaml(text);
    ASSERT_TRUE(all.ok()) << entry.path() << ": " << all.error().message;
    EXPECT_FALSE(all->empty()) << entry.path();
    for (const json::Value& document : *all) EXPECT_EQ(faults(document), "") << entry.path();
    documents += all->size();
  }
  EXPECT_GE(documents, 15u);
}

}  // namespace
}  // namespace freehold::api
