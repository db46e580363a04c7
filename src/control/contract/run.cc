// A reserved contract: instances, the gate, the acceptance run, assessment, breach and remedies.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "control/contract/assess.h"
#include "control/contract/heard.h"
#include "control/contract/instances.h"
#include "control/contract/past.h"
#include "control/contract/work.h"

namespace freehold::control {

using api::ConditionStatus;
using api::ContractPhase;
using api::InstancePhase;

namespace {

using Instances = std::vector<const api::Instance*>;

constexpr Duration silence_told = seconds(30);

bool all_of(const Instances& all, bool (*test)(const api::Instance&)) {
  return std::all_of(all.begin(), all.end(), [&](const auto* i) { return test(*i); });
}

bool is_prepared(const api::Instance& i) {
  const bool tested = i.spec.acceptance.test == api::AcceptanceTest::none ||
                      i.spec.acceptance.test == api::AcceptanceTest::workload ||
                      (i.status.acceptance.done && i.status.acceptance.passed);
  return tested && i.status.phase >= InstancePhase::prepared &&
         i.status.phase < InstancePhase::stopping;
}

bool has_nothing_to_run(const api::Instance& i) { return i.spec.run.command.empty(); }

bool has_started(const api::Instance& i) {
  if (has_nothing_to_run(i)) return is_prepared(i);
  return i.status.phase == InstancePhase::running || i.status.phase == InstancePhase::succeeded;
}

// A process that failed for good had its hardware: that was the promise.
bool has_begun(const api::Instance& i) {
  return has_started(i) || i.status.phase == InstancePhase::failed;
}

// Its machine was taken out of the fleet: nobody will ever say what became of it.
bool is_lost(const Work& w, const api::Instance& i) {
  return i.status.phase < InstancePhase::succeeded &&
         w.in.view.get<api::Node>({}, i.spec.node) == nullptr;
}

// A sentence about the first one that is lost; empty when none is.
std::string lost_member(const Work& w, const Instances& current) {
  for (const auto* i : current)
    if (is_lost(w, *i))
      return "node " + i->spec.node + " of " + i->metadata.name + " is no longer in the fleet";
  return {};
}

// A sentence about the first one whose machine is silent, and for longer than a restart of the
// control plane takes to hear from it again; empty when none is.
std::string silent_member(const Work& w, const Instances& current) {
  for (const auto* i : current) {
    if (i->status.phase >= InstancePhase::succeeded) continue;
    const auto* node = w.in.view.get<api::Node>({}, i->spec.node);
    const api::Condition* ready =
        node ? api::find_condition(node->status.conditions, "Ready") : nullptr;
    if (ready == nullptr || ready->status == ConditionStatus::true_ ||
        w.in.now < ready->last_transition_time + silence_told)
      continue;
    return "what " + i->metadata.name + " does is not known: node " + i->spec.node +
           " is not ready since " + format_rfc3339(ready->last_transition_time) + ", " +
           ready->message;
  }
  return {};
}

void tell_silence(Work& w, const std::string& why) {
  w.condition("Active", ConditionStatus::unknown, "NodeSilent", why);
  if (!w.before.spec.guarantees.empty())
    w.condition("WithinGuarantee", ConditionStatus::unknown, "NodeSilent", why);
}

Instances of_offer(const Instances& all, std::string_view offer) {
  Instances some;
  for (const auto* i : all)
    if (i->spec.offer == offer) some.push_back(i);
  return some;
}

// ---- acceptance

std::string bounded(const std::string& outcome) {
  constexpr size_t most = 500;  // the schema takes a little more
  return std::string(beginning_of(outcome, most));
}

// A replacement that came to nothing: whom it was to relieve still runs, on an offer that still
// holds its capacity, and goes on as before. False: this was no replacement.
bool fall_back(Work& w, const std::string& why) {
  for (const auto* i : w.instances()) {
    const auto* before = w.in.view.get<api::Offer>(w.ns(), i->spec.offer);
    if (i->spec.offer == w.status().offer || !has_begun(*i) || i->spec.stop || before == nullptr ||
        !api::counts(before->status.phase))
      continue;
    // Where one of them is lost, nothing goes on as before.
    if (!lost_member(w, of_offer(w.instances(), i->spec.offer)).empty()) continue;
    w.status().offer = before->metadata.name;
    w.status().attempts = 0;
    if (!w.status().remedies.empty())
      w.status().remedies.back().outcome = bounded("given up, the old members stay: " + why);
    return true;
  }
  return false;
}

// What was measured on hardware that was given back says nothing about the next, and was no promise
// yet.
void judge_anew(api::ContractStatus& status) {
  for (api::GuaranteeStatus& g : status.guarantees) {
    api::GuaranteeStatus next;
    next.metric = g.metric;
    next.promised = g.promised;
    next.basis = api::Basis::trial;
    next.assessed_until = g.assessed_until;  // no window is judged twice
    g = std::move(next);
  }
  status.windows.clear();
  status.missed = {};
}

// Below the floor: other hardware, not a broken promise.
void attempt_failed(Work& w, const Instances& current, const std::string& why) {
  ++w.status().attempts;
  for (const auto* i : current) {
    const bool at_fault = !(i->status.acceptance.done && i->status.acceptance.passed);
    auto& avoid = w.status().avoid_nodes;
    if (at_fault && std::find(avoid.begin(), avoid.end(), i->spec.node) == avoid.end() &&
        avoid.size() < 64)
      avoid.push_back(i->spec.node);
  }
  // Its offer is given back once they are gone. Before there was a contract to bill, nothing
  // counts.
  for (const auto* i : current) {
    if (is_counted(*i)) continue;
    if (w.status().active_at.is_set()) add_past(w, *i);
    retire(w, *i);
  }
  if (fall_back(w, why)) return w.note("Warning", "AcceptanceFailed", why);
  w.status().offer.clear();
  if (!w.status().active_at.is_set()) judge_anew(w.status());
  w.condition("Offered", ConditionStatus::false_, "GivenBack", "its hardware was given back");
  w.condition("Proven", ConditionStatus::false_, "BelowFloor", why);
  w.note("Warning", "AcceptanceFailed", why);
  if (w.status().attempts < w.before.spec.acceptance.attempts) {
    w.status().phase = ContractPhase::pending;
    w.condition("Reserved", ConditionStatus::false_, "OtherHardware",
                "looking for other hardware: " + why);
    return w.plan.look_again(microseconds(0));
  }
  w.status().phase = ContractPhase::refused;
  w.status().attempts = 0;
  w.status().avoid_nodes.clear();
  w.condition(
      "Reserved", ConditionStatus::false_, "AcceptanceFailed",
      std::to_string(w.before.spec.acceptance.attempts) + " acceptance runs failed: " + why);
}

// What went wrong before the gate, if anything.
std::string fault_before_gate(const Instances& current) {
  for (const auto* i : current) {
    const api::AcceptanceResult& r = i->status.acceptance;
    if (r.done && !r.passed)
      return "acceptance run on " + i->spec.node + ": " +
             (r.message.empty() ? "below the floor" : r.message);
    // What it said of what it was to do before says nothing about this.
    if (i->status.phase == InstancePhase::failed && i->status.generation == i->metadata.generation)
      return "instance " + i->metadata.name + " could not be prepared: " + i->status.message;
  }
  return {};
}

std::string proof_of(const Instances& current) {
  std::string text;
  for (const auto* i : current) {
    const api::AcceptanceResult& r = i->status.acceptance;
    if (!r.done) continue;
    if (text.size() > 1000) return text + "; …";
    text += (text.empty() ? "" : "; ") + i->metadata.name + ": " + r.test + " " +
            humanize(r.value.value(), r.value.dimension(), r.value.currency());
  }
  return text;
}

void open_gate(Work& w, const Instances& current) {
  for (const auto* i : current) {
    if (i->spec.gate_open) continue;
    api::Instance opened = *i;
    opened.spec.gate_open = true;
    w.plan.update(api::Object::of(std::move(opened)), revision_of(i->metadata));
  }
  const std::string proof = proof_of(current);
  if (!proof.empty()) w.condition("Proven", ConditionStatus::true_, "Measured", proof);
}

void activate(Work& w, const Instances& current) {
  w.status().phase = ContractPhase::active;
  if (!w.status().active_at.is_set()) {
    w.status().active_at = w.in.now;
    if (w.before.spec.term.duration.us > 0)
      w.status().ends_at = w.in.now + w.before.spec.term.duration;
    w.note("Normal", "Active", std::to_string(current.size()) + " members run on their hardware");
  }
  w.condition("Active", ConditionStatus::true_, "Running",
              std::to_string(current.size()) + " of " + std::to_string(current.size()) +
                  " members run; their limits were read back");
}

// With the workload as its own acceptance run: every guarantee has been kept in a window at least
// once.
bool proven_by_windows(Work& w, const Instances& current, bool& waiting) {
  waiting = false;
  for (const api::GuaranteeStatus& g : w.status().guarantees) {
    if (g.windows.fulfilled > 0) continue;
    if (g.windows.violated >= 3) {
      attempt_failed(w, current,
                     g.metric + " was missed in its first " + std::to_string(g.windows.violated) +
                         " windows, last " + g.last.text());
      return false;
    }
    waiting = true;
  }
  const auto ended = std::find_if(current.begin(), current.end(), [](const auto* i) {
    return i->status.phase == InstancePhase::succeeded || i->status.phase == InstancePhase::failed;
  });
  if (!waiting && !w.status().guarantees.empty())
    w.condition("Proven", ConditionStatus::true_, "Measured",
                "the work kept every guarantee in a window at least once");
  if (!waiting || ended == current.end()) return !waiting;
  waiting = false;
  attempt_failed(w, current,
                 "instance " + (*ended)->metadata.name + " ended before its first window");
  return false;
}

// ---- breach and remedies

Duration settle_time(const api::ContractSpec& spec) {
  Duration longest = seconds(5);
  for (const api::Guarantee& g : spec.guarantees) longest = std::max(longest, g.window);
  return longest * 3;
}

const api::GuaranteeStatus* breached_guarantee(const api::ContractStatus& status) {
  for (const api::GuaranteeStatus& g : status.guarantees)
    if (g.budget_left < 0) return &g;
  return nullptr;
}

bool violated_since(const api::ContractStatus& status, Time since) {
  return std::any_of(status.windows.begin(), status.windows.end(), [&](const auto& win) {
    return win.verdict == "violated" && win.start >= since;
  });
}

void remedy_restart(Work& w, const Instances& current, api::RemedyRun& run) {
  for (const auto* i : current) {
    const auto queued =
        std::find_if(w.plan.ops.begin(), w.plan.ops.end(), [&](const ledger::Op& op) {
          return op.object.key() ==
                 api::kind_of<api::Instance>().key(i->metadata.ns, i->metadata.name);
        });
    if (queued != w.plan.ops.end()) {
      ++queued->object.as<api::Instance>()->spec.restart_epoch;
      continue;
    }
    api::Instance again = *i;
    ++again.spec.restart_epoch;
    w.plan.update(api::Object::of(std::move(again)), revision_of(i->metadata));
  }
  run.outcome = std::to_string(current.size()) + " instances are restarted";
}

void remedy_replace(Work& w, const Instances& current, api::RemedyRun& run) {
  std::vector<std::string> avoid = w.status().avoid_nodes;
  for (const auto* i : current) avoid.push_back(i->spec.node);
  const api::Refusal kept = w.status().refusal;
  if (make_offer(w, avoid, api::OfferPhase::accepted)) {
    w.status().attempts = 0;
    run.outcome =
        "placed anew as " + w.status().offer + "; the old members run until the new ones do";
    return;
  }
  run.outcome = "no other hardware: " + w.status().refusal.message;
  w.status().refusal = kept;
}

void run_remedy(Work& w, const Instances& current, const api::GuaranteeStatus& g) {
  const auto& remedies = w.before.spec.remedies;
  const size_t step = w.status().remedies.size();
  w.status().phase = ContractPhase::breached;
  const std::string why = g.metric + ": promised " + g.promised.text() + ", last " + g.last.text() +
                          ", error budget spent (" + std::to_string(g.windows.violated) + " of " +
                          std::to_string(g.windows.fulfilled + g.windows.violated) +
                          " windows violated)";
  w.condition("Breached", ConditionStatus::true_, "BudgetSpent", why);
  if (step == 0) w.note("Warning", "Breached", why);
  if (step >= remedies.size()) return;
  const Time last = step == 0 ? Time{} : w.status().remedies.back().at;
  if (step > 0 &&
      (w.in.now < last + settle_time(w.before.spec) || !violated_since(w.status(), last)))
    return w.plan.look_again(settle_time(w.before.spec));
  api::RemedyRun run;
  run.at = w.in.now;
  run.reason = why;
  for (const auto& v : schema::type_of<api::RemedyAction>.values)
    if (v.value == static_cast<int64_t>(remedies[step].action)) run.action = v.name;
  switch (remedies[step].action) {
    case api::RemedyAction::restart:
      remedy_restart(w, current, run);
      break;
    case api::RemedyAction::replace:
      remedy_replace(w, current, run);
      break;
    case api::RemedyAction::credit:
      run.outcome = remedies[step].amount.text() +
                    " of the price of violated windows, in the final "
                    "statement; windows measured by the workload alone earn none, nor does "
                    "what was never kept on this hardware and so never promised";
      break;
    default:
      run.outcome = "not honoured";
  }
  run.outcome = bounded(run.outcome);
  w.note("Warning", "Remedy", run.action + ": " + run.outcome);
  w.status().remedies.push_back(std::move(run));
}

// Of the newest determined window of each promise: the first that is violated, else the newest.
const api::AssessedWindow* telling_window(const api::ContractStatus& status) {
  const api::AssessedWindow* newest = nullptr;
  std::set<std::string_view> seen;
  for (auto it = status.windows.rbegin(); it != status.windows.rend(); ++it) {
    if (it->verdict == "notDetermined" || !seen.insert(it->metric).second) continue;
    if (it->verdict == "violated") return &*it;
    if (newest == nullptr) newest = &*it;
  }
  return newest;
}

void judge_windows(Work& w, const Instances& all, const Instances& current) {
  // While a replacement starts, the members that serve are the old ones.
  const bool replaced = all_of(current, has_begun);
  std::vector<MemberView> members;
  for (const auto* i : all)
    if (replaced == (i->spec.offer == w.status().offer)) members.push_back(member_view(w, *i));
  const bool changed = assess(w.before.spec, w.status(), members, w.in.now);
  if (changed && silent_member(w, current).empty())
    if (const auto* telling = telling_window(w.status())) {
      const bool kept = telling->verdict == "fulfilled";
      w.condition("WithinGuarantee", kept ? ConditionStatus::true_ : ConditionStatus::false_,
                  kept ? "Fulfilled" : "Violated",
                  telling->metric + " " + telling->value.text() + " in the window of " +
                      format_rfc3339(telling->start));
    }
  Duration shortest = hours(1);
  for (const api::Guarantee& g : w.before.spec.guarantees) shortest = std::min(shortest, g.window);
  if (!w.before.spec.guarantees.empty()) w.plan.look_again(std::max(shortest, seconds(1)));
}

// Old members leave once the new ones run: make before break.
void retire_old(Work& w, const Instances& all, const Instances& current) {
  if (!all_of(current, has_begun)) return;
  for (const auto* i : all) {
    if (i->spec.offer == w.status().offer) continue;
    if (!i->spec.stop) {
      api::Instance stopping = *i;
      stopping.spec.stop = true;
      w.plan.update(api::Object::of(std::move(stopping)), revision_of(i->metadata));
    } else if ((i->status.phase >= InstancePhase::succeeded || is_lost(w, *i)) && !is_counted(*i)) {
      add_past(w, *i);
      retire(w, *i);
    }
  }
}

// Tells that a machine is gone; the condition is then as old as that, also where it was false for
// another reason before. Until when machines that are gone may come back: each of them has its time
// from when it was last heard from.
Time tell_lost_nodes(Work& w, const Instances& current, const std::string& why) {
  const api::Condition* before = api::find_condition(w.before.status.conditions, "Active");
  const bool is_new = before == nullptr || before->reason != "NodeGone";
  w.condition("Active", ConditionStatus::false_, "NodeGone", why);
  api::Conditions& conditions = w.status().conditions;
  const auto active = std::ranges::find(conditions, "Active", &api::Condition::type);
  if (is_new) active->last_transition_time = w.in.now;
  Time since = active->last_transition_time;
  for (const auto* i : current)
    if (const auto heard = w.in.heartbeats.last(i->spec.node); heard && is_lost(w, *i))
      since = std::max(since, w.in.now - (w.in.uptime - *heard));
  return since + node_gone_grace;
}

// Members on a machine that was taken out of the fleet, and did not come back soon, are placed
// anew, with all of their gang. True: it is about that now.
bool leave_lost_nodes(Work& w, const Instances& current) {
  const std::string why = lost_member(w, current);
  if (why.empty()) return false;
  const Time due = tell_lost_nodes(w, current, why);
  if (w.in.now < due) {
    w.plan.look_again(due - w.in.now);
    return true;
  }
  const api::Refusal kept = w.status().refusal;
  if (make_offer(w, w.status().avoid_nodes, api::OfferPhase::accepted)) {
    w.status().attempts = 0;
    w.note("Warning", "NodeGone", why + "; placed anew as " + w.status().offer);
    return true;
  }
  w.condition("Active", ConditionStatus::false_, "NodeGone",
              why + ", and there is no other hardware: " + w.status().refusal.message);
  w.status().refusal = kept;
  w.plan.look_again(node_gone_grace);
  return true;
}

// What its work has to prove first is not active, and not charged, before there is any.
bool waits_for_workload(Work& w, const Instances& current) {
  if (w.before.spec.acceptance.test != api::AcceptanceTest::workload ||
      w.status().active_at.is_set() || !all_of(current, has_nothing_to_run))
    return false;
  if (const std::string gone = lost_member(w, current); !gone.empty()) {
    attempt_failed(w, current, gone);
    return true;
  }
  w.status().phase = ContractPhase::reserved;
  w.condition("Proven", ConditionStatus::unknown, waiting_for_workload,
              "the acceptance run is the workload's own: it begins when a workload names this "
              "contract; nothing is charged until then");
  if (const Duration term = w.before.spec.term.duration; term.us > 0)
    w.plan.look_again(std::max(w.status().reserved_at + term - w.in.now, milliseconds(1)));
  return true;
}

void before_the_gate(Work& w, const Instances& current) {
  const api::AcceptanceTest test = w.before.spec.acceptance.test;
  if (const std::string gone = lost_member(w, current); !gone.empty())
    return attempt_failed(w, current, gone);
  if (const std::string fault = fault_before_gate(current); !fault.empty())
    return attempt_failed(w, current, fault);
  // Not again when work comes to a reservation that has been active.
  if (test != api::AcceptanceTest::none && !w.status().active_at.is_set())
    w.status().phase = ContractPhase::testing;
  if (!all_of(current, is_prepared)) return;
  if (!all_of(current, has_nothing_to_run)) return open_gate(w, current);
  if (const std::string proof = proof_of(current); !proof.empty())
    w.condition("Proven", ConditionStatus::true_, "Measured", proof);
  activate(w, current);
}

// A member that was made anew after the gate: the others do not wait for it, nor it for them.
void let_in_late(Work& w, const Instances& current) {
  Instances late;
  for (const auto* i : current)
    if (!i->spec.gate_open && i->status.phase == InstancePhase::prepared) late.push_back(i);
  if (!late.empty()) open_gate(w, late);
}

// Members are made for a tenant that there is, to run as its user. Without one, what is reserved
// and has no members is given back; those that there are go on, alone.
bool may_have_members(Work& w, const Instances& all) {
  const Admission problem = no_tenant(w);
  if (problem.ok()) return true;
  w.plan.look_again(minutes(1));
  if (!all.empty()) {
    w.condition("Active", ConditionStatus::false_, problem.reason, problem.message);
    return false;
  }
  w.status().phase = ContractPhase::pending;
  w.status().offer.clear();
  w.condition("Reserved", ConditionStatus::false_, problem.reason, problem.message);
  w.condition("Admitted", ConditionStatus::false_, problem.reason, problem.message);
  return false;
}

// Spent is spent, although the last windows were kept; where there is no term, it grows again as
// days pass.
void tell_budget(Work& w) {
  const bool breached = breached_guarantee(w.status()) != nullptr;
  w.status().phase = breached ? ContractPhase::breached : ContractPhase::active;
  if (!breached && api::is_true(w.status().conditions, "Breached"))
    w.condition("Breached", ConditionStatus::false_, "WithinBudget",
                "the error budget of no guarantee is spent any more");
}

void tell_running(Work& w, const Instances& current) {
  const auto running =
      std::count_if(current.begin(), current.end(), [](const auto* i) { return has_started(*i); });
  const bool complete = static_cast<size_t>(running) == current.size();
  w.condition("Active", complete ? ConditionStatus::true_ : ConditionStatus::false_,
              complete ? "Running" : "Degraded",
              std::to_string(running) + " of " + std::to_string(current.size()) + " members run" +
                  (complete ? "; their limits were read back" : ""));
}

// What was accepted does not hold anything, or is not there: it is asked for anew.
void ask_anew(Work& w, const std::string& why) {
  w.status().phase = ContractPhase::pending;
  w.condition("Reserved", ConditionStatus::false_, "OfferGone", why);
  w.plan.look_again(microseconds(0));
}

}  // namespace

void step_reserved(Work& w) {
  const api::Offer* offer = w.offer();
  if (offer == nullptr || !api::counts(offer->status.phase))
    return ask_anew(w, "the accepted offer is gone");
  const auto wanted = wanted_instances(w);
  // All of no members would be as good as running, and charged.
  if (wanted.empty()) {
    if (!w.instances().empty()) return;
    ask_anew(w, "offer " + offer->metadata.name + " holds no capacity any more");
    return w.status().offer.clear();
  }
  w.status().workload =
      bound_workload(w.in.view, w.before) ? bound_workload(w.in.view, w.before)->metadata.name : "";
  const Instances all = w.instances();
  const Instances current = of_offer(all, w.status().offer);
  if (current.size() < wanted.size() && !may_have_members(w, all)) return;
  if (add_deleted(w)) return;  // they are made anew
  const bool whole = keep_instances(w, wanted);
  if (!whole || current.size() != wanted.size()) return;
  if (!w.plan.ops.empty()) return;  // one thing at a time: specs first, then phases
  if (std::any_of(all.begin(), all.end(),
                  [&](const auto* i) { return !member_view(w, *i).node_heard; }))
    w.plan.look_again(silence_told);  // told then, or it is heard from again

  if (w.status().ends_at.is_set())
    w.plan.look_again(std::max(w.status().ends_at - w.in.now, milliseconds(1)));
  if (waits_for_workload(w, current)) return;
  // A reservation has nothing to start: it is as good as running once its hardware is prepared.
  const bool is_reservation =
      all_of(current, has_nothing_to_run) && w.before.status.phase >= ContractPhase::active;
  const bool is_open =
      std::any_of(current.begin(), current.end(), [](const auto* i) { return i->spec.gate_open; });
  if (!is_reservation && !is_open) {
    // Those that are being relieved are judged to the end.
    if (current.size() < all.size()) judge_windows(w, all, current);
    return before_the_gate(w, current);
  }
  if (!is_reservation) let_in_late(w, current);
  judge_windows(w, all, current);
  retire_old(w, all, current);
  if (w.before.status.phase == ContractPhase::reserved ||
      w.before.status.phase == ContractPhase::testing) {
    if (const std::string gone = lost_member(w, current); !gone.empty())
      return attempt_failed(w, current, gone);
    bool waiting = false;
    if (!all_of(current, has_begun)) return;
    if (w.before.spec.acceptance.test == api::AcceptanceTest::workload &&
        !proven_by_windows(w, current, waiting)) {
      if (waiting) w.status().phase = ContractPhase::testing;
      return;
    }
    return activate(w, current);
  }
  if (leave_lost_nodes(w, current)) return;
  const std::string silent = silent_member(w, current);
  if (!silent.empty()) tell_silence(w, silent);
  if (const api::GuaranteeStatus* g = breached_guarantee(w.status())) {
    const bool still = violated_since(w.status(), w.in.now - settle_time(w.before.spec));
    if (still || w.status().remedies.empty()) return run_remedy(w, current, *g);
  }
  tell_budget(w);
  if (silent.empty()) tell_running(w, current);
}

}  // namespace freehold::control
