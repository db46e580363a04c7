// What discovery and the importers of machine files call the same things: classes of devices, names
// of models, sizes, orders of lists. One machine must get the same words from every source, or its
// sources would seem to disagree. Pure. Internal to this module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/hardware.h"

namespace freehold::discover {

// "1 core", "2 cores".
std::string counted(int64_t count, std::string_view one, std::string_view many);

// ---- by PCI class and ids

// Consoles of management controllers and of processors are displays, too, but nobody computes on
// them.
bool is_accelerator(const api::PciFunction& function);
// Encryption and vector engines and the like.
bool is_coprocessor(const api::PciFunction& function);
bool is_nvswitch(const api::PciFunction& function);
// "10de:2330"; empty when the ids are unknown.
std::string pci_ids(const api::PciFunction& function);

// ---- names of models

// Mellanox's own numbers ("MT4129"), which nobody orders by; other types as they are.
std::string rdma_model(std::string_view hca_type);
// Makers leave a filler in the firmware when nobody filled a name in.
bool says_nothing(std::string_view text);
// Of DMI's vendor and product, without what makers leave in when nobody filled it in; may be empty.
std::string product_name(std::string_view vendor, std::string_view product);

// ---- memory

// What the kernel manages is a little less than what was bought, and differs from boot to boot.
// Rounded up to a 16th of the power of two below, which is finer than memory modules come and
// coarser than what kernels keep.
int64_t bought_size(int64_t bytes);
api::NumaClass numa_class(bool has_cpus, bool has_memory, bool of_gpu);
// A node without CPUs belongs to the package of the node that it is nearest to.
void adopt_packages(std::vector<api::NumaNode>& nodes);

// By level and type, then by the first CPU.
void sort_caches(std::vector<api::Cache>& caches);

}  // namespace freehold::discover
