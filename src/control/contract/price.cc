#include "control/contract/price.h"

#include <algorithm>

#include "api/catalog.h"
#include "api/site.h"
#include "base/strings.h"

namespace freehold::control {

namespace {

const api::Price* find_price(const ledger::View& view, std::string_view site, std::string_view cls,
                             std::string_view model, Time now) {
  for (const api::PriceBook* book : view.all<api::PriceBook>()) {
    if (!book->spec.site.empty() && book->spec.site != site) continue;
    if (book->spec.valid_from > now) continue;
    if (book->spec.valid_until.is_set() && book->spec.valid_until <= now) continue;
    for (const api::Price& price : book->spec.prices)
      if (price.cls == cls && (price.model.empty() || price.model == model)) return &price;
  }
  return nullptr;
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

}  // namespace

PriceQuote price_of(const ledger::View& view, const std::vector<api::AllocatedMember>& members,
                    Time now) {
  Sum sum;
  PriceQuote quote;
  for (const api::AllocatedMember& m : members) {
    const auto* node = view.get<api::Node>({}, m.node);
    const std::string site = node ? node->spec.site : "";
    const auto cpus = parse_cpu_list(m.cpus).value_or(std::vector<uint32_t>{});
    int64_t bytes = 0;
    for (const api::MemoryShare& share : m.memory) bytes += share.bytes;
    sum.add(find_price(view, site, "cpu", "", now), "cpu", site,
            static_cast<int64_t>(cpus.size()) * 1000);
    // GiB in thousandths, in an order that does not overflow below 8 EiB.
    sum.add(find_price(view, site, "memory", "", now), "memory", site, (bytes >> 20) * 1000 / 1024);
    const auto* profile = node ? view.get<api::HardwareProfile>({}, node->status.profile) : nullptr;
    for (const std::string& id : m.devices) {
      std::string cls = "device", model;
      if (profile != nullptr)
        for (const api::Device& d : profile->spec.devices)
          if (d.id == id) {
            cls = class_name(d.cls);
            model = d.model;
          }
      sum.add(find_price(view, site, cls, model, now), cls + " " + model, site, 1000);
    }
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
