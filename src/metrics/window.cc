#include "metrics/window.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace freehold::metrics {

double counter_increase(double before, double after) {
  if (std::isnan(before) || std::isnan(after)) return 0;
  const double gained = after >= before ? after - before : after;
  return std::isfinite(gained) ? std::max(gained, 0.0) : 0;
}

std::optional<double> increase(std::span<const Point> points) {
  if (points.size() < 2) return std::nullopt;
  double sum = 0;
  for (size_t i = 1; i < points.size(); ++i)
    sum += counter_increase(points[i - 1].value, points[i].value);
  return sum;
}

std::optional<double> rate(std::span<const Point> points) {
  const auto gained = increase(points);
  if (!gained || points.back().at <= points.front().at) return std::nullopt;
  return *gained / (points.back().at - points.front().at).seconds();
}

double coverage(std::span<const Point> points, Time from, Time to) {
  const auto inside = within(points, from, to);
  if (inside.size() < 2 || to <= from) return 0;
  return (inside.back().at - inside.front().at).seconds() / (to - from).seconds();
}

std::optional<double> average(std::span<const Point> points) {
  if (points.empty()) return std::nullopt;
  double sum = 0;
  for (const Point& point : points) sum += point.value;
  return sum / static_cast<double>(points.size());
}

std::optional<double> minimum(std::span<const Point> points) {
  if (points.empty()) return std::nullopt;
  double least = points[0].value;
  for (const Point& point : points) least = std::min(least, point.value);
  return least;
}

std::optional<double> maximum(std::span<const Point> points) {
  if (points.empty()) return std::nullopt;
  double most = points[0].value;
  for (const Point& point : points) most = std::max(most, point.value);
  return most;
}

std::span<const Point> within(std::span<const Point> points, Time from, Time to) {
  const auto earlier = [](const Point& point, Time at) { return point.at < at; };
  const auto begin = std::lower_bound(points.begin(), points.end(), from, earlier);
  const auto end = std::lower_bound(begin, points.end(), std::max(from, to), earlier);
  return {begin, end};
}

// ---- histograms

namespace {

bool same_bounds(const HistogramPoint& a, const HistogramPoint& b) {
  return std::equal(a.buckets.begin(), a.buckets.end(), b.buckets.begin(), b.buckets.end(),
                    [](const Bucket& x, const Bucket& y) { return x.upper == y.upper; });
}

// Whether the buckets are complete: at least one bound and +Inf.
bool is_usable(const HistogramPoint& histogram) {
  return histogram.buckets.size() >= 2 && std::isinf(histogram.buckets.back().upper) &&
         histogram.buckets.back().upper > 0;
}

// Cumulative counts that never fall. Exporters that write while they count may show a bucket ahead
// of the next.
std::vector<Bucket> monotonic(std::vector<Bucket> buckets) {
  double most = 0;
  for (Bucket& bucket : buckets) {
    if (!(bucket.count >= most)) bucket.count = most;  // also for what is no number
    most = bucket.count;
  }
  return buckets;
}

}  // namespace

std::optional<HistogramPoint> find_histogram(const Scrape& scrape, std::string_view name,
                                             const Labels& labels) {
  const std::string bucket_name = std::string(name) + "_bucket";
  std::map<double, double> counts;
  for (const Sample& sample : scrape.samples) {
    if (sample.name != bucket_name || !has_labels(sample.labels, labels)) continue;
    const std::string* bound = find_label(sample.labels, "le");
    const auto upper = bound == nullptr ? std::nullopt : parse_value(*bound);
    if (upper && !std::isnan(*upper)) counts[*upper] += sample.value;
  }
  HistogramPoint out;
  for (const auto& [upper, count] : counts) out.buckets.push_back({upper, count});
  if (out.buckets.empty() || !std::isinf(out.buckets.back().upper) || out.buckets.back().upper < 0)
    return std::nullopt;
  out.count =
      sum_samples(scrape, std::string(name) + "_count", labels).value_or(out.buckets.back().count);
  out.sum = sum_samples(scrape, std::string(name) + "_sum", labels).value_or(0);
  return out;
}

std::optional<HistogramPoint> difference(const HistogramPoint& before,
                                         const HistogramPoint& after) {
  const bool same = same_bounds(before, after);
  bool fell = after.count < before.count;
  for (size_t i = 0; same && i < after.buckets.size(); ++i)
    fell = fell || after.buckets[i].count < before.buckets[i].count;
  if (fell) return after;
  if (!same) return std::nullopt;
  HistogramPoint out = after;
  for (size_t i = 0; i < out.buckets.size(); ++i) out.buckets[i].count -= before.buckets[i].count;
  out.count -= before.count;
  out.sum -= before.sum;
  return out;
}

std::optional<HistogramPoint> merged(const HistogramPoint& a, const HistogramPoint& b) {
  if (!same_bounds(a, b)) return std::nullopt;
  HistogramPoint out = a;
  for (size_t i = 0; i < out.buckets.size(); ++i) out.buckets[i].count += b.buckets[i].count;
  out.count += b.count;
  out.sum += b.sum;
  return out;
}

// Source: Prometheus, promql/quantile.go, bucketQuantile.
std::optional<Quantile> quantile(const HistogramPoint& histogram, double q) {
  if (!is_usable(histogram) || !(q >= 0 && q <= 1)) return std::nullopt;
  const auto buckets = monotonic(histogram.buckets);
  const double observations = buckets.back().count;
  if (!(observations > 0) || !std::isfinite(observations)) return std::nullopt;
  double rank = q * observations;
  size_t at = 0;
  while (at + 1 < buckets.size() && buckets[at].count < rank) ++at;
  if (at + 1 == buckets.size()) return Quantile{buckets[at - 1].upper, true};
  if (at == 0 && buckets[0].upper <= 0) return Quantile{buckets[0].upper, false};
  const double start = at == 0 ? 0 : buckets[at - 1].upper;
  const double below = at == 0 ? 0 : buckets[at - 1].count;
  const double inside = buckets[at].count - below;
  rank -= below;
  if (!(inside > 0)) return Quantile{start, false};
  return Quantile{start + (buckets[at].upper - start) * (rank / inside), false};
}

std::optional<double> share_at_most(const HistogramPoint& histogram, double bound) {
  if (!is_usable(histogram) || std::isnan(bound)) return std::nullopt;
  const auto buckets = monotonic(histogram.buckets);
  const double observations = buckets.back().count;
  if (!(observations > 0) || !std::isfinite(observations)) return std::nullopt;
  double lower = 0, below = 0;
  for (const Bucket& bucket : buckets) {
    if (bound >= bucket.upper) {
      lower = bucket.upper;
      below = bucket.count;
      continue;
    }
    // Nothing is known about where in the last bucket an observation lies, so none of it counts as
    // kept.
    if (std::isinf(bucket.upper) || bucket.upper <= lower) break;
    const double inside = std::max(bound - lower, 0.0) / (bucket.upper - lower);
    below += (bucket.count - below) * inside;
    break;
  }
  return below / observations;
}

std::optional<double> mean(const HistogramPoint& histogram) {
  if (!(histogram.count > 0) || !std::isfinite(histogram.sum)) return std::nullopt;
  return histogram.sum / histogram.count;
}

}  // namespace freehold::metrics
