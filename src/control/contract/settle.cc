// The end of a contract: instances wind down, the last windows are judged, the statement is made,
// capacity is given back.
#include <algorithm>

#include "api/window_facts.h"
#include "control/contract/assess.h"
#include "control/contract/heard.h"
#include "control/contract/instances.h"
#include "control/contract/past.h"
#include "control/contract/price.h"
#include "control/contract/statement.h"
#include "control/contract/work.h"

namespace freehold::control {

using api::ConditionStatus;
using api::ContractPhase;
using api::InstancePhase;

namespace {

constexpr Duration wind_down_margin = seconds(60);

bool has_ended(const api::Instance& i) {
  const InstancePhase p = i.status.phase;
  return p == InstancePhase::stopped || p == InstancePhase::succeeded ||
         p == InstancePhase::failed || p == InstancePhase::lost;
}

}  // namespace

bool wants_end(const Work& w) {
  const api::Contract& c = w.before;
  if (c.metadata.deletion_timestamp.is_set() || c.spec.release) return true;
  if (c.status.ends_at.is_set()) return w.in.now >= c.status.ends_at;
  // Hardware is not kept for longer than the term for work that never comes.
  const api::Condition* proven = api::find_condition(c.status.conditions, "Proven");
  if (c.status.phase == ContractPhase::reserved && proven != nullptr &&
      proven->reason == waiting_for_workload)
    return c.spec.term.duration.us > 0 && w.in.now >= c.status.reserved_at + c.spec.term.duration;
  // An acceptance run by the workload that never proves anything does not outlast it either.
  return c.status.phase == ContractPhase::testing && c.spec.term.duration.us > 0 &&
         w.in.now >= charged_from(c, w.instances(), w.in.now) + c.spec.term.duration;
}

namespace {

// Judges what instances hand in. They show their oldest windows first, and the next ones once these
// are acknowledged. True when there may be more to come.
bool hands_in_more(Work& w) {
  std::vector<MemberView> members;
  for (const api::Instance* i : w.instances()) members.push_back(member_view(w, *i));
  assess(w.before.spec, w.status(), members, w.in.now);
  const Time last = charged_until(w.next, w.status().released_at);
  return std::any_of(members.begin(), members.end(), [&](const MemberView& m) {
    const auto& shown = m.instance->status.windows;
    return m.node_heard && shown.size() >= api::windows_shown &&
           std::none_of(shown.begin(), shown.end(),
                        [&](const api::Window& win) { return win.start + win.length > last; });
  });
}

// Asks an instance to stop, and for what it measured and has not shown yet.
void wind_down(Work& w, const api::Instance& instance) {
  api::Instance stopping = instance;
  stopping.spec.stop |= !has_ended(instance);
  stopping.spec.measures = measures_for(w.next);
  if (schema::print(stopping.spec) != schema::print(instance.spec))
    w.plan.update(api::Object::of(std::move(stopping)), revision_of(instance.metadata));
}

// True when every instance has stopped and handed in all, or when their time is up; then `left`
// names what did not stop.
bool wound_down(Work& w, std::vector<std::string>& left) {
  bool all = !hands_in_more(w);
  Duration longest = seconds(0);
  for (const api::Instance* i : w.instances()) {
    longest = std::max(longest, i->spec.run.stop_grace);
    if (has_ended(*i)) continue;
    all = false;
    left.push_back(i->metadata.name + " on " + i->spec.node);
  }
  const Time deadline = w.status().released_at + longest + wind_down_margin;
  if (all || w.in.now >= deadline) return true;
  for (const api::Instance* i : w.instances()) wind_down(w, *i);
  w.plan.look_again(deadline - w.in.now);
  return false;
}

Settlement settlement_of(const Work& w) {
  Settlement of{w.next, w.instances(), {}, {}, w.next.status.released_at, {}};
  std::erase_if(of.instances, [](const api::Instance* i) { return is_counted(*i); });
  for (const api::Allocation* a : w.allocations())
    of.members.insert(of.members.end(), a->spec.members.begin(), a->spec.members.end());
  of.site_of = [&in = w.in](std::string_view name) { return site_of(in.fleet, name); };
  of.uncharged = uncharged_until(w.next.status, charged_until(w.next, of.released));
  return of;
}

void finish(Work& w, const std::vector<std::string>& left) {
  std::vector<MemberView> members;
  for (const api::Instance* i : w.instances()) {
    MemberView& m = members.emplace_back();
    m.instance = i;
    m.behind = w.in.heartbeats.behind(i->spec.node);
    m.has_said_all = true;
  }
  assess(w.before.spec, w.status(), members, w.in.now);
  if (!w.status().statement) w.status().statement = make_statement(settlement_of(w));
  for (const api::Instance* i : w.instances()) w.erase(*i);
  w.status().phase = ContractPhase::settled;
  w.condition("Active", ConditionStatus::false_, "Ended", "the contract has ended");
  if (api::is_true(w.status().conditions, "Offered"))
    w.condition("Offered", ConditionStatus::false_, "Ended", "the contract has ended");
  std::string message = w.status().statement->text;
  for (const std::string& l : left)
    message += " Not known to have stopped: " + l + "; its share is held until it is.";
  w.condition("Settled", ConditionStatus::true_, left.empty() ? "Settled" : "LeftBehind", message);
  w.note("Normal", "Settled", message);
}

}  // namespace

void step_settle(Work& w) {
  if (w.before.status.phase == ContractPhase::settled) {
    if (w.before.metadata.deletion_timestamp.is_set() && w.release_unused({}))
      std::erase(w.next.metadata.finalizers, settle_finalizer);
    return;
  }
  if (!w.status().released_at.is_set()) w.status().released_at = w.in.now;
  w.status().phase = ContractPhase::settling;
  w.condition("Settled", ConditionStatus::false_, "WindingDown", "instances are asked to stop");
  if (add_deleted(w)) return;
  std::vector<std::string> left;
  if (wound_down(w, left)) finish(w, left);
}

}  // namespace freehold::control
