// What every kind must do with documents: a good one is taken, printed and read back; wrong ones
// are refused with the field named.
#include <gtest/gtest.h>

#include <algorithm>

#include "api/contract.h"
#include "api/registry.h"
#include "api/testing/documents.h"
#include "json/value.h"
#include "schema/samples.h"

namespace freehold::api {
namespace {

// As a server does with fieldValidation=Strict; every fault with the field it names.
std::vector<std::string> faults(const Kind& kind, const json::Value& document) {
  Object object(kind);
  schema::Errors errors;
  const Result<schema::ReadOutcome> outcome = from_json(object, document, errors);
  if (!outcome.ok()) return {outcome.error().message};
  std::vector<std::string> out = outcome->unknown;
  out.insert(out.end(), outcome->duplicate.begin(), outcome->duplicate.end());
  if (errors.empty()) validate(object, errors);
  for (const schema::FieldError& error : errors.all()) out.push_back(error.path);
  return out;
}

class EveryKind : public ::testing::TestWithParam<const Kind*> {};

TEST_P(EveryKind, TakesItsGoodDocument) {
  const Kind& kind = *GetParam();
  const json::Value document = testing::good_document(kind);
  EXPECT_EQ(faults(kind, document), std::vector<std::string>{}) << json::print(document);
}

TEST_P(EveryKind, ReadsBackWhatItPrints) {
  const Kind& kind = *GetParam();
  Object object(kind);
  schema::Errors errors;
  ASSERT_TRUE(from_json(object, testing::good_document(kind), errors).ok());
  const std::string printed = object.print();
  const Result<Object> again = decode(kind, printed);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->print(), printed);
  EXPECT_TRUE(schema::equal(*kind.type, object.data(), again->data()));
  EXPECT_EQ(again->meta().name, "sample");
  EXPECT_EQ(parse_key(again->key()).kind, &kind);
}

TEST_P(EveryKind, DocumentsWithEveryFieldAreReadBackToo) {
  const Kind& kind = *GetParam();
  // Wrong documents begin as full ones, so what they leave of those must come back unchanged as
  // well.
  const auto wrong = schema::wrong_documents(*kind.type, testing::good_fields(kind), 50, 3);
  for (const schema::WrongDocument& w : wrong) {
    Object object(kind);
    schema::Errors errors;
    if (!from_json(object, w.document, errors).ok() || !errors.empty()) continue;
    const Result<Object> again = decode(kind, object.print());
    ASSERT_TRUE(again.ok()) << again.error().message << '\n' << object.print();
    EXPECT_EQ(again->print(), object.print());
  }
}

TEST_P(EveryKind, RefusesWrongDocumentsAndNamesTheField) {
  const Kind& kind = *GetParam();
  const auto wrong = schema::wrong_documents(*kind.type, testing::good_fields(kind), 400, 1);
  EXPECT_GE(wrong.size(), 200u);
  for (const schema::WrongDocument& w : wrong) {
    const std::vector<std::string> found = faults(kind, testing::with_header(kind, w.document));
    EXPECT_NE(std::ranges::find(found, w.field), found.end()) << w.field << ": " << w.reason << '\n'
                                                              << json::print(w.document);
  }
}

TEST_P(EveryKind, ItsDefaultsAreNoFaultOfTheDocument) {
  const Kind& kind = *GetParam();
  const Object empty(kind);
  schema::Errors errors;
  validate(empty, errors);
  for (const schema::FieldError& error : errors.all())
    EXPECT_EQ(error.fault, schema::Fault::required) << error.path << ": " << error.detail;
}

TEST_P(EveryKind, CellsOfAnEmptyObjectSayThatThereIsNothing) {
  const Kind& kind = *GetParam();
  const Object empty(kind);
  for (const Column& column : kind.columns) {
    EXPECT_FALSE(column.name.empty());
    EXPECT_FALSE(column.doc.empty());
    EXPECT_TRUE(column.type == "string" || column.type == "integer") << column.name;
    const std::string cell = column.cell(empty.data(), Time{1'000'000});
    EXPECT_TRUE(!cell.empty() || column.name == "Message") << kind.name << ' ' << column.name;
    if (column.type == "integer") {
      EXPECT_EQ(cell.find_first_not_of("-0123456789"), cell.npos) << column.name << ' ' << cell;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Documents, EveryKind, ::testing::ValuesIn(kinds().begin(), kinds().end()),
                         [](const auto& param) { return std::string(param.param->name); });

}  // namespace
}  // namespace freehold::api
