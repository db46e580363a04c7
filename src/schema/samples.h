// Documents made from the tables: a good one per kind, and as many wrong ones as asked for, each
// with the field that must be named in the answer. Tests send them to a running server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/value.h"
#include "schema/schema.h"

namespace freehold::schema {

// The smallest document that reads and validates: required fields only, filled with their format's
// good sample, the example of their dimension, the first enum value, the least number allowed.
// Rules across fields (`check`) are not known here; a kind that has some needs a document by hand.
json::Value good_document(const TypeInfo& root);

struct WrongDocument {
  json::Value document;
  std::string field;   // path that the answer must name
  std::string reason;  // what is wrong, for people
};

// At most `count`, all different; the same seed gives the same ones. Type errors, missing required
// fields, unknown fields, bad formats, enum values and quantities, numbers and sizes out of range,
// repeated keys, fields not honoured yet. Starts from `good`, a valid document, and fills in what
// that leaves out. Each was checked to be refused by the tables with its field named.
std::vector<WrongDocument> wrong_documents(const TypeInfo& root, const json::Value& good,
                                           size_t count, uint64_t seed);

}  // namespace freehold::schema
