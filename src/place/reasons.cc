#include "place/reasons.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "place/field.h"
#include "place/search.h"
#include "schema/schema.h"

namespace freehold::place {
namespace {

using fleet::NodeState;

std::string number(int64_t n) { return std::to_string(n); }
std::string bytes(int64_t n) { return humanize(n, Dimension::bytes); }

// How many nodes lack something, and the most that any of them has.
struct Lack {
  int64_t nodes = 0, most_free = 0, most_ever = 0;
  void see(int64_t free, int64_t ever, int64_t wanted) {
    nodes += free < wanted ? 1 : 0;
    most_free = std::max(most_free, free);
    most_ever = std::max(most_ever, ever);
  }
};

class Finder {
 public:
  Finder(const fleet::Fleet& fleet, const Ask& ask, Time now, Meter& meter)
      : fleet_(fleet), ask_(ask), now_(now), meter_(meter), field_(fleet, ask, Premise::now, now) {}

  std::vector<api::RefusalReason> find() {
    if (fleet_.size() == 0) {
      add("nodes", 0, "there are no nodes");
      return std::move(reasons_);
    }
    rule_nodes();
    bool all_fit_alone = true;
    for (size_t r = 0; r < ask_.roles.size(); ++r)
      if (ask_.roles[r].count() > 0 && !field_.spots().empty())
        all_fit_alone = look_at_role(r) && all_fit_alone;
    std::stable_sort(reasons_.begin(), reasons_.end(),
                     [](const auto& a, const auto& b) { return a.nodes > b.nodes; });
    if (all_fit_alone && !field_.spots().empty()) look_at_gang();
    if (reasons_.size() > most_reasons) reasons_.resize(most_reasons);
    return std::move(reasons_);
  }

 private:
  void add(std::string constraint, int64_t nodes, std::string message) {
    constexpr size_t longest = 500;  // the schema's 512, with room
    if (message.size() > longest) message.resize(longest);
    reasons_.push_back({std::move(constraint), nodes, std::move(message)});
  }

  std::string of_nodes(int64_t n) const {
    const bool is_all = field_.spots().size() == fleet_.size();
    return number(n) + " of " + number(static_cast<int64_t>(field_.spots().size())) +
           (is_all ? " nodes" : " usable nodes");
  }
  // Names the role where there is more than one.
  std::string in_role(size_t role) const {
    return ask_.roles.size() > 1 ? " for role " + ask_.roles[role].name : std::string();
  }

  // ---- what rules a node out whatever is free on it

  void rule_nodes() {
    Gate gate(fleet_, ask_, Premise::now, now_);
    std::map<Ruled, int64_t> ruled;
    std::map<fleet::Readiness, int64_t> unready;
    for (size_t rank = 0; rank < fleet_.size(); ++rank) {
      const NodeState& node = fleet_.node(rank);
      const Ruled why = gate.rule(node);
      ++ruled[why];
      if (why == Ruled::readiness) ++unready[node.readiness(now_)];
    }
    const std::string of_all = " of " + number(static_cast<int64_t>(fleet_.size())) + " nodes ";
    for (const auto& [readiness, n] : unready)
      add("ready", n,
          "ready: " + number(n) + of_all + "must be left out: each " +
              std::string(readiness_text(readiness)));
    auto tell = [&](Ruled why, const char* constraint, const std::string& text) {
      if (const auto at = ruled.find(why); at != ruled.end())
        add(constraint, at->second,
            std::string(constraint) + ": " + number(at->second) + of_all + text);
    };
    tell(Ruled::site, "where.sites", "stand at none of the sites " + join(ask_.sites, ", "));
    tell(Ruled::labels, "where.nodeLabels", "lack a label that is asked for");
    tell(Ruled::jurisdiction, "sovereignty",
         "stand at no site that names one of the jurisdictions " + upper(ask_.jurisdictions));
    tell(Ruled::avoided, "avoidNodes",
         "are to be avoided, because they failed this contract before");
  }

  static std::string upper(const std::vector<std::string>& names) {
    std::string text = join(names, ", ");
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
  }

  // ---- what a member of one role lacks

  // Whether some node has room for a member.
  bool look_at_role(size_t r) {
    const RoleAsk& role = ask_.roles[r];
    Lack cpu, memory, power{0, -1, -1};
    std::vector<Lack> devices(role.devices.size());
    int64_t unaligned = 0, crowded = 0, fitting = 0;
    for (const Spot& spot : field_.spots()) {
      Packing& packing = field_.packing(spot.packing);
      const fleet::NodeFacts& facts = spot.node->facts();
      const int64_t lacks_before = lacks(cpu, memory, power, devices);
      int64_t all_memory = 0;
      for (const int64_t b : facts.memory) all_memory += b;
      cpu.see(packing.room().all_cpus(), static_cast<int64_t>(facts.cpus.count()), role.cpus);
      memory.see(packing.room().all_memory(), all_memory, role.memory_bytes);
      for (size_t a = 0; a < devices.size(); ++a) {
        const auto [free, ever] = devices_on(spot, packing, role.devices[a]);
        devices[a].see(free, ever, role.devices[a].count);
      }
      if (role.power_mw > 0) {
        const int64_t mw = watts_for(spot, r);
        power.see(mw, std::max(mw, facts.power_mw), role.power_mw);
      }
      if (lacks(cpu, memory, power, devices) > lacks_before) continue;
      Counts one(ask_.roles.size());
      one[r] = 1;
      if (packing.fits(one, meter_))
        ++fitting;
      else
        ++(role.align.empty() ? crowded : unaligned);
    }
    tell_lacks(r, cpu, memory, power, devices);
    if (unaligned > 0)
      add("align", unaligned,
          "align: " + of_nodes(unaligned) + " have enough" + in_role(r) + ", but not within one " +
              role.align[0].within_name);
    if (crowded > 0)
      add("devices", crowded,
          "devices: on " + of_nodes(crowded) + " several requests compete for the same devices" +
              in_role(r));
    return fitting > 0;
  }

  static int64_t lacks(const Lack& cpu, const Lack& memory, const Lack& power,
                       const std::vector<Lack>& devices) {
    int64_t sum = cpu.nodes + memory.nodes + power.nodes;
    for (const Lack& lack : devices) sum += lack.nodes;
    return sum;
  }

  static std::pair<int64_t, int64_t> devices_on(const Spot& spot, const Packing& packing,
                                                const DeviceAsk& ask) {
    int64_t free = 0, ever = 0;
    const auto& kinds = packing.interior().kinds();
    for (size_t k = 0; k < kinds.size(); ++k) {
      if (!ask.accepts(kinds[k])) continue;
      free += packing.room().devices()[k];
      ever += static_cast<int64_t>(kinds[k].devices.count_common(spot.node->facts().devices));
    }
    return {free, ever};
  }

  // What the node and all domains behind it leave; -1 when nothing says so.
  int64_t watts_for(const Spot& spot, size_t r) {
    if (!spot.has_power) return -1;
    const int64_t own = field_.packing(spot.packing).room().power_mw();
    int64_t most = own < 0 ? ask_.roles[r].power_mw : own;
    for (const Field::Draw& draw : field_.draws(spot.feed, r))
      if (field_.headroom_mw()[draw.limit] < draw.mw) most = 0;
    return most;
  }

  void tell_lacks(size_t r, const Lack& cpu, const Lack& memory, const Lack& power,
                  const std::vector<Lack>& devices) {
    const RoleAsk& role = ask_.roles[r];
    for (size_t a = 0; a < devices.size(); ++a) {
      const DeviceAsk& ask = role.devices[a];
      if (devices[a].nodes == 0) continue;
      const auto have = static_cast<int64_t>(field_.spots().size()) - devices[a].nodes;
      std::string text =
          ask.name + ": " + of_nodes(have) + " have " + device_text(ask) + in_role(r);
      if (devices[a].most_ever >= ask.count)
        text += " free; the most is " + number(devices[a].most_free);
      else if (devices[a].most_ever > 0)
        text += "; the most is " + number(devices[a].most_ever);
      add("devices(" + ask.name + ")", devices[a].nodes, std::move(text));
    }
    if (cpu.nodes > 0)
      add("cpu", cpu.nodes,
          "cpu: " + of_nodes(cpu.nodes) + " have fewer than " + number(role.cpus) + " CPUs free" +
              in_role(r) + "; the most is " + number(cpu.most_free) + " of " +
              number(cpu.most_ever));
    if (memory.nodes > 0)
      add("memory", memory.nodes,
          "memory: " + of_nodes(memory.nodes) + " have less than " + bytes(role.memory_bytes) +
              " free" + in_role(r) + "; the most is " + bytes(memory.most_free) + " of " +
              bytes(memory.most_ever));
    if (power.nodes > 0)
      add("power", power.nodes,
          "power: " + of_nodes(power.nodes) + " cannot promise " +
              humanize(role.power_mw, Dimension::power) + in_role(r) +
              (power.most_ever < 0 ? "; what they may draw is not known" : ""));
  }

  // ---- what the gang lacks

  void look_at_gang() {
    bool is_told = false;
    for (size_t r = 0; r < ask_.roles.size(); ++r)
      if (ask_.roles[r].count() > 0) is_told = look_at_members(r) || is_told;
    if (is_told) return;
    if (ask_.asks_power()) {
      Ask unpowered = ask_;
      for (RoleAsk& role : unpowered.roles) role.power_mw = 0;
      Field field(fleet_, unpowered, Premise::now, now_);
      if (search(field, meter_).assignment) {
        add("power", 0,
            "power: the nodes or the power domains behind them cannot carry all members");
        return;
      }
    }
    if (ask_.roles.size() > 1)
      add("roles", 0, "roles: each role would fit alone, but not all of them together");
    else
      add("members", 0, "members: no arrangement of all members was found");
  }

  // Whether the role alone explains it.
  bool look_at_members(size_t r) {
    const RoleAsk& role = ask_.roles[r];
    const std::string of_role = ask_.roles.size() > 1 ? " of role " + role.name : "";
    int64_t total = 0, without = 0;
    for (const Spot& spot : field_.spots()) {
      const int64_t here = field_.packing(spot.packing).most(r, most_members, meter_);
      total += here;
      without += here == 0 ? 1 : 0;
    }
    if (total < role.count()) {
      add("count", without,
          "count: there is room for " + number(total) + " of " + number(role.count()) + " members" +
              of_role);
      return true;
    }
    return look_at_apart(r, of_role) || look_at_together(r, of_role);
  }

  bool look_at_apart(size_t r, const std::string& of_role) {
    const RoleAsk& role = ask_.roles[r];
    if (!role.apart || !role.apart->is_required) return false;
    std::set<int64_t> domains;
    for (size_t s = 0; s < field_.spots().size(); ++s)
      if (field_.packing(field_.spots()[s].packing).most(r, 1, meter_) > 0)
        domains.insert(field_.apart_domain(s, role.apart->level));
    for (const std::string& node : role.kept_nodes)
      domains.erase(field_.apart_domain_of(node, role.apart->level));
    const auto room = static_cast<int64_t>(domains.size());
    if (room >= role.count()) return false;
    const std::string level(level_name(role.apart->level));
    add("apart", 0,
        "apart: " + number(role.count()) + " members" + of_role + " need as many different " +
            level + "s, and " + number(room) + " have room for one");
    return true;
  }

  bool look_at_together(size_t r, const std::string& of_role) {
    const RoleAsk& role = ask_.roles[r];
    if (!role.together || !role.together->is_required) return false;
    const Level level = role.together->level;
    const int64_t limit = role.apart && role.apart->is_required ? 1 : most_members;
    std::map<int64_t, std::pair<int64_t, size_t>> room;  // domain → members, a spot in it
    for (size_t s = 0; s < field_.spots().size(); ++s) {
      auto& [members, spot] = room[field_.together_domain(s, level)];
      members += field_.packing(field_.spots()[s].packing).most(r, limit, meter_);
      spot = s;
    }
    int64_t most = 0;
    size_t where = 0;
    for (const auto& [domain, found] : room) {
      if (found.first <= most) continue;
      most = found.first;
      where = found.second;
    }
    if (most >= role.count()) return false;
    add("together", 0,
        "together: no " + std::string(level_name(level)) + " has room for " + number(role.count()) +
            " members" + of_role + "; the most is " + number(most) + " in " +
            field_.domain_name(where, level));
    return true;
  }

  const fleet::Fleet& fleet_;
  const Ask& ask_;
  Time now_;
  Meter& meter_;
  Field field_;
  std::vector<api::RefusalReason> reasons_;
};

}  // namespace

std::string class_text(api::DeviceClass cls) {
  for (const schema::EnumInfo& info : schema::type_of<api::DeviceClass>.values)
    if (info.value == static_cast<int64_t>(cls)) return std::string(info.name);
  return "device";
}

std::string device_text(const DeviceAsk& ask) {
  std::string text = (ask.count == 1 ? "a" : number(ask.count)) + " " + class_text(ask.cls);
  std::vector<std::string> which = ask.wanted_models;
  if (!ask.memory.text.empty()) which.push_back(ask.memory.text);
  return which.empty() ? text : text + " (" + join(which, ", ") + ")";
}

std::vector<api::RefusalReason> find_reasons(const fleet::Fleet& fleet, const Ask& ask, Time now,
                                             Meter& meter) {
  return Finder(fleet, ask, now, meter).find();
}

}  // namespace freehold::place
