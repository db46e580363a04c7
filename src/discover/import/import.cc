// The registry: every format that can be imported, one row each.
#include "discover/import/import.h"

#include <algorithm>
#include <array>

#include "discover/import/formats.h"

namespace freehold::discover {

namespace {

// Ascending by format.
constexpr std::array all{
    Importer{"hwloc", "one machine as hwloc's XML, of versions 1 to 3", import_hwloc},
    Importer{"ibnetdiscover", "InfiniBand fabric as `ibnetdiscover` prints it",
             import_ibnetdiscover},
    Importer{"nccl", "one machine as a topology file of NCCL or RCCL", import_nccl},
    Importer{"nvidia-smi", "one machine as `nvidia-smi topo -m` prints it", import_nvidia_smi},
    Importer{.format = "redfish",
             .doc = "folder of a management controller's documents, or https://HOST of a live one",
             .read_tree = import_redfish},
    Importer{"resourceslice", "Kubernetes ResourceSlices (DRA, resource.k8s.io/v1), YAML or JSON",
             import_resourceslice},
    Importer{"rocm-smi", "one machine as `rocm-smi --showtopo` prints it", import_rocm_smi},
    Importer{"slurm-nodes", "NodeName lines of slurm.conf, or what `scontrol show node` prints",
             import_slurm_nodes},
    Importer{"slurm-topology", "Slurm's topology.conf (tree, block) or topology.yaml",
             import_slurm_topology},
    Importer{"topograph", "cluster model of topograph, YAML", import_topograph},
};
static_assert(std::is_sorted(all.begin(), all.end(), [](const Importer& a, const Importer& b) {
  return a.format < b.format;
}));

}  // namespace

std::span<const Importer> importers() { return all; }

const Importer* find_importer(std::string_view format) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const Importer& importer) { return importer.format == format; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace freehold::discover
