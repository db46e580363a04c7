#include "cli/offer_text.h"

#include <cmath>
#include <cstdio>

#include "base/strings.h"
#include "schema/walk.h"

namespace freehold::cli {

json::Value set_of(json::Array objects) {
  json::Object spec, body;
  spec["objects"] = std::move(objects);
  body["spec"] = std::move(spec);
  return body;
}

json::Array results_of(const json::Value& answer) {
  const json::Value* results = answer.at({"status", "objects"});
  return results != nullptr && results->as_array() != nullptr ? *results->as_array()
                                                              : json::Array();
}

std::string energy_price_text(const api::EnergyPrice& at) {
  if (!at.price.is_set()) return {};
  std::string text = "energy " + at.price.text();
  if (at.pue != 1) text += " times PUE " + json::print(json::Value(at.pue));
  return at.site.empty() ? text : text + " at " + at.site;
}

std::string percent(double share) {
  char text[32];
  // Cut, not rounded: 99.999 % kept is not all kept.
  std::snprintf(text, sizeof text, "%.2f", std::floor(share * 10000 + 1e-9) / 100);
  std::string out = text;
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out + "%";
}

std::string memory_text(const std::vector<api::MemoryShare>& memory) {
  std::vector<std::string> parts;
  for (const api::MemoryShare& m : memory)
    parts.push_back(humanize(m.bytes, Dimension::bytes) + " on memory node " +
                    std::to_string(m.node));
  return join(parts, ", ");
}

std::string placement_text(const api::PlacementLine& line) {
  std::string out = line.role + "[" + std::to_string(line.member) + "] on " + line.node;
  if (!line.cpus.empty()) out += ", CPUs " + line.cpus;
  if (!line.memory.empty()) out += ", " + memory_text(line.memory);
  if (!line.devices.empty()) out += ", " + join(line.devices, " ");
  return out;
}

std::string guarantee_text(const api::OfferedGuarantee& g) {
  std::string out = g.metric;
  if (g.at_least.is_set()) out += " at least " + g.at_least.text();
  if (g.at_most.is_set()) out += " at most " + g.at_most.text();
  if (g.quantile > 0) out += " at quantile " + percent(g.quantile);
  out += " in " + percent(g.target) + " of windows; basis: " + api::enum_text(g.basis);
  if (g.confidence > 0) out += ", confidence " + percent(g.confidence);
  return out;
}

std::string refusal_text(const api::Refusal& refusal, std::string_view indent, const Terminal& t) {
  const std::string in(indent);
  std::string out = in + paint("no offer", Colour::bad, t);
  if (refusal.cls == api::RefusalClass::not_now) out += " now";
  std::string_view message = refusal.message;
  // The reasons follow line by line: none of them need stand in the first line, too.
  for (const api::RefusalReason& r : refusal.reasons)
    if (!r.message.empty() && message.ends_with(": " + r.message))
      message.remove_suffix(r.message.size() + 2);
  if (!message.empty()) out += ": " + printable(message);
  out += "\n";
  for (const api::RefusalReason& r : refusal.reasons)
    out += in + "  ✗ " + printable(r.message.empty() ? r.constraint : r.message) + "\n";
  if (!refusal.cheapest_change.empty())
    out += in + paint("what would help: ", Colour::bold, t) + printable(refusal.cheapest_change) +
           "\n";
  return out;
}

std::string prediction_text(const json::Value& prediction, std::string_view indent,
                            const Terminal& t) {
  if (const json::Value* refused = prediction.at({"refusal"})) {
    api::Refusal refusal;
    schema::Errors errors;
    schema::from_json(schema::type_of<api::Refusal>, &refusal, *refused, errors);
    return refusal_text(refusal, indent, t);
  }
  const std::string in(indent);
  std::string out = in + paint("would be offered", Colour::good, t);
  if (const auto price = prediction.string_at({"pricePerHour"}); !price.empty())
    out += " for " + std::string(price);
  for (const auto& [name, words] : {std::pair{"total", " in all"}, std::pair{"energy", " at most"}})
    if (const auto value = prediction.string_at({name}); !value.empty())
      out += ", " + std::string(value) + words;
  if (const json::Value* at = prediction.at({"energyPrices"}); at && at->as_array())
    for (const json::Value& p : *at->as_array()) {
      api::EnergyPrice price;
      schema::Errors errors;
      schema::from_json(schema::type_of<api::EnergyPrice>, &price, p, errors);
      if (const std::string text = energy_price_text(price); !text.empty())
        out += ", " + printable(text);
    }
  if (const auto acceptance = prediction.string_at({"acceptance"}); !acceptance.empty())
    out += "; " + printable(acceptance);
  out += "\n";
  size_t shown = 0;
  if (const json::Value* placement = prediction.at({"placement"});
      placement && placement->as_array())
    for (const json::Value& m : *placement->as_array()) {
      api::AllocatedMember member;
      schema::Errors errors;
      schema::from_json(schema::type_of<api::AllocatedMember>, &member, m, errors);
      api::PlacementLine line{member.role,  member.node,   member.cpus,
                              member.index, member.memory, member.devices};
      out += in + "  " + printable(placement_text(line)) + "\n";
      ++shown;
    }
  if (const json::Value* members = prediction.at({"members"});
      members && members->as_int() && static_cast<size_t>(*members->as_int()) > shown)
    out += in + "  and " + std::to_string(static_cast<size_t>(*members->as_int()) - shown) +
           " members more\n";
  if (const json::Value* missing = prediction.at({"notPriced"}); missing && missing->as_array())
    for (const json::Value& m : *missing->as_array())
      if (m.as_string()) out += in + "  without a price: " + printable(*m.as_string()) + "\n";
  return out;
}

}  // namespace freehold::cli
