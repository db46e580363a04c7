// A matrix as `nvidia-smi topo -m` and `rocm-smi --showtopo` print it: columns by name, and rows as
// far as they are there. Pure. Internal to this module.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "discover/import/import.h"
#include "discover/import/limits.h"
#include "discover/import/text.h"

namespace freehold::discover {

// Of a bounded number, without the signs by which terminals underline.
std::vector<std::string> lines_of(std::string_view text);
// A fault for what is larger than any machine's.
Result<std::string_view> checked_matrix(std::string_view text, const ImportOptions& options);
// Cells between tabs, or between blanks where there are no tabs; empty ones do not count, since
// columns are filled up with tabs.
std::vector<std::string> cells_of(const std::string& line);

struct MatrixRow {
  size_t line = 0;
  std::vector<std::string> cells;  // after the name
};
class Matrix {
 public:
  Result<void> set_columns(size_t line, std::vector<std::string> columns,
                           const ImportOptions& options) {
    if (columns.size() > limits::devices)
      return fault_at(options, line, "more columns than a machine has devices");
    for (const std::string& name : columns)
      if (std::count(columns.begin(), columns.end(), name) > 1)
        return fault_at(options, line, "two columns are called \"" + name + "\"");
    columns_ = std::move(columns);
    return {};
  }
  Result<void> add_row(const std::string& name, MatrixRow row, const ImportOptions& options) {
    if (!index_of(name))
      return fault_at(options, row.line, "row \"" + name + "\" has no column of its name");
    if (!rows_.try_emplace(name, std::move(row)).second)
      return fault_at(options, row.line, "row \"" + name + "\" is there twice");
    return {};
  }

  bool empty() const { return columns_.empty(); }
  const std::vector<std::string>& columns() const { return columns_; }
  const std::map<std::string, MatrixRow>& rows() const { return rows_; }
  std::optional<size_t> index_of(const std::string& name) const {
    const auto at = std::find(columns_.begin(), columns_.end(), name);
    if (at == columns_.end()) return std::nullopt;
    return static_cast<size_t>(at - columns_.begin());
  }
  size_t cut_rows() const {
    size_t count = columns_.size() - rows_.size();
    for (const auto& [name, row] : rows_) count += row.cells.size() < columns_.size() ? 1 : 0;
    return count;
  }

  // What is said of two parts, from either side; empty when neither row has it. A fault when both
  // have it and differ.
  Result<std::string> between(size_t a, size_t b, const ImportOptions& options) const {
    const std::string* one = cell(a, b);
    const std::string* other = cell(b, a);
    if (one != nullptr && other != nullptr && *one != *other)
      return fault_at(
          options, rows_.at(columns_[b]).line,
          columns_[b] + " says " + *other + " to " + columns_[a] + ", which says " + *one);
    return one != nullptr ? *one : other != nullptr ? *other : std::string();
  }
  const std::string* cell(size_t row, size_t column) const {
    const auto found = rows_.find(columns_[row]);
    if (found == rows_.end() || column >= found->second.cells.size()) return nullptr;
    return &found->second.cells[column];
  }

 private:
  std::vector<std::string> columns_;
  std::map<std::string, MatrixRow> rows_;
};

}  // namespace freehold::discover
