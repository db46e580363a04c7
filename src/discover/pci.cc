// The PCI tree: every function with its place, ids, memory node and link.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

// The part before the function itself, if it is a bridge or a root. Trees that were copied as flat
// folders have none.
std::string parent_of(std::string_view directory) {
  const size_t slash = directory.rfind('/');
  if (slash == std::string_view::npos) return "";
  const std::string above = last_part(directory.substr(0, slash));
  return is_pci_address(above) || is_pci_root(above) ? above : "";
}

void read_link(Scan& scan, PciRecord& record) {
  const std::string& folder = record.directory;
  record.function.link_speed = parse_link_speed(scan.line(folder + "/max_link_speed"));
  record.function.link_width = parse_link_width(scan.line(folder + "/max_link_width"));
  record.speed_now = parse_link_speed(scan.line(folder + "/current_link_speed"));
  record.width_now = parse_link_width(scan.line(folder + "/current_link_width"));
}

std::optional<PciRecord> read_function(Scan& scan, const std::string& name) {
  const auto directory = scan.root.resolve("/sys/bus/pci/devices/" + name);
  if (!directory.ok()) {
    scan.note("pci " + name + ": " + directory.error().message);
    return std::nullopt;
  }
  PciRecord record;
  record.directory = *directory;
  api::PciFunction& function = record.function;
  function.address = name;
  function.parent = parent_of(record.directory);
  function.class_code = parse_hex_id(scan.line(record.directory + "/class"), 4);
  function.vendor = parse_hex_id(scan.line(record.directory + "/vendor"), 4);
  function.device = parse_hex_id(scan.line(record.directory + "/device"), 4);
  if (function.class_code.empty() || function.vendor.empty())
    scan.note("pci " + name + ": class or vendor cannot be read");
  function.numa = std::max<int64_t>(scan.number(record.directory + "/numa_node").value_or(-1), -1);
  record.subsystem = parse_hex_id(scan.line(record.directory + "/subsystem_vendor"), 4) + ":" +
                     parse_hex_id(scan.line(record.directory + "/subsystem_device"), 4);
  if (const auto driver = scan.root.read_link(record.directory + "/driver"); driver.ok())
    record.driver = clean_text(last_part(*driver), 63);
  // The kernel numbers groups as it finds them, so they are no fact of a model.
  if (const auto group = scan.root.read_link(record.directory + "/iommu_group"); group.ok())
    record.iommu_group = std::max<int64_t>(parse_int(last_part(*group)).value_or(-1), -1);
  record.is_virtual = scan.root.exists(record.directory + "/physfn");
  read_link(scan, record);
  return record;
}

// What contracts may ask for, or what moves their data.
bool matters(const api::PciFunction& function) {
  const std::string_view base = std::string_view(function.class_code).substr(0, 2);
  const std::string_view code = function.class_code;
  return base == "01" || base == "02" || base == "03" || base == "12" || code == "0502" ||
         code == "0b40" || code == "0c06" || code == "0680";
}

// A card that is in the machine, but that no driver made a device of.
bool is_orphan(const PciRecord& record) {
  const std::string_view code = record.function.class_code;
  return (code == "0200" || code == "0207" || code == "0108") && !record.is_virtual;
}

}  // namespace

void scan_pci(Scan& scan) {
  for (const std::string& name : scan.names("/sys/bus/pci/devices")) {
    if (!is_pci_address(name)) continue;
    if (scan.pci.size() >= limits::pci_functions) {
      scan.note("pci: more than " + std::to_string(limits::pci_functions) +
                " functions; the rest was not read");
      break;
    }
    if (auto record = read_function(scan, name)) scan.pci.push_back(std::move(*record));
  }
  std::sort(scan.pci.begin(), scan.pci.end(), [](const PciRecord& a, const PciRecord& b) {
    return parse_pci_address(a.function.address) < parse_pci_address(b.function.address);
  });
}

void scan_windows(Scan& scan) {
  for (size_t i = 0; i < scan.machine.devices.size(); ++i) {
    const api::Device& device = scan.machine.profile.devices[i];
    const PciRecord* record = scan.find_pci(device.address);
    if (device.cls != api::DeviceClass::gpu || device.memory_bytes == 0 || record == nullptr)
      continue;
    // Memory that the kernel manages is reached as the machine's own.
    const bool is_system = std::any_of(scan.device_of_memory.begin(), scan.device_of_memory.end(),
                                       [&](const auto& node) { return node.second == device.id; });
    if (is_system) continue;
    const int64_t window =
        parse_largest_window(scan.root.read_file(record->directory + "/resource").value_or(""));
    scan.machine.devices[i].bus_memory_bytes = std::min(window, device.memory_bytes);
    if (window > 0 && window < device.memory_bytes)
      scan.note(
          device.id + ": other devices reach " + std::to_string(window >> 20) + " of its " +
          std::to_string(device.memory_bytes >> 20) +
          " MiB; switch on Above 4G Decoding and Resizable BAR in the firmware's settings, if the "
          "card can do it");
  }
}

void keep_pci(Scan& scan) {
  std::set<std::string_view> kept;
  size_t too_many = 0;
  const auto is_device = [&](const std::string& address) {
    return std::any_of(scan.machine.profile.devices.begin(), scan.machine.profile.devices.end(),
                       [&](const api::Device& device) { return device.address == address; });
  };
  for (const PciRecord& record : scan.pci)
    if (is_orphan(record) && !is_device(record.function.address)) {
      scan.note("pci " + record.function.address + ": a " +
                (record.function.class_code == "0108" ? "disk" : "network card") +
                (record.driver.empty() ? " without a driver"
                                       : " of which " + record.driver + " made no device"));
    }
  for (const PciRecord& record : scan.pci) {
    if (record.is_virtual || !(matters(record.function) || is_device(record.function.address)))
      continue;
    std::vector<std::string_view> path;
    const PciRecord* at = &record;
    for (size_t depth = 0; at != nullptr && depth < limits::pci_depth; ++depth) {
      if (kept.contains(at->function.address)) break;
      path.push_back(at->function.address);
      at = scan.find_pci(at->function.parent);
    }
    if (kept.size() + path.size() > limits::pci_kept) {
      ++too_many;
      continue;
    }
    kept.insert(path.begin(), path.end());
  }
  for (const PciRecord& record : scan.pci)
    if (kept.contains(record.function.address)) scan.machine.profile.pci.push_back(record.function);
  if (too_many > 0)
    scan.note("pci: " + std::to_string(too_many) + " functions beyond the limit were left out");
}

}  // namespace freehold::discover
