#include "api/catalog.h"

#include <set>
#include <utility>

#include "api/catalog_table.h"
#include "api/kind_rows.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

using schema::Errors;
using schema::Fault;
using schema::Path;

void check_currency(const Quantity& money, std::string_view currency, const Path& at,
                    Errors& errors) {
  if (money.is_set() && money.currency() != currency)
    errors.add(Fault::invalid, at,
               "is in " + money.currency() + ", the price book in " + std::string(currency));
}

std::string validity_text(const PriceBook& book, Time now) {
  if (book.spec.valid_from.is_set() && now < book.spec.valid_from)
    return "in " + format_age(book.spec.valid_from - now);
  if (book.spec.valid_until.is_set() && book.spec.valid_until <= now) return "expired";
  return "now";
}

}  // namespace

void check_price_book(const PriceBookSpec& spec, const Path& at, Errors& errors) {
  if (spec.valid_from.is_set() && spec.valid_until.is_set() && spec.valid_until <= spec.valid_from)
    errors.add(Fault::invalid, at / "validUntil", "must be after validFrom");
  check_currency(spec.energy_price, spec.currency, at / "energyPrice", errors);
  std::set<std::pair<std::string_view, std::string_view>> seen;
  const Path prices = at / "prices";
  for (size_t i = 0; i < spec.prices.size(); ++i) {
    const Price& price = spec.prices[i];
    check_currency(price.price, spec.currency, prices[i] / "price", errors);
    if (!seen.emplace(price.cls, price.model).second)
      errors.add(Fault::duplicate, prices[i], "there is another price for this class and model");
  }
}

void check_priority_class(const PriorityClassSpec& spec, const Path& at, Errors& errors) {
  if (spec.preemption != Preemption::never)
    errors.add(Fault::not_supported, at / "preemption",
               enum_text(spec.preemption) + " is not honoured yet; use never");
}

template <>
Kind row<DeviceModel>() {
  using T = DeviceModel;
  Kind kind =
      plain_kind<T>({"devicemodels", "devicemodel", "DeviceModelList", {"dm"}}, Scope::cluster);
  kind.columns = {
      column<T, [](const T& m, Time) { return enum_text(m.spec.type); }>("Type", "string",
                                                                         "What it is a model of."),
      column<T, [](const T& m, Time) { return or_none(m.spec.model); }>(
          "Model", "string", "Name that contracts and price books use."),
      column<T, [](const T& m, Time) { return or_none(m.spec.memory.text()); }>(
          "Memory", "string", "Size of its memory."),
      column<T, [](const T& m, Time) { return or_none(m.spec.power.maximum.text()); }>(
          "Power", "string", "What it draws at most."),
      column<T, [](const T& m, Time) { return or_none(m.spec.vendor); }>("Vendor", "string",
                                                                         "Who makes it.", 1),
      column<T, [](const T& m, Time) { return or_none(m.spec.memory_bandwidth.text()); }>(
          "Bandwidth", "string", "Rate of its memory.", 1),
  };
  return kind;
}
template const Kind& kind_of<DeviceModel>();

template <>
Kind row<PriceBook>() {
  using T = PriceBook;
  Kind kind = plain_kind<T>({"pricebooks", "pricebook", "PriceBookList", {"pb"}}, Scope::cluster);
  kind.columns = {
      column<T, [](const T& b, Time) { return b.spec.site.empty() ? "<all>" : b.spec.site; }>(
          "Site", "string", "Site that it holds for."),
      column<T, [](const T& b, Time) { return or_none(b.spec.currency); }>(
          "Currency", "string", "Currency of its prices."),
      column<T, [](const T& b, Time) { return std::to_string(b.spec.prices.size()); }>(
          "Prices", "integer", "How many prices it has."),
      column<T, [](const T& b, Time now) { return validity_text(b, now); }>(
          "Valid", "string", "Whether it holds now."),
  };
  return kind;
}
template const Kind& kind_of<PriceBook>();

template <>
Kind row<PriorityClass>() {
  using T = PriorityClass;
  Kind kind = plain_kind<T>({"priorityclasses", "priorityclass", "PriorityClassList", {"pc"}},
                            Scope::cluster);
  kind.columns = {
      column<T, [](const T& p, Time) { return std::to_string(p.spec.value); }>(
          "Value", "integer", "Higher comes first."),
      column<T, [](const T& p, Time) { return enum_text(p.spec.preemption); }>(
          "Preemption", "string", "Whom it may displace."),
  };
  return kind;
}
template const Kind& kind_of<PriorityClass>();

}  // namespace freehold::api
