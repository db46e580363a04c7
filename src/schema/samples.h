// Documents made from the tables: a good one per kind, and as many wrong ones as asked for, each
// with the field that must be named in the answer. Tests send them to a running server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/value.h"
#include "schema/schema.h"

namespace freehold::schema {

struct WrongDocument {
  json::Value document;
  std::string field;   // path that the answer must name
  std::string reason;  // what is wrong, for people
};

// Deterministic: type errors, missing required fields, unknown fields, bad formats, bad enum
// values, out-of-range numbers, sizes beyond the limit, bad quantities, fields not honoured yet.
// Starts from `good`, a valid document.
std::vector<WrongDocument> wrong_documents(const TypeInfo& root, const json::Value& good,
                                           size_t count, uint64_t seed);

}  // namespace freehold::schema
