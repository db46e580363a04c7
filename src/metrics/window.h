// The arithmetic of measurement windows: increases of counters across restarts, rates, averages,
// quantiles of histograms. Pure. "Blind" is always explicit: where nothing was seen, the answer is
// nothing, never zero.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/parse.h"

namespace freehold::metrics {

struct Point {
  Time at;
  double value = 0;
  bool operator==(const Point&) const = default;
};

// ---- counters

// A counter that fell was restarted: what it shows now is what was added since. As Prometheus'
// increase(), without its extrapolation. Never negative; a value that is no number counts as zero.
double counter_increase(double before, double after);
// Sum over neighbours. Points rise in time; nothing for fewer than two.
std::optional<double> increase(std::span<const Point> points);
// Increase per second between the first and the last point. Nothing for fewer than two points or no
// time between them.
std::optional<double> rate(std::span<const Point> points);

// How much of a window was seen: from the first to the last point within, as a share of the window.
// 0 when blind.
double coverage(std::span<const Point> points, Time from, Time to);

// ---- gauges

std::optional<double> average(std::span<const Point> points);  // plain mean over the points
std::optional<double> minimum(std::span<const Point> points);
std::optional<double> maximum(std::span<const Point> points);

// The points with from <= at < to.
std::span<const Point> within(std::span<const Point> points, Time from, Time to);

// ---- histograms

struct Bucket {
  double upper = 0;  // `le`; the last is +Inf
  double count = 0;  // cumulative
  bool operator==(const Bucket&) const = default;
};
struct HistogramPoint {
  std::vector<Bucket> buckets;  // by rising bound
  double sum = 0;
  double count = 0;
};

// Sums the series `name_bucket` with these labels over all their other labels. Nothing when there
// is none, or no +Inf.
std::optional<HistogramPoint> find_histogram(const Scrape& scrape, std::string_view name,
                                             const Labels& labels = {});
// What was observed between two scrapes. After a restart (any bucket fell) it is `after` itself.
// Nothing when the bounds differ without a restart.
std::optional<HistogramPoint> difference(const HistogramPoint& before, const HistogramPoint& after);
// Of two disjoint times or instances with equal bounds. Nothing when the bounds differ.
std::optional<HistogramPoint> merged(const HistogramPoint& a, const HistogramPoint& b);

struct Quantile {
  double value = 0;
  // It lies above the highest finite bound, which `value` is: the truth is larger by an unknown
  // amount.
  bool beyond = false;
};
// As Prometheus' histogram_quantile: linear within a bucket, the lowest starting at zero. `q` in 0
// to 1. Nothing when nothing was observed.
std::optional<Quantile> quantile(const HistogramPoint& histogram, double q);
// The share of observations that are at most `bound`, linear within a bucket; exact when it is a
// bucket's bound. Better than a quantile for judging "99 % within 50 ms". Nothing when nothing was
// observed.
std::optional<double> share_at_most(const HistogramPoint& histogram, double bound);
// Sum by count; nothing when nothing was observed.
std::optional<double> mean(const HistogramPoint& histogram);

}  // namespace freehold::metrics
