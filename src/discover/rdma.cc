// RDMA devices: InfiniBand, RoCE and others below /sys/class/infiniband.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

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
  if (record != nullptr && record->is_virtual) {
    scan.note(clean_text(name, 63) + ": a virtual function is not a device of its own");
    return;
  }
  api::Device device;
  device.id = clean_text(name, 63);
  device.cls = api::DeviceClass::rdma_nic;
  device.pci = address;
  device.model = clean_text(scan.line(folder + "/hca_type"), limits::model_characters);
  if (device.model.empty() && record != nullptr)
    device.model = record->function.vendor + ":" + record->function.device;
  device.numa = record == nullptr ? -1 : record->function.numa;
  const Ports ports = read_ports(scan, name, folder);
  device.speed = format_network_speed(ports.best_mbps);
  api::NodeDevice seen;
  seen.identity = clean_text(scan.line(folder + "/node_guid"), 128);
  seen.health = ports.up > 0 ? api::Health::healthy : api::Health::unknown;
  DeviceAccess access;
  if (record != nullptr) {
    seen.link_speed = record->speed_now;
    seen.link_width = record->width_now;
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
