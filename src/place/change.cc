#include "place/change.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "base/strings.h"
#include "place/extension.h"
#include "place/field.h"
#include "place/reasons.h"
#include "place/search.h"

namespace freehold::place {
namespace {

// Steps of `unit` that reach `all`, which is not negative; and how far `n` of them reach. A request
// may name the largest number that there is.
int64_t steps_to(int64_t all, int64_t unit) { return all / unit + (all % unit != 0 ? 1 : 0); }
int64_t steps_of(int64_t n, int64_t unit) { return n > INT64_MAX / unit ? INT64_MAX : n * unit; }

// What a change costs whoever asked, for comparing changes only: a thousand is to do without
// something altogether.
constexpr int64_t all_of_it = 1'000;
constexpr int64_t align_cost = 250, across_cost = 200, device_where_cost = 300, where_cost = 400,
                  own_contract_cost = 500;
constexpr int64_t uncordon_cost = 350;  // each node: somebody had a reason
// More nodes are no advice to act on, and more countries are not tried.
constexpr size_t most_uncordoned = 8, most_countries = 16;

// Something of the request that can be turned down, step by step; `set` and `text` take a number of
// steps.
struct Knob {
  int64_t asked, least;  // in steps
  int64_t full_cost;
  std::function<void(Ask&, int64_t)> set;
  std::function<std::string(int64_t)> text;
  int64_t cost(int64_t value) const {
    return full_cost * (asked - value) / std::max<int64_t>(1, asked);
  }
};

class Turner {
 public:
  Turner(const fleet::Fleet& fleet, const Request& request, const Ask& ask, Time now, Meter& meter)
      : fleet_(fleet), request_(request), ask_(ask), now_(now), meter_(meter) {
    for (size_t r = 0; r < ask.roles.size(); ++r) add_knobs(r);
    add_where_knobs();
  }

  std::string find() {
    find_singles();
    find_own_contract();
    find_cordoned();
    if (best_.empty() || best_drops_) find_combination();
    if (!best_.empty() && !best_drops_) return best_;
    std::string text;
    for (const std::string& way :
         {describe_extension(fleet_, ask_, now_, meter_), best_, find_jurisdiction()})
      if (!way.empty()) text += (text.empty() ? "" : "; or ") + way;
    return text;
  }

 private:
  // ---- knobs

  void add_knob(int64_t asked, int64_t least, int64_t full_cost,
                std::function<void(Ask&, int64_t)> set, std::function<std::string(int64_t)> text) {
    if (asked > least) knobs_.push_back({asked, least, full_cost, std::move(set), std::move(text)});
  }

  std::string per_member(const RoleAsk& role) const {
    return " per member" +
           (ask_.roles.size() > 1 || role.name != "main" ? " of role " + role.name : "");
  }

  // In the order in which a combination gives back what it can: what matters most comes first.
  void add_knobs(size_t r) {
    const RoleAsk& role = ask_.roles[r];
    add_knob(
        role.count(), 1, all_of_it,
        [r](Ask& ask, int64_t n) { ask.roles[r].indexes.resize(static_cast<size_t>(n)); },
        [&role](int64_t n) {
          return "count: " + std::to_string(n) + " instead of " + std::to_string(role.count()) +
                 " members of role " + role.name;
        });
    for (size_t a = 0; a < role.devices.size(); ++a) add_device_knobs(r, a);
    add_memory_knob(r);
    add_knob(
        role.cpus, 1, all_of_it, [r](Ask& ask, int64_t n) { ask.roles[r].cpus = n; },
        [this, &role](int64_t n) {
          return "cpu: " + std::to_string(n) + " instead of " + std::to_string(role.cpus) +
                 per_member(role);
        });
    constexpr int64_t watt = 1'000;
    add_knob(
        steps_to(role.power_mw, watt), 0, all_of_it,
        [r](Ask& ask, int64_t n) { ask.roles[r].power_mw = steps_of(n, watt); },
        [this, &role](int64_t n) {
          const std::string was = Quantity::of(role.power_mw, Dimension::power).text();
          return n == 0 ? "without power" + per_member(role)
                        : "power: " + Quantity::of(steps_of(n, watt), Dimension::power).text() +
                              " instead of " + was + per_member(role);
        });
    for (size_t i = 0; i < role.align.size(); ++i) add_align_knob(r, i);
    if (role.together && role.together->is_required)
      add_across_knob(r, "together within ", *role.together,
                      [r](Ask& ask) -> std::optional<Across>& { return ask.roles[r].together; });
    if (role.apart && role.apart->is_required)
      add_across_knob(r, "apart across ", *role.apart,
                      [r](Ask& ask) -> std::optional<Across>& { return ask.roles[r].apart; });
  }

  void add_device_knobs(size_t r, size_t a) {
    const RoleAsk& role = ask_.roles[r];
    const DeviceAsk& device = role.devices[a];
    add_knob(
        device.count, 0, all_of_it,
        [r, a](Ask& ask, int64_t n) { ask.roles[r].devices[a].count = n; },
        [this, &role, &device](int64_t n) {
          return n == 0 ? "drop devices[" + device.name + "]"
                        : "devices[" + device.name + "]: " + std::to_string(n) + " instead of " +
                              std::to_string(device.count) + per_member(role);
        });
    if (device.wanted_models.empty() && device.memory.text.empty()) return;
    add_knob(
        1, 0, device_where_cost,
        [r, a](Ask& ask, int64_t) {
          ask.roles[r].devices[a].wanted_models.clear();
          ask.roles[r].devices[a].memory = {};
        },
        [&device](int64_t) { return "devices[" + device.name + "]: any, without where"; });
  }

  void add_memory_knob(size_t r) {
    const RoleAsk& role = ask_.roles[r];
    constexpr int64_t gib = int64_t{1} << 30, mib = int64_t{1} << 20;
    const int64_t unit = role.memory_bytes > gib ? gib : mib;
    add_knob(
        steps_to(role.memory_bytes, unit), 1, all_of_it,
        [r, unit](Ask& ask, int64_t n) { ask.roles[r].memory_bytes = steps_of(n, unit); },
        [this, &role, unit](int64_t n) {
          return "memory: " + Quantity::of(steps_of(n, unit), Dimension::bytes).text() +
                 " instead of " + Quantity::of(role.memory_bytes, Dimension::bytes).text() +
                 per_member(role);
        });
  }

  void add_align_knob(size_t r, size_t i) {
    const RoleAsk& role = ask_.roles[r];
    add_knob(
        1, 0, align_cost,
        // Emptied, not erased: the indexes of the other knobs stay.
        [r, i](Ask& ask, int64_t) {
          ask.roles[r].align[i].cpu = ask.roles[r].align[i].memory = false;
          ask.roles[r].align[i].devices.clear();
        },
        [&role, i](int64_t) {
          return "role " + role.name + " without align within " + role.align[i].within_name;
        });
  }

  void add_across_knob(size_t r, const std::string& what, const Across& across,
                       std::function<std::optional<Across>&(Ask&)> field) {
    const std::string text = "role " + ask_.roles[r].name + " with " + what +
                             std::string(level_name(across.level)) +
                             " preferred instead of required";
    add_knob(
        1, 0, across_cost, [field](Ask& ask, int64_t) { field(ask)->is_required = false; },
        [text](int64_t) { return text; });
  }

  void add_where_knobs() {
    if (!ask_.sites.empty())
      add_knob(
          1, 0, where_cost, [](Ask& ask, int64_t) { ask.sites.clear(); },
          [](int64_t) { return "at any site, without where.sites"; });
    if (!ask_.node_labels.empty())
      add_knob(
          1, 0, where_cost, [](Ask& ask, int64_t) { ask.node_labels.clear(); },
          [](int64_t) { return "on any node, without where.nodeLabels"; });
  }

  // ---- trying

  bool fits(const fleet::Fleet& fleet, const Ask& ask) {
    // One hard question must not use up what would answer many easy ones.
    Meter part(meter_.left() / 8);
    Field field(fleet, ask, Premise::now, now_);
    const Outcome outcome = search(field, part);
    meter_.charge(part.steps() + 1);
    if (!outcome.assignment) return false;
    fitted_.clear();
    for (const Laden& laden : *outcome.assignment)
      fitted_.emplace(field.spots()[laden.spot].node->name());
    where_ = fitted_.size() == 1 ? " on node " + *fitted_.begin() : std::string();
    return true;
  }

  // The highest setting below what is asked that fits, when the lowest one does.
  std::optional<int64_t> turn_down(Ask ask, const Knob& knob, int64_t never) {
    auto fits_at = [&](int64_t value) {
      Ask changed = ask;
      knob.set(changed, value);
      return fits(fleet_, changed);
    };
    if (!fits_at(knob.least)) return std::nullopt;
    int64_t sure = knob.least;
    while (never - sure > 1 && !meter_.is_spent()) {
      const int64_t middle = sure + (never - sure) / 2;
      (fits_at(middle) ? sure : never) = middle;
    }
    return sure;
  }

  void consider(int64_t cost, const std::string& text, bool drops) {
    if (!best_.empty() && cost >= best_cost_) return;
    best_ = text + (drops ? ": the rest would fit now" + where_ : " would fit now");
    best_cost_ = cost;
    best_drops_ = drops;
  }

  // Whether this setting does without something altogether.
  static bool drops(const Knob& knob, int64_t value) {
    return value == 0 && knob.full_cost == all_of_it;
  }

  void find_singles() {
    for (const Knob& knob : knobs_) {
      if (meter_.is_spent()) return;
      // A knob whose first turn costs more than the best so far cannot win.
      if (knob.cost(knob.asked - 1) >= best_cost_) continue;
      if (const auto value = turn_down(ask_, knob, knob.asked))
        consider(knob.cost(*value), knob.text(*value), drops(knob, *value));
    }
  }

  void find_own_contract() {
    for (const OwnContract& own : request_.own) {
      if (meter_.is_spent() || own_contract_cost >= best_cost_) return;
      fleet::Fleet fork = fleet_.fork();
      for (const std::string& key : own.allocation_keys) fork.release(key);
      if (!fits(fork, ask_)) continue;
      best_ = "it would fit once your contract " + own.name + " ends";
      if (own.ends.is_set()) best_ += ", which is at " + format_rfc3339(own.ends);
      best_cost_ = own_contract_cost;
      best_drops_ = false;
    }
  }

  // Of the nodes that are only cordoned, as few as are found to do.
  void find_cordoned() {
    if (meter_.is_spent() || uncordon_cost >= best_cost_) return;
    Ask with = ask_;
    for (size_t rank = 0; rank < fleet_.size(); ++rank)
      if (is_only_cordoned(fleet_.node(rank), now_))
        with.uncordoned.emplace(fleet_.node(rank).name());
    if (with.uncordoned.empty() || !fits(fleet_, with)) return;
    const auto keep_fitted = [&] {
      std::erase_if(with.uncordoned, [&](const auto& name) { return !fitted_.contains(name); });
    };
    keep_fitted();
    if (with.uncordoned.size() > most_uncordoned) return;
    const std::set<std::string, std::less<>> candidates = with.uncordoned;
    for (const std::string& name : candidates) {
      if (with.uncordoned.size() == 1 || meter_.is_spent()) break;
      Ask fewer = with;
      if (fewer.uncordoned.erase(name) == 0 || !fits(fleet_, fewer)) continue;
      with = std::move(fewer);
      keep_fitted();
    }
    const auto n = static_cast<int64_t>(with.uncordoned.size());
    if (uncordon_cost * n >= best_cost_) return;
    best_ = std::string("set spec.schedulable: true on node") + (n == 1 ? " " : "s ") +
            join({with.uncordoned.begin(), with.uncordoned.end()}, ", ") + ": it would fit now";
    best_cost_ = uncordon_cost * n;
    best_drops_ = false;
  }

  // A country whose law would have to be accepted; empty: none is known that would do.
  std::string find_jurisdiction() {
    if (ask_.jurisdictions.empty()) return {};
    std::set<std::string> countries;
    for (size_t rank = 0; rank < fleet_.size() && countries.size() < most_countries; ++rank)
      if (const fleet::SiteFacts* site = fleet_.site(fleet_.site_of(fleet_.node(rank)));
          site != nullptr && !site->country.empty())
        countries.insert(site->country);
    for (const std::string& country : countries) {
      if (meter_.is_spent()) return {};
      Ask with = ask_;
      with.jurisdictions.push_back(to_lower(country));
      if (fits(fleet_, with))
        return "add jurisdiction " + country +
               " to spec.sovereignty.jurisdictions: it would fit now" + where_;
    }
    return {};
  }

  // Everything turned down, then turned up again one by one as far as it goes.
  void find_combination() {
    Ask low = ask_;
    for (const Knob& knob : knobs_) knob.set(low, knob.least);
    if (meter_.is_spent() || !fits(fleet_, low)) return;
    std::vector<int64_t> values;
    for (const Knob& knob : knobs_) values.push_back(knob.least);
    for (size_t k = 0; k < knobs_.size() && !meter_.is_spent(); ++k) {
      Ask others = ask_;
      for (size_t other = 0; other < knobs_.size(); ++other)
        if (other != k && values[other] != knobs_[other].asked)
          knobs_[other].set(others, values[other]);
      if (fits(fleet_, others))
        values[k] = knobs_[k].asked;
      else
        values[k] = turn_down(others, knobs_[k], knobs_[k].asked).value_or(values[k]);
    }
    int64_t cost = 0;
    bool any_dropped = false;
    std::vector<std::string> texts;
    for (size_t k = 0; k < knobs_.size(); ++k) {
      if (values[k] == knobs_[k].asked) continue;
      cost += knobs_[k].cost(values[k]);
      any_dropped = any_dropped || drops(knobs_[k], values[k]);
      texts.push_back(knobs_[k].text(values[k]));
    }
    std::string text;
    for (size_t i = 0; i < texts.size(); ++i)
      text += (i == 0 ? "" : i + 1 == texts.size() ? " and " : ", ") + texts[i];
    consider(cost, text, any_dropped);
  }

  const fleet::Fleet& fleet_;
  const Request& request_;
  const Ask& ask_;
  Time now_;
  Meter& meter_;
  std::vector<Knob> knobs_;
  std::set<std::string, std::less<>> fitted_;  // nodes of the last thing that fitted
  std::string where_;  // of the last thing that fitted: " on node n1", or empty
  std::string best_;
  int64_t best_cost_ = INT64_MAX;
  bool best_drops_ = false;  // it does without something altogether
};

}  // namespace

std::string find_cheapest_change(const fleet::Fleet& fleet, const Request& request, const Ask& ask,
                                 Time now, Meter& meter) {
  return Turner(fleet, request, ask, now, meter).find();
}

}  // namespace freehold::place
