// What a closed window says of itself beside its value: which quantile was measured, whether that
// lies beyond the last bound of its histogram, and how much of the window was seen. Written by
// agents, read by the judge; carried in Window.context, so that it travels and is kept with the
// window. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/contract.h"
#include "api/workload.h"

namespace freehold::api {

// A window of which less was seen decides nothing.
inline constexpr double least_seen = 0.8;

// So many windows the status of an instance shows, the oldest; more may follow once these are
// acknowledged.
inline constexpr size_t windows_shown = 64;

void mark_quantile(Window& window, double quantile);  // 0: the value itself, nothing is marked
void mark_beyond(Window& window);                     // the truth is larger than the value
void mark_seen(Window& window, double share);         // only where it is less than `least_seen`

// For people, and to tell promises about one metric apart: "latency p99 when load<=12/s". At most
// 128 characters.
std::string promise_name(const Guarantee& guarantee);

// All that identifies what was measured: a p50 and a p99 of one metric are two measurements.
bool is_of(const Window& window, std::string_view metric, double quantile, Duration length);
bool is_same_measurement(const Window& a, const Window& b);
bool is_beyond(const Window& window);
// The share of the window that was seen, when that is too little.
std::optional<double> too_little_seen(const Window& window);

}  // namespace freehold::api
