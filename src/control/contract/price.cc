#include "control/contract/price.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "api/catalog.h"
#include "api/site.h"
#include "base/strings.h"

namespace freehold::control {

namespace {

// What is to be priced: a class, and what a device calls itself, in lower case.
struct Thing {
  std::string cls, model, pci_ids;
};

bool is_of_model(const fleet::Fleet& fleet, const Thing& thing, std::string_view model) {
  const auto names = fleet.model_names(model);
  return std::any_of(names.begin(), names.end(), [&](const auto& name) {
    return name == thing.model || name == thing.pci_ids;
  });
}

bool is_in_force(const api::PriceBook& book, std::string_view site, Time now) {
  return (book.spec.site.empty() || book.spec.site == site) && book.spec.valid_from <= now &&
         (!book.spec.valid_until.is_set() || now < book.spec.valid_until);
}

const api::Price* find_price(const ledger::View& view, const fleet::Fleet& fleet,
                             std::string_view site, const Thing& thing, Time now) {
  const api::Price* best = nullptr;
  int best_rank = -1;
  for (const api::PriceBook* book : view.all<api::PriceBook>()) {
    if (!is_in_force(*book, site, now)) continue;
    for (const api::Price& price : book->spec.prices) {
      const int rank = (book->spec.site.empty() ? 0 : 2) + (price.model.empty() ? 0 : 1);
      if (rank <= best_rank || price.cls != thing.cls) continue;
      if (!price.model.empty() && !is_of_model(fleet, thing, price.model)) continue;
      best = &price;
      best_rank = rank;
    }
  }
  return best;
}

// Far above what can be paid, and far below what can be added up.
constexpr Wide most_summed = static_cast<Wide>(INT64_MAX) * 1'000'000'000;

// Sums prices of one currency, in thousandths of a micro unit; what does not fit is named.
struct Sum {
  Wide micro = 0;
  std::string currency;
  std::vector<std::string> missing;

  // `amount` in thousandths of the unit that the price is for.
  void add(const api::Price* price, std::string_view what, std::string_view site, int64_t amount) {
    if (amount == 0) return;
    if (price == nullptr || (!currency.empty() && price->price.currency() != currency)) {
      std::string line = std::string(what) + " at site \"" + std::string(site) + "\"";
      if (std::find(missing.begin(), missing.end(), line) == missing.end()) missing.push_back(line);
      return;
    }
    currency = price->price.currency();
    micro = std::min(micro + static_cast<Wide>(price->price.value()) * amount, most_summed);
  }
};

std::string_view class_name(api::DeviceClass cls) {
  for (const auto& v : schema::type_of<api::DeviceClass>.values)
    if (v.value == static_cast<int64_t>(cls)) return v.name;
  return "other";
}

Thing thing_of(const fleet::NodeState* node, const std::string& id) {
  if (node == nullptr) return {"device", {}, {}};
  for (const fleet::InteriorDevice& device : node->interior().devices()) {
    if (device.id != id) continue;
    const fleet::DeviceKind& kind = node->interior().kinds()[device.kind];
    return {std::string(class_name(kind.cls)), to_lower(kind.model), to_lower(kind.pci_ids)};
  }
  return {"device", {}, {}};
}

}  // namespace

std::string site_of(const fleet::Fleet& fleet, std::string_view name) {
  const fleet::NodeState* node = fleet.find(name);
  return node != nullptr ? fleet.site_of(*node) : std::string();
}

PriceQuote price_of(const ledger::View& view, const fleet::Fleet& fleet,
                    const std::vector<api::AllocatedMember>& members, Time now) {
  Sum sum;
  PriceQuote quote;
  for (const api::AllocatedMember& m : members) {
    const fleet::NodeState* node = fleet.find(m.node);
    const std::string site = site_of(fleet, m.node);
    const auto add = [&](const Thing& thing, int64_t amount) {
      const std::string what = thing.model.empty() ? thing.cls : thing.cls + " " + thing.model;
      sum.add(find_price(view, fleet, site, thing, now), what, site, amount);
    };
    const auto cpus = parse_cpu_list(m.cpus).value_or(std::vector<uint32_t>{});
    int64_t bytes = 0;
    for (const api::MemoryShare& share : m.memory) bytes += share.bytes;
    add({"cpu", {}, {}}, static_cast<int64_t>(cpus.size()) * 1000);
    // GiB in thousandths, in an order that does not overflow below 8 EiB.
    add({"memory", {}, {}}, (bytes >> 20) * 1000 / 1024);
    for (const std::string& id : m.devices) add(thing_of(node, id), 1000);
  }
  quote.missing = std::move(sum.missing);
  if (!quote.missing.empty() || sum.currency.empty()) return quote;
  if (sum.micro / 1000 > most_countable)
    quote.too_high =
        "the price books in force make this placement cost more per hour than can be "
        "counted; mend their prices";
  else
    quote.per_hour = Quantity::of(static_cast<int64_t>(sum.micro / 1000), Dimension::money_per_hour,
                                  sum.currency);
  return quote;
}

Quantity total_of(const PriceQuote& quote, Duration term) {
  if (!quote.per_hour.is_set() || term.us <= 0) return {};
  return money_for(quote.per_hour, term);
}

std::string why_too_high(const PriceQuote& quote, Duration term) {
  if (!quote.too_high.empty()) return quote.too_high;
  if (total_of(quote, term).value() < most_countable) return {};
  return "at " + quote.per_hour.text() + " the whole of spec.term.duration " +
         format_duration(term) + " costs more than can be counted; ask for a shorter term";
}

api::EnergyPrice energy_price_at(const ledger::View& view, const std::string& site, Time now) {
  api::EnergyPrice at{site, {}};
  const auto* s = view.get<api::Site>({}, site);
  if (s != nullptr) at.pue = s->spec.pue;
  bool of_this_site = false;
  for (const api::PriceBook* book : view.all<api::PriceBook>()) {
    if (!book->spec.energy_price.is_set() || !is_in_force(*book, site, now)) continue;
    if (at.price.is_set() && (of_this_site || book->spec.site.empty())) continue;
    at.price = book->spec.energy_price;
    of_this_site = !book->spec.site.empty();
  }
  if (!at.price.is_set() && s != nullptr) at.price = s->spec.energy_price;
  return at;
}

std::vector<api::EnergyPrice> energy_prices_of(const ledger::View& view, const fleet::Fleet& fleet,
                                               const std::vector<api::AllocatedMember>& members,
                                               std::vector<api::EnergyPrice> agreed, Time now) {
  std::set<std::string> sites;
  for (const api::AllocatedMember& m : members) sites.insert(site_of(fleet, m.node));
  for (const api::EnergyPrice& known : agreed) sites.erase(known.site);
  for (const std::string& site : sites)
    if (agreed.size() < most_energy_sites) agreed.push_back(energy_price_at(view, site, now));
  return agreed;
}

int64_t countable(Wide micro) {
  return static_cast<int64_t>(std::clamp<Wide>(micro, -most_countable, most_countable));
}

Quantity money_for(const Quantity& per_hour, Duration span) {
  const Wide micro = static_cast<Wide>(per_hour.value()) * span.us / hours(1).us;
  return Quantity::of(countable(micro), Dimension::money, per_hour.currency());
}

Quantity cost_of(const api::EnergyPrice& at, int64_t joules) {
  // Joules to kWh, and the site's overhead in thousandths: integers to the end.
  constexpr Wide joules_per_kwh = 3'600'000;
  const Wide plain = static_cast<Wide>(at.price.value()) * joules;
  const Wide micro = std::clamp<Wide>(plain, -most_summed * 1000, most_summed * 1000) *
                     std::llround(at.pue * 1'000'000) / 1'000'000 / joules_per_kwh;
  return Quantity::of(countable(micro), Dimension::money, at.price.currency());
}

}  // namespace freehold::control
