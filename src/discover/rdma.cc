// RDMA devices: InfiniBand, RoCE and others below /sys/class/infiniband.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

// Mellanox's own numbers, which nobody orders by.
std::string model_of(std::string_view hca_type) {
  static constexpr struct {
    std::string_view type, name;
  } known[] = {
      {"MT4099", "ConnectX-3"},    {"MT4103", "ConnectX-3 Pro"}, {"MT4115", "ConnectX-4"},
      {"MT4117", "ConnectX-4 Lx"}, {"MT4119", "ConnectX-5"},     {"MT4121", "ConnectX-5 Ex"},
      {"MT4123", "ConnectX-6"},    {"MT4125", "ConnectX-6 Dx"},  {"MT4127", "ConnectX-6 Lx"},
      {"MT4129", "ConnectX-7"},    {"MT4131", "ConnectX-8"},     {"MT41682", "BlueField"},
      {"MT41686", "BlueField-2"},  {"MT41692", "BlueField-3"}};
  for (const auto& card : known)
    if (card.type == hca_type) return std::string(card.name);
  return clean_text(hca_type, limits::model_characters);
}

struct Ports {
  int64_t best_mbps = 0;  // of those that are up
  size_t up = 0, all = 0;
};

Ports read_ports(Scan& scan, const std::string& name, const std::string& folder) {
  Ports ports;
  for (const std::string& port : scan.names(folder + "/ports")) {
    const std::string at = folder + "/ports/" + port;
    ++ports.all;
    const std::string state = parse_numbered_state(scan.line(at + "/state"));
    if (state != "ACTIVE") {
      scan.note(clean_text(name, 63) + ": port " + clean_text(port, 16) + " is " +
                (state.empty() ? "in an unknown state" : to_lower(clean_text(state, 32))));
      continue;
    }
    ++ports.up;
    ports.best_mbps = std::max(ports.best_mbps, parse_infiniband_rate(scan.line(at + "/rate")));
  }
  return ports;
}

void add_rdma(Scan& scan, const std::string& name) {
  const std::string folder = "/sys/class/infiniband/" + name;
  const auto directory = scan.root.resolve(folder);
  if (!directory.ok()) {
    scan.note(clean_text(name, 63) + ": " + clean_text(directory.error().message, 200));
    return;
  }
  const std::string address = scan.pci_above(*directory);
  const PciRecord* record = scan.find_pci(address);
  const bool in_software = directory->find("/virtual/") != std::string::npos;
  if (in_software || (record != nullptr && record->is_virtual)) {
    scan.note(clean_text(name, 63) + ": virtual, so not a device of its own");
    return;
  }
  api::Device device;
  device.id = clean_text(name, 63);
  device.cls = api::DeviceClass::rdma_nic;
  device.model = model_of(scan.line(folder + "/hca_type"));
  if (device.model.empty() && record != nullptr)
    device.model = record->function.vendor + ":" + record->function.device;
  const Ports ports = read_ports(scan, name, folder);
  device.speed = format_network_speed(ports.best_mbps);
  api::NodeDevice seen;
  seen.identity = clean_text(scan.line(folder + "/node_guid"), 128);
  seen.health = ports.up > 0 ? api::Health::healthy : api::Health::unknown;
  DeviceAccess access;
  Scan::locate(record, device, seen);
  if (record != nullptr) {
    access.interfaces = scan.names(record->directory + "/net");
    for (const std::string& verbs : scan.names(record->directory + "/infiniband_verbs"))
      access.files.push_back("/dev/infiniband/" + verbs);
  }
  scan.add(std::move(device), std::move(seen), std::move(access));
}

}  // namespace

void scan_rdma(Scan& scan) {
  for (const std::string& name : scan.names("/sys/class/infiniband")) add_rdma(scan, name);
}

}  // namespace freehold::discover
