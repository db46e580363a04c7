#include "control/contract/missed.h"

#include <algorithm>
#include <utility>

#include "api/measured.h"

namespace freehold::control {

namespace {

using Promises = std::vector<int64_t>;

constexpr size_t most_spans = 256;
// Sums for sets of promises; those of single ones (a contract has at most 16) always find a place.
constexpr size_t most_sums_of_several = 48;

Time end_of(const api::MissedTime& span) { return span.from + span.time; }

Promises with(Promises promises, int64_t one) {
  const auto at = std::lower_bound(promises.begin(), promises.end(), one);
  if (at == promises.end() || *at != one) promises.insert(at, one);
  return promises;
}

// Appends what lies between, if anything.
void put(std::vector<api::MissedTime>& spans, Time from, Time until, const Promises& promises) {
  if (from >= until) return;
  if (!spans.empty() && end_of(spans.back()) == from && spans.back().promises == promises)
    spans.back().time = until - spans.back().from;
  else
    spans.push_back({from, until - from, promises});
}

// Where so many sets were met that no place is left, one promise stands for all of its set: they
// are paid back when that one earns a credit.
void sum_first(api::Missed& missed) {
  api::MissedTime first = std::move(missed.spans.front());
  missed.spans.erase(missed.spans.begin());
  missed.summed_until = end_of(first);
  const auto find = [&] {
    return std::find_if(missed.sums.begin(), missed.sums.end(),
                        [&](const auto& sum) { return sum.promises == first.promises; });
  };
  auto sum = find();
  const auto several = std::count_if(missed.sums.begin(), missed.sums.end(),
                                     [](const auto& s) { return s.promises.size() > 1; });
  if (sum == missed.sums.end() && first.promises.size() > 1 &&
      static_cast<size_t>(several) >= most_sums_of_several) {
    first.promises.resize(1);
    sum = find();
  }
  if (sum == missed.sums.end())
    missed.sums.push_back({{}, first.time, std::move(first.promises)});
  else
    sum->time = sum->time + first.time;
}

}  // namespace

bool may_earn_credit(const api::Guarantee& g) {
  const auto is_own = [](std::string_view metric) {
    return api::is_measured_by_agent(metric) && metric != "readiness";
  };
  // Of what the workload takes as it likes, only what it was not given counts.
  const bool is_ours = g.metric == "available_capacity" ||
                       (g.metric == "cpu_cores" && g.of == api::JudgedAgainst::offered);
  return g.measured_by == api::MeasuredBy::agent && is_ours && g.at_least.is_set() &&
         std::all_of(g.when.begin(), g.when.end(), [&](const auto& c) { return is_own(c.first); });
}

Time uncharged_since(const api::ContractStatus& status) {
  const api::Condition* heard = api::find_condition(status.conditions, heard_condition);
  return heard != nullptr && heard->status == api::ConditionStatus::false_
             ? heard->last_transition_time
             : Time{};
}

std::vector<api::Span> charged_parts(const api::ContractStatus& status, api::Span stretch) {
  if (!status.active_at.is_set()) return {};
  Time from = std::max(stretch.from, status.active_at), until = stretch.until;
  if (status.ends_at.is_set()) until = std::min(until, status.ends_at);
  if (status.released_at.is_set()) until = std::min(until, status.released_at);
  std::vector<api::Span> uncharged = status.uncharged.spans;
  if (const Time since = uncharged_since(status); since.is_set())
    uncharged.push_back({since, std::max(since, until)});
  std::vector<api::Span> parts;
  for (const api::Span& span : uncharged) {
    if (from < std::min(span.from, until)) parts.push_back({from, std::min(span.from, until)});
    from = std::max(from, span.until);
  }
  if (from < until) parts.push_back({from, until});
  return parts;
}

void add_missed(api::Missed& missed, size_t promise, Time from, Duration time) {
  const Time until = from + time;
  const auto number = static_cast<int64_t>(promise);
  // What is summed up is not looked at again: time there may have been counted.
  from = std::max(from, missed.summed_until);
  std::vector<api::MissedTime> spans;
  Time at = from;  // the new time before this is in place
  for (const api::MissedTime& s : missed.spans) {
    put(spans, at, std::min(until, s.from), {number});
    put(spans, s.from, std::min(end_of(s), from), s.promises);
    put(spans, std::max(s.from, from), std::min(end_of(s), until), with(s.promises, number));
    put(spans, std::max(s.from, until), end_of(s), s.promises);
    at = std::max(at, std::min(end_of(s), until));
  }
  put(spans, at, until, {number});
  missed.spans = std::move(spans);
  while (missed.spans.size() > most_spans) sum_first(missed);
}

bool sum_missed(const api::ContractSpec& spec, api::ContractStatus& status) {
  Time judged{INT64_MAX};
  for (size_t i = 0; i < spec.guarantees.size() && i < status.guarantees.size(); ++i)
    if (may_earn_credit(spec.guarantees[i]))
      judged = std::min(judged, status.guarantees[i].assessed_until);
  bool any = false;
  while (!status.missed.spans.empty() && end_of(status.missed.spans.front()) <= judged) {
    sum_first(status.missed);
    any = true;
  }
  return any;
}

Duration time_missed(const api::Missed& missed, const std::function<bool(size_t)>& counts) {
  Duration total;
  for (const auto* list : {&missed.spans, &missed.sums})
    for (const api::MissedTime& m : *list)
      if (std::any_of(m.promises.begin(), m.promises.end(),
                      [&](int64_t p) { return counts(static_cast<size_t>(p)); }))
        total = total + m.time;
  return total;
}

}  // namespace freehold::control
