// Registry: the program's own counters, gauges and histograms, exposed as Prometheus text 0.0.4.
// Whoever counts asks once for a Counter and keeps the reference; counting is an addition.
// Everything on the loop thread. Names follow Prometheus' conventions: base units, `_total` for
// counters, `freehold_` in front.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/labels.h"

namespace freehold::metrics {

class Counter {
 public:
  void add(double amount = 1);  // never negative
  double value() const { return value_; }

 private:
  double value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_ = value; }
  void add(double amount) { value_ += amount; }
  double value() const { return value_; }

 private:
  double value_ = 0;
};

class Histogram {
 public:
  // Upper bounds, rising; +Inf is added.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);  // NaN is not counted
  const std::vector<double>& bounds() const { return bounds_; }
  std::vector<double> cumulative() const;  // one more than bounds
  double sum() const { return sum_; }
  double count() const;

 private:
  std::vector<double> bounds_, counts_;
  double sum_ = 0;
};

// From 100 us to 10 s, for durations in seconds.
std::vector<double> duration_bounds();

class Registry {
 public:
  // Beyond, one series with the label `overflow="true"` takes the rest: labels that grow without
  // end are a bug, but no reason to run out of memory.
  explicit Registry(size_t most_series_per_name = 10'000);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The same name and labels give the same one; references live until remove() or the Registry's
  // end. Bad names, and a name that is taken by another type, are bugs.
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {},
                       std::vector<double> bounds = duration_bounds());
  // Forgets the series of this name that have all of these labels.
  void remove(std::string_view name, const Labels& labels);

  // Runs before each exposition, to set gauges that would be dear to keep current.
  void before_expose(std::function<void()> collect);
  // Sorted by name, then by labels.
  std::string expose() const;

 private:
  struct Family;
  Family& family(std::string_view name, std::string_view help, int type);

  size_t most_series_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
  std::vector<std::function<void()>> collectors_;
};

}  // namespace freehold::metrics
