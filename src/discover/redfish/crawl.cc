#include "discover/redfish/crawl.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/redfish/limits.h"

namespace freehold::discover::redfish {

namespace {

struct Step {
  std::string_view from, property, to;
};

// Every link that is followed. "XCollection" is a collection of X; its members are X.
constexpr Step steps[] = {
    {"ServiceRoot", "Systems", "ComputerSystemCollection"},
    {"ServiceRoot", "Chassis", "ChassisCollection"},
    {"ServiceRoot", "Managers", "ManagerCollection"},
    {"ServiceRoot", "PowerEquipment", "PowerEquipment"},
    {"ServiceRoot", "ThermalEquipment", "ThermalEquipment"},
    {"ServiceRoot", "Fabrics", "FabricCollection"},
    {"ComputerSystem", "Links.Chassis", "Chassis"},
    {"ComputerSystem", "Processors", "ProcessorCollection"},
    {"ComputerSystem", "Memory", "MemoryCollection"},
    {"ComputerSystem", "Storage", "StorageCollection"},
    {"ComputerSystem", "SimpleStorage", "SimpleStorageCollection"},
    {"ComputerSystem", "EthernetInterfaces", "EthernetInterfaceCollection"},
    {"ComputerSystem", "PCIeDevices", "PCIeDevice"},
    {"ComputerSystem", "FabricAdapters", "FabricAdapterCollection"},
    {"Processor", "EnvironmentMetrics", "EnvironmentMetrics"},
    {"Storage", "Drives", "Drive"},
    {"Chassis", "Links.ComputerSystems", "ComputerSystem"},
    {"Chassis", "Links.Contains", "Chassis"},
    {"Chassis", "Links.ContainedBy", "Chassis"},
    {"Chassis", "Links.PowerDistribution", "PowerDistribution"},
    {"Chassis", "Processors", "ProcessorCollection"},
    {"Chassis", "Memory", "MemoryCollection"},
    {"Chassis", "NetworkAdapters", "NetworkAdapterCollection"},
    {"Chassis", "FabricAdapters", "FabricAdapterCollection"},
    {"Chassis", "PCIeDevices", "PCIeDeviceCollection"},
    {"Chassis", "Drives", "DriveCollection"},
    {"Chassis", "Links.Drives", "Drive"},
    {"Chassis", "PowerSubsystem", "PowerSubsystem"},
    {"Chassis", "ThermalSubsystem", "ThermalSubsystem"},
    {"Chassis", "EnvironmentMetrics", "EnvironmentMetrics"},
    {"Chassis", "Power", "Power"},
    {"Chassis", "Thermal", "Thermal"},
    {"PowerSubsystem", "PowerSupplies", "PowerSupplyCollection"},
    {"PowerSupply", "Metrics", "PowerSupplyMetrics"},
    {"ThermalSubsystem", "ThermalMetrics", "ThermalMetrics"},
    {"ThermalSubsystem", "Fans", "FanCollection"},
    {"ThermalSubsystem", "CoolantConnectors", "CoolantConnectorCollection"},
    {"NetworkAdapter", "Ports", "PortCollection"},
    {"NetworkAdapter", "NetworkPorts", "NetworkPortCollection"},
    {"FabricAdapter", "Ports", "PortCollection"},
    {"PCIeDevice", "PCIeFunctions", "PCIeFunctionCollection"},
    {"PCIeDevice", "Links.PCIeFunctions", "PCIeFunction"},
    {"PCIeDevice", "CXLLogicalDevices", "CXLLogicalDeviceCollection"},
    {"PowerEquipment", "FloorPDUs", "PowerDistributionCollection"},
    {"PowerEquipment", "RackPDUs", "PowerDistributionCollection"},
    {"PowerEquipment", "Switchgear", "PowerDistributionCollection"},
    {"PowerEquipment", "TransferSwitches", "PowerDistributionCollection"},
    {"PowerEquipment", "PowerShelves", "PowerDistributionCollection"},
    {"PowerEquipment", "ElectricalBuses", "PowerDistributionCollection"},
    {"PowerDistribution", "Links.Chassis", "Chassis"},
    {"PowerDistribution", "Mains", "CircuitCollection"},
    {"PowerDistribution", "Branches", "CircuitCollection"},
    {"PowerDistribution", "Feeders", "CircuitCollection"},
    {"PowerDistribution", "Subfeeds", "CircuitCollection"},
    {"PowerDistribution", "Outlets", "OutletCollection"},
    {"PowerDistribution", "Metrics", "PowerDistributionMetrics"},
    {"PowerDistribution", "PowerSupplies", "PowerSupplyCollection"},
    {"ThermalEquipment", "CDUs", "CoolingUnitCollection"},
    {"ThermalEquipment", "ImmersionUnits", "CoolingUnitCollection"},
    {"ThermalEquipment", "HeatExchangers", "CoolingUnitCollection"},
    {"CoolingUnit", "PrimaryCoolantConnectors", "CoolantConnectorCollection"},
    {"CoolingUnit", "SecondaryCoolantConnectors", "CoolantConnectorCollection"},
    {"CoolingUnit", "Pumps", "PumpCollection"},
    {"CoolingUnit", "LeakDetection", "LeakDetection"},
    {"CoolingUnit", "Links.Chassis", "Chassis"},
    {"Fabric", "Switches", "SwitchCollection"},
};

constexpr std::string_view collection = "Collection";

std::string shown(std::string_view id) { return clean_text(id, limits::text_characters); }

}  // namespace

std::string type_of(const json::Value& body) {
  const std::string_view name = body.string_at({"@odata.type"});
  const size_t dot = name.rfind('.');
  std::string_view type = dot == std::string_view::npos ? name : name.substr(dot + 1);
  if (type.starts_with('#')) type.remove_prefix(1);
  return clean_text(type, limits::text_characters);
}

bool is_hardware(std::string_view type) {
  return !type.ends_with(collection) && std::ranges::any_of(steps, [&](const Step& step) {
    std::string_view to = step.to;
    if (to.ends_with(collection)) to.remove_suffix(collection.size());
    return to == type && type != "EnvironmentMetrics" && type != "EthernetInterface";
  });
}

std::string local_path(std::string_view id) {
  if (id.size() > limits::id_bytes || !id.starts_with('/') || id.starts_with("//")) return {};
  if (!is_utf8(id)) return {};
  for (const char c : id)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '\\') return {};
  id = id.substr(0, id.find('#'));
  for (const std::string_view part : split(id, '/'))
    if (part == "." || part == "..") return {};
  return std::string(id);
}

std::string local_id(std::string_view id) {
  std::string out = local_path(id);
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

std::vector<const json::Value*> references(const json::Value* property) {
  std::vector<const json::Value*> out;
  if (property == nullptr) return out;
  if (property->as_object() != nullptr) out.push_back(property);
  if (const json::Array* list = property->as_array())
    for (const json::Value& one : *list)
      if (one.as_object() != nullptr && out.size() < limits::members) out.push_back(&one);
  return out;
}

bool is_expanded(const json::Value& member) {
  const json::Object* object = member.as_object();
  if (object == nullptr) return false;
  return std::ranges::any_of(*object, [](const json::Member& m) {
    return m.first == "@odata.type" || !m.first.starts_with('@');
  });
}

std::string member_id(std::string_view collection_id, size_t index, const json::Value& member) {
  std::string own = local_id(member.string_at({"@odata.id"}));
  if (!own.empty()) return own;
  return std::string(collection_id) + "#/Members/" + std::to_string(index);
}

const json::Value* property(const json::Value& body, std::string_view path) {
  const json::Value* at = &body;
  for (const std::string_view name : split(path, '.')) {
    const json::Object* object = at->as_object();
    at = object == nullptr ? nullptr : object->find(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

Crawl::Crawl()
    : root_(Error{Reason::not_found, "there is no service root, a document of type ServiceRoot"}) {
  wanted_.emplace_back(root_id);
  expected_.emplace(root_id, "ServiceRoot");
}

std::vector<std::string> Crawl::next() { return std::exchange(wanted_, {}); }

Result<void> Crawl::outcome() const {
  if (!root_ || has_branch_ || !branches_.empty()) return root_;
  return first_branch_;
}

void Crawl::stop(const std::string& why) {
  size_t left = 0;
  for (const auto& [id, type] : expected_) left += documents_.contains(id) ? 0 : 1;
  note(why + ": " + std::to_string(left) + " documents, and what they lead to, are left out");
  is_stopped_ = true;
  wanted_.clear();
}

void Crawl::note(std::string text) {
  if (notes_.size() + 1 < limits::notes) return notes_.push_back(std::move(text));
  if (notes_.size() < limits::notes) notes_.emplace_back("more was left out");
}

void Crawl::take(const std::string& id, Result<std::string> answer) {
  const auto expected = expected_.find(id);
  if (expected == expected_.end()) return;  // never asked for
  const bool is_root = id == root_id;
  const auto fail = [&](Error error) {
    const std::string message = clean_text(error.message, 512);
    // A client may have said already what it asked for.
    if (!message.starts_with(id)) error = std::move(error).within(shown(id));
    if (!is_root) note(message.starts_with(id) ? message : shown(id) + ": " + message);
    if (is_root)
      root_ = std::move(error);
    else if (branches_.erase(id) > 0 && first_branch_)
      first_branch_ = std::move(error);
  };
  if (!answer) return fail(std::move(answer).error());
  if (answer->size() > limits::document_bytes)
    return fail({Reason::too_large, "the document is larger than " +
                                        std::to_string(limits::document_bytes >> 20) + " MiB"});
  bytes_ += answer->size();
  if (bytes_ > limits::total_bytes)
    return fail({Reason::too_large, "left out: all documents together are larger than " +
                                        std::to_string(limits::total_bytes >> 20) + " MiB"});
  std::string_view text = *answer;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  auto body = json::parse(text);
  if (!body) return fail(std::move(body).error());
  if (body->as_object() == nullptr) return fail({Reason::bad_request, "is no JSON object"});
  if (is_root) {
    const std::string type = type_of(*body);
    if (!type.empty() && type != "ServiceRoot")
      return fail({Reason::bad_request, "is no service root but a " + type});
    root_ = {};
  }
  has_branch_ = branches_.erase(id) > 0 || has_branch_;
  add(id, std::move(*body), expected->second);
}

void Crawl::add(const std::string& id, json::Value body, const std::string& expected) {
  std::string type = type_of(body);
  if (type.empty()) type = expected;
  if (type != expected) note(shown(id) + ": a link to a " + expected + " leads to this " + type);
  const std::string own(body.string_at({"@odata.id"}));
  if (!own.empty() && id.find('?') == std::string::npos && local_id(own) != id &&
      !id.starts_with(local_id(own) + "#"))
    note(shown(id) + ": calls itself " + shown(own));
  const auto [at, is_new] = documents_.emplace(id, Document{std::move(type), std::move(body)});
  if (is_new) follow(id, at->second, expected);
}

void Crawl::follow(const std::string& id, const Document& document, const std::string& expected) {
  if (document.type.ends_with(collection)) {
    if (document.type == expected) follow_members(id, document);
    return;
  }
  for (const Step& step : steps) {
    if (step.from != document.type) continue;
    for (const json::Value* link : references(property(document.body, step.property)))
      want(*link, id, step.to);
  }
}

void Crawl::follow_members(const std::string& id, const Document& document) {
  const std::string of = document.type.substr(0, document.type.size() - collection.size());
  const json::Value* list = property(document.body, "Members");
  if (list == nullptr || list->as_array() == nullptr) {
    note(shown(id) + ": the collection has no Members");
    return;
  }
  const json::Array& members = *list->as_array();
  if (members.size() > limits::members)
    note(shown(id) + ": has more than " + std::to_string(limits::members) + " members");
  for (size_t i = 0; i < std::min(members.size(), limits::members); ++i) {
    if (members[i].as_object() == nullptr) {
      note(shown(id) + ": member " + std::to_string(i) + " is no object");
    } else if (is_expanded(members[i])) {
      const std::string own = member_id(id, i, members[i]);
      if (expected_.size() >= limits::documents || !expected_.emplace(own, of).second) continue;
      add(own, members[i], of);
    } else {
      want(members[i], id, of);
    }
  }
  if (const json::Value* more = document.body.at({"Members@odata.nextLink"})) {
    json::Object link;
    link["@odata.id"] = more->as_string() != nullptr ? *more : json::Value();
    const size_t page = pages_.contains(id) ? pages_.at(id) + 1 : 1;
    if (page >= limits::pages)
      return note(shown(id) + ": more than " + std::to_string(limits::pages) +
                  " pages of one collection: the rest is left out");
    pages_.emplace(local_id(json::Value(link).string_at({"@odata.id"})), page);
    want(json::Value(std::move(link)), id, document.type);
  }
}

void Crawl::want(const json::Value& link, std::string_view from, std::string_view type) {
  if (is_stopped_) return;
  const std::string_view given = link.string_at({"@odata.id"});
  if (given.empty())
    return note(shown(from) + ": a link to a " + std::string(type) + " has no @odata.id");
  std::string id = local_id(given);
  if (id.empty()) return note(shown(from) + ": \"" + shown(given) + "\" leads elsewhere");
  if (expected_.contains(id)) return;
  if (expected_.size() >= limits::documents)
    return note("more than " + std::to_string(limits::documents) +
                " documents: the rest is left out");
  expected_.emplace(id, type);
  if (from == root_id) branches_.insert(id);
  wanted_.push_back(std::move(id));
}

}  // namespace freehold::discover::redfish
