// SampleStore: recent samples of many series in bounded memory, compressed, oldest first out. Not
// durable and not a record: what must last is in closed windows. Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/labels.h"
#include "metrics/window.h"

namespace freehold::metrics {

enum class Source : uint8_t { agent, gateway, workload };
std::string_view source_name(Source source);  // "agent"

// Who measured is part of a series: two sources of one metric are never mixed.
struct Series {
  std::string name;
  Labels labels;  // sorted
  Source source = Source::agent;
  auto operator<=>(const Series&) const = default;
};

struct SampleLimits {
  size_t series = 20'000;
  size_t bytes = 64u << 20;  // of compressed samples
  Duration keep = hours(6);  // older ones go
};

class SampleStore {
 public:
  explicit SampleStore(SampleLimits limits = {});
  ~SampleStore();
  SampleStore(const SampleStore&) = delete;
  SampleStore& operator=(const SampleStore&) = delete;

  // False when it was dropped: not newer than the last one of its series, not a number, or no room
  // for a new series.
  bool append(const Series& series, Time at, double value);
  // With from <= at < to, rising. Empty when blind.
  std::vector<Point> range(const Series& series, Time from, Time to) const;
  std::optional<Point> latest(const Series& series) const;
  // Series of this name with all of these labels, sorted; an empty name is any.
  std::vector<Series> find(std::string_view name, const Labels& labels = {},
                           std::optional<Source> source = {}) const;
  // All series with these labels, for what is gone for good.
  void forget(const Labels& labels);
  // Drops what is older than the limit, of series that get no samples either.
  void trim(Time now);

  size_t series() const;
  size_t bytes() const { return bytes_; }
  uint64_t dropped() const { return dropped_; }

 private:
  struct Ring;
  void make_room();

  SampleLimits limits_;
  std::map<Series, std::unique_ptr<Ring>> rings_;
  size_t bytes_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace freehold::metrics
