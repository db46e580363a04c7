// What was measured when, for one instance: takes samples as they come, closes windows at multiples
// of their length, keeps them until they are acknowledged. Pure; time is an argument, and is
// measurement time (Clock below), which does not jump. Gaps are gaps: a window in which nothing was
// seen has 0 samples, one of which too little was seen has no value and says how much. Between two
// looks that are more than two and a half periods apart nothing is known: an increase over such a
// gap belongs to no window, and rates are over the time that was seen. Two measurements of one
// metric, such as a p50 and a p99, are two windows (api/window_facts.h tells them apart).
//
// Metrics of the agent: available_capacity (share of samples in which the promised capacity was
// there: the process ran, or the limits were held for a bare reservation, or for a workload that is
// down by its own doing, kills that follow soon after one among it, see is_down_by_itself),
// cpu_cores (CPU seconds per second; offered: delivered and throttled), memory_bytes (mean),
// readiness (share of probes). All others come from the workload's endpoint, by their alias or
// their own name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/workload.h"
#include "base/time.h"
#include "json/value.h"
#include "metrics/parse.h"
#include "metrics/window.h"

namespace freehold::agent {

// Wall time for measuring: runs with the boot clock, follows the wall clock slowly, and when that
// was set by more than a second says so, so that the windows it tears are given up.
class Clock {
 public:
  Time at(Time wall, Duration uptime);
  bool take_jump() { return std::exchange(jumped_, false); }

 private:
  bool known_ = false, jumped_ = false;
  Duration offset_;  // wall - uptime
  Duration last_;
};

struct UsageSample {
  bool up = false;     // the promised capacity was there
  bool ready = false;  // only counts with readiness probes
  bool has_usage = false;
  api::Usage usage;
};

class Windows {
 public:
  // Which windows to close; those of other measures are given up, what is acknowledged is dropped.
  // `period` is that of the scrapes.
  void want(const std::vector<api::Measure>& measures, const schema::StringMap& aliases,
            bool is_bare, Duration period = api::MetricsEndpoint{}.period);
  // About once a second while the instance is measured.
  void sample(Time now, const UsageSample& sample);
  void scrape(Time now, int64_t run, const metrics::Scrape& scrape);
  // Closes what has ended. True when there are new ones.
  bool close(Time now);
  void give_up();  // the open windows: the clock was set, or the instance is not measured any more

  // Closed and not acknowledged, oldest first.
  std::vector<api::Window> closed(size_t most) const;
  json::Value save() const;
  void load(const json::Value& saved);

 private:
  struct Track {
    api::Measure measure;
    std::string name;  // at the endpoint
    bool by_agent = false;
    bool open = false;
    Time start;  // of the open window
    int64_t samples = 0;
    double sum = 0;      // gauges; increases of counters
    double offered = 0;  // increase
    bool has_offered = false;
    Duration span, offered_span;  // over which they increased
    Duration unseen;              // of the open window
    std::optional<metrics::HistogramPoint> histogram;
    // The look before, for increases.
    Time before_at;
    Duration longest_step;  // between two looks; more is a gap
    int64_t before_run = 0;
    std::optional<double> before, before_offered;
    std::optional<metrics::HistogramPoint> before_histogram;
    std::optional<api::Usage> before_usage;
    bool is_told = false;  // that what it says is no number
  };
  void roll(Track& track, Time now);
  static void begin(Track& track);   // with nothing measured
  static void forget(Track& track);  // what was seen last
  // Time since the look before; zero after a gap, over which nothing increases.
  static Duration look(Track& track, Time now);
  void add_usage(Track& track, Time now, const UsageSample& sample);
  static void tell(Track& track);
  void add_scrape(Track& track, Time now, int64_t run, const metrics::Scrape& scrape);
  void add_histogram(Track& track, Duration step, bool is_new_run, metrics::HistogramPoint now);
  api::Window result(const Track& track) const;
  void keep(api::Window window);

  std::vector<Track> tracks_;
  std::string offered_name_;
  std::vector<api::Window> closed_;
  bool fresh_ = false;
};

}  // namespace freehold::agent
