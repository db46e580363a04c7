#include "discover/import/host.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "schema/walk.h"

namespace freehold::discover {

namespace {

// ffff:ff:01.0 to ffff:ff:1f.7, as far as they are free.
class InventedAddresses {
 public:
  explicit InventedAddresses(const std::vector<PciNode*>& nodes) {
    for (const PciNode* node : nodes) taken_.insert(node->function.address);
  }
  std::string next() {
    for (; number_ < 0x10000; ++number_)
      if (std::string address = invented_address(number_); taken_.insert(address).second)
        return address;
    return "";
  }

 private:
  std::set<std::string> taken_;
  size_t number_ = 0xff08;
};

Error two_devices(const PciNode& first, const PciNode& second, const ImportOptions& options) {
  return fault_at(options, second.line,
                  "a second device at the PCI address " + first.function.address +
                      "; the first is in line " + std::to_string(first.line) +
                      "; one of them is wrong");
}

}  // namespace

std::string plain_address(std::string_view text) {
  std::string out = to_lower(trim(text));
  if (!is_pci_address(out)) return "";
  while (out.find(':') > 4 && out[0] == '0') out.erase(0, 1);
  return out;
}

std::string invented_address(size_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  return std::string("ffff:") + digits[number >> 12 & 15] + digits[number >> 8 & 15] + ":" +
         digits[number >> 7 & 1] + digits[number >> 3 & 15] + "." + digits[number & 7];
}

Result<void> settle_addresses(const std::vector<PciNode*>& nodes, std::vector<std::string>& notes,
                              const ImportOptions& options) {
  std::map<std::string, std::vector<PciNode*>> at;
  for (PciNode* node : nodes) at[node->function.address].push_back(node);
  InventedAddresses invented(nodes);
  for (auto& [address, same] : at) {
    if (same.size() == 1) continue;
    std::stable_partition(same.begin(), same.end(),
                          [](const auto* node) { return node->has_device; });
    if (same[1]->has_device) return two_devices(*same[0], *same[1], options);
    for (size_t i = 1; i < same.size(); ++i) {
      same[i]->function.address = invented.next();
      if (same[i]->function.address.empty())
        return fault_at(options, same[i]->line, "too many functions at one PCI address");
      add_note(notes, "pci: line " + std::to_string(same[i]->line) + " has the address " + address +
                          " of another function, too; it is called " + same[i]->function.address +
                          " here");
    }
  }
  for (PciNode* node : nodes)
    if (node->above) node->function.parent = nodes[*node->above]->function.address;
  return {};
}

std::vector<api::PciFunction> sorted_pci(const std::vector<PciNode*>& nodes,
                                         std::vector<std::string>& notes) {
  std::vector<bool> kept(nodes.size(), nodes.size() <= limits::pci_kept);
  size_t count = kept.empty() || kept[0] ? nodes.size() : 0;
  const auto keep = [&](size_t from, bool with_parents) {
    std::vector<size_t> path;
    for (std::optional<size_t> i = from; i && !kept[*i]; i = nodes[*i]->above) path.push_back(*i);
    if (!with_parents && path.size() > 1) return;
    if (count + path.size() > limits::pci_kept) return;
    for (const size_t i : path) kept[i] = true;
    count += path.size();
  };
  for (const bool devices : {true, false})
    for (size_t i = 0; i < nodes.size(); ++i)
      if (nodes[i]->has_device == devices) keep(i, devices);
  std::vector<api::PciFunction> out;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (kept[i]) out.push_back(nodes[i]->function);
  if (out.size() < nodes.size())
    add_note(notes, "pci: " + std::to_string(nodes.size() - out.size()) +
                        " functions beyond the limit were left out");
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return parse_pci_address(a.address) < parse_pci_address(b.address);
  });
  return out;
}

Result<void> add_device(HostFacts& host, api::Device device, api::NodeDevice seen,
                        const ImportOptions& options) {
  if (find_device(host, device.id) != nullptr)
    return fault_at(options, 0, "two devices are called \"" + device.id + "\"");
  if (host.profile.devices.size() >= limits::devices)
    return fault_at(options, 0,
                    "more devices than a machine may have: " + std::to_string(limits::devices));
  seen.id = device.id;
  host.profile.devices.push_back(std::move(device));
  host.devices.push_back(std::move(seen));
  return {};
}

api::Device* find_device(HostFacts& host, std::string_view id) {
  for (api::Device& device : host.profile.devices)
    if (device.id == id) return &device;
  return nullptr;
}

api::NumaNode& numa_node(HostFacts& host, int64_t id) {
  for (api::NumaNode& node : host.profile.numa)
    if (node.id == id) return node;
  host.profile.numa.push_back({});
  host.profile.numa.back().id = id;
  return host.profile.numa.back();
}

void sort_numa(HostFacts& host) {
  std::sort(host.profile.numa.begin(), host.profile.numa.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
}

namespace {

// All names that something in a profile may point to.
struct Names {
  std::set<std::string> devices, ends, addresses;
  std::set<int64_t> packages, numa;
};

Names names_of(const api::HardwareProfileSpec& profile) {
  Names names;
  for (const auto& package : profile.packages) names.packages.insert(package.id);
  for (const auto& node : profile.numa) names.numa.insert(node.id);
  for (const auto& function : profile.pci) names.addresses.insert(function.address);
  for (const auto& device : profile.devices) names.devices.insert(device.id);
  names.ends = names.devices;
  for (const int64_t id : names.packages) names.ends.insert("package" + std::to_string(id));
  for (const int64_t id : names.numa) names.ends.insert("numa" + std::to_string(id));
  return names;
}

// Adds what points nowhere.
class Dangling {
 public:
  Dangling(const Names& names, schema::Errors& errors) : names_(names), errors_(errors) {}

  void look(const api::HardwareProfileSpec& profile) {
    for (const auto& node : profile.numa) {
      const std::string at = "numa[" + std::to_string(node.id) + "].";
      number(at + "package", node.package, names_.packages);
      if (!node.device.empty()) text(at + "device", node.device, names_.devices);
    }
    for (const auto& function : profile.pci) {
      const std::string at = "pci[" + function.address + "].";
      number(at + "numa", function.numa, names_.numa);
      if (!function.parent.empty() && !is_pci_root(function.parent))
        text(at + "parent", function.parent, names_.addresses);
    }
    for (const auto& device : profile.devices) {
      const std::string at = "devices[" + device.id + "].";
      number(at + "numa", device.numa, names_.numa);
      for (const auto& link : device.links) text(at + "links", link.to, names_.ends);
    }
  }

 private:
  void number(const std::string& path, int64_t id, const std::set<int64_t>& known) {
    if (id >= 0 && !known.contains(id)) add(path, std::to_string(id));
  }
  void text(const std::string& path, const std::string& name, const std::set<std::string>& known) {
    if (!known.contains(name)) add(path, "\"" + name + "\"");
  }
  void add(const std::string& path, const std::string& what) {
    errors_.add(schema::Fault::invalid, path, what + " is not in this machine");
  }

  const Names& names_;
  schema::Errors& errors_;
};

}  // namespace

Result<void> check_host(const HostFacts& host, const ImportOptions& options) {
  schema::Errors errors;
  schema::validate(schema::type_of<api::HardwareProfileSpec>, &host.profile, {}, errors);
  const schema::Path devices{nullptr, "status"};
  for (const api::NodeDevice& device : host.devices)
    schema::validate(schema::type_of<api::NodeDevice>, &device, devices / device.id, errors);
  const Names names = names_of(host.profile);
  Dangling(names, errors).look(host.profile);
  if (errors.empty()) return {};
  Error error = errors.to_error("machine", host.name);
  if (!options.file.empty()) error.message = clean_text(options.file, 256) + ": " + error.message;
  return error;
}

void tell_separate_switches(const api::HardwareProfileSpec& profile,
                            std::vector<std::string>& notes) {
  std::vector<std::set<std::string>> groups;
  const auto is_switch = [&](const std::string& id) {
    return std::ranges::any_of(profile.devices, [&](const api::Device& device) {
      return device.id == id && device.cls == api::DeviceClass::nvswitch;
    });
  };
  for (const api::Device& device : profile.devices) {
    std::set<std::string> reached;
    for (const api::DeviceLink& link : device.links)
      if (is_switch(link.to)) reached.insert(link.to);
    if (reached.empty()) continue;
    if (device.cls == api::DeviceClass::nvswitch) reached.insert(device.id);
    std::erase_if(groups, [&](const std::set<std::string>& group) {
      const bool is_same =
          std::ranges::any_of(group, [&](const std::string& id) { return reached.contains(id); });
      if (is_same) reached.insert(group.begin(), group.end());
      return is_same;
    });
    groups.push_back(std::move(reached));
  }
  if (groups.size() > 1)
    add_note(notes, "the switches between the GPUs are " + std::to_string(groups.size()) +
                        " groups, and nothing says how these are joined: between GPUs of different "
                        "groups the way is unknown");
}

Quantity bandwidth_of_mb(int64_t mb_per_second) {
  return Quantity::of(mb_per_second * 8'000'000, Dimension::bandwidth);
}

}  // namespace freehold::discover
