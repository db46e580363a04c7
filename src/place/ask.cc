#include "place/ask.h"

#include <algorithm>

#include "base/strings.h"
#include "schema/schema.h"

namespace freehold::place {
namespace {

Error unfit(std::string message) { return {Reason::invalid, std::move(message)}; }

Result<MemoryCondition> read_memory(std::string_view text) {
  using Sign = MemoryCondition::Sign;
  MemoryCondition condition;
  if (text.empty()) return condition;
  condition.text = text;
  const bool is_more = text.starts_with('>'), or_equal = text.size() > 1 && text[1] == '=';
  if (!is_more && !text.starts_with('<'))
    return unfit("\"" + std::string(text) + "\" is not a condition such as >=80GB");
  if (is_more)
    condition.sign = or_equal ? Sign::at_least : Sign::more;
  else
    condition.sign = or_equal ? Sign::at_most : Sign::less;
  condition.bytes =
      TRY(Quantity::parse(trim(text.substr(or_equal ? 2 : 1)), Dimension::bytes)).value();
  return condition;
}

Result<Level> read_level(std::string_view text) {
  if (text == "node") return Level::node;
  if (text == "rack") return Level::rack;
  if (text == "site") return Level::site;
  return unfit("\"" + std::string(text) + "\" is not honoured; use node, rack or site");
}

Result<AlignAsk> read_align(const api::Align& align, const RoleAsk& role) {
  AlignAsk ask;
  ask.within_name = align.within;
  if (align.within == "numa-node")
    ask.within = Near::numa_node;
  else if (align.within == "package")
    ask.within = Near::package;
  else if (align.within == "pcie-root")
    ask.within = Near::pcie_root;
  else
    return unfit("align within \"" + align.within +
                 "\" is not honoured; use numa-node, package or pcie-root");
  for (const std::string& name : align.devices) {
    if (name == "cpu") {
      ask.cpu = true;
    } else if (name == "memory") {
      ask.memory = true;
    } else {
      const auto at = std::find_if(role.devices.begin(), role.devices.end(),
                                   [&](const DeviceAsk& device) { return device.name == name; });
      if (at == role.devices.end())
        return unfit("align names \"" + name + "\", which is not a device of role " + role.name);
      ask.devices.push_back(static_cast<size_t>(at - role.devices.begin()));
    }
  }
  return ask;
}

Result<DeviceAsk> read_device(const fleet::Fleet& fleet, const api::DeviceRequest& device) {
  DeviceAsk ask;
  ask.name = device.name;
  ask.cls = device.cls;
  ask.count = std::max<int64_t>(0, device.count);
  ask.memory = TRY(read_memory(device.where.memory));
  ask.wanted_models = device.where.model;
  for (const std::string& model : device.where.model)
    for (std::string& name : fleet.model_names(model))
      ask.accepted_names.push_back(std::move(name));
  return ask;
}

Result<RoleAsk> read_role(const fleet::Fleet& fleet, const api::ContractRole& role,
                          const std::vector<api::AllocatedMember>& kept) {
  RoleAsk ask;
  ask.name = role.name;
  std::set<int64_t> placed;
  for (const api::AllocatedMember& member : kept) {
    if (member.role != role.name || member.index < 0 || member.index >= role.count) continue;
    placed.insert(member.index);
    ask.kept_nodes.push_back(member.node);
  }
  for (int64_t i = 0; i < role.count; ++i)
    if (!placed.contains(i)) ask.indexes.push_back(i);
  // A number counts thousandths; a part of a CPU takes a whole one.
  ask.cpus = std::max<int64_t>(0, role.each.cpu.value() + 999) / 1000;
  ask.memory_bytes = std::max<int64_t>(0, role.each.memory.value());
  ask.power_mw = std::max<int64_t>(0, role.each.power.value());
  for (const api::DeviceRequest& device : role.each.devices)
    ask.devices.push_back(TRY(read_device(fleet, device)));
  for (const api::Align& align : role.align) ask.align.push_back(TRY(read_align(align, ask)));
  if (role.together)
    ask.together =
        Across{TRY(read_level(role.together->within)), role.together->mode == api::Mode::required};
  if (role.apart)
    ask.apart =
        Across{TRY(read_level(role.apart->across)), role.apart->mode == api::Mode::required};
  return ask;
}

}  // namespace

std::string_view level_name(Level level) {
  switch (level) {
    case Level::node:
      return "node";
    case Level::rack:
      return "rack";
    case Level::site:
      return "site";
  }
  return "node";
}

bool MemoryCondition::holds(int64_t memory_bytes) const {
  if (sign == Sign::any) return true;
  if (memory_bytes <= 0) return false;
  switch (sign) {
    case Sign::any:
      return true;
    case Sign::less:
      return memory_bytes < bytes;
    case Sign::at_most:
      return memory_bytes <= bytes;
    case Sign::more:
      return memory_bytes > bytes;
    case Sign::at_least:
      return memory_bytes >= bytes;
  }
  return false;
}

bool DeviceAsk::accepts(const fleet::DeviceKind& kind) const {
  if (kind.cls != cls || !memory.holds(kind.memory_bytes)) return false;
  if (wanted_models.empty()) return true;
  const std::string model = to_lower(kind.model);
  return std::any_of(
      accepted_names.begin(), accepted_names.end(), [&](const std::string& accepted) {
        return accepted == model || (!kind.pci_ids.empty() && accepted == kind.pci_ids);
      });
}

int64_t Ask::members() const {
  int64_t sum = 0;
  for (const RoleAsk& role : roles) sum += role.count();
  return sum;
}

bool Ask::asks_power() const {
  return std::any_of(roles.begin(), roles.end(), [](const RoleAsk& r) { return r.power_mw > 0; });
}

Result<Ask> read_request(const fleet::Fleet& fleet, const Request& request) {
  const api::ContractSpec& spec = request.spec;
  if (spec.roles.empty()) return unfit("no role is asked for");
  if (spec.roles.size() > most_roles)
    return unfit("at most " + std::to_string(most_roles) + " roles can be placed together");
  if (spec.isolation > api::Isolation::l1) return unfit("isolation above L1 is not honoured yet");
  Ask ask;
  for (const api::ContractRole& role : spec.roles)
    ask.roles.push_back(TRY(read_role(fleet, role, request.kept)));
  if (ask.members() > most_members)
    return unfit("at most " + std::to_string(most_members) + " members can be placed together");
  ask.sites = spec.where.sites;
  ask.node_labels = spec.where.node_labels;
  for (const std::string& name : spec.sovereignty.jurisdictions)
    ask.jurisdictions.push_back(to_lower(name));
  ask.avoid_nodes.insert(request.avoid_nodes.begin(), request.avoid_nodes.end());
  ask.kept = request.kept;
  return ask;
}

}  // namespace freehold::place
