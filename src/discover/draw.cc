#include "discover/draw.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/draw_tree.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

// "8 × NVIDIA H100 80GB HBM3": accelerators by model; else what there is, by class.
std::vector<Cell> device_cells(const api::HardwareProfileSpec& profile) {
  std::map<std::string, size_t> gpus;
  std::map<api::DeviceClass, size_t> classes;
  for (const auto& device : profile.devices) {
    if (device.cls == api::DeviceClass::gpu)
      ++gpus[device.model.empty() ? "GPU" : device.model];
    else
      ++classes[device.cls];
  }
  std::vector<Cell> out;
  for (const auto& [model, count] : gpus)
    out.push_back({(count > 1 ? std::to_string(count) + " × " : "") + model, Style::gpu});
  const auto add = [&](api::DeviceClass cls, const std::string& one, const std::string& many,
                       Style style) {
    if (const auto found = classes.find(cls); found != classes.end())
      out.push_back({counted(static_cast<int64_t>(found->second), one, many), style});
  };
  add(api::DeviceClass::nvswitch, "NVSwitch", "NVSwitches", Style::plain);
  add(api::DeviceClass::rdma_nic, "RDMA NIC", "RDMA NICs", Style::network);
  add(api::DeviceClass::nic, "NIC", "NICs", Style::network);
  add(api::DeviceClass::nvme, "NVMe", "NVMe", Style::storage);
  add(api::DeviceClass::cxl, "CXL memory device", "CXL memory devices", Style::memory);
  add(api::DeviceClass::other, "coprocessor", "coprocessors", Style::plain);
  return out;
}

// Firmware's full names are long: "Intel(R) Xeon(R) Platinum 8480C CPU @ 2.00GHz" is a Xeon
// Platinum 8480C.
std::string short_cpu(std::string_view model) {
  std::string out(model.substr(0, std::min(model.find(" @ "), model.find(", altivec"))));
  for (const std::string_view noise : {"(R)", "(r)", "(TM)", "(tm)", " CPU", " Processor"})
    for (size_t at = out.find(noise); at != std::string::npos; at = out.find(noise))
      out.erase(at, noise.size());
  std::string spaced;
  for (const std::string_view word : split(out, ' ')) {
    if (word.empty()) continue;
    if (!spaced.empty()) spaced += ' ';
    spaced += word;
  }
  return spaced;
}

std::vector<Cell> size_cells(const api::HardwareProfileSpec& profile) {
  std::map<std::string, size_t> packages;
  for (const auto& package : profile.packages) ++packages[short_cpu(package.model)];
  std::vector<Cell> out;
  for (const auto& [model, count] : packages) {
    if (!model.empty())
      out.push_back({(count > 1 ? std::to_string(count) + " × " : "") + model, Style::plain});
    else if (count > 1)
      out.push_back({std::to_string(count) + " packages", Style::plain});
  }
  const auto threads =
      static_cast<int64_t>(parse_cpu_list(profile.cpus).value_or(std::vector<uint32_t>{}).size());
  const auto count = static_cast<int64_t>(profile.cores.size());
  std::string cores = count == 0 ? "- cores" : counted(count, "core", "cores");
  if (threads != count) cores += ", " + counted(threads, "thread", "threads");
  out.push_back({cores, Style::strong});
  int64_t memory = 0;
  for (const auto& node : profile.numa)
    if (node.cls != api::NumaClass::gpu_memory) memory += node.memory_bytes;
  if (memory > 0) out.push_back({memory_text(memory), Style::strong});
  return out;
}

// Distances: in words where two numbers say it all, else as a small table, if there are few enough
// nodes to read it.
std::string distances(const Machine& machine, const DrawOptions& options) {
  const auto& nodes = machine.profile.numa;
  const bool known = std::all_of(nodes.begin(), nodes.end(), [&](const auto& node) {
    return node.distances.size() == nodes.size();
  });
  if (nodes.size() < 2 || nodes.size() > 16 || !known) return "";
  std::set<int64_t> local, remote;
  for (size_t i = 0; i < nodes.size(); ++i)
    for (size_t j = 0; j < nodes.size(); ++j)
      (i == j ? local : remote).insert(nodes[i].distances[j]);
  if (local.size() == 1 && remote.size() == 1) {
    return paint_line({{"distance " + std::to_string(*local.begin()) + " within a node, " +
                            std::to_string(*remote.begin()) + " between nodes",
                        Style::dim}},
                      options);
  }
  const auto padded = [](std::string text) {
    text.insert(0, text.size() < 4 ? 4 - text.size() : 0, ' ');
    return text;
  };
  std::string head = "distance";
  for (const auto& node : nodes) head += padded(std::to_string(node.id));
  std::string out = paint_line({{head, Style::dim}}, options);
  for (const auto& node : nodes) {
    std::string line = padded(std::to_string(node.id));
    line.insert(0, 8 - line.size(), ' ');
    for (const int64_t distance : node.distances) line += padded(std::to_string(distance));
    out += paint_line({{line, Style::dim}}, options);
  }
  return out;
}

// Breaks at blanks, so that nothing of a message is lost.
std::string wrapped(const std::string& text, Style style, const DrawOptions& options) {
  std::string out, line;
  const auto most = static_cast<size_t>(std::max(options.width, 20));
  for (const std::string_view word : split(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > most) {
      out += paint_line({{line, style}}, options);
      line = "  ";
    }
    if (!line.empty() && line != "  ") line += ' ';
    line += word;
  }
  return out + paint_line({{line, style}}, options);
}

// Watts and the way to the machine's own controller, as far as they are known.
std::vector<Cell> board_cells(const Machine& machine) {
  std::vector<Cell> out;
  const auto watts = [](const Quantity& power) {
    return humanize(power.value(), Dimension::power);
  };
  if (machine.power.measured.is_set())
    out.push_back({"draws " + watts(machine.power.measured) + " (" + machine.power.source + ")",
                   Style::plain});
  if (machine.accelerator_power.is_set())
    out.push_back({"accelerators draw " + watts(machine.accelerator_power), Style::plain});
  if (machine.power.limit.is_set())
    out.push_back({"limit " + watts(machine.power.limit), Style::plain});
  if (!machine.scale_up_domain.empty())
    out.push_back({"scale-up domain " + machine.scale_up_domain, Style::dim});
  if (!machine.firmware.empty()) out.push_back({"BIOS " + machine.firmware, Style::dim});
  if (!machine.bmc_address.empty()) out.push_back({"BMC " + machine.bmc_address, Style::dim});
  return out;
}

// What is wrong with a device and is not told as a link.
std::string complaints(const Machine& machine, const DrawOptions& options) {
  std::string out;
  for (size_t i = 0; i < machine.devices.size(); ++i) {
    const auto& seen = machine.devices[i];
    const bool told = std::any_of(machine.degraded.begin(), machine.degraded.end(),
                                  [&](const auto& link) { return link.message == seen.reason; });
    const bool bad = seen.health == api::Health::failed || seen.health == api::Health::degraded;
    if (!bad || told || seen.reason.empty()) continue;
    // Some reasons begin with the device's name already.
    const std::string who = seen.reason.starts_with(seen.id) ? "" : seen.id + ": ";
    out += wrapped("▲ " + who + seen.reason, Style::bad, options);
  }
  return out;
}

}  // namespace

std::string draw(const Machine& machine, const DrawOptions& options) {
  const auto& profile = machine.profile;
  std::vector<Cell> title = {
      {profile.product.empty() ? "machine" : profile.product, Style::strong}};
  if (!machine.host_name.empty()) title.push_back({machine.host_name, Style::plain});
  std::string about = profile.architecture;
  if (!machine.kernel.empty()) about += (about.empty() ? "Linux " : ", Linux ") + machine.kernel;
  if (machine.is_virtual && profile.product.find("virtual") == std::string::npos)
    about += ", virtual machine";
  if (!about.empty()) title.push_back({about, Style::dim});
  std::string out = paint_line(title, options);
  out += paint_line(size_cells(profile), options);
  if (const auto cells = device_cells(profile); !cells.empty()) out += paint_line(cells, options);
  if (const auto cells = board_cells(machine); !cells.empty()) out += paint_line(cells, options);
  out += paint(machine_rows(machine, options.is_seen), options);
  if (const std::string table = distances(machine, options); !table.empty()) out += table;
  for (const auto& link : machine.degraded)
    out += wrapped("▲ " + link.message, Style::bad, options);
  out += complaints(machine, options);
  return out;
}

}  // namespace freehold::discover
