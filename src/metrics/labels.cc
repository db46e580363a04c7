#include "metrics/labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/strings.h"

namespace freehold::metrics {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Labels sorted(Labels labels) {
  const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  // They mostly are. Else sorted by insertion: few, and those of one name keep their order.
  if (!std::is_sorted(labels.begin(), labels.end(), less))
    for (size_t i = 1; i < labels.size(); ++i)
      for (size_t j = i; j > 0 && less(labels[j], labels[j - 1]); --j)
        std::swap(labels[j], labels[j - 1]);
  labels.erase(std::unique(labels.begin(), labels.end(), same), labels.end());
  return labels;
}

const std::string* find_label(const Labels& sorted_labels, std::string_view name) {
  const auto found =
      std::lower_bound(sorted_labels.begin(), sorted_labels.end(), name,
                       [](const auto& label, std::string_view n) { return label.first < n; });
  return found != sorted_labels.end() && found->first == name ? &found->second : nullptr;
}

bool has_labels(const Labels& sorted_labels, const Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const std::string* value = find_label(sorted_labels, label.first);
    return value != nullptr && *value == label.second;
  });
}

bool is_metric_name(std::string_view text) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == ':'; };
  return !text.empty() && !is_digit(text[0]) && std::all_of(text.begin(), text.end(), fits);
}

bool is_label_name(std::string_view text) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c); };
  return !text.empty() && !is_digit(text[0]) && std::all_of(text.begin(), text.end(), fits);
}

std::string format_labels(const Labels& labels) {
  if (labels.empty()) return "";
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out += name;
    out += "=\"";
    for (const char c : value) {
      if (c == '\\' || c == '"') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += '"';
  }
  out += '}';
  return out;
}

std::string format_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return {buffer, end};
}

std::optional<double> parse_value(std::string_view text) {
  bool negative = false;
  if (text.starts_with('+') || text.starts_with('-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  double value = 0;
  if (const std::string word = to_lower(text.substr(0, 9)); word == "inf" || word == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (word == "nan") {
    return std::numeric_limits<double>::quiet_NaN();
  } else {
    if (!is_digit(text[0]) && text[0] != '.') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size()) return std::nullopt;
    // Out of range leaves the value as it was, so it is read again by its exponent's sign.
    if (error == std::errc::result_out_of_range) {
      const bool tiny =
          text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
      value = tiny ? 0 : std::numeric_limits<double>::infinity();
    } else if (error != std::errc{}) {
      return std::nullopt;
    }
  }
  return negative ? -value : value;
}

}  // namespace freehold::metrics
