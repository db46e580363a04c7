// Label and field selectors, as Kubernetes writes them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/result.h"

namespace freehold::server {

// `a=b`, `a==b`, `a!=b`, `a in (x,y)`, `a notin (x)`, `a`, `!a`, `a>1`, `a<1`, joined by commas.
class LabelSelector {
 public:
  static Result<LabelSelector> parse(std::string_view text);
  bool matches(const schema::StringMap& labels) const;
  bool empty() const { return terms_.empty(); }

 private:
  enum class Op : uint8_t { in, not_in, exists, absent, greater, less };
  struct Term {
    std::string key;
    Op op = Op::exists;
    std::vector<std::string> values;
  };
  std::vector<Term> terms_;
};

// `a=b`, `a==b`, `a!=b` over metadata.name, metadata.namespace and the fields that the kind
// declares; others are `bad_request`.
class FieldSelector {
 public:
  static Result<FieldSelector> parse(const api::Kind& kind, std::string_view text);
  bool matches(const api::Object& object) const;
  bool empty() const { return terms_.empty(); }
  std::string_view required(
      std::string_view field) const;  // the value that `field` must have, or empty

 private:
  struct Term {
    std::string field, value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace freehold::server
