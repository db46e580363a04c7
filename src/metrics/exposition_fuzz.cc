// The reader of /metrics against any bytes: what it takes must be printed so that it is taken
// again, equal.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/strings.h"
#include "metrics/parse.h"
#include "metrics/window.h"

namespace freehold::metrics {

void check_sample(const Sample& sample) {
  CHECK(is_metric_name(sample.name), "names are names");
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    CHECK(is_label_name(sample.labels[i].first) && is_utf8(sample.labels[i].second),
          "labels are labels");
    CHECK(i == 0 || sample.labels[i - 1].first < sample.labels[i].first, "labels are sorted");
  }
}

void check_scrape(std::string_view text) {
  const auto scrape = parse_exposition(text, {.bytes = 1 << 20, .samples = 1000});
  if (!scrape.ok()) return;
  std::string printed;
  for (const Sample& sample : scrape->samples) {
    check_sample(sample);
    printed += sample.name + format_labels(sample.labels) + " " + format_value(sample.value) + "\n";
  }
  const auto again = parse_exposition(printed, {.bytes = 64 << 20, .samples = 1000});
  CHECK(again.ok() && again->bad_lines == 0 && again->samples.size() == scrape->samples.size(),
        "reads back");
  for (size_t i = 0; i < again->samples.size(); ++i) {
    const Sample &a = scrape->samples[i], &b = again->samples[i];
    CHECK(a.name == b.name && a.labels == b.labels, "labels read back");
    CHECK(a.value == b.value || (std::isnan(a.value) && std::isnan(b.value)), "values read back");
  }
  for (const Sample& sample : scrape->samples) {
    if (!sample.name.ends_with("_bucket")) continue;
    const auto histogram = find_histogram(*scrape, sample.name.substr(0, sample.name.size() - 7));
    if (!histogram) continue;
    for (const double q : {0.0, 0.5, 0.99, 1.0})
      if (const auto found = quantile(*histogram, q))
        CHECK(!std::isnan(found->value), "a quantile is a number");
    if (const auto share = share_at_most(*histogram, 0.5))
      CHECK(*share >= 0 && *share <= 1, "a share is a share");
    (void)difference(*histogram, *histogram);
    return;
  }
}

}  // namespace freehold::metrics

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  freehold::metrics::check_scrape({reinterpret_cast<const char*>(data), size});
  return 0;
}
