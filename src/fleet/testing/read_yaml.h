// One object of a kind from YAML without its header, for tests: read_yaml<api::Fabric>("metadata:
// …"). What does not fit the tables of the kind fails the test; its rules are not asked.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "api/object.h"
#include "base/check.h"
#include "json/yaml.h"

namespace freehold::fleet::testing {

template <class T>
T read_yaml(std::string_view text) {
  auto document = json::parse_yaml_or_json(text);
  CHECK(document.ok(), document.ok() ? "" : document.error().message);
  api::Object object(api::kind_of<T>());
  schema::Errors errors;
  const auto read = api::read_object(object, *document, errors);
  CHECK(read.ok(), read.ok() ? "" : read.error().message);
  for (const auto& error : errors.all()) ADD_FAILURE() << error.path << ": " << error.detail;
  return *object.as<T>();
}

}  // namespace freehold::fleet::testing
