#include "fleet/generate_fabrics.h"

#include <algorithm>

namespace freehold::fleet {
namespace {

// A leaf has 64 ports of 400 Gbit/s: 32 down to machines, 32 up.
constexpr int64_t nodes_per_leaf = 32;
// Keeps a Fabric with its adapters below 256 KiB: 1,024 of them.
constexpr int64_t leaves_per_rail = 4;
constexpr int64_t nodes_per_pod = nodes_per_leaf * leaves_per_rail;
constexpr int64_t spines = 8, cores = 8;
constexpr int64_t core_links = 8;  // of a spine to each core
constexpr int64_t racks_per_ethernet = 300;
constexpr int64_t ethernet_spines = 2;
constexpr int64_t ethernet_port_gbps = 100, ethernet_link_gbps = 400;
constexpr int64_t ethernet_core_links = 4;  // of a spine to each core

Quantity gbps(int64_t n) { return Quantity::of(n * 1'000'000'000, Dimension::bandwidth); }

api::Fabric fabric_of(const std::string& site, const std::string& name, api::FabricKind kind,
                      const std::string& technology) {
  api::Fabric fabric;
  fabric.metadata.name = site + "-" + name;
  fabric.spec.kind = kind;
  fabric.spec.site = site;
  fabric.spec.technology = technology;
  return fabric;
}

void add_link(api::FabricSpec& spec, std::string from, std::string to, int64_t count,
              int64_t gbps_each) {
  api::FabricLink& link = spec.links.emplace_back();
  link.from = std::move(from);
  link.to = std::move(to);
  link.count = count;
  link.bandwidth = link.maximum = gbps(count * gbps_each);
}

std::string numbered(const std::string& name, int64_t i) {
  return name + "-" + std::to_string(i + 1);
}

double share(int64_t below, int64_t above) {
  return static_cast<double>(below) / static_cast<double>(above);
}

std::string guid(uint64_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[number >> shift & 15];
  return text;
}

class Fabrics {
 public:
  Fabrics(const FabricSite& site, const std::vector<FabricBlock>& blocks,
          const std::function<void(api::Fabric)>& put)
      : site_(site.name), site_number_(site.number), blocks_(blocks), put_(put) {}

  void run() {
    for (const FabricBlock& block : blocks_)
      if (block.model->rails > 0) pods_ += (block.nodes + nodes_per_pod - 1) / nodes_per_pod;
    if (pods_ > 1) put_core("rdma-core", api::FabricKind::rdma, "infiniband");
    int64_t pod = 0;
    for (const FabricBlock& block : blocks_)
      if (block.model->rails > 0)
        for (int64_t first = 0; first < block.nodes; first += nodes_per_pod)
          put_pod(block, first, pod++);
    put_ethernet();
    for (const FabricBlock& block : blocks_)
      if (block.model->domain > 0)
        for (int64_t first = 0; first < block.nodes; first += block.model->domain)
          put_domain(block, first);
  }

 private:
  void put_core(const std::string& name, api::FabricKind kind, const std::string& technology) {
    api::Fabric fabric = fabric_of(site_, name, kind, technology);
    fabric.spec.tiers = {{"core", gbps(400), 1}};
    for (int64_t c = 0; c < cores; ++c)
      fabric.spec.switches.push_back({numbered("core", c), "core", "", "", {}});
    put_(std::move(fabric));
  }

  // Rail by rail: the n-th NIC of each machine hangs on a leaf of rail n.
  void put_pod(const FabricBlock& block, int64_t first, int64_t pod) {
    const MachineModel& model = *block.model;
    const int64_t last = std::min(block.nodes, first + nodes_per_pod);
    const int64_t leaves = (last - first + nodes_per_leaf - 1) / nodes_per_leaf;
    api::Fabric fabric =
        fabric_of(site_, "rdma-" + std::to_string(pod + 1), api::FabricKind::rdma, "infiniband");
    api::FabricSpec& spec = fabric.spec;
    spec.rails = model.rails;
    spec.isolation = api::FabricIsolation::pkey;
    const double at_leaves = share(std::min(last - first, nodes_per_leaf), nodes_per_leaf);
    const double at_spines =
        share(model.rails * leaves * (nodes_per_leaf / spines), cores * core_links);
    spec.tiers = {{"leaf", gbps(400), at_leaves},
                  {"spine", gbps(400), pods_ > 1 ? at_spines : 1.0}};
    const auto leaf_name = [](int64_t rail, int64_t leaf) {
      return "leaf-" + std::to_string(rail + 1) + "-" + std::to_string(leaf + 1);
    };
    for (int64_t rail = 0; rail < model.rails; ++rail) {
      for (int64_t leaf = 0; leaf < leaves; ++leaf) {
        spec.switches.push_back({leaf_name(rail, leaf), "leaf", "", "", {}});
        for (int64_t s = 0; s < spines; ++s)
          add_link(spec, leaf_name(rail, leaf), numbered("spine", s), nodes_per_leaf / spines, 400);
      }
    }
    for (int64_t s = 0; s < spines; ++s) {
      spec.switches.push_back({numbered("spine", s), "spine", "", "", {}});
      for (int64_t c = 0; c < cores && pods_ > 1; ++c)
        add_link(spec, numbered("spine", s), site_ + "-rdma-core/" + numbered("core", c),
                 core_links, 400);
    }
    for (int64_t i = first; i < last; ++i) {
      for (int64_t rail = 0; rail < model.rails; ++rail) {
        api::FabricAdapter& adapter = spec.adapters.emplace_back();
        // Locally administered, the site, the port: a million machines have 2^26.
        const auto number = static_cast<uint64_t>((pod * nodes_per_pod + i - first) * 64 + rail);
        adapter.identity = guid(0x0200'0000'0000'0000 + (site_number_ << 32) + number);
        adapter.node = block.node_name(i);
        adapter.device = "mlx5_" + std::to_string(rail);
        adapter.at = leaf_name(rail, (i - first) / nodes_per_leaf);
        adapter.port = (i - first) % nodes_per_leaf + 1;
        adapter.bandwidth = gbps(400);
      }
    }
    put_(std::move(fabric));
  }

  // A switch on top of each rack, two to four spines, in blocks that a core joins.
  void put_ethernet() {
    struct Rack {
      std::string name;
      std::vector<std::string> nodes;
    };
    std::vector<Rack> racks;
    for (const FabricBlock& block : blocks_) {
      for (int64_t i = 0; i < block.nodes; ++i) {
        const std::string name = block.rack_name(i);
        if (racks.empty() || racks.back().name != name) racks.push_back({name, {}});
        racks.back().nodes.push_back(block.node_name(i));
      }
    }
    const bool has_core = static_cast<int64_t>(racks.size()) > racks_per_ethernet;
    if (has_core) put_core("data-core", api::FabricKind::data, "ethernet");
    for (size_t first = 0, number = 1; first < racks.size();
         first += racks_per_ethernet, ++number) {
      api::Fabric fabric =
          fabric_of(site_, "data-" + std::to_string(number), api::FabricKind::data, "ethernet");
      api::FabricSpec& spec = fabric.spec;
      spec.isolation = api::FabricIsolation::vxlan;
      const size_t last = std::min(racks.size(), first + racks_per_ethernet);
      size_t fullest = 0;
      for (size_t r = first; r < last; ++r) {
        const std::string tor = "tor-" + racks[r].name;
        fullest = std::max(fullest, racks[r].nodes.size());
        spec.switches.push_back({tor, "top-of-rack", racks[r].name, "", racks[r].nodes});
        for (int64_t s = 0; s < ethernet_spines; ++s)
          add_link(spec, tor, numbered("spine", s), 1, ethernet_link_gbps);
      }
      for (int64_t s = 0; s < ethernet_spines; ++s) {
        spec.switches.push_back({numbered("spine", s), "spine", "", "", {}});
        for (int64_t c = 0; c < cores && has_core; ++c)
          add_link(spec, numbered("spine", s), site_ + "-data-core/" + numbered("core", c),
                   ethernet_core_links, ethernet_link_gbps);
      }
      const double at_racks = share(static_cast<int64_t>(fullest) * ethernet_port_gbps,
                                    ethernet_spines * ethernet_link_gbps);
      const double at_spines =
          share(static_cast<int64_t>(last - first), cores * ethernet_core_links);
      spec.tiers = {{"top-of-rack", gbps(ethernet_port_gbps), at_racks},
                    {"spine", gbps(ethernet_link_gbps), has_core ? at_spines : 1.0}};
      put_(std::move(fabric));
    }
  }

  // Nine switch trays, each joined to every machine of the domain.
  void put_domain(const FabricBlock& block, int64_t first) {
    const MachineModel& model = *block.model;
    constexpr int64_t trays = 9;
    const std::string name =
        std::string(model.name) + "-nvl" + std::to_string(first / model.domain + 1);
    api::Fabric fabric = fabric_of(site_, name, api::FabricKind::scale_up, "nvlink");
    const int64_t mbps = model.link_mbps * model.nvlinks * model.gpus / trays;
    fabric.spec.tiers = {{"nvlink", Quantity::of(mbps * 1'000'000, Dimension::bandwidth), 1}};
    fabric.spec.isolation = api::FabricIsolation::nvlink_partition;
    for (int64_t t = 0; t < trays; ++t) {
      api::FabricSwitch& tray = fabric.spec.switches.emplace_back();
      tray.name = numbered("tray", t);
      tray.tier = "nvlink";
      tray.rack = block.rack_name(first);
      for (int64_t i = first; i < std::min(block.nodes, first + model.domain); ++i)
        tray.nodes.push_back(block.node_name(i));
    }
    put_(std::move(fabric));
  }

  const std::string& site_;
  const uint64_t site_number_;
  const std::vector<FabricBlock>& blocks_;
  const std::function<void(api::Fabric)>& put_;
  int64_t pods_ = 0;
};

}  // namespace

void generate_fabrics(const FabricSite& site, const std::vector<FabricBlock>& blocks,
                      const std::function<void(api::Fabric)>& put) {
  Fabrics(site, blocks, put).run();
}

}  // namespace freehold::fleet
