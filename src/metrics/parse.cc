#include "metrics/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/strings.h"

namespace freehold::metrics {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Walks one line; each step says what is wrong, or nothing.
class Line {
 public:
  Line(std::string_view text, const ParseLimits& limits) : text_(text), limits_(limits) {}

  // Empty when the sample was read.
  std::string_view read(Sample& out) {
    skip_blanks();
    if (const auto fault = read_name(out); !fault.empty()) return fault;
    skip_blanks();
    if (next() == '{') {
      if (const auto fault = read_labels(out); !fault.empty()) return fault;
    }
    if (!is_metric_name(out.name)) return "not a metric name";
    skip_blanks();
    const auto value = parse_value(take_word());
    if (!value) return "value is not a number";
    out.value = *value;
    skip_blanks();
    if (next() == '#' || at_end()) return "";  // what follows is an exemplar
    return read_timestamp(take_word(), out);
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char next() const { return at_end() ? '\0' : text_[at_]; }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  std::string_view take_word() {
    const size_t begin = at_;
    while (!at_end() && !is_blank(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string_view read_name(Sample& out) {
    const size_t begin = at_;
    while (!at_end() && !is_blank(text_[at_]) && text_[at_] != '{') ++at_;
    if (at_ - begin > limits_.label_bytes) return "the name is too long";
    out.name = text_.substr(begin, at_ - begin);
    return "";
  }

  std::string_view read_labels(Sample& out) {
    for (++at_;;) {
      skip_blanks();
      if (next() == '}') break;
      if (out.labels.size() >= limits_.labels) return "too many labels";
      std::string name, value;
      const bool is_quoted = next() == '"';
      if (const auto fault = is_quoted ? read_quoted(name) : read_label_name(name); !fault.empty())
        return fault;
      skip_blanks();
      if (next() != '=' && is_quoted && out.name.empty()) {
        out.name = std::move(name);  // Prometheus 3 writes {"name", a="b"} for names of any kind
      } else {
        if (next() != '=') return "a label has no value";
        ++at_;
        skip_blanks();
        if (const auto fault = read_quoted(value); !fault.empty()) return fault;
        out.labels.emplace_back(std::move(name), std::move(value));
      }
      skip_blanks();
      if (next() == ',') {
        ++at_;
      } else if (next() != '}') {
        return "labels are not separated by a comma";
      }
    }
    ++at_;
    const size_t given = out.labels.size();
    out.labels = sorted(std::move(out.labels));
    return out.labels.size() == given ? "" : "a label is given twice";
  }

  std::string_view read_label_name(std::string& out) {
    const size_t begin = at_;
    while (!at_end() && !is_blank(text_[at_]) && text_[at_] != '=' && text_[at_] != '}' &&
           text_[at_] != ',')
      ++at_;
    if (at_ - begin > limits_.label_bytes) return "the name of a label is too long";
    out = text_.substr(begin, at_ - begin);
    return is_label_name(out) ? "" : "not a label name";
  }

  std::string_view read_quoted(std::string& out) {
    if (next() != '"') return "a label's value is not in quotes";
    for (++at_; !at_end() && text_[at_] != '"'; ++at_) {
      char c = text_[at_];
      if (c == '\\') {
        ++at_;
        if (at_end()) break;
        c = text_[at_];
        if (c == 'n')
          c = '\n';
        else if (c != '\\' && c != '"')
          out += '\\';  // as Prometheus: an unknown escape stands for itself
      }
      out += c;
      if (out.size() > limits_.label_bytes) return "a label's value is too long";
    }
    if (at_end()) return "a label's value does not end";
    ++at_;
    return is_utf8(out) ? "" : "a label's value is not UTF-8";
  }

  // Milliseconds in Prometheus' format, seconds with a fraction in OpenMetrics'; told apart by size
  // and point.
  static std::string_view read_timestamp(std::string_view word, Sample& out) {
    if (const auto number = parse_int(word)) {
      const bool seconds = *number > -100'000'000'000 && *number < 100'000'000'000;
      out.timestamp_ms = seconds ? *number * 1000 : *number;
      return "";
    }
    const auto seconds = parse_value(word);
    if (!seconds || !std::isfinite(*seconds) || std::fabs(*seconds) > 1e14)
      return "timestamp is not a number";
    out.timestamp_ms = std::llround(*seconds * 1000);
    return "";
  }

  std::string_view text_;
  const ParseLimits& limits_;
  size_t at_ = 0;
};

MetricType type_of_word(std::string_view word) {
  if (word == "counter") return MetricType::counter;
  if (word == "gauge") return MetricType::gauge;
  if (word == "histogram") return MetricType::histogram;
  return word == "summary" ? MetricType::summary : MetricType::unknown;
}

// "# TYPE name counter"; other comments say nothing.
void read_comment(std::string_view line, Scrape& out) {
  line.remove_prefix(1);
  line = trim(line);
  if (!line.starts_with("TYPE") || line.size() < 6 || !is_blank(line[4])) return;
  line = trim(line.substr(5));
  const size_t blank = line.find_first_of(" \t");
  if (blank == std::string_view::npos || !is_metric_name(line.substr(0, blank))) return;
  out.types.try_emplace(std::string(line.substr(0, blank)), type_of_word(trim(line.substr(blank))));
}

}  // namespace

Result<Scrape> parse_exposition(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes)
    return Error{Reason::too_large,
                 "metrics: more than " + std::to_string(limits.bytes) + " bytes"};
  Scrape out;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view trimmed = trim(line);
    if (trimmed.empty()) continue;
    if (trimmed.starts_with('#')) {
      if (out.types.size() < limits.samples) read_comment(trimmed, out);
      continue;
    }
    if (out.samples.size() >= limits.samples)
      return Error{Reason::too_large,
                   "metrics: more than " + std::to_string(limits.samples) + " samples"};
    Sample sample;
    const std::string_view fault = Line(line, limits).read(sample);
    if (fault.empty()) {
      out.samples.push_back(std::move(sample));
      continue;
    }
    ++out.bad_lines;
    if (out.first_fault.empty())
      out.first_fault = "line " + std::to_string(number) + ": " + std::string(fault);
  }
  if (out.samples.empty() && out.bad_lines > 0)
    return Error{Reason::bad_request, "metrics: not Prometheus text, " + out.first_fault};
  return out;
}

const Sample* find_sample(const Scrape& scrape, std::string_view name, const Labels& labels) {
  for (const Sample& sample : scrape.samples)
    if (sample.name == name && has_labels(sample.labels, labels)) return &sample;
  return nullptr;
}

std::optional<double> sum_samples(const Scrape& scrape, std::string_view name,
                                  const Labels& labels) {
  std::optional<double> sum;
  for (const Sample& sample : scrape.samples)
    if (sample.name == name && has_labels(sample.labels, labels))
      sum = sum.value_or(0) + sample.value;
  return sum;
}

}  // namespace freehold::metrics
