// An XML document under bounds, as a plain tree of elements that know their lines. Comments,
// processing instructions and text between elements are gone; a document type may be named but not
// written out, so no entity beyond XML's own five is ever replaced and no file is ever opened.
// Pure. Internal to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "discover/import/import.h"

namespace freehold::discover {

struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;  // no name twice
  std::vector<Element> children;
  std::string text;  // all text that stands directly inside, joined
  size_t line = 0;

  bool has(std::string_view attribute) const;
  // Empty when it is not there.
  std::string_view get(std::string_view attribute) const;
};

// The root element. `too_large` beyond limits.h, `bad_request` when it is not well-formed.
Result<Element> parse_xml(std::string_view text, const ImportOptions& options);

// `FILE: line 12: <object>: what`.
Error fault_in(const ImportOptions& options, const Element& element, std::string_view what);

// A whole number within [least, most]; `absent` when the attribute is not there or is empty.
struct Bounds {
  int64_t least = 0, most = 0, absent = 0;
};
Result<int64_t> read_number(const Element& element, std::string_view attribute, const Bounds& range,
                            const ImportOptions& options);
// The same, with a fault when the attribute is not there.
Result<int64_t> need_number(const Element& element, std::string_view attribute, const Bounds& range,
                            const ImportOptions& options);

}  // namespace freehold::discover
