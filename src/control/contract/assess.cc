#include "control/contract/assess.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <set>
#include <utility>

#include "api/measured.h"
#include "api/window_facts.h"
#include "base/strings.h"
#include "control/contract/missed.h"
#include "control/contract/price.h"

namespace freehold::control {

namespace {

constexpr Duration least_grace = seconds(15);
constexpr size_t kept_windows = 48;
constexpr size_t longest_window_name = 128;  // that the schema takes
// Shares such as 0.99 are decimals: as whole billionths they compare exactly.
constexpr int64_t billion = 1'000'000'000;
int64_t billionths(double share) { return std::llround(share * 1e9); }

int64_t added(int64_t a, int64_t b) { return countable(Wide{a} + b); }

// Amounts of members add up; levels do not.
bool adds_up(std::string_view metric, const Quantity& value) {
  return value.dimension() == Dimension::rate || value.dimension() == Dimension::bandwidth ||
         metric.ends_with("_per_second") || metric == "cpu_cores" || metric == "memory_bytes";
}

// `tokens_per_second: 3000` and `3000/s` are one promise: both count thousandths, so a plain number
// takes the dimension in which the promise was made.
Quantity as_promised(const Quantity& value, const Quantity& bound) {
  const bool rate = value.dimension() == Dimension::number && bound.dimension() == Dimension::rate;
  return rate ? Quantity::of(value.value(), Dimension::rate) : value;
}

// What stands in a status may be of another promise, or be told in another unit.
bool is_comparable(const Quantity& a, const Quantity& b) {
  return a.is_set() && b.is_set() && a.dimension() == b.dimension() && a.currency() == b.currency();
}

// Both count thousandths, and either may be meant: 12 a second.
bool is_count(Dimension dimension) {
  return dimension == Dimension::number || dimension == Dimension::rate;
}

// "<=12/s" against a value; nothing when the dimensions differ.
std::optional<bool> holds(std::string_view condition, const Quantity& value) {
  size_t n = 0;
  while (n < condition.size() &&
         (condition[n] == '<' || condition[n] == '>' || condition[n] == '='))
    ++n;
  const std::string_view op = condition.substr(0, n);
  const std::string_view text = trim(condition.substr(n));
  auto bound = Quantity::parse(text, value.dimension());
  if (!bound && is_count(value.dimension())) {
    bound = Quantity::parse(
        text, value.dimension() == Dimension::number ? Dimension::rate : Dimension::number);
    if (bound) bound = Quantity::of(bound->value(), value.dimension());
  }
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
// be answered in the next, so the larger of two requests and one percent is forgiven at the edges;
// of what is no requests, one percent.
int64_t floor_of(const api::Guarantee& g, int64_t offered, Duration window) {
  const int64_t requests = api::is_measured_by_agent(g.metric)
                               ? 0
                               : int64_t{2'000'000'000} / std::max<int64_t>(window.us, 1);
  const int64_t edge = std::max(offered / 100, requests);
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

namespace {

// Whether this window can be judged at all; the reason when it cannot.
std::optional<std::string> fault_of(const Quantity& value, const Quantity& bound) {
  if (value.dimension() != bound.dimension())
    return "measured in " + std::string(dimension_name(value.dimension())) + ", promised in " +
           std::string(dimension_name(bound.dimension()));
  if (value.currency() != bound.currency())
    return "measured in " + value.currency() + ", promised in " + bound.currency();
  return std::nullopt;
}

// Whether the conditions of a promise held for all members together; the reason when they did not.
std::optional<std::string> outside(const api::Guarantee& g,
                                   const std::vector<const api::Window*>& members) {
  for (const auto& [metric, condition] : g.when) {
    Quantity sum;
    for (const api::Window* w : members) {
      const auto it = w->context.find(metric);
      if (it == w->context.end()) return "condition " + metric + " was not measured";
      const Quantity& value = it->second;
      sum =
          sum.is_set() && adds_up(metric, value)
              ? Quantity::of(added(sum.value(), value.value()), value.dimension(), value.currency())
              : value;
      if (adds_up(metric, value) && w != members.back()) continue;
      const auto inside = holds(condition, sum);
      if (!inside) return "condition " + metric + condition + " cannot be compared";
      if (!*inside) return "outside " + metric + condition + ": " + sum.text();
    }
  }
  return std::nullopt;
}

// A member's quantile over its own requests.
struct Part {
  Quantity value;
  bool beyond = false;
  int64_t requests = 0;
};

void judge_quantile(const api::Guarantee& g, std::vector<Part> parts, Judged& judged) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.value != b.value ? a.value < b.value : a.beyond < b.beyond;
  });
  Wide so_far = 0;
  size_t at = 0;
  for (; at + 1 < parts.size(); ++at) {
    so_far += parts[at].requests;
    if (so_far * billion >= static_cast<Wide>(judged.samples) * billionths(g.quantile)) break;
  }
  judged.value = parts[at].value;
  const bool at_most = g.at_most.is_set();
  const Quantity& bound = at_most ? g.at_most : g.at_least;
  bool kept = at_most ? judged.value <= bound : judged.value >= bound;
  if (parts[at].beyond) {
    // The truth is larger than the value by an unknown amount.
    if (judged.value < bound) {
      judged.reason = "more than " + judged.value.text() +
                      ", the last bound of the histogram; how much more is not known";
      return;
    }
    kept = !at_most;
  }
  judged.verdict = kept ? Verdict::fulfilled : Verdict::violated;
}

std::string seen_text(double share) {
  return share > 0 ? "only " + std::to_string(std::llround(share * 100)) + " % of it was seen"
                   : "nothing was measured";
}

}  // namespace

Judged judge(const api::Guarantee& g, const std::vector<const api::Window*>& members) {
  if (members.empty()) return undetermined("no member measured it");
  Judged judged;
  int64_t offered = 0;
  bool offered_known = true;
  const Quantity& bound = g.at_least.is_set() ? g.at_least : g.at_most;
  std::vector<Part> parts;
  for (const api::Window* w : members) {
    if (w == nullptr) return undetermined("a member is on a machine that is not heard from");
    if (const auto share = api::too_little_seen(*w)) return undetermined(seen_text(*share));
    if (w->samples == 0 || !w->value.is_set()) {
      if (g.quantile > 0) continue;  // no requests: it adds none
      return undetermined("nothing was measured");
    }
    const Quantity value = as_promised(w->value, bound);
    if (auto fault = fault_of(value, bound)) return undetermined(*std::move(fault));
    judged.samples += w->samples;
    if (w->offered.is_set())
      offered = added(offered, w->offered.value());
    else
      offered_known = false;
    parts.push_back({value, api::is_beyond(*w), w->samples});
    if (!judged.value.is_set())
      judged.value = value;
    else if (g.quantile <= 0 && adds_up(g.metric, value))
      judged.value = Quantity::of(added(judged.value.value(), value.value()), value.dimension(),
                                  value.currency());
    else if (g.at_least.is_set() ? value < judged.value : value > judged.value)
      judged.value = value;
  }
  if (auto reason = outside(g, members)) return undetermined(*std::move(reason));
  if (parts.empty()) return undetermined("no requests");
  if (g.quantile > 0) {
    judge_quantile(g, std::move(parts), judged);
    return judged;
  }
  bool kept = false;
  if (g.at_most.is_set()) {
    kept = judged.value <= g.at_most;
  } else if (g.of == api::JudgedAgainst::offered) {
    if (!offered_known) {
      judged.reason = "the load offered was not measured; give it as the alias `offered`";
      return judged;
    }
    kept = judged.value.value() >= floor_of(g, offered, g.window);
  } else {
    kept = judged.value >= g.at_least;
  }
  judged.verdict = kept ? Verdict::fulfilled : Verdict::violated;
  return judged;
}

double budget_left(const api::Guarantee& g, const api::Verdicts& windows, Duration term) {
  const Duration span = term.us > 0 ? term : hours(24);
  const Wide determined = static_cast<Wide>(windows.fulfilled + windows.violated) * g.window.us;
  // In billionths of a microsecond, so that a budget that is spent to the last window is zero.
  const Wide allowed = (billion - billionths(g.target)) * std::max<Wide>(span.us, determined);
  const Wide spent = static_cast<Wide>(windows.violated) * g.window.us * billion;
  if (allowed <= 0) return windows.violated > 0 ? -static_cast<double>(windows.violated) : 1;
  return static_cast<double>(allowed - spent) / static_cast<double>(allowed);
}

namespace {

// Windows of one guarantee by start, as far as members handed them in.
using ByStart = std::map<Time, std::vector<const api::Window*>>;

// With the conditions of the promise as its member measured them.
api::Window in_context(const api::Guarantee& g, const MemberView& m, api::Window window) {
  for (const api::Window& w : m.instance->status.windows)
    for (const auto& [metric, condition] : g.when)
      if (w.start == window.start && api::is_of(w, metric, 0, g.window) && w.value.is_set() &&
          !api::too_little_seen(w))
        window.context[metric] = w.value;
  return window;
}

// What is put into context lies in `made`.
ByStart collect(const api::Guarantee& g, Time after, const std::vector<MemberView>& members,
                std::deque<api::Window>& made) {
  ByStart found;
  for (const MemberView& m : members)
    for (const api::Window& w : m.instance->status.windows)
      if (api::is_of(w, g.metric, g.quantile, g.window) && w.start + w.length > after)
        found[w.start].push_back(g.when.empty() ? &w : &made.emplace_back(in_context(g, m, w)));
  return found;
}

bool has_window(const MemberView& m, const api::Guarantee& g, Time start) {
  return std::any_of(m.instance->status.windows.begin(), m.instance->status.windows.end(),
                     [&](const api::Window& w) {
                       return w.start == start && api::is_of(w, g.metric, g.quantile, g.window);
                     });
}

Duration grace_of(const api::Guarantee& g) { return std::max(g.window * 2, least_grace); }

// Members hand windows in by their order, so one that shows a later one has none for this.
bool has_window_from(const MemberView& m, const api::Guarantee& g, Time start) {
  const auto has = [&](std::string_view metric, double quantile) {
    return std::any_of(m.instance->status.windows.begin(), m.instance->status.windows.end(),
                       [&](const api::Window& w) {
                         return w.start >= start && api::is_of(w, metric, quantile, g.window);
                       });
  };
  return has(g.metric, g.quantile) &&
         std::all_of(g.when.begin(), g.when.end(), [&](const auto& c) { return has(c.first, 0); });
}

// A reservation without a process: its limits are held from the time it is prepared.
bool is_held(const api::Instance& i) {
  return i.spec.run.command.empty() && i.status.phase == api::InstancePhase::prepared;
}

// Whether someone's measurement of this window may still come. Windows are told by the clock of
// their node, so what is known by the server's is told by it, too.
bool must_wait(const api::Guarantee& g, Time start, const std::vector<MemberView>& members,
               Time server_now) {
  const Time ended = start + g.window;
  for (const MemberView& m : members) {
    const Time now = server_now - m.behind;
    const api::InstanceStatus& s = m.instance->status;
    if (!s.started_at.is_set() && !is_held(*m.instance)) continue;
    if (m.has_said_all || has_window_from(m, g, start)) continue;
    if (s.phase == api::InstancePhase::stopped || s.phase == api::InstancePhase::lost) continue;
    if (m.node_heard && now < std::max(ended, m.heard_since - m.behind) + grace_of(g)) return true;
    if (m.node_heard) continue;
    if (!m.silent_since.is_set()) return true;
    const Time silent_since = m.silent_since - m.behind;
    if (now < std::max(silent_since + silence_grace, ended + grace_of(g))) return true;
  }
  return false;
}

// From when on a member owes windows; nothing for one that ended well, or did not start yet. One
// that failed for good or was stopped is not measured any more: what it owes is a gap, not a
// silence about it. The window in which it started is not measured, and the next one not surely.
std::optional<Time> owes_since(const api::Guarantee& g, const MemberView& m, Time active_at) {
  const api::InstanceStatus& s = m.instance->status;
  const bool stops = s.phase == api::InstancePhase::stopping ||
                     s.phase == api::InstancePhase::stopped || s.phase == api::InstancePhase::lost;
  const bool runs = stops || s.phase == api::InstancePhase::running ||
                    s.phase == api::InstancePhase::backing_off ||
                    s.phase == api::InstancePhase::failed;
  const Time active = active_at.is_set() ? active_at - m.behind : Time{};
  const bool is_reserved = m.instance->spec.run.command.empty();
  const bool held = is_held(*m.instance) || (stops && is_reserved);
  Time start = held ? active : runs ? s.started_at : Time{};
  // What it says is its last start.
  if (start.is_set() && s.restarts > 0 && active.is_set()) start = std::min(start, active);
  return start.is_set() ? std::optional(start + g.window) : std::nullopt;
}

// Where nothing runs that could say it, a metric of the workload is not asked for: of a gate and
// its workers only the gate may know the latency.
std::vector<MemberView> telling(const api::Guarantee& g, const std::vector<MemberView>& members) {
  if (api::is_measured_by_agent(g.metric)) return members;
  std::vector<MemberView> some;
  for (const MemberView& m : members)
    if (m.instance->spec.run.metrics) some.push_back(m);
  return some.empty() ? members : some;
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
  const bool worse = !is_comparable(gs.worst, judged.value) ||
                     (g.at_least.is_set() ? judged.value < gs.worst : judged.value > gs.worst);
  if (worse) gs.worst = judged.value;
}

// What windows of each promise are called, no two alike: promises of one name are told apart by
// their bounds, and those of one bound by their number.
std::vector<std::string> window_names(const std::vector<api::Guarantee>& all) {
  std::map<std::string, int> of_name, of_bound;
  for (const api::Guarantee& g : all) ++of_name[api::promise_name(g)];
  std::vector<std::string> names;
  for (const api::Guarantee& g : all) {
    std::string name = api::promise_name(g);
    if (of_name[name] > 1) {
      std::string bound = (g.at_least.is_set() ? " (at least " + g.at_least.text()
                                               : " (at most " + g.at_most.text()) +
                          " over " + format_duration(g.window) + ")";
      if (const int n = ++of_bound[name + bound]; n > 1) bound += " #" + std::to_string(n);
      name = name.substr(0, longest_window_name - bound.size()) + bound;
    }
    names.push_back(std::move(name));
  }
  return names;
}

void refresh(const api::Guarantee& g, api::GuaranteeStatus& gs, const api::ContractStatus& status,
             const std::string& name, Duration term) {
  const double determined = static_cast<double>(gs.windows.fulfilled + gs.windows.violated);
  gs.delivered_share = determined > 0 ? static_cast<double>(gs.windows.fulfilled) / determined : 0;
  gs.budget_left = budget_left(g, gs.windows, term);
  const Quantity& bound = g.at_least.is_set() ? g.at_least : g.at_most;
  std::vector<Quantity> values;
  for (const api::AssessedWindow& w : status.windows)
    if (w.metric == name && w.length == g.window && is_comparable(w.value, bound) &&
        w.verdict != verdict_name(Verdict::not_determined))
      values.push_back(w.value);
  if (values.empty()) return;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  gs.median = *middle;
}

void keep(api::ContractStatus& status, const api::Guarantee& g, const std::string& name, Time start,
          const Judged& judged) {
  constexpr size_t longest_reason = 256;  // that the schema takes
  status.windows.push_back({name, std::string(verdict_name(judged.verdict)),
                            std::string(beginning_of(judged.reason, longest_reason)), start,
                            g.window, judged.value, judged.samples});
  if (status.windows.size() > kept_windows) status.windows.erase(status.windows.begin());
}

// Takes those that a silent member owes into account.
void add_silent(const api::Guarantee& g, Time start, const std::vector<MemberView>& members,
                Time active_at, std::vector<const api::Window*>& windows) {
  for (const MemberView& m : members) {
    if (m.node_heard || has_window(m, g, start)) continue;
    if (const auto since = owes_since(g, m, active_at); since && start >= *since)
      windows.push_back(nullptr);
  }
}

// Windows that members owed before `until` and nobody handed in: not determined, each of them. What
// may still come is left. True when there were some.
bool write_off(const api::Guarantee& g, const std::string& name, api::ContractStatus& status,
               api::GuaranteeStatus& gs, const std::vector<MemberView>& members, Time until,
               Time now) {
  std::optional<Time> owed;
  bool silent = false;
  for (const MemberView& m : members) {
    silent |= !m.node_heard;
    // What it shows is the oldest it has; this one may be among the others.
    if (!m.has_said_all && m.instance->status.windows.size() >= api::windows_shown) return false;
    if (const auto since = owes_since(g, m, status.active_at))
      owed = owed ? std::min(*owed, *since) : *since;
  }
  if (!owed) return false;
  const int64_t length = g.window.us;
  const int64_t begin = std::max(*owed, gs.assessed_until).us;
  Time start{(begin + length - 1) / length * length};
  constexpr int64_t at_once = 64;  // the others when it is looked at again
  const auto open = [&](Time at) { return must_wait(g, at, members, now); };
  int64_t count_of = std::max<int64_t>((until - start).us / length, 0);
  if (count_of > 0 && open(start + Duration{(count_of - 1) * length})) {
    int64_t closed = 0;
    while (closed < std::min(count_of, at_once) && !open(start + Duration{closed * length}))
      ++closed;
    count_of = closed;
  }
  if (count_of <= 0) return false;
  const Judged lost = undetermined(silent ? "nobody measured it; its machine is not heard from"
                                          : "nobody measured it");
  gs.windows.not_determined += count_of;
  constexpr int64_t shown = 4;  // the others say the same
  for (int64_t n = std::max<int64_t>(count_of - shown, 0); n < count_of; ++n)
    keep(status, g, name, start + Duration{n * length}, lost);
  gs.assessed_until = start + Duration{count_of * length};
  return true;
}

}  // namespace

bool assess(const api::ContractSpec& spec, api::ContractStatus& status,
            const std::vector<MemberView>& all, Time now) {
  bool changed = false;
  // By the clock that is behind most: what the others measured since is handed in, not owed.
  Time last = status.released_at.is_set() ? status.released_at : Time{INT64_MAX};
  if (status.ends_at.is_set()) last = std::min(last, status.ends_at);
  Time end = std::min(now, last);
  const auto is_behind = [](const MemberView& a, const MemberView& b) {
    return a.behind < b.behind;
  };
  if (const auto m = std::max_element(all.begin(), all.end(), is_behind); m != all.end()) {
    end = end - m->behind;
    if (last.us != INT64_MAX) last = last - m->behind;
  }
  status.guarantees.resize(spec.guarantees.size());
  const std::vector<std::string> names = window_names(spec.guarantees);
  for (size_t i = 0; i < spec.guarantees.size(); ++i) {
    const api::Guarantee& g = spec.guarantees[i];
    api::GuaranteeStatus& gs = status.guarantees[i];
    if (gs.metric != g.metric) {
      gs = {};
      gs.metric = g.metric;
      gs.basis = api::Basis::trial;
      changed = true;
    }
    const Quantity& promised = g.at_least.is_set() ? g.at_least : g.at_most;
    changed |= !is_comparable(gs.promised, promised) || gs.promised != promised;
    gs.promised = promised;
    const std::vector<MemberView> members = telling(g, all);
    bool moved = false;
    bool waits = false;
    std::deque<api::Window> contexts;
    for (auto& [start, windows] : collect(g, gs.assessed_until, members, contexts)) {
      if (start + g.window > last) break;  // nothing was promised for then
      moved |= write_off(g, names[i], status, gs, members, start, now);
      waits = must_wait(g, start, members, now);
      if (waits) break;
      add_silent(g, start, members, status.active_at, windows);
      const Judged judged = judge(g, windows);
      count(g, gs, judged);
      keep(status, g, names[i], start, judged);
      const bool missed = judged.verdict == Verdict::violated && gs.basis != api::Basis::trial;
      if (missed && may_earn_credit(g))
        for (const api::Span& part : charged_parts(status, {start, start + g.window}))
          add_missed(status.missed, i, part.from, part.until - part.from);
      gs.assessed_until = start + g.window;
      moved = true;
    }
    if (!waits) moved |= write_off(g, names[i], status, gs, members, end, now);
    if (moved) refresh(g, gs, status, names[i], spec.term.duration);
    changed |= moved;
  }
  return sum_missed(spec, status) || changed;
}

}  // namespace freehold::control
