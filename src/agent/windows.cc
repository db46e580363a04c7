#include "agent/windows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "api/measured.h"
#include "api/window_facts.h"
#include "base/limits.h"
#include "base/log.h"
#include "schema/walk.h"

namespace freehold::agent {
namespace {

constexpr Duration jump = seconds(1);
constexpr Duration sample_period = seconds(1);
constexpr int64_t slew_us_per_s = 1'000;  // a thousandth: less than the noise of any window

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

api::Window empty_window(const api::Measure& measure, Time start) {
  api::Window window;
  window.metric = measure.metric;
  window.start = start;
  window.length = measure.window;
  api::mark_quantile(window, measure.quantile);
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
                   bool is_bare, Duration period) {
  const auto offered = aliases.find("offered");
  offered_name_ = offered == aliases.end() ? "" : offered->second;
  std::vector<Track> tracks;
  for (const api::Measure& measure : measures) {
    if (measure.window.us <= 0) continue;
    const bool by_agent = api::is_measured_by_agent(measure.metric);
    // A reservation has no endpoint.
    if (!by_agent && is_bare) continue;
    Track track;
    for (Track& old : tracks_)
      if (same(old.measure, measure)) track = std::move(old);
    track.measure = measure;
    track.by_agent = by_agent;
    track.longest_step = {(by_agent ? sample_period : period).us * 5 / 2};
    const auto alias = aliases.find(measure.metric);
    track.name = alias == aliases.end() ? measure.metric : alias->second;
    tracks.push_back(std::move(track));
  }
  tracks_ = std::move(tracks);
  std::erase_if(closed_, [&](const api::Window& window) {
    // Two promises about one measurement: it stays until both are judged.
    for (const api::Measure& measure : measures)
      if (api::is_of(window, measure.metric, measure.quantile, measure.window) &&
          window.start + window.length > measure.assessed_until)
        return false;
    return true;  // acknowledged, or nobody asks for it any more
  });
}

void Windows::begin(Track& track) {
  track.samples = 0;
  track.sum = track.offered = 0;
  track.has_offered = false;
  track.span = track.offered_span = track.unseen = {};
  track.histogram.reset();
}

void Windows::forget(Track& track) {
  track.before_at = {};
  track.before_usage.reset();
  track.before.reset();
  track.before_offered.reset();
  track.before_histogram.reset();
}

Duration Windows::look(Track& track, Time now) {
  const Time before = track.before_at;
  const bool gap = !before.is_set() || now - before > track.longest_step;
  if (gap) {
    track.unseen = track.unseen + (now - std::max(before, track.start));
    forget(track);
  }
  track.before_at = now;
  return gap ? Duration{} : now - before;
}

void Windows::roll(Track& track, Time now) {
  const Duration length = track.measure.window;
  if (track.open && now < track.start + length) return;
  if (track.open) {
    const Time end = track.start + length;
    if (!track.before_at.is_set() || end - track.before_at > track.longest_step)
      track.unseen = track.unseen + (end - std::max(track.before_at, track.start));
    keep(result(track));
    // What nobody looked at: the agent was held up. Said, but not without end.
    Time missed = end;
    for (int i = 0; i < 8 && missed + length <= now; ++i, missed = missed + length) {
      api::Window window = empty_window(track.measure, missed);
      api::mark_seen(window, 0);
      keep(std::move(window));
    }
  }
  // The first window began before we did: it waits for the next, and so does what was acknowledged
  // before.
  const Time start = track.open ? aligned(now, length) : aligned(now, length) + length;
  track.open = true;
  track.start = std::max(start, aligned(track.measure.assessed_until, length));
  begin(track);
}

void Windows::keep(api::Window window) {
  // Never one that overlaps what was handed in before.
  for (auto it = closed_.rbegin(); it != closed_.rend(); ++it)
    if (api::is_same_measurement(*it, window)) {
      if (window.start < it->start + it->length) return;
      break;
    }
  closed_.push_back(std::move(window));
  fresh_ = true;
  if (closed_.size() > limits::windows_kept) closed_.erase(closed_.begin());
}

api::Window Windows::result(const Track& track) const {
  api::Window out = empty_window(track.measure, track.start);
  out.samples = track.samples;
  const double seen = 1 - track.unseen.seconds() / track.measure.window.seconds();
  if (seen < api::least_seen || track.samples == 0) {
    api::mark_seen(out, track.samples == 0 ? 0 : seen);
    return out;
  }
  if (track.has_offered && track.offered_span.us > 0)
    out.offered = rate_of(out.metric, track.offered / track.offered_span.seconds());
  const auto count = static_cast<double>(track.samples);
  if (track.by_agent) {
    if (out.metric == "cpu_cores") {
      out.value = number(track.sum / 1e6 / track.span.seconds());
      out.offered = number(track.offered / 1e6 / track.span.seconds());
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
    // Seen, and without requests: 0 samples, and nothing about how much was seen.
    out.samples = track.histogram ? rounded(track.histogram->count, Dimension::rate).value() : 0;
    if (q) out.value = of_unit(track.name, q->value);
    if (!out.value.is_set()) {
      out.samples = 0;
      return out;
    }
    if (q->beyond) api::mark_beyond(out);
    return out;
  }
  if (track.span.us > 0)  // a counter
    out.value = rate_of(out.metric, track.sum / track.span.seconds());
  else
    out.value = of_unit(track.name, track.sum / count);
  if (!out.value.is_set()) out.samples = 0;
  return out;
}

void Windows::add_usage(Track& track, Time now, const UsageSample& sample) {
  const std::string& metric = track.measure.metric;
  const bool is_share = metric == "available_capacity" || metric == "readiness";
  if (!is_share && !sample.has_usage) return;
  const Duration step = look(track, now);
  const std::optional<api::Usage> usage_before = std::exchange(track.before_usage, sample.usage);
  if (now < track.start) return begin(track);
  if (is_share) {
    ++track.samples;
    track.sum += (metric == "readiness" ? sample.ready : sample.up) ? 1 : 0;
    return;
  }
  if (metric == "memory_bytes") {
    ++track.samples;
    track.sum += static_cast<double>(sample.usage.memory_bytes);
    return;
  }
  if (!usage_before || step.us <= 0) return;
  const api::Usage& before = *usage_before;
  // The control group was made anew when its counters fall.
  const int64_t used = sample.usage.cpu_us >= before.cpu_us ? sample.usage.cpu_us - before.cpu_us
                                                            : sample.usage.cpu_us;
  const int64_t throttled = std::max<int64_t>(sample.usage.throttled_us - before.throttled_us, 0);
  ++track.samples;
  track.span = track.span + step;
  track.sum += static_cast<double>(used);
  track.offered += static_cast<double>(used + throttled);
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

void Windows::add_histogram(Track& track, Duration step, bool is_new_run,
                            metrics::HistogramPoint now) {
  std::optional<metrics::HistogramPoint> more;
  if (is_new_run)
    more = now;
  else if (track.before_histogram)
    more = metrics::difference(*track.before_histogram, now);
  track.before_histogram = std::move(now);
  if (!more) {
    track.unseen = track.unseen + step;
    return;
  }
  ++track.samples;
  if (track.histogram)
    if (auto sum = metrics::merged(*track.histogram, *more)) more = std::move(sum);
  track.histogram = std::move(more);
}

void Windows::add_scrape(Track& track, Time now, int64_t run, const metrics::Scrape& scrape) {
  auto histogram =
      track.measure.quantile > 0 ? metrics::find_histogram(scrape, track.name) : std::nullopt;
  const auto value =
      track.measure.quantile > 0 ? std::nullopt : metrics::sum_samples(scrape, track.name);
  if (!histogram && !value) return;  // answered, and blind for this metric
  if (histogram ? !is_finite(*histogram) : !std::isfinite(*value)) return tell(track);
  const Duration step = look(track, now);
  // A new process counts from zero, so its whole count is new; the first sight of an old one, and
  // of any after a gap, only begins.
  const bool is_new_run = track.before_run != 0 && run != track.before_run && step.us > 0;
  track.before_run = run;
  auto added = [&](std::optional<double>& before, std::optional<double> after) {
    std::optional<double> increase;
    if (after && is_new_run)
      increase = *after;
    else if (after && before)
      increase = metrics::counter_increase(*before, *after);
    before = after;
    return increase;
  };
  if (!offered_name_.empty())
    if (const auto more = added(track.before_offered, finite_sum(scrape, offered_name_))) {
      track.offered += *more;
      track.offered_span = track.offered_span + step;
      track.has_offered = true;
    }
  if (histogram) return add_histogram(track, step, is_new_run, *std::move(histogram));
  if (!is_counter(track.name, scrape)) {
    ++track.samples;
    track.sum += *value;
  } else if (const auto more = added(track.before, value)) {
    ++track.samples;
    track.sum += *more;
    track.span = track.span + step;
  }
}

void Windows::scrape(Time now, int64_t run, const metrics::Scrape& scrape) {
  for (Track& track : tracks_) {
    if (track.by_agent) continue;
    roll(track, now);
    add_scrape(track, now, run, scrape);
    if (now < track.start) begin(track);
  }
}

bool Windows::close(Time now) {
  for (Track& track : tracks_) roll(track, now);
  return std::exchange(fresh_, false);
}

void Windows::give_up() {
  for (Track& track : tracks_) {
    track.open = false;
    forget(track);
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
