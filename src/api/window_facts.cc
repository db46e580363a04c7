#include "api/window_facts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

namespace freehold::api {

namespace {

constexpr std::string_view quantile_prefix = "quantile ";
// A blank: no metric has such a name.
constexpr std::string_view beyond = "beyond bounds";
constexpr std::string_view seen = "share seen";

// Nine digits tell any two quantiles apart that a window could.
std::string quantile_key(double quantile) {
  char text[32];
  const int n = std::snprintf(text, sizeof text, "%.9g", quantile);
  return std::string(quantile_prefix) + std::string(text, static_cast<size_t>(std::max(n, 0)));
}

std::string quantile_of(const Window& window) {
  for (const auto& [key, value] : window.context)
    if (key.starts_with(quantile_prefix)) return key;
  return {};
}

Quantity share(double value) { return Quantity::of(std::llround(value * 1000), Dimension::number); }

}  // namespace

void mark_quantile(Window& window, double quantile) {
  if (quantile > 0) window.context[quantile_key(quantile)] = share(quantile);
}

void mark_beyond(Window& window) { window.context[std::string(beyond)] = share(1); }

void mark_seen(Window& window, double how_much) {
  window.context[std::string(seen)] = share(std::clamp(how_much, 0.0, 1.0));
}

std::string promise_name(const Guarantee& guarantee) {
  std::string name = guarantee.metric;
  if (guarantee.quantile > 0) {
    char text[32];
    const int n = std::snprintf(text, sizeof text, " p%.7g", guarantee.quantile * 100);
    name.append(text, static_cast<size_t>(std::max(n, 0)));
  }
  const char* link = " when ";
  for (const auto& [metric, bound] : guarantee.when) {
    name += link + metric + bound;
    link = " and ";
  }
  return name.substr(0, 128);
}

bool is_of(const Window& window, std::string_view metric, double quantile, Duration length) {
  return window.metric == metric && window.length == length &&
         quantile_of(window) == (quantile > 0 ? quantile_key(quantile) : std::string());
}

bool is_same_measurement(const Window& a, const Window& b) {
  return a.metric == b.metric && a.length == b.length && quantile_of(a) == quantile_of(b);
}

bool is_beyond(const Window& window) { return window.context.contains(std::string(beyond)); }

std::optional<double> too_little_seen(const Window& window) {
  const auto it = window.context.find(std::string(seen));
  if (it == window.context.end()) return std::nullopt;
  return it->second.as_double();
}

}  // namespace freehold::api
