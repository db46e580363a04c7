// Network interfaces. Those of RDMA devices belong to them; virtual ones (bridges, tunnels) are
// noted and left out.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

// Whether the function's port carries a link. Drivers without a notion of carrier say "unknown".
api::Health health_of(const Scan& scan, const std::string& folder) {
  const std::string state = scan.line(folder + "/operstate");
  if (state == "up" || scan.line(folder + "/carrier") == "1") return api::Health::healthy;
  return api::Health::unknown;
}

void add_interface(Scan& scan, const std::string& name, const std::string& directory,
                   const std::string& address) {
  const PciRecord* record = scan.find_pci(address);
  if (record != nullptr && record->is_virtual) {
    scan.note(name + ": virtual, so not a device of its own");
    return;
  }
  api::Device device;
  device.id = name;
  device.cls = api::DeviceClass::nic;
  if (record != nullptr) {
    device.model = pci_ids(record->function);
  } else {
    const auto driver = scan.root.read_link(directory + "/device/driver");
    if (driver.ok()) device.model = clean_text(last_part(*driver), 63);
    device.numa = std::max<int64_t>(scan.number(directory + "/device/numa_node").value_or(-1), -1);
  }
  api::NodeDevice seen;
  seen.identity = clean_text(scan.line(directory + "/address"), 128);
  seen.health = health_of(scan, directory);
  if (seen.health == api::Health::healthy) {
    device.speed = format_network_speed(scan.number(directory + "/speed").value_or(0));
  } else {
    scan.note(name + ": no link");
    seen.reason = "no link; check cable and switch port, or set the interface up";
  }
  api::DevicePort port;
  port.number = std::clamp<int64_t>(scan.number(directory + "/dev_port").value_or(0), 0, 254) + 1;
  port.identity = seen.identity;
  port.state = clean_text(scan.line(directory + "/operstate"), 32);
  // ARPHRD_ETHER and ARPHRD_INFINIBAND of linux/if_arp.h.
  const int64_t type = scan.number(directory + "/type").value_or(0);
  port.link_layer = type == 1 ? "Ethernet" : type == 32 ? "InfiniBand" : "";
  port.speed = device.speed;
  seen.ports.push_back(std::move(port));
  Scan::locate(record, device, seen);
  DeviceAccess access;
  access.interfaces = {name};
  scan.add(std::move(device), std::move(seen), std::move(access));
}

}  // namespace

void scan_network(Scan& scan) {
  std::set<std::string, std::less<>> of_rdma;
  for (const DeviceAccess& access : scan.machine.access)
    of_rdma.insert(access.interfaces.begin(), access.interfaces.end());
  std::vector<std::string> made_up;
  for (const std::string& entry : scan.names("/sys/class/net")) {
    const std::string name = clean_text(entry, 63);
    if (of_rdma.contains(entry) || entry == "lo") continue;
    const std::string link = "/sys/class/net/" + entry;
    const auto directory = scan.root.resolve(link);
    if (!directory.ok()) {
      scan.note(name + ": " + clean_text(directory.error().message, 200));
      continue;
    }
    if (!scan.root.exists(*directory + "/address")) continue;  // bonding_masters is a file
    if (directory->find("/virtual/") != std::string::npos ||
        !scan.root.exists(*directory + "/device")) {
      made_up.push_back(name);
      continue;
    }
    add_interface(scan, name, *directory, scan.pci_above(*directory));
  }
  if (!made_up.empty()) {
    const size_t count = made_up.size();
    if (count > 8) made_up.resize(8);
    scan.note("net: " + std::to_string(count) + " virtual interfaces are no hardware: " +
              join(made_up, " ") + (count > 8 ? " …" : ""));
  }
  // What the machine itself is reached by is not for others to take.
  const auto routes = parse_default_routes(scan.root.read_start("/proc/net/route").value_or(""));
  for (DeviceAccess& access : scan.machine.access)
    for (const std::string& name : access.interfaces)
      if (std::find(routes.begin(), routes.end(), name) != routes.end())
        access.used_by_system = "default route on " + name;
}

}  // namespace freehold::discover
