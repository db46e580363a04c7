// Links that run below what both of their ends can do.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

bool is_bridge(const PciRecord& record) { return record.function.class_code == "0604"; }

// Bridges between the function and its root.
size_t bridges_above(const Scan& scan, const PciRecord& record) {
  size_t count = 0;
  const PciRecord* at = scan.find_pci(record.function.parent);
  while (at != nullptr && count < limits::pci_depth) {
    ++count;
    at = scan.find_pci(at->function.parent);
  }
  return count;
}

// A link is judged at its lower end: a device below a bridge, or the upper port of a switch, whose
// parent is a root port or the lower port of another switch. Ports of one switch alternate, so that
// counting tells them apart. A device whose parent is unknown, or that sits at the root without a
// bridge, is judged by its own maximum.
bool is_lower_end(const Scan& scan, const PciRecord& record) {
  return !is_bridge(record) || bridges_above(scan, record) % 2 == 1;
}

// GPUs, and the switches inside of AMD's, slow down their link while they are idle, but for those
// whose library says that they are awake.
// Functions at the root without a bridge are often part of the processor or chipset, whose speed
// says nothing.
bool may_rest(const Scan& scan, const PciRecord& record) {
  const std::string_view code = record.function.class_code;
  const std::string& parent = record.function.parent;
  if (!parent.empty() && scan.find_pci(parent) == nullptr) return true;
  return record.speed_due.empty() && (code.starts_with("03") || code.starts_with("12") ||
                                      (is_bridge(record) && record.function.vendor == "1002"));
}

std::string words_for(std::string_view speed, int64_t width) {
  std::string out = width > 0 ? "x" + std::to_string(width) : "";
  if (!speed.empty()) out += (out.empty() ? "" : " ") + std::string(speed);
  return out;
}

// What both ends can do; the other end is often unknown.
std::pair<std::string, int64_t> expected_link(const PciRecord& record, const PciRecord* above) {
  std::string speed = record.function.link_speed;
  int64_t width = record.function.link_width;
  if (above != nullptr) {
    const auto& parent = above->function;
    if (parent.link_width > 0 && width > 0) width = std::min(width, parent.link_width);
    if (!parent.link_speed.empty() && link_speed_mt(parent.link_speed) < link_speed_mt(speed))
      speed = parent.link_speed;
  }
  const std::string& due = record.speed_due;
  if (!due.empty() && (speed.empty() || link_speed_mt(due) < link_speed_mt(speed))) speed = due;
  return {speed, width};
}

std::string device_at(const Scan& scan, const std::string& address) {
  for (const api::Device& device : scan.machine.profile.devices)
    if (device.address == address) return device.id + " at " + address;
  return address;
}

void judge(Scan& scan, const PciRecord& record) {
  if (record.is_virtual || record.width_now == 0 || !is_lower_end(scan, record)) return;
  const auto [speed, width] = expected_link(record, scan.find_pci(record.function.parent));
  const bool narrow = width > 0 && record.width_now < width;
  const bool slow = !may_rest(scan, record) && !record.speed_now.empty() &&
                    link_speed_mt(record.speed_now) < link_speed_mt(speed);
  if (!narrow && !slow) return;
  if (scan.machine.degraded.size() >= limits::degraded_links) return;
  const std::string what =
      narrow ? std::to_string(record.width_now) + " of " + std::to_string(width) + " lanes"
             : record.speed_now + " instead of " + speed;
  // The speed of a link that may rest says nothing, so it is not part of what is expected.
  const bool judged_speed = !may_rest(scan, record);
  const std::string message = "the PCIe link of " + device_at(scan, record.function.address) +
                              " runs with " + what + "; reseat or replace the card, riser or cable";
  scan.machine.degraded.push_back(
      {record.function.address, words_for(judged_speed ? speed : "", width),
       words_for(judged_speed ? record.speed_now : "", record.width_now), message});
  if (const auto index = scan.device_at(record.function.address))
    scan.degrade(*index, api::Health::degraded, message);
}

// One of several equal network devices that runs slower than the others: a bad cable or port, most
// likely.
void judge_rails(Scan& scan) {
  std::map<std::string, std::vector<size_t>> by_model;
  const auto& devices = scan.machine.profile.devices;
  for (size_t i = 0; i < devices.size(); ++i)
    if (devices[i].cls == api::DeviceClass::rdma_nic && !devices[i].speed.empty())
      by_model[devices[i].model].push_back(i);
  for (const auto& [model, members] : by_model) {
    std::map<std::string, size_t> counts;
    for (const size_t i : members) ++counts[devices[i].speed];
    const auto usual =
        std::max_element(counts.begin(), counts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    // Three of four agree, else they may well be meant to differ.
    if (members.size() < 4 || usual->second * 4 < members.size() * 3) continue;
    const auto best = Quantity::parse(usual->first, Dimension::bandwidth);
    for (const size_t i : members) {
      const auto seen = Quantity::parse(devices[i].speed, Dimension::bandwidth);
      if (!best.ok() || !seen.ok() || seen->value() >= best->value()) continue;
      if (scan.machine.degraded.size() >= limits::degraded_links) return;
      const std::string message = "the network link of " + devices[i].id + " runs at " +
                                  devices[i].speed + "; " + std::to_string(usual->second) +
                                  " others of its model run at " + usual->first;
      scan.machine.degraded.push_back({devices[i].id, usual->first, devices[i].speed, message});
      scan.degrade(i, api::Health::degraded, message);
    }
  }
}

bool is_scale_up(api::LinkKind kind) {
  return kind == api::LinkKind::nvlink || kind == api::LinkKind::xgmi;
}

// Links to peers that are up; nothing where none are known.
std::optional<int64_t> links_up(const api::NodeDevice& seen) {
  std::optional<int64_t> up;
  for (const api::LinkNow& link : seen.links)
    if (is_scale_up(link.kind)) up = up.value_or(0) + link.up;
  return up;
}

// A bundle of which some are down, and an accelerator that has fewer links than its equals: it is
// off the fabric, or partly so. Where all of a model have none they are meant to stand alone.
void judge_scale_up(Scan& scan) {
  auto& devices = scan.machine.profile.devices;
  std::map<std::string, int64_t> most;
  for (size_t i = 0; i < devices.size(); ++i) {
    int64_t& best = most[devices[i].model];
    best = std::max(best, links_up(scan.machine.devices[i]).value_or(0));
  }
  for (size_t i = 0; i < devices.size(); ++i) {
    if (devices[i].cls != api::DeviceClass::gpu) continue;
    if (scan.machine.devices[i].health == api::Health::failed) continue;
    int64_t wanted = most[devices[i].model];
    int64_t bundled = 0;
    for (const api::DeviceLink& link : devices[i].links)
      if (is_scale_up(link.kind)) bundled += link.count;
    wanted = std::max(wanted, bundled);
    const int64_t up = links_up(scan.machine.devices[i]).value_or(0);
    if (up >= wanted || scan.machine.degraded.size() >= limits::degraded_links) continue;
    const std::string message =
        up == 0 ? devices[i].id + " at " + devices[i].address +
                      " is off the scale-up fabric: none of its " + std::to_string(wanted) +
                      " links is up; reset it, and see the fabric manager's log"
                : std::to_string(up) + " of " + std::to_string(wanted) + " scale-up links of " +
                      devices[i].id + " at " + devices[i].address +
                      " are up; reset it, and replace it or its baseboard if they stay down";
    scan.machine.degraded.push_back({devices[i].id, std::to_string(wanted) + " scale-up links",
                                     std::to_string(up) + " scale-up links", message});
    scan.degrade(i, api::Health::degraded, message);
  }
}

}  // namespace

void scan_links(Scan& scan) {
  for (const PciRecord& record : scan.pci) judge(scan, record);
  judge_rails(scan);
  judge_scale_up(scan);
}

}  // namespace freehold::discover
