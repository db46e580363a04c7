// hwloc XML (https://www.open-mpi.org/projects/hwloc): what `lstopo file.xml` and programs with
// hwloc inside write. Version 1 files have no version, later ones say 2.0 or 3.0; one machine gives
// one profile, whichever version its file has.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/hwloc_attributes.h"
#include "discover/import/hwloc_devices.h"
#include "discover/import/hwloc_matrices.h"
#include "discover/import/hwloc_objects.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "discover/words.h"

namespace freehold::discover {

using fleet::Bits;

namespace {

Result<int> version_of(const Element& root, const ImportOptions& options) {
  if (root.name == "system")
    return fault_in(options, root, "this is a topology of NCCL or RCCL; import it as nccl");
  if (root.name != "topology")
    return fault_in(options, root, "an hwloc file begins with <topology>");
  const std::string_view version = root.get("version");
  if (!root.has("version") || version.starts_with("1.")) return 1;
  if (version == "2.0" || version == "2.1") return 2;
  if (version == "3.0") return 3;
  return fault_in(options, root,
                  "version \"" + std::string(version.substr(0, 40)) +
                      "\" of the format is not known; known are 1, 2.0 and 3.0");
}

// The memory node that each CPU belongs to. hwloc gives nodes of other memory (HBM, CXL) the CPUs
// that they are near to, too; the kernel gives them none.
class Owners {
 public:
  explicit Owners(const HwlocObjects& objects) {
    objects.cpus.each([&](uint32_t cpu) {
      const HwlocNuma* best = nullptr;
      for (const HwlocNuma& node : objects.numa)
        if (node.cpus.has(cpu) && (best == nullptr || comes_before(node, *best))) best = &node;
      if (best == nullptr) return;
      node_of_[cpu] = best->id;
      cpus_of_[best->id].add(cpu);
    });
  }

  Bits cpus_of(int64_t node) const {
    const auto found = cpus_of_.find(node);
    return found == cpus_of_.end() ? Bits{} : found->second;
  }
  // The node of all these CPUs; -1 when they belong to several.
  int64_t node_near(const Bits& cpus) const {
    int64_t found = -1;
    for (const auto& [node, own] : cpus_of_) {
      if (!own.overlaps(cpus)) continue;
      if (found >= 0) return -1;
      found = node;
    }
    return found;
  }
  // Machines without memory nodes have one.
  void set_only(int64_t node, const Bits& cpus) { cpus_of_[node] = cpus; }

 private:
  static bool comes_before(const HwlocNuma& a, const HwlocNuma& b) {
    const auto rank = [](const HwlocNuma& node) {
      const bool other = !node.subtype.empty() && node.subtype != "DRAM";
      return std::make_tuple(node.cpus.count(), other, node.id);
    };
    return rank(a) < rank(b);
  }

  std::map<uint32_t, int64_t> node_of_;
  std::map<int64_t, Bits> cpus_of_;
};

class HwlocImport {
 public:
  HwlocImport(const Element& root, int version, const ImportOptions& options)
      : root_(root), version_(version), options_(options) {
    out_.source = "hwloc";
    out_.confidence = api::Confidence::sysfs;
  }

  Result<Inventory> run() {
    objects_ = TRY(read_hwloc_objects(root_, version_, options_));
    TRY(read_memory_tiers(root_, objects_, options_));
    // An accelerator becomes a device even where no driver has made one of it.
    for (HwlocPci& pci : objects_.pci)
      pci.has_device = pci.has_device || is_accelerator(pci.function);
    TRY(settle_addresses(pci_nodes(), out_.notes, options_));
    name_packages();
    add_machine();
    add_processors();
    const Owners owners = add_memory();
    names_.packages.resize(objects_.packages.size());
    for (size_t i = 0; i < objects_.packages.size(); ++i)
      names_.packages[i] = "package" + std::to_string(objects_.packages[i].id);
    for (const HwlocNuma& node : objects_.numa)
      names_.numa.push_back("numa" + std::to_string(node.id));
    const NodeNear node_near = [&](const Bits& cpus) { return owners.node_near(cpus); };
    TRY(add_hwloc_devices(objects_, node_near, host_, names_, out_.notes, options_));
    for (HwlocPci& pci : objects_.pci) pci.function.numa = node_near(pci.cpus);
    host_.profile.pci = sorted_pci(pci_nodes(), out_.notes);
    tell_links();
    name_device_memory();
    TRY(read_matrices(root_, objects_, names_, host_, out_.notes, options_));
    TRY(read_attributes(root_, objects_, host_, out_.notes, options_));
    adopt_packages(host_.profile.numa);
    tell_separate_switches(host_.profile, out_.notes);
    TRY(check_host(host_, options_));
    out_.hosts.push_back(std::move(host_));
    return std::move(out_);
  }

 private:
  std::vector<PciNode*> pci_nodes() {
    std::vector<PciNode*> out;
    for (HwlocPci& pci : objects_.pci) out.push_back(&pci);
    return out;
  }

  // Where cabinets number their packages anew, several have one number; ours are told apart.
  void name_packages() {
    std::map<int64_t, size_t> taken;
    for (size_t i = 0; i < objects_.packages.size(); ++i) {
      int64_t& id = objects_.packages[i].id;
      if (id < 0) id = static_cast<int64_t>(i);
      while (!taken.try_emplace(id, i).second) ++id;
    }
  }

  void add_machine() {
    const Infos& infos = objects_.infos;
    api::HardwareProfileSpec& profile = host_.profile;
    std::string product =
        product_name(trim(info_of(infos, "DMISysVendor")), trim(info_of(infos, "DMIProductName")));
    for (const char* name : {"PlatformModel", "PlatformName", "HardwareName"})
      if (product.empty()) product = trim(info_of(infos, name));
    if (product.empty() && !objects_.packages.empty() && !objects_.packages[0].model.empty())
      product = objects_.packages[0].model + " machine";
    profile.product = clean_text(product, limits::model_characters);
    profile.architecture = clean_text(info_of(infos, "Architecture"), 16);
    host_.name = host_name_of(info_of(infos, "HostName"));
    if (host_.name.starts_with("localhost")) host_.name = "";
    if (info_of(infos, "Backend") == "Synthetic" ||
        !info_of(infos, "SyntheticDescription").empty()) {
      out_.confidence = api::Confidence::inferred;
      add_note(out_.notes, "hwloc made this machine up from a description; it is no real one");
    }
  }

  void add_processors() {
    api::HardwareProfileSpec& profile = host_.profile;
    profile.cpus = objects_.cpus.to_list();
    for (const HwlocPackage& package : objects_.packages)
      profile.packages.push_back({package.id, clean_text(package.model, limits::model_characters)});
    std::sort(profile.packages.begin(), profile.packages.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    for (const Bits& core : objects_.cores) profile.cores.push_back(core.to_list());
    if (profile.cores.empty())  // kernels that do not tell cores apart: each CPU is one
      objects_.cpus.each([&](uint32_t cpu) {
        if (profile.cores.size() < limits::cores) profile.cores.push_back(std::to_string(cpu));
      });
    profile.caches = objects_.caches;
    sort_caches(profile.caches);
    if (const Bits hidden = objects_.complete_cpus - objects_.cpus; !hidden.empty())
      add_note(out_.notes, "cpu: the CPUs " + hidden.to_list() +
                               " are offline, or were hidden from whoever wrote the file; they "
                               "are left out");
    if (!objects_.allowed_cpus) return;
    if (const Bits denied = objects_.cpus - *objects_.allowed_cpus; !denied.empty())
      add_note(out_.notes,
               "cpu: whoever wrote the file could not use the CPUs " + denied.to_list());
  }

  int64_t package_of(const Bits& cpus) const {
    std::optional<size_t> found;
    bool several = false;
    cpus.each([&](uint32_t cpu) {
      const auto at = objects_.package_of.find(cpu);
      if (at == objects_.package_of.end() || (found && *found != at->second)) several = true;
      if (at != objects_.package_of.end()) found = at->second;
    });
    return found && !several ? objects_.packages[*found].id : -1;
  }

  Owners add_memory() {
    Owners owners(objects_);
    auto& nodes = host_.profile.numa;
    for (const HwlocNuma& found : objects_.numa) {
      api::NumaNode node;
      node.id = found.id;
      const Bits cpus = owners.cpus_of(found.id);
      node.cpus = cpus.to_list();
      node.memory_bytes = bought_size(found.bytes);
      const bool of_gpu = found.subtype == "GPUMemory" || !found.pci_address.empty();
      node.cls = numa_class(!cpus.empty(), found.bytes > 0, of_gpu);
      if (!cpus.empty())
        node.package = package_of(cpus);
      else if (found.package >= 0)
        node.package = objects_.packages[static_cast<size_t>(found.package)].id;
      nodes.push_back(std::move(node));
    }
    if (nodes.empty()) {
      api::NumaNode node;
      node.cpus = objects_.cpus.to_list();
      node.memory_bytes = bought_size(objects_.machine_bytes);
      node.cls = numa_class(true, objects_.machine_bytes > 0, false);
      node.package = package_of(objects_.cpus);
      owners.set_only(0, objects_.cpus);
      nodes.push_back(std::move(node));
    }
    std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return owners;
  }

  // hwloc leaves PCI devices out unless it is asked for them, so that a GPU's memory may be there
  // without the GPU.
  void name_device_memory() {
    for (const HwlocNuma& found : objects_.numa) {
      if (found.pci_address.empty()) continue;
      std::string id;
      for (const api::Device& device : host_.profile.devices)
        if (device.address == found.pci_address) id = device.id;
      if (id.empty())
        add_note(out_.notes, "numa: memory node " + std::to_string(found.id) +
                                 " is the memory of a device at " + found.pci_address +
                                 ", which the file does not show");
      for (api::NumaNode& node : host_.profile.numa)
        if (node.id == found.id) node.device = id;
    }
  }

  void tell_links() {
    if (objects_.unclear_links > 0)
      add_note(out_.notes,
               "pci: hwloc gives the rate of a link as it was then, not its lanes; speeds and "
               "widths of " +
                   std::to_string(objects_.unclear_links) +
                   " links stay unknown, since several generations explain the rate");
  }

  const Element& root_;
  const int version_;
  const ImportOptions& options_;
  Inventory out_;
  HostFacts host_;
  HwlocObjects objects_;
  HwlocNames names_;
};

}  // namespace

Result<Inventory> import_hwloc(std::string_view text, const ImportOptions& options) {
  const Element root = TRY(parse_xml(text, options));
  const int version = TRY(version_of(root, options));
  return HwlocImport(root, version, options).run();
}

}  // namespace freehold::discover
