// Reader of what a /metrics endpoint answers: Prometheus text 0.0.4, and OpenMetrics text as far as
// it is the same (exemplars and created series are passed over). Bounded; a line that cannot be
// read is left out and counted, because one bad line of a workload must not make its measurements
// blind. Pure; fuzzed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/labels.h"

namespace freehold::metrics {

enum class MetricType : uint8_t { unknown, counter, gauge, histogram, summary };

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
  std::optional<int64_t> timestamp_ms;  // only if the exporter gave one
  bool operator==(const Sample&) const = default;
};

struct Scrape {
  std::vector<Sample> samples;                           // as they came
  std::map<std::string, MetricType, std::less<>> types;  // by family
  size_t bad_lines = 0;
  std::string first_fault;  // "line 12: value is not a number"; empty when all was read
};

struct ParseLimits {
  size_t bytes = 4u << 20;  // as limits::scrape_bytes
  size_t samples = 50'000;
  size_t labels = 64;          // per sample
  size_t label_bytes = 4'096;  // of one name or value
};

// Errors: `too_large` beyond bytes or samples; `bad_request` when there are lines and none can be
// read.
Result<Scrape> parse_exposition(std::string_view text, const ParseLimits& limits = {});

// The one sample of this name with all of these labels; null when there is none. Of several the
// first.
const Sample* find_sample(const Scrape& scrape, std::string_view name, const Labels& labels = {});
// The sum over all samples of this name with all of these labels; nothing when there is none.
std::optional<double> sum_samples(const Scrape& scrape, std::string_view name,
                                  const Labels& labels = {});

}  // namespace freehold::metrics
