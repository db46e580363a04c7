// Network interfaces. Those of RDMA devices belong to them; virtual ones (bridges, tunnels) are
// noted and left out.
#include <algorithm>
#include <map>
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

// All ports of all bridges of Open vSwitch have this master, but for the port that each bridge is
// to its own machine, which has its name and no master: of it sysfs says nothing at all.
constexpr std::string_view switch_master = "ovs-system";

bool may_be_switch_bridge(const Scan& scan, const std::string& name) {
  constexpr int64_t ethernet = 1;  // ARPHRD_ETHER of linux/if_arp.h
  if (name == "lo" || name == switch_master) return false;
  const auto directory = scan.root.resolve("/sys/class/net/" + name);
  if (!directory.ok() || directory->find("/virtual/") == std::string::npos) return false;
  for (const char* what : {"/master", "/bridge", "/bonding", "/tun_flags", "/device"})
    if (scan.root.exists(*directory + what)) return false;
  for (const std::string& entry : scan.names(*directory))
    if (entry.starts_with("lower_")) return false;
  const auto index = scan.number(*directory + "/ifindex"),
             link = scan.number(*directory + "/iflink");
  return scan.number(*directory + "/type").value_or(ethernet) == ethernet &&
         index.value_or(0) == link.value_or(index.value_or(0));
}

// Interfaces over which the default routes go, with the interface of the route: what lies below a
// bond, team, bridge or VLAN, which names it as lower_*, or is named by it as its master. Below the
// only bridge of Open vSwitch lie all of its ports; of several, nothing outside of it tells which.
using Carriers = std::map<std::string, std::string, std::less<>>;

Carriers carriers_of_default_routes(Scan& scan) {
  const auto text = [&](std::string_view path) {
    return scan.root.read_start(path, limits::routes_bytes).value_or("");
  };
  auto routes = parse_default_routes(text("/proc/net/route"));
  for (std::string& name : parse_ipv6_default_routes(text("/proc/net/ipv6_route")))
    routes.push_back(std::move(name));
  const std::string folder = "/sys/class/net/";
  std::map<std::string, std::vector<std::string>, std::less<>> below;  // by master
  for (const std::string& name : scan.names("/sys/class/net"))
    if (const auto master = scan.root.read_link(folder + name + "/master"); master.ok())
      below[last_part(*master)].push_back(name);
  const auto ports = below.find(switch_master);
  std::vector<std::string> bridges;
  if (ports != below.end())
    for (const std::string& name : scan.names("/sys/class/net"))
      if (may_be_switch_bridge(scan, name)) bridges.push_back(name);
  Carriers out;
  for (const std::string& route : routes) {
    std::vector<std::string> level{route}, next;
    for (size_t depth = 0; depth <= limits::net_depth && !level.empty(); ++depth) {
      next.clear();
      for (const std::string& name : level) {
        if (!out.try_emplace(name, route).second) continue;
        for (const std::string& entry : scan.names(folder + name))
          if (entry.starts_with("lower_")) next.push_back(entry.substr(6));
        if (const auto at = below.find(name); at != below.end())
          next.insert(next.end(), at->second.begin(), at->second.end());
        if (std::find(bridges.begin(), bridges.end(), name) == bridges.end()) continue;
        if (bridges.size() == 1)
          next.insert(next.end(), ports->second.begin(), ports->second.end());
        else
          scan.note("net: the default route on " + clean_text(name, 63) +
                    " may go over ports of Open vSwitch; which of them, with " +
                    std::to_string(bridges.size()) +
                    " interfaces that may be bridges, is not known");
      }
      std::swap(level, next);
    }
  }
  return out;
}

// What the machine itself is reached by is not for others to take.
void keep_default_routes(Scan& scan) {
  const Carriers carriers = carriers_of_default_routes(scan);
  for (DeviceAccess& access : scan.machine.access)
    for (const std::string& name : access.interfaces) {
      const auto found = carriers.find(name);
      if (found == carriers.end()) continue;
      access.used_by_system =
          clean_text("default route on " + found->second +
                         (found->second == name ? "" : ", which goes over " + name),
                     128);
    }
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
  keep_default_routes(scan);
}

}  // namespace freehold::discover
