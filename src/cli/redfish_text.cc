#include "cli/redfish_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/quantity.h"
#include "cli/topology.h"

namespace freehold::cli {

namespace {

namespace redfish = discover::redfish;
using redfish::Survey;

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }
std::string count_text(int64_t count) { return count == 0 ? "-" : std::to_string(count); }
std::string bytes_text(int64_t bytes) {
  return bytes == 0 ? "-" : humanize(bytes, Dimension::bytes);
}

std::string model_of(const redfish::Part& part) {
  if (part.model.empty()) return or_dash(part.manufacturer);
  if (part.manufacturer.empty() || part.model.starts_with(part.manufacturer)) return part.model;
  return part.manufacturer + " " + part.model;
}

// "OK", "Warning", or the state of what is not there or not on.
std::string condition_of(const redfish::Part& part) {
  if (!part.state.empty() && part.state != "Enabled") return part.state;
  return or_dash(part.health);
}

std::string place_text(const redfish::Place& place) {
  if (place.rack.empty()) return or_dash(place.row);
  std::string text = place.rack;
  if (place.unit > 0) text += " U" + std::to_string(place.unit);
  return text;
}

// Sections are set apart by an empty line.
void append(std::string& out, const Table& table, const Terminal& terminal) {
  if (table.empty()) return;
  if (!out.empty()) out += "\n";
  out += table.text(terminal);
}

Table systems(const Survey& survey) {
  Table table({"SYSTEM", "POWER", "HEALTH", "MODEL", "CPUS", "GPUS", "MEMORY", "BOOT"});
  for (const redfish::System& system : survey.systems) {
    const auto count = [&](auto fits) {
      return count_text(std::ranges::count_if(survey.processors, [&](const auto& p) {
        const bool is_alone = survey.systems.size() == 1;
        return !p.is_absent() && fits(p) && (is_alone || p.owner == system.id);
      }));
    };
    std::string boot = or_dash(system.boot.target);
    if (!system.boot.enabled.empty()) boot += " (" + system.boot.enabled + ")";
    table.add({or_dash(system.host_name.empty() ? last_part(system.id) : system.host_name),
               or_dash(system.power_state), or_dash(system.health), model_of(system),
               count([](const auto& p) { return p.type == "CPU"; }),
               count([](const auto& p) { return p.type == "GPU"; }),
               system.memory_gib ? fmt::format("{:.0f}Gi", *system.memory_gib) : "-", boot});
  }
  return table;
}

Table chassis(const Survey& survey) {
  Table table({"CHASSIS", "TYPE", "HEALTH", "MODEL", "PLACE", "CAPACITY", "DRAWS", "SUPPLIES"});
  for (const redfish::Chassis& one : survey.chassis) {
    const auto supplies = std::ranges::count_if(
        survey.power_supplies,
        [&](const redfish::PowerSupply& s) { return s.owner == one.id && !s.is_absent(); });
    std::string count = count_text(supplies);
    if (one.supplies_needed > 0 && supplies > 0)
      count += fmt::format(" ({} needed)", one.supplies_needed);
    table.add({last_part(one.id), or_dash(one.type), or_dash(one.health), model_of(one),
               place_text(one.place), watts_text(one.capacity_watts),
               watts_text(one.consumed_watts), count});
  }
  return table;
}

// Equal parts in one row. Rows stand in the order in which their first part was found.
class Parts {
 public:
  void add(std::string kind, const redfish::Part& part, std::string size) {
    std::vector<std::string> row{std::move(kind), model_of(part), std::move(size),
                                 condition_of(part)};
    const auto [at, is_new] = counts_.emplace(row, 0);
    if (is_new) rows_.push_back(row);
    ++at->second;
  }
  Table table() const {
    Table out({"COUNT", "PART", "MODEL", "SIZE", "CONDITION"});
    for (const auto& row : rows_)
      out.add({std::to_string(counts_.at(row)), row[0], row[1], row[2], row[3]});
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
  std::map<std::vector<std::string>, int64_t> counts_;
};

std::string speed_of(const redfish::Adapter& adapter) {
  int64_t most = 0;
  for (const redfish::Port& port : adapter.ports) most = std::max({most, port.max_mbps, port.mbps});
  const std::string rate = most == 0 ? "-" : rate_text(most);
  return adapter.ports.size() < 2 ? rate : fmt::format("{} × {}", adapter.ports.size(), rate);
}

std::string link_of(const redfish::PcieDevice& device) {
  if (device.link.generation.empty()) return "-";
  std::string text = device.link.generation;
  if (device.link.lanes > 0) text += fmt::format(" x{}", device.link.lanes);
  if (device.link.max_lanes > device.link.lanes && device.link.lanes > 0)
    text += fmt::format(" of x{}", device.link.max_lanes);
  return text;
}

Table parts(const Survey& survey) {
  Parts parts;
  for (const auto& p : survey.processors)
    parts.add(p.type.empty() ? "processor" : p.type, p,
              p.type == "CPU" ? p.cores > 0 ? fmt::format("{} cores", p.cores) : "-"
                              : bytes_text(p.memory_bytes));
  for (const auto& m : survey.memory)
    parts.add(m.type.empty() ? "memory" : m.type, m, bytes_text(m.bytes));
  constexpr const char* kinds[] = {"network adapter", "fabric adapter", "network interface"};
  for (const auto& a : survey.adapters)
    parts.add(kinds[static_cast<size_t>(a.kind)], a, speed_of(a));
  for (const auto& d : survey.drives)
    parts.add(d.protocol.empty() ? "drive" : d.protocol + " drive", d,
              d.bytes == 0 ? "-" : humanize(d.bytes, Dimension::bytes));
  for (const auto& p : survey.pcie_devices)
    parts.add(p.cxl.empty() ? "PCIe device" : "CXL " + p.cxl, p, link_of(p));
  for (const auto& s : survey.switches)
    parts.add(s.type.empty() ? "switch" : s.type + " switch", s, "-");
  for (const auto& s : survey.power_supplies)
    parts.add("power supply", s, watts_text(s.capacity_watts));
  return parts.table();
}

Table equipment(const Survey& survey) {
  Table table({"EQUIPMENT", "TYPE", "HEALTH", "MODEL", "PLACE", "CAPACITY", "LOAD", "MAINS",
               "BRANCHES", "OUTLETS"});
  for (const redfish::Distribution& one : survey.distributions) {
    const auto on = std::ranges::count(one.outlets, "On", &redfish::Outlet::power_state);
    std::string outlets = count_text(static_cast<int64_t>(one.outlets.size()));
    if (on > 0) outlets += fmt::format(" ({} on)", on);
    table.add(
        {or_dash(one.name), or_dash(one.type), or_dash(one.health), model_of(one),
         place_text(one.place),
         one.capacity_va ? humanize(std::llround(*one.capacity_va * 1000), Dimension::power) + "*"
                         : "-",
         watts_text(one.load_watts), count_text(static_cast<int64_t>(one.mains.size())),
         count_text(static_cast<int64_t>(one.branches.size() + one.feeders.size())), outlets});
  }
  return table;
}

Table cooling(const Survey& survey) {
  Table table(
      {"COOLING", "TYPE", "HEALTH", "MODEL", "PLACE", "CAPACITY", "HEAT", "PUMPS", "LEAKS"});
  for (const redfish::CoolingUnit& one : survey.cooling_units)
    table.add({or_dash(one.name), or_dash(one.type), or_dash(one.health), model_of(one),
               place_text(one.place), watts_text(one.capacity_watts),
               one.heat_kw ? watts_text(*one.heat_kw * 1000) : "-", count_text(one.pumps),
               one.leak_detectors == 0
                   ? "-"
                   : fmt::format("{} of {} detectors", one.leaks.size(), one.leak_detectors)});
  return table;
}

}  // namespace

std::string watts_text(std::optional<double> watts) {
  if (!watts || *watts > 1e12) return "-";
  return humanize(std::llround(*watts * 1000), Dimension::power);
}

std::string last_part(const std::string& id) { return id.substr(id.rfind('/') + 1); }

std::string survey_text(const Survey& survey, const Terminal& terminal) {
  std::string out;
  const std::string made = (survey.vendor + " " + survey.product);
  std::string head = made.size() > 1 ? made : std::string("management controller");
  while (head.starts_with(' ')) head.erase(0, 1);
  while (head.ends_with(' ')) head.pop_back();
  if (!survey.version.empty()) head += " · Redfish " + survey.version;
  for (const redfish::Manager& manager : survey.managers)
    head +=
        " · " + last_part(manager.id) + (manager.firmware.empty() ? "" : " " + manager.firmware);
  out += printable(head) + "\n";
  append(out, systems(survey), terminal);
  append(out, chassis(survey), terminal);
  append(out, parts(survey), terminal);
  append(out, equipment(survey), terminal);
  if (std::ranges::any_of(survey.distributions,
                          [](const auto& d) { return d.capacity_va.has_value(); }))
    out += "* in volt-amperes; as watts it holds at a power factor of 1\n";
  append(out, cooling(survey), terminal);
  std::string more;
  if (survey.fans > 0) more += fmt::format("{} fans", survey.fans);
  if (survey.coolant_connectors > 0)
    more +=
        fmt::format("{}{} coolant connectors", more.empty() ? "" : ", ", survey.coolant_connectors);
  if (!more.empty()) out += "\n" + more + "\n";
  return out;
}

std::string limits_text(const std::vector<redfish::PowerLimit>& limits, const Terminal& terminal) {
  Table table({"LIMIT", "OF", "NOW", "LEAST", "MOST", "DEFAULT", "MODE", "DRAWS"});
  for (const redfish::PowerLimit& limit : limits)
    table.add({last_part(limit.owner), or_dash(limit.of), watts_text(limit.set_point),
               watts_text(limit.minimum),
               // A capacity of zero says nothing.
               limit.maximum && *limit.maximum > 0 ? watts_text(limit.maximum) : "-",
               watts_text(limit.standard), or_dash(limit.mode), watts_text(limit.reading)});
  return table.empty() ? std::string() : table.text(terminal);
}

std::string power_text(const Survey& survey, const Terminal& terminal) {
  std::string out;
  Table supplies({"SUPPLY", "IN", "CONDITION", "MODEL", "CAPACITY", "TAKES", "GIVES"});
  for (const redfish::PowerSupply& one : survey.power_supplies)
    supplies.add({or_dash(one.label.empty() ? one.name : one.label), last_part(one.owner),
                  condition_of(one), model_of(one), watts_text(one.capacity_watts),
                  watts_text(one.input_watts), watts_text(one.output_watts)});
  append(out, supplies, terminal);
  if (const std::string limits = limits_text(survey.limits, terminal); !limits.empty())
    out += (out.empty() ? "" : "\n") + limits;
  for (const redfish::Distribution& one : survey.distributions) {
    Table circuits({printable(or_dash(one.name)), "KIND", "RATED", "DRAWS", "STATE"});
    const auto amps = [](std::optional<double> a) { return a ? fmt::format("{:g}A", *a) : "-"; };
    for (const auto* list : {&one.mains, &one.branches, &one.feeders})
      for (const redfish::Circuit& circuit : *list)
        circuits.add({last_part(circuit.id), or_dash(circuit.kind), amps(circuit.amps),
                      watts_text(circuit.watts), condition_of(circuit)});
    for (const redfish::Outlet& outlet : one.outlets)
      circuits.add({last_part(outlet.id), "Outlet", amps(outlet.amps), watts_text(outlet.watts),
                    or_dash(outlet.power_state)});
    append(out, circuits, terminal);
  }
  append(out, cooling(survey), terminal);
  Table temperatures({"TEMPERATURE", "IN", "NOW"});
  for (const redfish::Temperature& one : survey.temperatures)
    temperatures.add({or_dash(one.name), last_part(one.owner), fmt::format("{:g}°C", one.celsius)});
  append(out, temperatures, terminal);
  if (out.empty()) out = "nothing is said about power\n";
  return out;
}

}  // namespace freehold::cli
