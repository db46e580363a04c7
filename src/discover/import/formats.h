// The importers by format, for the registry in import.cc and for tests; each is written in the file
// that bears its name. Pure: text in, Inventory or a refusal that names the line or path out.
// Internal to this module.
#pragma once

#include <string_view>

#include "discover/import/import.h"

namespace freehold::discover {

// Fabrics, and the machines on them.
Result<Inventory> import_ibnetdiscover(std::string_view text, const ImportOptions& options);
Result<Inventory> import_topograph(std::string_view text, const ImportOptions& options);
Result<Inventory> import_slurm_topology(std::string_view text, const ImportOptions& options);

// Many machines per file.
Result<Inventory> import_slurm_nodes(std::string_view text, const ImportOptions& options);
Result<Inventory> import_resourceslice(std::string_view text, const ImportOptions& options);

// One machine per file.
Result<Inventory> import_hwloc(std::string_view text, const ImportOptions& options);
Result<Inventory> import_nccl(std::string_view text, const ImportOptions& options);
Result<Inventory> import_nvidia_smi(std::string_view text, const ImportOptions& options);
Result<Inventory> import_rocm_smi(std::string_view text, const ImportOptions& options);

// A management controller, with the machines behind it.
Result<Inventory> import_redfish(const Root& root, const ImportOptions& options);

}  // namespace freehold::discover
