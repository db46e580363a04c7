// Points in time and spans, as plain 64-bit microseconds: exact, ordered, serialisable. This header
// reads no clock; `now` comes from Runtime (runtime/runtime.h) and is passed as an argument.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freehold {

struct Duration {
  int64_t us = 0;
  auto operator<=>(const Duration&) const = default;
  constexpr double seconds() const { return static_cast<double>(us) / 1e6; }
};
constexpr Duration microseconds(int64_t n) { return {n}; }
constexpr Duration milliseconds(int64_t n) { return {n * 1000}; }
constexpr Duration seconds(int64_t n) { return {n * 1000000}; }
constexpr Duration minutes(int64_t n) { return {n * 60000000}; }
constexpr Duration hours(int64_t n) { return {n * 3600000000}; }
constexpr Duration operator+(Duration a, Duration b) { return {a.us + b.us}; }
constexpr Duration operator-(Duration a, Duration b) { return {a.us - b.us}; }
constexpr Duration operator*(Duration a, int64_t n) { return {a.us * n}; }
constexpr Duration operator/(Duration a, int64_t n) { return {a.us / n}; }

// Microseconds since 1970-01-01T00:00:00Z. Zero means "not set".
struct Time {
  int64_t us = 0;
  auto operator<=>(const Time&) const = default;
  constexpr bool is_set() const { return us != 0; }
};
constexpr Time operator+(Time t, Duration d) { return {t.us + d.us}; }
constexpr Time operator-(Time t, Duration d) { return {t.us - d.us}; }
constexpr Duration operator-(Time a, Time b) { return {a.us - b.us}; }

// A year beyond 0000 to 9999 prints as the nearest time within.
std::string format_rfc3339(Time time);        // 2026-11-23T15:39:13Z, seconds (metav1.Time)
std::string format_rfc3339_micro(Time time);  // 2026-11-23T15:39:13.000000Z (metav1.MicroTime)
// Any offset and fraction; what is finer than a microsecond is cut off. No leap second, as Go.
std::optional<Time> parse_rfc3339(std::string_view text);

// Go's duration syntax ("1h30m", "250us", "1.5s"), plus "d" for days. Never negative. What is finer
// than a microsecond is rounded up, so that a positive duration never becomes zero.
std::optional<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);  // "1h30m", "250us", "0s"; parses back
std::string format_age(Duration duration);       // kubectl's: "5s", "3m20s", "2d"

// The same in nanoseconds, for Quantity.
std::optional<int64_t> parse_duration_ns(std::string_view text);
std::string format_duration_ns(int64_t ns);

}  // namespace freehold
