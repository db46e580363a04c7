// RDMA devices: InfiniBand, RoCE and others below /sys/class/infiniband.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

// "fe80:0000:0000:0000:b83f:d203:0052:0010" to the GUID in its lower half; empty when it is none.
std::string guid_of(std::string_view gid) {
  const auto parts = split(trim(gid), ':');
  if (parts.size() != 8) return "";
  std::string out;
  for (size_t i = 4; i < 8; ++i) {
    if (parse_hex_id(parts[i], 4).size() != 4) return "";
    out += (out.empty() ? "" : ":") + to_lower(parts[i]);
  }
  return out == "0000:0000:0000:0000" ? "" : out;
}

api::DevicePort read_port(const Scan& scan, const std::string& at, int64_t number) {
  api::DevicePort port;
  port.number = number;
  port.state = clean_text(parse_numbered_state(scan.line(at + "/state")), 32);
  port.link_layer = clean_text(scan.line(at + "/link_layer"), 32);
  port.identity = guid_of(scan.line(at + "/gids/0"));
  // What a port without a link says of its rate is what it rests at.
  if (port.state == "ACTIVE")
    port.speed = format_network_speed(parse_infiniband_rate(scan.line(at + "/rate")));
  return port;
}

std::vector<api::DevicePort> read_ports(Scan& scan, const std::string& name,
                                        const std::string& folder) {
  std::vector<api::DevicePort> ports;
  for (const std::string& entry : scan.names(folder + "/ports")) {
    const auto number = parse_int(entry);
    if (!number || *number < 1 || *number > 255 || ports.size() >= limits::ports) continue;
    ports.push_back(read_port(scan, folder + "/ports/" + entry, *number));
    const std::string& state = ports.back().state;
    if (state != "ACTIVE")
      scan.note(clean_text(name, 63) + ": port " + entry + " is " +
                (state.empty() ? "in an unknown state" : to_lower(state)));
  }
  return ports;
}

// The best of the ports that are up; empty when none is.
std::string best_speed(const std::vector<api::DevicePort>& ports) {
  std::string best;
  for (const api::DevicePort& port : ports) {
    const auto mine = Quantity::parse(port.speed, Dimension::bandwidth);
    const auto other = Quantity::parse(best, Dimension::bandwidth);
    if (mine.ok() && (!other.ok() || mine->value() > other->value())) best = port.speed;
  }
  return best;
}

// A card may be split among guests; what they have is not there for others.
void note_virtual_functions(Scan& scan, const PciRecord& record, const std::string& id) {
  const int64_t made = scan.number(record.directory + "/sriov_numvfs").value_or(0);
  const int64_t most = scan.number(record.directory + "/sriov_totalvfs").value_or(0);
  if (made > 0)
    scan.note(id + ": " + std::to_string(made) + " of " + std::to_string(most) +
              " virtual functions are made");
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
  device.model = rdma_model(scan.line(folder + "/hca_type"));
  if (device.model.empty() && record != nullptr) device.model = pci_ids(record->function);
  api::NodeDevice seen;
  seen.ports = read_ports(scan, name, folder);
  device.speed = best_speed(seen.ports);
  seen.identity = clean_text(scan.line(folder + "/node_guid"), 128);
  const bool up = std::any_of(seen.ports.begin(), seen.ports.end(),
                              [](const auto& port) { return port.state == "ACTIVE"; });
  if (up)
    seen.health = api::Health::healthy;
  else
    seen.reason = "no port has a link; check cable, switch port and subnet manager";
  DeviceAccess access;
  Scan::locate(record, device, seen);
  if (record != nullptr) {
    note_virtual_functions(scan, *record, device.id);
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
