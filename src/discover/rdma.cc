// RDMA devices: InfiniBand, RoCE and others below /sys/class/infiniband.
#include <algorithm>
#include <set>

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

constexpr size_t gids_looked_at = 16;  // of 256, most of them empty; the first have every type

// How a port speaks RDMA over Ethernet: by the types of its addresses.
std::vector<std::string> protocols_of(const Scan& scan, const std::string& at) {
  std::set<std::string> found;
  for (size_t i = 0; i < gids_looked_at && found.size() < 2; ++i) {
    const std::string type = scan.line(at + "/gid_attrs/types/" + std::to_string(i));
    if (std::string protocol = parse_gid_type(type); !protocol.empty())
      found.insert(std::move(protocol));
  }
  return {found.begin(), found.end()};
}

api::DevicePort read_port(const Scan& scan, const std::string& at, int64_t number) {
  api::DevicePort port;
  port.number = number;
  port.state = clean_text(parse_numbered_state(scan.line(at + "/state")), 32);
  port.link_layer = clean_text(scan.line(at + "/link_layer"), 32);
  port.identity = guid_of(scan.line(at + "/gids/0"));
  port.physical_state = clean_text(parse_numbered_state(scan.line(at + "/phys_state")), 32);
  // What a port without a link says of its rate is what it rests at.
  if (port.state == "ACTIVE")
    port.speed = format_network_speed(parse_infiniband_rate(scan.line(at + "/rate")));
  return port;
}

std::vector<api::DevicePort> read_ports(Scan& scan, const std::string& name,
                                        const std::string& folder) {
  // The kernel gives the addresses of iWARP cards the type of InfiniBand's.
  const bool is_iwarp = parse_numbered_state(scan.line(folder + "/node_type")) == "RNIC";
  std::vector<api::DevicePort> ports;
  for (const std::string& entry : scan.names(folder + "/ports")) {
    const auto number = parse_int(entry);
    if (!number || *number < 1 || *number > 255 || ports.size() >= limits::ports) continue;
    ports.push_back(read_port(scan, folder + "/ports/" + entry, *number));
    api::DevicePort& port = ports.back();
    if (is_iwarp)
      port.protocols = {"iWARP"};
    else if (port.link_layer == "Ethernet")
      port.protocols = protocols_of(scan, folder + "/ports/" + entry);
    if (port.state != "ACTIVE")
      scan.note(clean_text(name, 63) + ": port " + entry + " is " +
                (port.state.empty() ? "in an unknown state" : to_lower(port.state)) +
                (port.physical_state.empty() ? "" : " (" + port.physical_state + ")"));
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

// What to do about a device none of whose ports is up, as far as the wire tells.
std::string reason_of(const std::vector<api::DevicePort>& ports) {
  const auto all = [&](std::string_view state) {
    return !ports.empty() && std::all_of(ports.begin(), ports.end(), [&](const auto& port) {
      return port.physical_state == state;
    });
  };
  if (all("Disabled")) return "its ports are disabled; set the interface up, or enable the port";
  if (std::any_of(ports.begin(), ports.end(),
                  [](const auto& port) { return port.physical_state == "LinkUp"; }))
    return "a port has a link but is not active; check the subnet manager, or set the interface up";
  return "no port has a link; check cable, switch port and subnet manager";
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
  seen.firmware = parse_version(scan.line(folder + "/fw_ver"));
  seen.board_id = clean_text(scan.line(folder + "/board_id"), 128);
  const bool up = std::any_of(seen.ports.begin(), seen.ports.end(),
                              [](const auto& port) { return port.state == "ACTIVE"; });
  if (up)
    seen.health = api::Health::healthy;
  else
    seen.reason = reason_of(seen.ports);
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
