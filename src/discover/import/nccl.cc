// Topology files of NCCL and RCCL: what NCCL_TOPO_DUMP_FILE writes on a machine, and the files that
// clouds give to NCCL_TOPO_FILE for a type of machine, which have CPUs and PCI switches only.
#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/gpu_models.h"
#include "discover/import/formats.h"
#include "discover/import/nccl_system.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

constexpr size_t guid_digits = 16;
constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";

// "910" of early files is gfx90a.
std::string gfx_name(std::string_view gcn) {
  if (gcn == "910") return "gfx90a";
  return gcn.starts_with("gfx") ? std::string(gcn) : "gfx" + std::string(gcn);
}

// By PCI ids where the model is known, else by what the library knows of it.
std::string gpu_model(const api::PciFunction& function, const Element* gpu) {
  const std::string ids = pci_ids(function);
  if (const GpuModel* model = find_gpu_model(ids)) return std::string(model->name);
  if (gpu != nullptr && gpu->has("gcn"))
    return clean_text("AMD " + gfx_name(trim(gpu->get("gcn"))), limits::model_characters);
  if (gpu != nullptr && gpu->has("sm"))
    return clean_text("NVIDIA sm" + std::string(trim(gpu->get("sm"))), limits::model_characters);
  return ids;
}

bool is_network(const api::PciFunction& function) {
  return function.class_code.starts_with("02") || function.class_code == "0c06";
}

// Amazon's EFA is made for RDMA alone.
bool is_rdma_card(const api::PciFunction& function) {
  const bool efa = function.vendor == "1d0f" && function.device.starts_with("efa");
  return efa || function.class_code == "0207" || function.class_code == "0c06";
}

// What stands at the other end of an <nvlink> or <xgmi>, by `tclass`, the PCI class of the target.
// NCCL's dictionary: 0680 an NVSwitch, 068001 a POWER processor, 03 and 12 a GPU.
enum class End : uint8_t { gpu, nvswitch, processor, unknown };
End end_of(std::string_view tclass) {
  const std::string code = parse_hex_id(tclass, 4);
  if (code == "0680") return parse_hex_id(tclass, 6) == "068001" ? End::processor : End::nvswitch;
  if (code.starts_with("03") || code.starts_with("12")) return End::gpu;
  // In guests the switch is not seen, and its class is that of the bridge before it.
  return code == "0604" ? End::nvswitch : End::unknown;
}

class NcclImport {
 public:
  explicit NcclImport(const ImportOptions& options) : options_(options) { out_.source = "nccl"; }

  Result<Inventory> run(const Element& root) {
    system_ = TRY(read_nccl_system(root, out_.notes, options_));
    api::HardwareProfileSpec& profile = host_.profile;
    profile.architecture = system_.architecture;
    if (!system_.processor.empty()) profile.product = system_.processor + " machine";
    profile.numa = system_.numa;
    std::sort(profile.numa.begin(), profile.numa.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    profile.cpus = all_cpus();
    judge_functions();
    std::vector<PciNode*> nodes;
    for (NcclPci& pci : system_.pci) nodes.push_back(&pci);
    TRY(settle_addresses(nodes, out_.notes, options_));
    profile.pci = sorted_pci(nodes, out_.notes);
    TRY(add_gpus());
    TRY(add_switches());
    TRY(add_nets());
    TRY(add_unnamed_cards());
    TRY(add_links());
    tell_uneven_links();
    tell_separate_switches(host_.profile, out_.notes);
    tell();
    TRY(check_host(host_, options_));
    out_.hosts.push_back(std::move(host_));
    return std::move(out_);
  }

 private:
  std::string all_cpus() const {
    std::vector<uint32_t> all = system_.other_cpus;
    for (const api::NumaNode& node : system_.numa) {
      const auto cpus = parse_cpu_list(node.cpus).value_or(std::vector<uint32_t>{});
      all.insert(all.end(), cpus.begin(), cpus.end());
    }
    std::sort(all.begin(), all.end());
    return format_cpu_list(all);
  }

  static bool is_gpu(const NcclPci& pci) {
    return pci.gpu != nullptr || is_accelerator(pci.function);
  }
  static bool is_card(const NcclPci& pci) { return !pci.nets.empty() || is_network(pci.function); }

  void judge_functions() {
    for (NcclPci& pci : system_.pci) {
      // Nothing but a bridge has functions below it.
      if (pci.function.class_code.empty() && pci.has_children) pci.function.class_code = "0604";
      pci.has_device = is_gpu(pci) || is_card(pci) || is_nvswitch(pci.function);
      if (!pci.has_device && !pci.has_children && pci.function.class_code.empty()) ++unknown_;
      measured_ = measured_ || pci.gpu != nullptr || !pci.nets.empty();
    }
    measured_ = measured_ || !system_.nets.empty();
    out_.confidence = measured_ ? api::Confidence::sysfs : api::Confidence::overlay;
  }

  template <class Is>
  std::vector<const NcclPci*> by_address(const Is& is) const {
    std::vector<const NcclPci*> out;
    for (const NcclPci& pci : system_.pci)
      if (is(pci)) out.push_back(&pci);
    std::sort(out.begin(), out.end(), [](const NcclPci* a, const NcclPci* b) {
      return parse_pci_address(a->function.address) < parse_pci_address(b->function.address);
    });
    return out;
  }

  static api::Device device_at(const api::PciFunction& function, std::string id,
                               api::DeviceClass cls) {
    api::Device device;
    device.id = std::move(id);
    device.cls = cls;
    device.address = function.address;
    device.numa = function.numa;
    device.model = pci_ids(function);
    return device;
  }

  Result<void> add_gpus() {
    size_t number = 0;
    for (const NcclPci* pci : by_address(is_gpu)) {
      api::Device device =
          device_at(pci->function, "gpu" + std::to_string(number++), api::DeviceClass::gpu);
      if (const GpuModel* model = find_gpu_model(device.model))
        device.memory_bytes = model->memory_bytes;
      device.model = gpu_model(pci->function, pci->gpu);
      gpu_at_[pci->function.address] = device.id;
      if (pci->gpu != nullptr) gpus_.emplace_back(device.id, pci);
      TRY(add_device(host_, std::move(device), {}, options_));
    }
    return {};
  }

  static bool is_link(const Element& element) {
    return element.name == "nvlink" || element.name == "xgmi";
  }

  // Switches are named by the links to them; the file need not have them as functions. Those that a
  // guest does not see have an address that is none ("fffffff:ffff:ff", -1) and count as one.
  Result<void> add_switches() {
    std::set<std::string> seen;
    bool hidden = false;
    for (const auto& [id, pci] : gpus_)
      for (const Element& link : pci->gpu->children) {
        if (!is_link(link) || end_of(link.get("tclass")) != End::nvswitch) continue;
        const std::string target = plain_address(link.get("target"));
        if (gpu_at_.contains(target)) continue;
        if (target.empty())
          hidden = true;
        else
          seen.insert(target);
      }
    for (const NcclPci& pci : system_.pci)
      if (is_nvswitch(pci.function)) seen.insert(pci.function.address);
    size_t number = 0;
    for (const std::string& address : seen) TRY(add_switch(address, number++));
    if (hidden) TRY(add_switch("", number));
    if (hidden)
      add_note(out_.notes,
               "the switches between the GPUs are hidden from whoever wrote the file; "
               "they count as one");
    return {};
  }

  Result<void> add_switch(const std::string& address, size_t number) {
    api::Device device;
    device.id = "nvswitch" + std::to_string(number);
    device.cls = api::DeviceClass::nvswitch;
    device.address = address;
    for (const NcclPci& pci : system_.pci)
      if (!address.empty() && pci.function.address == address)
        device = device_at(pci.function, device.id, device.cls);
    switch_at_[address] = device.id;
    return add_device(host_, std::move(device), {}, options_);
  }

  // ---- networks

  struct Card {
    api::Device device;
    api::NodeDevice seen;
    std::string guid;
  };

  Result<void> add_nets() {
    std::map<std::string, Card> cards;  // by name
    for (const NcclPci& pci : system_.pci)
      for (const Element* net : pci.nets) TRY(take_net(*net, &pci.function, -1, cards));
    for (const auto& [net, numa] : system_.nets) TRY(take_net(*net, nullptr, numa, cards));
    turn_guids(cards);
    std::map<std::string, size_t> guids;
    for (const auto& [name, card] : cards) ++guids[card.guid];
    for (const auto cls : {api::DeviceClass::rdma_nic, api::DeviceClass::nic})
      for (auto& [name, card] : cards) {
        if (card.device.cls != cls) continue;
        // The GUID is that of the card; several functions of it are told apart by nothing.
        if (guids[card.guid] == 1) card.seen.identity = card.guid;
        TRY(add_device(host_, std::move(card.device), std::move(card.seen), options_));
      }
    for (const auto& [guid, count] : guids)
      if (!guid.empty() && count > 1)
        add_note(out_.notes, "net: " + std::to_string(count) + " devices have the GUID " + guid +
                                 ", so it identifies none of them");
    return {};
  }

  // A plugin without GUIDs writes small numbers of its own. All 16 digits: NCCL leaves out zeros.
  static std::string guid_of(const Element& net) {
    const std::string_view text = trim(net.get("guid"));
    const int64_t number = parse_hex_number(text);
    if (number <= 0xffff && text.size() <= 12) return "";
    const std::string_view digits = text.starts_with("0x") ? text.substr(2) : text;
    if (digits.size() > guid_digits || digits.find_first_not_of(hex_digits) != digits.npos)
      return clean_text(text, 40);
    return "0x" + std::string(guid_digits - digits.size(), '0') + to_lower(digits);
  }

  // NCCL writes the big-endian GUID as a number of the machine, which turns its bytes around on
  // most. What a GUID has between its maker's part and its own shows which way it is: 03 or fffe
  // (IEEE, "Guidelines for EUI-64", and what makers of adapters write); all of one file are alike.
  static void turn_guids(std::map<std::string, Card>& cards) {
    int64_t turned = 0;
    const auto is_guid = [](const Card& card) {
      return card.guid.size() == 2 + guid_digits && card.guid.starts_with("0x");
    };
    for (const auto& [name, card] : cards) {
      if (!is_guid(card)) continue;
      const std::string fourth = card.guid.substr(8, 2), fifth = card.guid.substr(10, 2);
      if (fourth == "03" || (fourth == "ff" && fifth == "fe")) --turned;
      if (fifth == "03" || (fourth == "fe" && fifth == "ff")) ++turned;
    }
    if (turned <= 0) return;
    for (auto& [name, card] : cards) {
      if (!is_guid(card)) continue;
      std::string back = "0x";
      for (size_t at = guid_digits; at >= 2; at -= 2) back += card.guid.substr(at, 2);
      card.guid = std::move(back);
    }
  }

  Result<void> take_net(const Element& net, const api::PciFunction* function, int64_t numa,
                        std::map<std::string, Card>& cards) {
    std::string name = clean_text(trim(net.get("name")), 63);
    const int64_t dev = TRY(read_number(net, "dev", {0, 65'535, -1}, options_));
    if (name.empty() && dev < 0) return fault_in(options_, net, "neither name nor dev");
    if (name.empty()) name = "net" + std::to_string(dev);
    // Ports of RDMA devices are numbered from 1; NCCL's sockets say 0.
    const int64_t number = TRY(read_number(net, "port", {0, 65'535, 0}, options_));
    const bool rdma = number > 0 || (function != nullptr && is_rdma_card(*function));
    const auto cls = rdma ? api::DeviceClass::rdma_nic : api::DeviceClass::nic;
    const auto [at, fresh] = cards.try_emplace(name);
    Card& card = at->second;
    if (fresh) {
      if (function != nullptr) card.device = device_at(*function, name, cls);
      card.device.id = name;
      card.device.cls = cls;
      if (function == nullptr) card.device.numa = numa;
      if (card.device.model.starts_with("15b3:"))
        card.device.model = rdma_model("MT" + std::to_string(parse_hex_number(function->device)));
      card.guid = guid_of(net);
    } else if (function == nullptr || card.device.address != function->address) {
      return fault_in(options_, net, "a second device called \"" + name + "\"");
    }
    api::DevicePort port;
    port.number = number;
    // In Mbit/s.
    const int64_t mbps = TRY(read_number(net, "speed", {-1, int64_t{1} << 40, 0}, options_));
    port.speed = format_network_speed(mbps);
    if (port.speed.empty() && mbps > 0)
      add_note(out_.notes, name + ": a speed of " + std::to_string(mbps) +
                               " Mbit/s is beyond any network; it stays unknown");
    for (const api::DevicePort& other : card.seen.ports)
      if (other.number == number)
        return fault_in(options_, net,
                        "port " + std::to_string(number) + " of \"" + name + "\" is there twice");
    if (mbps > best_mbps_[name]) card.device.speed = port.speed;
    best_mbps_[name] = std::max(best_mbps_[name], mbps);
    card.seen.ports.push_back(std::move(port));
    return {};
  }

  // Files for a type of machine give cards a place but no name.
  Result<void> add_unnamed_cards() {
    const auto unnamed = by_address([](const NcclPci& pci) {
      return pci.nets.empty() && !pci.has_children && pci.gpu == nullptr &&
             is_network(pci.function);
    });
    size_t number = 0;
    for (const NcclPci* pci : unnamed) {
      while (find_device(host_, "nic" + std::to_string(number)) != nullptr) ++number;
      const auto cls =
          is_rdma_card(pci->function) ? api::DeviceClass::rdma_nic : api::DeviceClass::nic;
      api::Device device = device_at(pci->function, "nic" + std::to_string(number++), cls);
      if (pci->function.vendor == "15b3")
        device.model = rdma_model("MT" + std::to_string(parse_hex_number(pci->function.device)));
      TRY(add_device(host_, std::move(device), {}, options_));
    }
    if (!unnamed.empty())
      add_note(out_.notes, std::to_string(unnamed.size()) +
                               " network cards have no name in the file; they are called nic0 and "
                               "so on, in the order of their addresses");
    return {};
  }

  // ---- links

  Result<void> add_links() {
    for (const auto& [id, pci] : gpus_) {
      api::Device* gpu = find_device(host_, id);
      for (const Element& child : pci->gpu->children) {
        if (is_link(child))
          TRY(add_link(child, *pci, *gpu));
        else if (child.name == "c2c")
          TRY(add_c2c(child, *pci, *gpu));
        else
          ++unknown_links_;
      }
    }
    return {};
  }

  // Both ends tell of a link; the larger count stands, and that they differ is told.
  void tell_uneven_links() {
    std::set<std::string> heard;  // GPUs that tell of their links
    for (const auto& [id, pci] : gpus_) heard.insert(id);
    for (const auto& [id, pci] : gpus_)
      for (const api::DeviceLink& link : find_device(host_, id)->links) {
        const api::Device* other = find_device(host_, link.to);
        if (other == nullptr || !heard.contains(link.to)) continue;
        const auto back = std::ranges::find_if(other->links, [&](const api::DeviceLink& one) {
          return one.to == id && one.kind == link.kind;
        });
        const std::string says =
            id + " says " + std::to_string(link.count) + " links to " + link.to + ", which says ";
        if (back == other->links.end())
          add_note(out_.notes, says + "none back; they count");
        else if (back->count != link.count && id < link.to)
          add_note(out_.notes, says + std::to_string(back->count) + " back; the larger counts");
      }
  }

  Result<void> push(const Element& element, api::Device& gpu, api::DeviceLink link) {
    if (gpu.links.size() >= limits::profile_links)
      return fault_in(options_, element, "more links than a GPU may have");
    for (const api::DeviceLink& other : gpu.links)
      if (other.to == link.to && other.kind == link.kind)
        return fault_in(options_, element, "a second link to " + link.to);
    gpu.links.push_back(std::move(link));
    return {};
  }

  Result<void> add_link(const Element& element, const NcclPci& pci, api::Device& gpu) {
    const std::string target = plain_address(element.get("target"));
    api::DeviceLink link;
    link.kind = element.name == "xgmi" ? api::LinkKind::xgmi : api::LinkKind::nvlink;
    link.count = TRY(need_number(element, "count", {1, 1'024, 0}, options_));
    if (target == pci.function.address) {
      ++self_links_;
      return {};
    }
    link.to = TRY(far_end(element, target, pci));
    return push(element, gpu, std::move(link));
  }

  Result<std::string> far_end(const Element& element, const std::string& target,
                              const NcclPci& pci) {
    if (const auto found = gpu_at_.find(target); found != gpu_at_.end()) return found->second;
    switch (end_of(element.get("tclass"))) {
      case End::nvswitch:
        return switch_at_.at(target);
      case End::processor:
        if (pci.function.numa >= 0) return "numa" + std::to_string(pci.function.numa);
        return fault_in(options_, element, "a link to a processor that the file does not place");
      case End::gpu:
      case End::unknown:
        break;
    }
    return fault_in(options_, element,
                    "target=\"" + std::string(element.get("target").substr(0, 40)) +
                        "\" is no GPU of this file");
  }

  // NVLink-C2C to the processor: MB/s of each of `count` links.
  Result<void> add_c2c(const Element& element, const NcclPci& pci, api::Device& gpu) {
    if (pci.function.numa < 0) {
      add_note(out_.notes, gpu.id +
                               ": a C2C link to a processor that the file does not place is "
                               "left out");
      return {};
    }
    api::DeviceLink link;
    link.kind = api::LinkKind::c2c;
    link.to = "numa" + std::to_string(pci.function.numa);
    link.count = TRY(need_number(element, "count", {1, 1'024, 0}, options_));
    const int64_t mb = TRY(read_number(element, "bw", {0, 900'000, 0}, options_));
    if (mb > 0) link.bandwidth = bandwidth_of_mb(mb * link.count);
    return push(element, gpu, std::move(link));
  }

  void tell() {
    if (!measured_)
      add_note(out_.notes,
               "the file has CPUs and PCI only: it corrects the tree of a type of "
               "machine, and says nothing about one machine");
    if (self_links_ > 0)
      add_note(out_.notes,
               std::to_string(self_links_) + " links of GPUs to themselves were left out");
    if (unknown_links_ > 0)
      add_note(out_.notes, std::to_string(unknown_links_) +
                               " elements inside of <gpu> are not known and were left out");
    if (unknown_ > 0)
      add_note(out_.notes, "pci: " + std::to_string(unknown_) +
                               " functions have no class, so nobody knows what they are");
  }

  const ImportOptions& options_;
  Inventory out_;
  HostFacts host_;
  NcclSystem system_;
  std::map<std::string, std::string> gpu_at_, switch_at_;     // address to id
  std::vector<std::pair<std::string, const NcclPci*>> gpus_;  // with a <gpu> of their own
  std::map<std::string, int64_t> best_mbps_;
  bool measured_ = false;  // by the library on a machine, not written for a type of machine
  size_t unknown_ = 0, self_links_ = 0, unknown_links_ = 0;
};

}  // namespace

Result<Inventory> import_nccl(std::string_view text, const ImportOptions& options) {
  const Element root = TRY(parse_xml(text, options));
  return NcclImport(options).run(root);
}

}  // namespace freehold::discover
