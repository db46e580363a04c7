#include "metrics/registry.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "base/check.h"

namespace freehold::metrics {

namespace {

enum Type : int { counter_type, gauge_type, histogram_type };
constexpr std::string_view type_names[] = {"counter", "gauge", "histogram"};

void append_escaped_help(std::string& out, std::string_view help) {
  for (const char c : help) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}

void append_line(std::string& out, std::string_view name, std::string_view suffix,
                 const Labels& labels, double value) {
  out.append(name)
      .append(suffix)
      .append(format_labels(labels))
      .append(" ")
      .append(format_value(value))
      .append("\n");
}

}  // namespace

void Counter::add(double amount) {
  if (BUG_IF(!(amount >= 0), "a counter never falls")) return;
  value_ += amount;
}

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1, 0) {
  CHECK(std::is_sorted(bounds_.begin(), bounds_.end()), "bounds of a histogram rise");
}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<size_t>(bucket)] += 1;
  sum_ += value;
}

std::vector<double> Histogram::cumulative() const {
  std::vector<double> out;
  out.reserve(counts_.size());
  double sum = 0;
  for (const double count : counts_) out.push_back(sum += count);
  return out;
}

double Histogram::count() const {
  double sum = 0;
  for (const double count : counts_) sum += count;
  return sum;
}

std::vector<double> duration_bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
}

struct Registry::Family {
  std::string help;
  int type = counter_type;
  // Pointers, so that references stay when the map grows or shrinks around them.
  std::map<Labels, std::unique_ptr<Counter>> counters;
  std::map<Labels, std::unique_ptr<Gauge>> gauges;
  std::map<Labels, std::unique_ptr<Histogram>> histograms;

  template <class T, class... Arguments>
  static T& find_or_make(std::map<Labels, std::unique_ptr<T>>& series, Labels labels, size_t most,
                         Arguments&&... arguments) {
    labels = sorted(std::move(labels));
    for (const auto& [name, value] : labels) CHECK(is_label_name(name), "bad label name: " + name);
    const auto found = series.find(labels);
    if (found != series.end()) return *found->second;
    if (series.size() >= most) labels = {{"overflow", "true"}};
    auto& slot = series[std::move(labels)];
    if (!slot) slot = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    return *slot;
  }
  void expose(std::string_view name, std::string& out) const;
};

void Registry::Family::expose(std::string_view name, std::string& out) const {
  if (counters.empty() && gauges.empty() && histograms.empty()) return;
  out.append("# HELP ").append(name).append(" ");
  append_escaped_help(out, help);
  out.append("\n# TYPE ").append(name).append(" ").append(type_names[type]).append("\n");
  for (const auto& [labels, counter] : counters)
    append_line(out, name, "", labels, counter->value());
  for (const auto& [labels, gauge] : gauges) append_line(out, name, "", labels, gauge->value());
  for (const auto& [labels, histogram] : histograms) {
    const auto counts = histogram->cumulative();
    for (size_t i = 0; i < counts.size(); ++i) {
      const bool last = i == histogram->bounds().size();
      Labels with_bound = labels;
      with_bound.emplace_back("le", last ? "+Inf" : format_value(histogram->bounds()[i]));
      append_line(out, name, "_bucket", with_bound, counts[i]);
    }
    append_line(out, name, "_sum", labels, histogram->sum());
    append_line(out, name, "_count", labels, counts.back());
  }
}

Registry::Registry(size_t most_series_per_name) : most_series_(most_series_per_name) {}
Registry::~Registry() = default;

Registry::Family& Registry::family(std::string_view name, std::string_view help, int type) {
  const auto found = families_.find(name);
  if (found != families_.end()) {
    CHECK(found->second->type == type, "metric has another type: " + std::string(name));
    return *found->second;
  }
  CHECK(is_metric_name(name), "bad metric name: " + std::string(name));
  auto& slot = families_[std::string(name)];
  slot = std::make_unique<Family>();
  slot->help = help;
  slot->type = type;
  return *slot;
}

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  return Family::find_or_make(family(name, help, counter_type).counters, std::move(labels),
                              most_series_);
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
  return Family::find_or_make(family(name, help, gauge_type).gauges, std::move(labels),
                              most_series_);
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, Labels labels,
                               std::vector<double> bounds) {
  return Family::find_or_make(family(name, help, histogram_type).histograms, std::move(labels),
                              most_series_, std::move(bounds));
}

void Registry::remove(std::string_view name, const Labels& labels) {
  const auto found = families_.find(name);
  if (found == families_.end()) return;
  const auto gone = [&](const auto& entry) { return has_labels(entry.first, labels); };
  std::erase_if(found->second->counters, gone);
  std::erase_if(found->second->gauges, gone);
  std::erase_if(found->second->histograms, gone);
}

void Registry::before_expose(std::function<void()> collect) {
  collectors_.push_back(std::move(collect));
}

std::string Registry::expose() const {
  for (const auto& collect : collectors_) collect();
  std::string out;
  for (const auto& [name, family] : families_) family->expose(name, out);
  return out;
}

}  // namespace freehold::metrics
