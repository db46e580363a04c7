#include "control/contract/assess.h"

#include <algorithm>
#include <set>
#include <utility>

namespace freehold::control {

namespace {

constexpr Duration least_grace = seconds(15);
constexpr size_t kept_windows = 48;

// Amounts of members add up; levels do not.
bool adds_up(const api::Guarantee& g, const Quantity& value) {
  if (g.quantile > 0) return false;
  return value.dimension() == Dimension::rate || value.dimension() == Dimension::bandwidth ||
         g.metric.ends_with("_per_second") || g.metric == "cpu_cores" || g.metric == "memory_bytes";
}

// `tokens_per_second: 3000` and `3000/s` are one promise: both count thousandths, so a plain number
// takes the dimension in which the promise was made.
Quantity as_promised(const Quantity& value, const Quantity& bound) {
  const bool rate = value.dimension() == Dimension::number && bound.dimension() == Dimension::rate;
  return rate ? Quantity::of(value.value(), Dimension::rate) : value;
}

// "<=12/s" against a value; nothing when the dimensions differ.
std::optional<bool> holds(std::string_view condition, const Quantity& value) {
  size_t n = 0;
  while (n < condition.size() &&
         (condition[n] == '<' || condition[n] == '>' || condition[n] == '='))
    ++n;
  const std::string_view op = condition.substr(0, n);
  const auto bound = Quantity::parse(condition.substr(n), value.dimension());
  if (!bound || bound->currency() != value.currency()) return std::nullopt;
  if (op == "<=") return value <= *bound;
  if (op == ">=") return value >= *bound;
  if (op == "<") return value < *bound;
  if (op == ">") return value > *bound;
  if (op == "=" || op == "==") return value == *bound;
  return std::nullopt;
}

Judged undetermined(std::string reason) {
  Judged judged;
  judged.reason = std::move(reason);
  return judged;
}

// The load that came in, against which a rate is judged. A request that arrived in one window may
// be answered in the next, so the larger of two requests and one percent is forgiven at the edges.
int64_t floor_of(const api::Guarantee& g, int64_t offered, Duration window) {
  const int64_t edge =
      std::max(offered / 100, int64_t{2'000'000'000} / std::max<int64_t>(window.us, 1));
  return std::min(g.at_least.value(), std::max<int64_t>(offered - edge, 0));
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::fulfilled:
      return "fulfilled";
    case Verdict::violated:
      return "violated";
    case Verdict::not_determined:
      return "notDetermined";
  }
  return "notDetermined";
}

Judged judge(const api::Guarantee& g, const std::vector<const api::Window*>& members) {
  if (members.empty()) return undetermined("no member measured it");
  Judged judged;
  int64_t offered = 0;
  bool offered_known = true;
  const Quantity& bound = g.at_least.is_set() ? g.at_least : g.at_most;
  for (const api::Window* w : members) {
    if (w->samples == 0 || !w->value.is_set()) return undetermined("nothing was measured");
    const Quantity value = as_promised(w->value, bound);
    if (value.dimension() != bound.dimension())
      return undetermined("measured in " + std::string(dimension_name(value.dimension())) +
                          ", promised in " + std::string(dimension_name(bound.dimension())));
    for (const auto& [metric, condition] : g.when) {
      const auto it = w->context.find(metric);
      if (it == w->context.end()) return undetermined("condition " + metric + " was not measured");
      const auto inside = holds(condition, it->second);
      if (!inside) return undetermined("condition " + metric + condition + " cannot be compared");
      if (!*inside) return undetermined("outside " + metric + condition + ": " + it->second.text());
    }
    judged.samples += w->samples;
    if (w->offered.is_set())
      offered += w->offered.value();
    else
      offered_known = false;
    if (!judged.value.is_set())
      judged.value = value;
    else if (adds_up(g, value))
      judged.value =
          Quantity::of(judged.value.value() + value.value(), value.dimension(), value.currency());
    else if (g.at_least.is_set() ? value < judged.value : value > judged.value)
      judged.value = value;
  }
  bool kept = false;
  if (g.at_most.is_set())
    kept = judged.value <= g.at_most;
  else if (g.of == api::JudgedAgainst::offered && offered_known)
    kept = judged.value.value() >= floor_of(g, offered, g.window);
  else
    kept = judged.value >= g.at_least;
  judged.verdict = kept ? Verdict::fulfilled : Verdict::violated;
  return judged;
}

double budget_left(const api::Guarantee& g, const api::Verdicts& windows, Duration term) {
  const Duration span = term.us > 0 ? term : hours(24);
  const double expected = std::max(static_cast<double>(span.us) / static_cast<double>(g.window.us),
                                   static_cast<double>(windows.fulfilled + windows.violated));
  const double allowed = (1 - g.target) * expected;
  const auto violated = static_cast<double>(windows.violated);
  if (allowed <= 0) return windows.violated > 0 ? -violated : 1;
  return 1 - violated / allowed;
}

namespace {

// Windows of one guarantee by start, as far as members handed them in.
using ByStart = std::map<Time, std::vector<const api::Window*>>;

ByStart collect(const api::Guarantee& g, Time after, const std::vector<MemberView>& members) {
  ByStart found;
  for (const MemberView& m : members)
    for (const api::Window& w : m.instance->status.windows)
      if (w.metric == g.metric && w.length == g.window && w.start + w.length > after)
        found[w.start].push_back(&w);
  return found;
}

bool has_window(const MemberView& m, const api::Guarantee& g, Time start) {
  return std::any_of(
      m.instance->status.windows.begin(), m.instance->status.windows.end(),
      [&](const api::Window& w) { return w.metric == g.metric && w.start == start; });
}

// Whether someone's measurement of this window may still come.
bool must_wait(const api::Guarantee& g, Time start, const std::vector<MemberView>& members,
               Time now) {
  const Duration grace = std::max(g.window * 2, least_grace);
  for (const MemberView& m : members) {
    const api::InstanceStatus& s = m.instance->status;
    if (!s.started_at.is_set() || has_window(m, g, start)) continue;
    if (s.phase == api::InstancePhase::stopped || s.phase == api::InstancePhase::lost) continue;
    if (!m.node_heard) return true;
    if (now < std::max(start + g.window, m.heard_since) + grace) return true;
  }
  return false;
}

void count(const api::Guarantee& g, api::GuaranteeStatus& gs, const Judged& judged) {
  switch (judged.verdict) {
    case Verdict::fulfilled:
      ++gs.windows.fulfilled;
      // A wish until it was measured, and kept, on the assigned hardware: now it is a guarantee,
      // and what was missed before was no promise.
      if (gs.basis == api::Basis::trial)
        gs.windows.not_determined += std::exchange(gs.windows.violated, 0);
      gs.basis = api::Basis::accepted;
      break;
    case Verdict::violated:
      ++gs.windows.violated;
      break;
    case Verdict::not_determined:
      ++gs.windows.not_determined;
      return;
  }
  gs.last = judged.value;
  const bool worse = !gs.worst.is_set() ||
                     (g.at_least.is_set() ? judged.value < gs.worst : judged.value > gs.worst);
  if (worse) gs.worst = judged.value;
}

void refresh(const api::Guarantee& g, api::GuaranteeStatus& gs, const api::ContractStatus& status,
             Duration term) {
  const double determined = static_cast<double>(gs.windows.fulfilled + gs.windows.violated);
  gs.delivered_share = determined > 0 ? static_cast<double>(gs.windows.fulfilled) / determined : 0;
  gs.budget_left = budget_left(g, gs.windows, term);
  std::vector<Quantity> values;
  for (const api::AssessedWindow& w : status.windows)
    if (w.metric == g.metric && w.value.is_set()) values.push_back(w.value);
  if (values.empty()) return;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  gs.median = *middle;
}

void keep(api::ContractStatus& status, const api::Guarantee& g, Time start, const Judged& judged) {
  status.windows.push_back({g.metric, std::string(verdict_name(judged.verdict)), judged.reason,
                            start, g.window, judged.value, judged.samples});
  if (status.windows.size() > kept_windows) status.windows.erase(status.windows.begin());
}

}  // namespace

bool assess(const api::ContractSpec& spec, api::ContractStatus& status,
            const std::vector<MemberView>& members, Time now) {
  bool changed = false;
  status.guarantees.resize(spec.guarantees.size());
  for (size_t i = 0; i < spec.guarantees.size(); ++i) {
    const api::Guarantee& g = spec.guarantees[i];
    api::GuaranteeStatus& gs = status.guarantees[i];
    if (gs.metric != g.metric) {
      gs = {};
      gs.metric = g.metric;
      gs.promised = g.at_least.is_set() ? g.at_least : g.at_most;
      gs.basis = api::Basis::trial;
      changed = true;
    }
    bool moved = false;
    for (const auto& [start, windows] : collect(g, gs.assessed_until, members)) {
      if (must_wait(g, start, members, now)) break;
      const Judged judged = judge(g, windows);
      count(g, gs, judged);
      keep(status, g, start, judged);
      gs.assessed_until = start + g.window;
      moved = true;
    }
    if (moved) refresh(g, gs, status, spec.term.duration);
    changed |= moved;
  }
  return changed;
}

}  // namespace freehold::control
