#include "agent/windows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "schema/walk.h"

namespace freehold::agent {
namespace {

constexpr Duration jump = seconds(1);
constexpr int64_t slew_us_per_s = 1'000;  // a thousandth: less than the noise of any window

bool is_agent_metric(std::string_view name) {
  return name == "available_capacity" || name == "cpu_cores" || name == "memory_bytes" ||
         name == "readiness";
}

// Not set where the value is no number: that is no measurement. What is beyond a quantity is the
// largest that there is; for bytes the largest that can also be read as a plain number, because
// "9P" may be either.
Quantity rounded(double value, Dimension dimension) {
  const double most = dimension == Dimension::bytes ? 9.2e15 : 9.2e18;
  if (!std::isfinite(value)) return {};
  return Quantity::of(std::llround(std::clamp(value, -most, most)), dimension);
}

Quantity number(double value) { return rounded(value * 1000, Dimension::number); }

Quantity of_unit(std::string_view name, double value) {
  if (name.ends_with("_seconds")) return rounded(value * 1e9, Dimension::duration);
  if (name.ends_with("_bytes")) return rounded(value, Dimension::bytes);
  return number(value);
}

// A contract that says `tokens_per_second: 3000` compares plain numbers; others compare rates such
// as 12/s.
Quantity rate_of(std::string_view metric, double per_second) {
  if (metric.ends_with("_per_second")) return number(per_second);
  return rounded(per_second * 1000, Dimension::rate);
}

// The sum of a metric's samples, where it is a number.
std::optional<double> finite_sum(const metrics::Scrape& scrape, std::string_view name) {
  const auto sum = metrics::sum_samples(scrape, name);
  return sum && std::isfinite(*sum) ? sum : std::nullopt;
}

bool is_finite(const metrics::HistogramPoint& histogram) {
  return std::isfinite(histogram.count) &&
         std::all_of(histogram.buckets.begin(), histogram.buckets.end(),
                     [](const auto& bucket) { return std::isfinite(bucket.count); });
}

bool is_counter(const std::string& name, const metrics::Scrape& scrape) {
  if (name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_sum")) return true;
  const auto type = scrape.types.find(name);
  return type != scrape.types.end() && type->second == metrics::MetricType::counter;
}

Time aligned(Time now, Duration length) { return {now.us - now.us % length.us}; }

api::Window empty_window(const std::string& metric, Time start, Duration length) {
  api::Window window;
  window.metric = metric;
  window.start = start;
  window.length = length;
  return window;
}

bool same(const api::Measure& a, const api::Measure& b) {
  return a.metric == b.metric && a.quantile == b.quantile && a.window == b.window && a.by == b.by;
}

}  // namespace

Time Clock::at(Time wall, Duration uptime) {
  const Duration offset{wall.us - uptime.us};
  if (!known_ || offset - offset_ > jump || offset_ - offset > jump) {
    jumped_ = known_;
    known_ = true;
    offset_ = offset;
  } else {
    const int64_t most = (uptime - last_).us * slew_us_per_s / 1'000'000;
    offset_.us += std::clamp(offset.us - offset_.us, -most, most);
  }
  last_ = uptime;
  return Time{uptime.us + offset_.us};
}

void Windows::want(const std::vector<api::Measure>& measures, const schema::StringMap& aliases,
                   bool is_bare) {
  const auto offered = aliases.find("offered");
  offered_name_ = offered == aliases.end() ? "" : offered->second;
  std::vector<Track> tracks;
  for (const api::Measure& measure : measures) {
    if (measure.window.us <= 0) continue;
    const bool by_agent = is_agent_metric(measure.metric);
    // A reservation has no endpoint.
    if (!by_agent && is_bare) continue;
    Track track;
    for (Track& old : tracks_)
      if (same(old.measure, measure)) track = std::move(old);
    track.measure = measure;
    track.by_agent = by_agent;
    const auto alias = aliases.find(measure.metric);
    track.name = alias == aliases.end() ? measure.metric : alias->second;
    tracks.push_back(std::move(track));
  }
  tracks_ = std::move(tracks);
  std::erase_if(closed_, [&](const api::Window& window) {
    for (const api::Measure& measure : measures)
      if (measure.metric == window.metric && measure.window == window.length)
        return window.start + window.length <= measure.assessed_until;
    return true;  // nobody asks for it any more
  });
}

void Windows::roll(Track& track, Time now) {
  const Duration length = track.measure.window;
  if (track.open && now < track.start + length) return;
  if (track.open) {
    keep(result(track));
    // What nobody looked at: the agent was held up. Said, but not without end.
    Time missed = track.start + length;
    for (int i = 0; i < 8 && missed + length <= now; ++i, missed = missed + length)
      keep(empty_window(track.measure.metric, missed, length));
  }
  // The first window began before we did: it waits for the next, and so does what was acknowledged
  // before.
  const Time start = track.open ? aligned(now, length) : aligned(now, length) + length;
  track.open = true;
  track.start = std::max(start, aligned(track.measure.assessed_until, length));
  track.samples = 0;
  track.sum = track.offered = 0;
  track.has_offered = false;
  track.histogram.reset();
}

void Windows::keep(api::Window window) {
  // Never one that overlaps what was handed in before.
  for (auto it = closed_.rbegin(); it != closed_.rend(); ++it)
    if (it->metric == window.metric && it->length == window.length) {
      if (window.start < it->start + it->length) return;
      break;
    }
  closed_.push_back(std::move(window));
  fresh_ = true;
  if (closed_.size() > limits::windows_kept) closed_.erase(closed_.begin());
}

api::Window Windows::result(const Track& track) const {
  api::Window out = empty_window(track.measure.metric, track.start, track.measure.window);
  out.samples = track.samples;
  const double length = track.measure.window.seconds();
  if (track.has_offered) out.offered = rate_of(out.metric, track.offered / length);
  if (track.samples == 0) return out;
  const auto count = static_cast<double>(track.samples);
  if (track.by_agent) {
    if (out.metric == "cpu_cores") {
      out.value = number(track.sum / 1e6 / length);
      out.offered = number(track.offered / 1e6 / length);
    } else if (out.metric == "memory_bytes") {
      out.value = rounded(track.sum / count, Dimension::bytes);
    } else {
      out.value = number(track.sum / count);
    }
    return out;
  }
  if (track.measure.quantile > 0) {
    const auto q = track.histogram ? metrics::quantile(*track.histogram, track.measure.quantile)
                                   : std::nullopt;
    out.samples = track.histogram ? rounded(track.histogram->count, Dimension::rate).value() : 0;
    if (q) out.value = of_unit(track.name, q->value);
    if (!out.value.is_set()) out.samples = 0;
    return out;
  }
  if (track.before)  // a counter
    out.value = rate_of(out.metric, track.sum / length);
  else
    out.value = of_unit(track.name, track.sum / count);
  if (!out.value.is_set()) out.samples = 0;
  return out;
}

void Windows::add_usage(Track& track, Time now, const UsageSample& sample) {
  if (now < track.start) {
    if (sample.has_usage) track.before_usage = sample.usage;
    return;
  }
  const std::string& metric = track.measure.metric;
  if (metric == "available_capacity" || metric == "readiness") {
    ++track.samples;
    track.sum += (metric == "readiness" ? sample.ready : sample.up) ? 1 : 0;
    return;
  }
  if (!sample.has_usage) return;
  if (metric == "memory_bytes") {
    ++track.samples;
    track.sum += static_cast<double>(sample.usage.memory_bytes);
    return;
  }
  if (track.before_usage) {
    const api::Usage& before = *track.before_usage;
    // The control group was made anew when its counters fall.
    const int64_t used = sample.usage.cpu_us >= before.cpu_us ? sample.usage.cpu_us - before.cpu_us
                                                              : sample.usage.cpu_us;
    const int64_t throttled = std::max<int64_t>(sample.usage.throttled_us - before.throttled_us, 0);
    ++track.samples;
    track.sum += static_cast<double>(used);
    track.offered += static_cast<double>(used + throttled);
  }
  track.before_usage = sample.usage;
}

void Windows::sample(Time now, const UsageSample& sample) {
  for (Track& track : tracks_) {
    if (!track.by_agent) continue;
    roll(track, now);
    add_usage(track, now, sample);
  }
}

// What a workload says that is no number counts as no sample.
void Windows::tell(Track& track) {
  if (std::exchange(track.is_told, true)) return;
  log(LogLevel::warning, "agent", "a metric is not a finite number, and so counts as no sample",
      {{"metric", track.name}});
}

void Windows::add_scrape(Track& track, int64_t run, const metrics::Scrape& scrape) {
  // A new process counts from zero, so its whole count is new; the first sight of an old one only
  // begins.
  const bool is_new_run = track.before_run != 0 && run != track.before_run;
  track.before_run = run;
  auto added = [&](std::optional<double>& before, std::optional<double> after) {
    std::optional<double> increase;
    if (after && is_new_run)
      increase = *after;
    else if (after && before)
      increase = metrics::counter_increase(*before, *after);
    before = after ? after : before;
    return increase;
  };
  if (!offered_name_.empty())
    if (const auto more = added(track.before_offered, finite_sum(scrape, offered_name_))) {
      track.offered += *more;
      track.has_offered = true;
    }
  if (track.measure.quantile > 0) {
    auto now = metrics::find_histogram(scrape, track.name);
    if (!now) return;
    if (!is_finite(*now)) return tell(track);
    std::optional<metrics::HistogramPoint> more;
    if (is_new_run)
      more = now;
    else if (track.before_histogram)
      more = metrics::difference(*track.before_histogram, *now);
    track.before_histogram = std::move(now);
    if (!more) return;
    ++track.samples;
    if (track.histogram)
      if (auto sum = metrics::merged(*track.histogram, *more)) more = std::move(sum);
    track.histogram = std::move(more);
    return;
  }
  const auto value = metrics::sum_samples(scrape, track.name);
  if (!value) return;
  if (!std::isfinite(*value)) return tell(track);
  if (is_counter(track.name, scrape)) {
    if (const auto more = added(track.before, value)) {
      ++track.samples;
      track.sum += *more;
    }
  } else {
    ++track.samples;
    track.sum += *value;
  }
}

void Windows::scrape(Time now, int64_t run, const metrics::Scrape& scrape) {
  for (Track& track : tracks_) {
    if (track.by_agent) continue;
    roll(track, now);
    const bool before_start = now < track.start;
    // An increase that reaches back over a long silence belongs to no window.
    if (track.before_at.is_set() &&
        now - track.before_at > std::max(track.measure.window, minutes(1)))
      track.before.reset(), track.before_offered.reset(), track.before_histogram.reset();
    track.before_at = now;
    add_scrape(track, run, scrape);
    if (before_start) {
      track.samples = 0;
      track.sum = track.offered = 0;
      track.has_offered = false;
      track.histogram.reset();
    }
  }
}

bool Windows::close(Time now) {
  for (Track& track : tracks_) roll(track, now);
  return std::exchange(fresh_, false);
}

void Windows::give_up() {
  for (Track& track : tracks_) {
    track.open = false;
    track.before_usage.reset();
    track.before.reset();
    track.before_offered.reset();
    track.before_histogram.reset();
  }
}

std::vector<api::Window> Windows::closed(size_t most) const {
  std::vector<api::Window> out(
      closed_.begin(), closed_.begin() + static_cast<ptrdiff_t>(std::min(most, closed_.size())));
  return out;
}

json::Value Windows::save() const {
  json::Array out;
  for (const api::Window& window : closed_)
    out.push_back(schema::to_json(schema::type_of<api::Window>, &window));
  return out;
}

void Windows::load(const json::Value& saved) {
  closed_.clear();
  if (saved.as_array() == nullptr) return;
  for (const json::Value& one : *saved.as_array()) {
    api::Window window;
    schema::Errors errors;
    schema::from_json(schema::type_of<api::Window>, &window, one, errors);
    if (errors.empty() && window.length.us > 0) closed_.push_back(std::move(window));
  }
}

}  // namespace freehold::agent
