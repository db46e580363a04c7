#include "control/contract/price.h"

#include <algorithm>

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

const api::Price* find_price(const ledger::View& view, const fleet::Fleet& fleet,
                             std::string_view site, const Thing& thing, Time now) {
  const api::Price* best = nullptr;
  int best_rank = -1;
  for (const api::PriceBook* book : view.all<api::PriceBook>()) {
    if (!book->spec.site.empty() && book->spec.site != site) continue;
    if (book->spec.valid_from > now) continue;
    if (book->spec.valid_until.is_set() && book->spec.valid_until <= now) continue;
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

// Sums prices of one currency; what does not fit is named.
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
    micro += static_cast<Wide>(price->price.value()) * amount;
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

PriceQuote price_of(const ledger::View& view, const fleet::Fleet& fleet,
                    const std::vector<api::AllocatedMember>& members, Time now) {
  Sum sum;
  PriceQuote quote;
  for (const api::AllocatedMember& m : members) {
    const fleet::NodeState* node = fleet.find(m.node);
    const std::string site = node ? fleet.site_of(*node) : "";
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
    if (const auto* s = view.get<api::Site>({}, site); s && s->spec.energy_price.is_set())
      quote.energy_price = s->spec.energy_price;
  }
  for (const api::PriceBook* book : view.all<api::PriceBook>())
    if (!quote.energy_price.is_set()) quote.energy_price = book->spec.energy_price;
  quote.missing = std::move(sum.missing);
  if (quote.missing.empty() && !sum.currency.empty())
    quote.per_hour = Quantity::of(static_cast<int64_t>(sum.micro / 1000), Dimension::money_per_hour,
                                  sum.currency);
  return quote;
}

Quantity money_for(const Quantity& per_hour, Duration span) {
  const Wide micro = static_cast<Wide>(per_hour.value()) * span.us / hours(1).us;
  return Quantity::of(static_cast<int64_t>(micro), Dimension::money, per_hour.currency());
}

}  // namespace freehold::control
