// Names and labels of metrics, and the numbers as Prometheus writes them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freehold::metrics {

// Sorted by name, each name once.
using Labels = std::vector<std::pair<std::string, std::string>>;

// Sorts; of equal names the first stays.
Labels sorted(Labels labels);
// Null when there is none.
const std::string* find_label(const Labels& sorted_labels, std::string_view name);
// Whether all of `wanted` are there with the same value.
bool has_labels(const Labels& sorted_labels, const Labels& wanted);

bool is_metric_name(std::string_view text);  // [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_label_name(std::string_view text);   // [a-zA-Z_][a-zA-Z0-9_]*

// `{a="1",b="2"}` with \, " and line ends escaped; empty for no labels.
std::string format_labels(const Labels& labels);
// The shortest text that reads back to the same value; NaN, +Inf, -Inf.
std::string format_value(double value);
// As Go's ParseFloat for what exporters write: decimals with an exponent, NaN, Inf and infinity
// with a sign, any case.
std::optional<double> parse_value(std::string_view text);

}  // namespace freehold::metrics
