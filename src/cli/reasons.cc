#include "cli/reasons.h"

#include <algorithm>
#include <limits>
#include <map>

#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/workload.h"
#include "cli/offer_text.h"
#include "cli/statement.h"

namespace freehold::cli {

namespace {

constexpr size_t most_events = 10;

struct Writer {
  const Terminal& t;
  Time now;
  std::string out{};

  void heading(std::string_view text) { out += "\n" + paint(text, Colour::bold, t) + "\n"; }
  void line(const std::string& text) { out += "  " + printable(text) + "\n"; }
  void mark(Colour colour, std::string_view sign, const std::string& text) {
    out += "  " + paint(sign, colour, t) + " " + printable(text) + "\n";
  }
  std::string ago(Time at) const {
    return at.is_set() && now >= at ? format_age(now - at) + " ago" : std::string();
  }
};

// The order in which a contract, a workload or an instance meets its conditions.
int rank(const std::string& type) {
  static const std::vector<std::string> order{
      "Admitted", "Offered", "Reserved",        "UserIdAssigned", "LimitsEnforced", "Proven",
      "Active",   "Ready",   "WithinGuarantee", "Breached",       "Settled"};
  return static_cast<int>(std::find(order.begin(), order.end(), type) - order.begin());
}

// Conditions whose True is no good news.
bool is_bad_when_true(const std::string& type) {
  return type == "Breached" || type == "Degraded" || type == "MemoryPressure" ||
         type == "DiskPressure";
}

void conditions(Writer& w, api::Conditions all) {
  if (all.empty()) return;
  std::stable_sort(all.begin(), all.end(), [](const api::Condition& a, const api::Condition& b) {
    return rank(a.type) < rank(b.type);
  });
  for (const api::Condition& c : all) {
    std::string text = c.type;
    if (!c.message.empty())
      text += ": " + c.message;
    else if (!c.reason.empty())
      text += ": " + c.reason;
    if (const std::string ago = w.ago(c.last_transition_time); !ago.empty())
      text += " (" + ago + ")";
    if (c.status == api::ConditionStatus::unknown) {
      w.mark(Colour::busy, "?", text);
      continue;
    }
    const bool good = (c.status == api::ConditionStatus::true_) != is_bad_when_true(c.type);
    w.mark(good ? Colour::good : Colour::bad, good ? "✓" : "✗", text);
  }
}

void compare(Writer& w, std::string_view what, const std::string& asked, const std::string& read) {
  if (asked.empty() && read.empty()) return;
  const std::string text = std::string(what) + " asked " + (asked.empty() ? "none" : asked) +
                           ", kernel says " + (read.empty() ? "nothing yet" : read);
  const bool same = asked == read;
  w.mark(same           ? Colour::good
         : read.empty() ? Colour::busy
                        : Colour::bad,
         same           ? "✓"
         : read.empty() ? "?"
                        : "✗",
         text);
}

std::string bytes_text(int64_t bytes) {
  return bytes > 0 ? humanize(bytes, Dimension::bytes) : std::string();
}

void instance(Writer& w, const api::Instance& i, const Surroundings& around) {
  w.heading("instance/" + i.metadata.name + " on node/" + i.spec.node);
  std::string state = api::enum_text(i.status.phase);
  if (!i.status.reason.empty() && i.status.reason != state) state += ", " + i.status.reason;
  if (!i.status.message.empty()) state += ": " + i.status.message;
  const bool fails = i.status.phase == api::InstancePhase::failed ||
                     i.status.phase == api::InstancePhase::backing_off ||
                     i.status.phase == api::InstancePhase::lost;
  w.mark(fails            ? Colour::bad
         : i.status.ready ? Colour::good
                          : Colour::busy,
         fails            ? "✗"
         : i.status.ready ? "✓"
                          : "…",
         state + (i.status.ready ? ", ready" : ", not ready"));
  conditions(w, i.status.conditions);
  compare(w, "CPUs", i.spec.cpus, i.status.limits.cpus);
  compare(w, "memory", bytes_text(i.spec.limits.memory_bytes),
          bytes_text(i.status.limits.memory_bytes));
  for (const std::string& limit : i.status.limits.not_enforced)
    w.mark(Colour::busy, "!", "not enforced: " + limit);
  if (i.status.last_exit) {
    const api::Exit& e = *i.status.last_exit;
    std::string text = "last exit: " + e.reason + ", ";
    text += e.signal > 0 ? "signal " + std::to_string(e.signal) : "code " + std::to_string(e.code);
    if (const std::string ago = w.ago(e.at); !ago.empty()) text += ", " + ago;
    w.mark(e.code == 0 && e.signal == 0 ? Colour::dim : Colour::bad, "↯",
           text + "; restarts: " + std::to_string(i.status.restarts));
  }
  if (i.status.usage.oom_kills > 0)
    w.mark(Colour::bad, "✗",
           "the kernel killed for lack of memory " + std::to_string(i.status.usage.oom_kills) +
               " times; peak " + bytes_text(i.status.usage.memory_peak_bytes));
  for (const api::Object& o : around.nodes) {
    const auto& node = *o.as<api::Node>();
    if (node.metadata.name != i.spec.node) continue;
    const auto* ready = api::find_condition(node.status.conditions, "Ready");
    if (ready != nullptr && ready->status != api::ConditionStatus::true_)
      w.mark(Colour::bad, "✗", "node/" + i.spec.node + ": " + ready->message);
    for (const api::DegradedLink& l : node.status.degraded_links)
      w.mark(Colour::bad, "✗",
             "link " + l.at + " of the node: " + l.seen + " instead of " + l.expected);
  }
}

void windows(Writer& w, const api::ContractStatus& status) {
  std::map<std::string, std::vector<double>> values;
  std::map<std::string, const api::AssessedWindow*> violated, undetermined;
  for (const api::AssessedWindow& a : status.windows) {
    values[a.metric].push_back(a.value.is_set() && a.verdict != "notDetermined"
                                   ? a.value.as_double()
                                   : std::numeric_limits<double>::quiet_NaN());
    if (a.verdict == "violated") violated[a.metric] = &a;
    if (a.verdict == "notDetermined") undetermined[a.metric] = &a;
  }
  for (const auto& [metric, line] : values) {
    w.line(metric + " " + sparkline(line) + "  (the last " + std::to_string(line.size()) +
           " windows)");
    if (const auto it = violated.find(metric); it != violated.end())
      w.mark(Colour::bad, "✗",
             "last violated at " + format_rfc3339(it->second->start) + ": " +
                 it->second->value.text() +
                 (it->second->reason.empty() ? "" : ", " + it->second->reason));
    if (const auto it = undetermined.find(metric); it != undetermined.end())
      w.mark(Colour::busy, "?",
             "last not determined at " + format_rfc3339(it->second->start) +
                 (it->second->reason.empty() ? "" : ": " + it->second->reason));
  }
}

void contract(Writer& w, const api::Contract& c, const Surroundings& around) {
  const std::string phase = api::enum_text(c.status.phase);
  w.out += paint("contract/" + c.metadata.name, Colour::bold, w.t) + "  " +
           paint(phase, colour_of(phase), w.t) + "\n";
  conditions(w, c.status.conditions);
  if (c.status.refusal.cls != api::RefusalClass::none || !c.status.refusal.message.empty())
    w.out += refusal_text(c.status.refusal, "  ", w.t);
  for (const api::Object& o : around.offers) {
    const auto& offer = *o.as<api::Offer>();
    if (offer.spec.contract != c.metadata.name) continue;
    const bool counts = api::counts(offer.status.phase);
    if (!counts && c.status.offer != offer.metadata.name) continue;
    std::string head = "offer/" + offer.metadata.name + " " + api::enum_text(offer.status.phase);
    if (offer.spec.price_per_hour.is_set()) head += ", " + offer.spec.price_per_hour.text();
    if (offer.status.phase == api::OfferPhase::held)
      head += "; accept it: freehold accept " + c.metadata.name + " --offer " + offer.metadata.name;
    w.heading(head);
    for (const api::PlacementLine& line : offer.spec.placement) w.line(placement_text(line));
  }
  if (!c.status.guarantees.empty()) {
    w.heading("promised against delivered");
    w.out += guarantees_table(c.spec.guarantees, c.status.guarantees, w.t);
    windows(w, c.status);
  }
  for (const api::RemedyRun& r : c.status.remedies)
    w.line("remedy " + r.action + " at " + format_rfc3339(r.at) + ": " + r.reason +
           (r.outcome.empty() ? "" : "; " + r.outcome));
  for (const api::Object& o : around.instances)
    if (o.as<api::Instance>()->spec.contract == c.metadata.name)
      instance(w, *o.as<api::Instance>(), around);
}

void workload(Writer& w, const api::Workload& o, const Surroundings& around) {
  const std::string phase = api::enum_text(o.status.phase);
  w.out += paint("workload/" + o.metadata.name, Colour::bold, w.t) + "  " +
           paint(phase, colour_of(phase), w.t) + "\n";
  w.line(std::to_string(o.status.ready) + " of " + std::to_string(o.status.desired) + " ready, " +
         std::to_string(o.status.restarts) + " restarts");
  conditions(w, o.status.conditions);
  const std::string& name = o.status.contract.empty() ? o.spec.contract : o.status.contract;
  bool found = false;
  for (const api::Object& c : around.contracts)
    if (c.meta().name == (name.empty() ? o.metadata.name : name)) {
      w.out += "\n";
      contract(w, *c.as<api::Contract>(), around);
      found = true;
    }
  if (!found) w.mark(Colour::bad, "✗", "contract/" + name + " is not there");
}

void node(Writer& w, const api::Node& n, const Surroundings& around) {
  w.out += paint("node/" + n.metadata.name, Colour::bold, w.t) + "\n";
  conditions(w, n.status.conditions);
  if (!n.spec.schedulable)
    w.mark(Colour::busy, "!", "takes no new work: spec.schedulable is false");
  for (const api::DegradedLink& l : n.status.degraded_links)
    w.mark(Colour::bad, "✗",
           "link " + l.at + ": " + l.seen + " instead of " + l.expected +
               (l.message.empty() ? "" : "; " + l.message));
  for (const api::NodeDevice& d : n.status.devices)
    if (d.health == api::Health::failed || d.health == api::Health::degraded)
      w.mark(Colour::bad, "✗", "device " + d.id + " is " + api::enum_text(d.health));
  for (const std::string& missing : n.status.enforcement.missing)
    w.mark(Colour::busy, "!", "not enforced: " + missing);
  for (const api::Object& o : around.instances)
    if (o.as<api::Instance>()->spec.node == n.metadata.name)
      w.line("carries instance/" + o.meta().ns + "/" + o.meta().name + " of contract/" +
             o.as<api::Instance>()->spec.contract);
}

void offer(Writer& w, const api::Offer& o) {
  const std::string phase = api::enum_text(o.status.phase);
  w.out += paint("offer/" + o.metadata.name, Colour::bold, w.t) + "  " +
           paint(phase, colour_of(phase), w.t) + "  for contract/" + o.spec.contract + "\n";
  conditions(w, o.status.conditions);
  if (o.spec.price_per_hour.is_set()) w.line("price " + o.spec.price_per_hour.text());
  for (const api::EnergyPrice& at : o.spec.energy_prices)
    if (const std::string text = energy_price_text(at); !text.empty()) w.line(text);
  if (o.status.phase == api::OfferPhase::held)
    w.line(o.spec.expires > w.now ? "expires in " + format_age(o.spec.expires - w.now)
                                  : "has expired");
  for (const api::PlacementLine& line : o.spec.placement) w.line(placement_text(line));
  for (const api::OfferedGuarantee& g : o.spec.guarantees) w.line(guarantee_text(g));
}

void events(Writer& w, const api::Object& object, const std::vector<api::Object>& all) {
  std::vector<const api::Event*> mine;
  for (const api::Object& o : all) {
    const auto& e = *o.as<api::Event>();
    if (e.involved_object.kind == object.kind().name &&
        e.involved_object.name == object.meta().name)
      mine.push_back(&e);
  }
  if (mine.empty()) return;
  std::stable_sort(mine.begin(), mine.end(), [](const api::Event* a, const api::Event* b) {
    return api::last_seen(*a) < api::last_seen(*b);
  });
  w.heading("events");
  for (size_t i = mine.size() > most_events ? mine.size() - most_events : 0; i < mine.size(); ++i) {
    const api::Event& e = *mine[i];
    const std::string text = w.ago(api::last_seen(e)) + "  " + e.reason + ": " + e.message;
    w.mark(e.type == "Warning" ? Colour::bad : Colour::dim, e.type == "Warning" ? "!" : "·", text);
  }
}

}  // namespace

std::string reasons_text(const api::Object& object, const Surroundings& around, Time now,
                         const Terminal& t) {
  Writer w{t, now};
  if (const auto* c = object.as<api::Contract>())
    contract(w, *c, around);
  else if (const auto* o = object.as<api::Workload>())
    workload(w, *o, around);
  else if (const auto* n = object.as<api::Node>())
    node(w, *n, around);
  else if (const auto* f = object.as<api::Offer>())
    offer(w, *f);
  else if (const auto* i = object.as<api::Instance>())
    instance(w, *i, around);
  if (object.meta().deletion_timestamp.is_set())
    w.mark(Colour::busy, "…",
           "is being deleted since " + format_rfc3339(object.meta().deletion_timestamp));
  for (const std::string& f : object.meta().finalizers)
    if (object.meta().deletion_timestamp.is_set()) w.line("waits for " + f);
  events(w, object, around.events);
  while (w.out.starts_with('\n')) w.out.erase(0, 1);
  return std::move(w.out);
}

}  // namespace freehold::cli
