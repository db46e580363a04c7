#include "base/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/decimal.h"

namespace freehold {
namespace {

constexpr int64_t us_per_second = 1'000'000;
constexpr int64_t us_per_day = 86'400 * us_per_second;
// RFC 3339 has four digits for the year: 0000-01-01 to 9999-12-31.
constexpr int64_t first_day = -719'528;
constexpr int64_t last_day = 2'932'896;

void append_padded(int64_t n, size_t width, std::string& out) {
  const std::string digits = std::to_string(n);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

struct Split {
  std::string text;  // to the second, without zone
  int64_t us;        // 0 to 999,999
};

Split split_time(Time time) {
  // A time that four digits cannot name prints as the nearest that they can.
  const int64_t us = std::clamp(time.us, first_day * us_per_day, (last_day + 1) * us_per_day - 1);
  int64_t day = us / us_per_day, rest = us % us_per_day;
  if (rest < 0) {
    rest += us_per_day;
    --day;
  }
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};
  const int64_t second = rest / us_per_second;
  Split result{{}, rest % us_per_second};
  std::string& out = result.text;
  append_padded(static_cast<int>(date.year()), 4, out);
  out += '-';
  append_padded(static_cast<unsigned>(date.month()), 2, out);
  out += '-';
  append_padded(static_cast<unsigned>(date.day()), 2, out);
  out += 'T';
  append_padded(second / 3600, 2, out);
  out += ':';
  append_padded(second / 60 % 60, 2, out);
  out += ':';
  append_padded(second % 60, 2, out);
  return result;
}

// Takes exactly `width` digits, at most `most`, from the front.
std::optional<int> take_digits(std::string_view& text, size_t width, int most) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  if (value > most) return std::nullopt;
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> take_date(std::string_view& text) {  // days since 1970
  const auto year = take_digits(text, 4, 9999);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2, 12);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

std::optional<int64_t> take_clock(std::string_view& text) {  // microseconds since midnight
  const auto hour = take_digits(text, 2, 23);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2, 59);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2, 59);  // as Go: no leap second
  if (!second) return std::nullopt;
  int64_t us = 0;
  if (take(text, '.')) {
    int64_t place = us_per_second / 10;  // reaches zero after six digits: the rest is cut off
    size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      us += (text[digits] - '0') * place;
      place /= 10;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
  }
  return ((*hour * 60 + *minute) * 60 + *second) * us_per_second + us;
}

std::optional<int64_t> take_offset(std::string_view& text) {  // microseconds east of UTC
  if (take(text, 'Z') || take(text, 'z')) return 0;
  const bool west = take(text, '-');
  if (!west && !take(text, '+')) return std::nullopt;
  const auto hour = take_digits(text, 2, 23);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2, 59);
  if (!minute) return std::nullopt;
  const int64_t us = (*hour * 60 + *minute) * 60 * us_per_second;
  return west ? -us : us;
}

struct Unit {
  std::string_view name;
  uint64_t ns;
};
// A longer name stands before a shorter one that it begins with.
constexpr std::array<Unit, 9> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\u00B5s", 1'000},  // micro sign
                                     {"\u03BCs", 1'000},  // Greek mu
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"d", 86'400'000'000'000}}};

}  // namespace

std::string format_rfc3339(Time time) { return split_time(time).text + 'Z'; }

std::string format_rfc3339_micro(Time time) {
  Split parts = split_time(time);
  parts.text += '.';
  append_padded(parts.us, 6, parts.text);
  parts.text += 'Z';
  return std::move(parts.text);
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  const auto day = take_date(text);
  if (!day || !(take(text, 'T') || take(text, 't'))) return std::nullopt;
  const auto clock = take_clock(text);
  if (!clock) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return Time{*day * us_per_day + *clock - *offset};
}

std::optional<int64_t> parse_duration_ns(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    const auto number = take_decimal(text);
    if (!number) return std::nullopt;
    const auto* unit = std::find_if(units.begin(), units.end(),
                                    [&](const Unit& u) { return text.starts_with(u.name); });
    if (unit == units.end()) return std::nullopt;
    text.remove_prefix(unit->name.size());
    const auto ns = scale_up(*number, unit->ns, 1);
    if (!ns || __builtin_add_overflow(total, *ns, &total)) return std::nullopt;
  }
  return total;
}

std::optional<Duration> parse_duration(std::string_view text) {
  const auto ns = parse_duration_ns(text);
  if (!ns) return std::nullopt;
  const int64_t us = *ns / 1000 + (*ns % 1000 == 0 ? 0 : 1);
  if (us > INT64_MAX / 1000) return std::nullopt;  // so that nanoseconds can always tell it
  return Duration{us};
}

std::string format_duration_ns(int64_t ns) {
  constexpr uint64_t second = 1'000'000'000;
  if (ns == 0) return "0s";
  std::string out = ns < 0 ? "-" : "";
  uint64_t rest = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  if (rest < 1'000) return out + std::to_string(rest) + "ns";
  if (rest < 1'000'000) return out + print_decimal(rest, 3) + "us";
  if (rest < second) return out + print_decimal(rest, 6) + "ms";
  if (rest >= 3600 * second) out += std::to_string(rest / (3600 * second)) + 'h';
  rest %= 3600 * second;
  if (rest >= 60 * second) out += std::to_string(rest / (60 * second)) + 'm';
  rest %= 60 * second;
  if (rest > 0) out += print_decimal(rest, 9) + 's';
  return out;
}

std::string format_duration(Duration duration) {
  // Beyond what nanoseconds can count, whole seconds are exact enough for anyone.
  constexpr int64_t most_us = INT64_MAX / 1000;
  if (duration.us > most_us || duration.us < -most_us)
    return std::to_string(duration.us / us_per_second) + 's';
  return format_duration_ns(duration.us * 1000);
}

// The rules of HumanDuration in k8s.io/apimachinery/pkg/util/duration.
std::string format_age(Duration duration) {
  const int64_t second = duration.us / us_per_second;
  const int64_t minute = second / 60, hour = minute / 60, day = hour / 24, year = day / 365;
  const auto two = [](int64_t large, char large_unit, int64_t small, char small_unit) {
    std::string out = std::to_string(large) + large_unit;
    if (small != 0) out += std::to_string(small) + small_unit;
    return out;
  };
  if (second < -1) return "<invalid>";
  if (second < 0) return "0s";
  if (second < 120) return std::to_string(second) + 's';
  if (minute < 10) return two(minute, 'm', second % 60, 's');
  if (minute < 180) return std::to_string(minute) + 'm';
  if (hour < 8) return two(hour, 'h', minute % 60, 'm');
  if (hour < 48) return std::to_string(hour) + 'h';
  if (hour < 24 * 8) return two(day, 'd', hour % 24, 'h');
  if (day < 365 * 2) return std::to_string(day) + 'd';
  if (day < 365 * 8) return two(year, 'y', day % 365, 'd');
  return std::to_string(year) + 'y';
}

}  // namespace freehold
