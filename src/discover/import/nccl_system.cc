#include "discover/import/nccl_system.h"

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

class SystemReader {
 public:
  SystemReader(std::vector<std::string>& notes, const ImportOptions& options)
      : notes_(notes), options_(options) {}

  Result<NcclSystem> read(const Element& root) {
    TRY(check_root(root));
    for (const Element& child : root.children) {
      if (child.name == "cpu")
        TRY(read_cpu(child));
      else
        pass_over(child);
    }
    if (out_.pci.empty() && out_.numa.empty() && out_.nets.empty())
      return fault_in(options_, root, "there is no <cpu> in it");
    for (const std::string& name : unknown_)
      add_note(notes_, "elements <" + name + "> are not known and were left out");
    if (unclear_speeds_ > 0)
      add_note(notes_, "pci: " + std::to_string(unclear_speeds_) +
                           " link speeds are not written as 16 GT/s; they stay unknown");
    if (unclear_widths_ > 0)
      add_note(notes_, "pci: " + std::to_string(unclear_widths_) +
                           " link widths are not from 1 to 32 lanes; they stay unknown");
    if (!out_.other_cpus.empty())
      add_note(notes_, "cpu: the file does not tell the memory node of " +
                           std::to_string(out_.other_cpus.size()) + " CPUs (numaid=\"-1\")");
    return std::move(out_);
  }

 private:
  Result<void> check_root(const Element& root) {
    if (root.name == "graphs" || root.name == "graph")
      return fault_in(options_, root,
                      "this is a graph that NCCL computed (NCCL_GRAPH_DUMP_FILE), not a machine; "
                      "import the file of NCCL_TOPO_DUMP_FILE");
    if (root.name == "topology")
      return fault_in(options_, root, "this is a topology of hwloc; import it as hwloc");
    if (root.name != "system")
      return fault_in(options_, root, "a topology of NCCL or RCCL begins with <system>");
    const std::string_view version = trim(root.get("version"));
    if (version != "1" && version != "2")
      return fault_in(options_, root,
                      "version \"" + std::string(version.substr(0, 40)) +
                          "\" of the format is not known; NCCL writes 1, RCCL 2");
    return {};
  }

  void pass_over(const Element& element) {
    if (unknown_.size() < 16) unknown_.insert(clean_text(element.name, 40));
  }

  // NCCL writes -1 where the kernel knows no memory nodes.
  Result<void> read_cpu(const Element& cpu) {
    if (const std::string_view host = cpu.get("host_hash"); !host.empty()) {
      if (host_.empty()) host_ = host;
      if (host != host_)
        return fault_in(options_, cpu,
                        "the file is about several machines (host_hash); split it by machine");
    }
    const int64_t id = TRY(need_number(cpu, "numaid", {-1, 65'535, 0}, options_));
    TRY(read_processor(cpu));
    std::vector<uint32_t> cpus = TRY(cpus_of(cpu));
    if (id >= 0)
      TRY(add_numa(cpu, id, cpus));
    else
      out_.other_cpus.insert(out_.other_cpus.end(), cpus.begin(), cpus.end());
    for (const Element& child : cpu.children) {
      if (child.name == "pci")
        TRY(read_pci(child, id, std::nullopt));
      else if (child.name == "nic")
        TRY(read_nic(child, [&](const Element& net) { out_.nets.emplace_back(&net, id); }));
      else
        pass_over(child);
    }
    return {};
  }

  Result<void> read_processor(const Element& cpu) {
    std::string architecture = clean_text(cpu.get("arch"), 16);
    if (architecture == "arm64") architecture = "aarch64";
    if (out_.architecture.empty()) out_.architecture = architecture;
    if (out_.architecture != architecture)
      return fault_in(options_, cpu, "arch differs from that of the <cpu> before");
    std::string processor = clean_text(cpu.get("vendor"), 40);
    for (const char* name : {"family", "model"}) {
      const int64_t number =
          TRY(read_number(cpu, std::string(name) + "id", {-1, 65'535, -1}, options_));
      if (number >= 0 && !processor.empty())
        processor += " " + std::string(name) + " " + std::to_string(number);
    }
    if (out_.processor.empty()) out_.processor = processor;
    return {};
  }

  // Each CPU belongs to one <cpu>.
  Result<std::vector<uint32_t>> cpus_of(const Element& cpu) {
    const std::string_view affinity = trim(cpu.get("affinity"));
    if (affinity.empty()) return std::vector<uint32_t>();
    auto cpus = parse_cpu_mask(affinity);
    if (!cpus)
      return fault_in(options_, cpu,
                      "affinity is not written as comma-separated words of 8 hex digits");
    for (const uint32_t number : *cpus)
      if (!cpus_.insert(number).second)
        return fault_in(options_, cpu,
                        "CPU " + std::to_string(number) + " belongs to another <cpu>, too");
    return *std::move(cpus);
  }

  Result<void> add_numa(const Element& cpu, int64_t id, const std::vector<uint32_t>& cpus) {
    for (const api::NumaNode& other : out_.numa)
      if (other.id == id)
        return fault_in(options_, cpu, "a second <cpu> with numaid " + std::to_string(id));
    if (out_.numa.size() >= limits::numa_nodes)
      return fault_in(options_, cpu, "more memory nodes than any machine has");
    api::NumaNode node;
    node.id = id;
    node.cpus = format_cpu_list(cpus);
    out_.numa.push_back(std::move(node));
    return {};
  }

  Result<void> read_pci(const Element& element, int64_t numa, std::optional<size_t> above) {
    NcclPci pci;
    pci.line = element.line;
    pci.above = above;
    pci.function.numa = numa;
    TRY(read_function(element, pci.function));
    if (out_.pci.size() >= limits::pci_functions)
      return fault_in(options_, element, "more PCI functions than any machine has");
    const size_t index = out_.pci.size();
    if (above) out_.pci[*above].has_children = true;
    out_.pci.push_back(std::move(pci));
    for (const Element& child : element.children) {
      if (child.name == "pci") {
        TRY(read_pci(child, numa, index));
      } else if (child.name == "gpu") {
        if (out_.pci[index].gpu != nullptr)
          return fault_in(options_, child, "a second <gpu> in one <pci>");
        TRY(check_gpu(child));
        out_.pci[index].gpu = &child;
      } else if (child.name == "nic") {
        TRY(read_nic(child, [&](const Element& net) { out_.pci[index].nets.push_back(&net); }));
      } else if (child.name == "net") {
        out_.pci[index].nets.push_back(&child);
      } else {
        pass_over(child);
      }
    }
    return {};
  }

  // A GPU that takes no part in the run has no number.
  Result<void> check_gpu(const Element& gpu) {
    const int64_t number = TRY(read_number(gpu, "dev", {-1, 65'535, -1}, options_));
    TRY(read_number(gpu, "sm", {0, 65'535, 0}, options_));
    if (number >= 0 && !gpu_numbers_.insert(number).second)
      return fault_in(options_, gpu, "a second GPU with dev=\"" + std::to_string(number) + "\"");
    return {};
  }

  template <class Take>
  Result<void> read_nic(const Element& nic, const Take& take) {
    for (const Element& child : nic.children) {
      if (child.name == "net")
        take(child);
      else
        pass_over(child);
    }
    return {};
  }

  // Attributes of sysfs, as kernels have written them over the years; any may be missing or empty.
  Result<void> read_function(const Element& element, api::PciFunction& function) {
    const auto wrong = [&](const char* name, std::string_view should) {
      return fault_in(options_, element,
                      std::string(name) + "=\"" + std::string(element.get(name).substr(0, 40)) +
                          "\" is " + std::string(should));
    };
    function.address = plain_address(element.get("busid"));
    if (function.address.empty()) return wrong("busid", "no PCI address such as 0000:41:00.0");
    const struct {
      const char* name;
      std::string& to;
    } ids[] = {
        {"class", function.class_code}, {"vendor", function.vendor}, {"device", function.device}};
    for (const auto& id : ids) {
      const std::string_view text = trim(element.get(id.name));
      id.to = parse_hex_id(text, 4);
      if (id.to.empty() && !text.empty()) return wrong(id.name, "no number such as 0x10de");
    }
    // What clouds write for switches that a guest does not see.
    if (function.vendor == "ffff") function.vendor = function.device = "";
    const std::string_view speed = trim(element.get("link_speed"));
    function.link_speed = parse_link_speed(speed);
    if (function.link_speed.empty() && !speed.empty() && !speed.starts_with("Unknown"))
      ++unclear_speeds_;
    const std::string_view width = trim(element.get("link_width"));
    const auto lanes = parse_int(width);
    if (!width.empty() && (!lanes || *lanes < 0)) return wrong("link_width", "no number of lanes");
    function.link_width = parse_link_width(width);
    if (!width.empty() && function.link_width == 0) ++unclear_widths_;
    return {};
  }

  std::vector<std::string>& notes_;
  const ImportOptions& options_;
  NcclSystem out_;
  std::string host_;
  std::set<uint32_t> cpus_;
  std::set<int64_t> gpu_numbers_;
  std::set<std::string> unknown_;
  size_t unclear_speeds_ = 0, unclear_widths_ = 0;
};

}  // namespace

Result<NcclSystem> read_nccl_system(const Element& root, std::vector<std::string>& notes,
                                    const ImportOptions& options) {
  return SystemReader(notes, options).read(root);
}

}  // namespace freehold::discover
