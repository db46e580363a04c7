#include "fleet/generate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "api/site.h"
#include "api/storage.h"
#include "base/random.h"
#include "base/strings.h"
#include "fleet/generate_fabrics.h"
#include "fleet/machine_graph.h"
#include "fleet/machine_models.h"

namespace freehold::fleet {
namespace {

constexpr int64_t racks_per_row = 10;
constexpr int64_t edge_per_site = 100;  // machines of one place that nobody stays at
constexpr int64_t rack_units = 48;

struct Place {
  std::string_view name, country, subdivision;
  std::initializer_list<std::string_view> regimes;
  double latitude, longitude;
  int64_t energy_millicents;  // of the currency, per kWh
  int64_t carbon_grams;       // per kWh
};
// Cities with large data centres. Prices and carbon are of the order of what is paid and emitted
// there; a demo needs them to differ, nobody should rely on them.
const Place places[] = {
    {"fra", "DE", "DE-HE", {"EU", "EEA", "GDPR"}, 50.11, 8.68, 18'000, 380},
    {"osl", "NO", "", {"EEA", "GDPR"}, 59.91, 10.75, 6'000, 30},
    {"iad", "US", "US-VA", {"US"}, 39.04, -77.49, 8'000, 370},
    {"par", "FR", "", {"EU", "EEA", "GDPR"}, 48.86, 2.35, 12'000, 55},
    {"lhr", "GB", "", {"UK-GDPR"}, 51.47, -0.45, 20'000, 210},
    {"zrh", "CH", "CH-ZH", {"FADP"}, 47.38, 8.54, 14'000, 40},
    {"nrt", "JP", "", {"APPI"}, 35.68, 139.69, 16'000, 460},
    {"syd", "AU", "AU-NSW", {"AU-PRIVACY"}, -33.87, 151.21, 15'000, 550},
};

Quantity watts(int64_t w) { return Quantity::of(w * 1'000, Dimension::power); }

// Round trip over fibre, which takes 5 us a kilometre each way and is half as long again as the
// arc.
Quantity round_trip(const Place& a, const Place& b) {
  const double rad = 3.14159265358979 / 180;
  const double x = std::sin((a.latitude - b.latitude) * rad / 2);
  const double y = std::sin((a.longitude - b.longitude) * rad / 2);
  const double h = x * x + std::cos(a.latitude * rad) * std::cos(b.latitude * rad) * y * y;
  const double km = 2 * 6'371 * std::asin(std::sqrt(std::min(1.0, h)));
  const auto ms = static_cast<int64_t>(1 + km * 1.5 * 2 * 0.005);
  return Quantity::of(ms * 1'000'000, Dimension::duration);
}

std::string degrees(double value) {
  const auto hundredths = static_cast<int64_t>(std::llround(std::abs(value) * 100));
  std::string text = std::to_string(hundredths % 100 + 100).substr(1);
  return (value < 0 ? "-" : "") + std::to_string(hundredths / 100) + "." + text;
}

// A machine that is to be: its model, and where it stands.
struct Seat {
  const MachineModel* model = nullptr;
  int64_t number = 0;  // of its model in the site, from 0
  int64_t rack = 0;    // in the site, from 0
  int64_t slot = 0;    // in the rack, from 0
};

// One site, with all that stands in it.
struct Ground {
  std::string name;
  const Place* place = nullptr;
  bool is_edge = false;
  std::string hub;  // the site that an edge site hangs on
  struct Block {    // of machines of one model
    const MachineModel* model = nullptr;
    int64_t nodes = 0, first_rack = 0;
    int64_t racks() const { return (nodes + model->per_rack - 1) / model->per_rack; }
  };
  std::vector<Block> blocks;

  int64_t racks() const {
    return blocks.empty() ? 0 : blocks.back().first_rack + blocks.back().racks();
  }
  int64_t rows() const {
    return std::max<int64_t>(1, (racks() + racks_per_row - 1) / racks_per_row);
  }
  // A site holds at most 256 cooling units, two to a hall.
  int64_t rows_per_hall() const { return std::max<int64_t>(20, (rows() + 99) / 100); }
  int64_t pue_percent() const { return is_edge ? 160 : 120; }
  int64_t watts() const {
    int64_t sum = 0;
    for (const Block& block : blocks) sum += block.nodes * block.model->watts;
    return sum;
  }
  const Block& block_of(int64_t rack) const {
    for (const Block& block : blocks)
      if (rack < block.first_rack + block.racks()) return block;
    return blocks.back();
  }
  std::string rack_name(int64_t rack) const { return name + "-r" + std::to_string(rack + 1); }
  std::string node_name(const MachineModel& model, int64_t number) const {
    return name + "-" + std::string(model.name) + "-" + std::to_string(number + 1);
  }
};

class Generator {
 public:
  Generator(const GenerateOptions& options, const std::function<void(api::Object)>& put)
      : options_(options), put_(put) {}

  void run() {
    lay_out();
    for (const Ground& ground : grounds_) put_site(ground);
    for (const Ground& ground : grounds_) put_power(ground);
    for (const Ground& ground : grounds_) put_racks(ground);
    for (const MixPart& part : options_.mix) {
      api::HardwareProfile profile = profile_of(*find_machine_model(part.model));
      if (profiles_.emplace(part.model, profile).second) put_(api::Object::of(std::move(profile)));
    }
    for (const Ground& ground : grounds_) put_fabrics(ground);
    for (const Ground& ground : grounds_) put_pool(ground);
    for (const Ground& ground : grounds_) put_nodes(ground);
  }

 private:
  // ---- what stands where

  void lay_out() {
    const int64_t sites = std::clamp<int64_t>(options_.sites, 1, most_generated_sites);
    for (int64_t s = 0; s < sites; ++s) {
      Ground& ground = grounds_.emplace_back();
      ground.place = &places[static_cast<size_t>(s) % std::size(places)];
      ground.name = std::string(ground.place->name) +
                    std::to_string(s / static_cast<int64_t>(std::size(places)) + 1);
    }
    int64_t edge_sites = 0;
    for (const MixPart& part : options_.mix) {
      const MachineModel* model = find_machine_model(part.model);
      if (model == nullptr) continue;
      if (model->name != "edge") {
        for (int64_t s = 0; s < sites; ++s)
          add_block(grounds_[static_cast<size_t>(s)], model,
                    part.nodes / sites + (s < part.nodes % sites ? 1 : 0));
        continue;
      }
      for (int64_t left = part.nodes; left > 0; left -= edge_per_site) {
        Ground ground;
        const Ground& hub = grounds_[static_cast<size_t>(edge_sites % sites)];
        ground.place = hub.place;
        ground.hub = hub.name;
        ground.is_edge = true;
        ground.name = "edge" + std::to_string(++edge_sites);
        add_block(ground, model, std::min(left, edge_per_site));
        grounds_.push_back(std::move(ground));
      }
    }
  }

  static void add_block(Ground& ground, const MachineModel* model, int64_t nodes) {
    if (nodes > 0) ground.blocks.push_back({model, nodes, ground.racks()});
  }

  // ---- sites, power, cooling, racks

  void put_site(const Ground& ground) {
    const Place& place = *ground.place;
    api::Site site;
    site.metadata.name = ground.name;
    api::SiteSpec& spec = site.spec;
    spec.type = ground.is_edge ? api::SiteType::edge : api::SiteType::datacenter;
    spec.jurisdiction.country = place.country;
    spec.jurisdiction.subdivision = place.subdivision;
    for (const std::string_view regime : place.regimes)
      spec.jurisdiction.regimes.emplace_back(regime);
    spec.location = {degrees(place.latitude), degrees(place.longitude)};
    spec.power_domain = ground.name + "-site";
    spec.pue = static_cast<double>(ground.pue_percent()) / 100;
    spec.energy_price =
        Quantity::of(place.energy_millicents * 10, Dimension::money_per_energy, "EUR");
    spec.carbon_intensity_grams_per_kwh = place.carbon_grams;
    for (const Ground& other : grounds_) add_site_link(ground, other, spec);
    add_cooling(ground, spec);
    put_(api::Object::of(std::move(site)));
  }

  // All data centres with each other, an edge site with its own.
  void add_site_link(const Ground& ground, const Ground& other, api::SiteSpec& spec) {
    const bool is_edge_link = ground.is_edge && other.name == ground.hub;
    if (&ground == &other || other.is_edge || (ground.is_edge && !is_edge_link)) return;
    api::SiteLink& link = spec.links.emplace_back();
    link.site = other.name;
    Random chance(options_.seed * 1'000'003 + name_hash(std::min(ground.name, other.name)) * 31 +
                  name_hash(std::max(ground.name, other.name)));
    const int64_t gbps = is_edge_link ? 10 : 100 * chance.in(1, 8);
    link.bandwidth = Quantity::of(gbps * 1'000'000'000, Dimension::bandwidth);
    link.latency = is_edge_link ? Quantity::of(chance.in(4, 12) * 1'000'000, Dimension::duration)
                                : round_trip(*ground.place, *other.place);
    link.price_per_gb = Quantity::of(chance.in(5, 20) * 1'000, Dimension::money_per_bytes, "EUR");
  }

  static int64_t halls(const Ground& ground) {
    return (ground.rows() + ground.rows_per_hall() - 1) / ground.rows_per_hall();
  }
  static std::string hall_name(int64_t hall) { return "hall-" + std::to_string(hall + 1); }

  void add_cooling(const Ground& ground, api::SiteSpec& spec) {
    spec.cooling.push_back(
        {"chiller-1", api::CoolingType::liquid, watts(ground.watts() * 5 / 4), ""});
    for (int64_t hall = 0; hall < halls(ground); ++hall) {
      // The last hall may be nearly empty, so each has what its own rows need.
      int64_t sum = 0;
      for (int64_t row = hall * ground.rows_per_hall(); row < (hall + 1) * ground.rows_per_hall();
           ++row)
        sum += row_watts(ground, row);
      for (const auto& [prefix, type] :
           {std::pair{"air", api::CoolingType::air}, {"cdu", api::CoolingType::liquid}})
        spec.cooling.push_back({prefix + std::string("-") + std::to_string(hall + 1), type,
                                watts(sum * 5 / 4), "chiller-1"});
    }
  }

  void put_domain(const Ground& ground, const std::string& name, api::PowerDomainType type,
                  int64_t capacity_watts, std::vector<std::string> suppliers) {
    api::PowerDomain domain;
    domain.metadata.name = ground.name + "-" + name;
    domain.spec.type = type;
    domain.spec.site = ground.name;
    domain.spec.capacity = watts(capacity_watts);
    for (const std::string& supplier : suppliers)
      domain.spec.supplied_by.domains.push_back(ground.name + "-" + supplier);
    std::sort(domain.spec.supplied_by.domains.begin(), domain.spec.supplied_by.domains.end());
    put_(api::Object::of(std::move(domain)));
  }

  int64_t row_watts(const Ground& ground, int64_t row) const {
    int64_t sum = 0;
    for (int64_t r = row * racks_per_row; r < std::min(ground.racks(), (row + 1) * racks_per_row);
         ++r)
      sum += rack_watts(ground, r);
    return sum;
  }
  static int64_t rack_watts(const Ground& ground, int64_t rack) {
    const Ground::Block& block = ground.block_of(rack);
    return block.model->watts * block.model->per_rack;
  }

  // 2N: either side carries everything alone.
  void put_power(const Ground& ground) {
    const int64_t all = std::max<int64_t>(10'000, ground.watts() * 5 / 4);
    const int64_t with_overhead = all * ground.pue_percent() / 100;
    put_domain(ground, "site", api::PowerDomainType::utility, 2 * with_overhead,
               {"utility-a", "utility-b"});
    for (const std::string side : {"a", "b"}) {
      put_domain(ground, "utility-" + side, api::PowerDomainType::utility, with_overhead, {});
      put_domain(ground, "gen-" + side, api::PowerDomainType::generator, with_overhead, {});
      put_domain(ground, "ups-" + side, api::PowerDomainType::ups, all,
                 {"gen-" + side, "utility-" + side});
      for (int64_t row = 0; row < ground.rows(); ++row)
        put_domain(ground, "pdu-" + std::to_string(row + 1) + side, api::PowerDomainType::pdu,
                   std::max<int64_t>(1'000, row_watts(ground, row) * 11 / 10), {"ups-" + side});
    }
  }

  void put_racks(const Ground& ground) {
    for (int64_t r = 0; r < ground.racks(); ++r) {
      const int64_t row = r / racks_per_row, hall = row / ground.rows_per_hall();
      const bool is_liquid = ground.block_of(r).model->is_liquid;
      api::Rack rack;
      rack.metadata.name = ground.rack_name(r);
      rack.spec.site = ground.name;
      rack.spec.room = hall_name(hall);
      rack.spec.row = "row-" + std::to_string(row + 1);
      rack.spec.position = std::to_string(r % racks_per_row + 1);
      rack.spec.units = rack_units;
      for (const char* side : {"a", "b"})
        rack.spec.feeds.push_back(ground.name + "-pdu-" + std::to_string(row + 1) + side);
      rack.spec.cooling.type = is_liquid ? api::CoolingType::liquid : api::CoolingType::air;
      rack.spec.cooling.limit = watts(rack_watts(ground, r) * 11 / 10);
      rack.spec.cooling.unit = (is_liquid ? "cdu-" : "air-") + std::to_string(hall + 1);
      rack.spec.weight_limit_kg = 1'800;
      put_(api::Object::of(std::move(rack)));
    }
  }

  // ---- fabrics, storage, machines

  void put_fabrics(const Ground& ground) {
    std::vector<FabricBlock> blocks;
    for (const Ground::Block& block : ground.blocks) {
      FabricBlock& there = blocks.emplace_back();
      there.model = block.model;
      there.nodes = block.nodes;
      there.node_name = [&ground, &block](int64_t i) { return ground.node_name(*block.model, i); };
      there.rack_name = [&ground, &block](int64_t i) {
        return ground.rack_name(block.first_rack + i / block.model->per_rack);
      };
    }
    generate_fabrics({ground.name, static_cast<uint64_t>(&ground - grounds_.data())}, blocks,
                     [&](api::Fabric fabric) { put_(api::Object::of(std::move(fabric))); });
  }

  void put_pool(const Ground& ground) {
    int64_t nodes = 0;
    for (const Ground::Block& block : ground.blocks) nodes += block.nodes;
    if (nodes == 0) return;
    const auto rate = [](int64_t gbytes) {
      return Quantity::of(gbytes * 8'000'000'000, Dimension::bandwidth);
    };
    const auto size = [](int64_t tbytes) {
      return Quantity::of(tbytes * 1'000'000'000'000, Dimension::bytes);
    };
    Random chance(options_.seed * 1'000'033 + name_hash(ground.name));
    api::StoragePool pool;
    pool.metadata.name = ground.name + (ground.is_edge ? "-nfs" : "-lustre");
    api::StoragePoolSpec& spec = pool.spec;
    spec.site = ground.name;
    spec.fabric = ground.name + "-data-1";
    spec.technology = ground.is_edge ? "nfs" : "lustre";
    spec.capacity = size(nodes * 50);
    spec.read_throughput = rate(nodes * 4);
    spec.write_throughput = rate(nodes * 2);
    spec.read_iops = nodes * 100'000;
    spec.write_iops = nodes * 50'000;
    for (const char* name : {"datasets", "checkpoints"}) {
      api::StorageCommitment& promised = spec.commitments.emplace_back();
      promised.name = name;
      promised.capacity = size(nodes * chance.in(5, 20));
      promised.read_throughput = rate(std::max<int64_t>(1, nodes * chance.in(0, 1)));
      promised.write_throughput = rate(std::max<int64_t>(1, nodes / chance.in(2, 4)));
    }
    put_(api::Object::of(std::move(pool)));
  }

  void put_nodes(const Ground& ground) {
    for (const Ground::Block& block : ground.blocks) {
      const MachineModel& model = *block.model;
      const api::HardwareProfile& profile = profiles_.at(std::string(model.name));
      for (int64_t i = 0; i < block.nodes; ++i) {
        api::Node node;
        node.metadata.name = ground.node_name(model, i);
        node.metadata.labels["topology.kubernetes.io/zone"] = ground.name;
        api::NodeSpec& spec = node.spec;
        spec.site = ground.name;
        spec.rack = ground.rack_name(block.first_rack + i / model.per_rack);
        spec.unit = 1 + i % model.per_rack * model.units;
        spec.height = model.units;
        spec.nameplate = watts(model.watts);
        spec.expected_profile = profile.metadata.name;
        fill_status(node, model, profile);
        if (model.domain > 0)
          node.status.scale_up_domain = ground.name + "-" + std::string(model.name) + "-nvl" +
                                        std::to_string(i / model.domain + 1);
        put_(api::Object::of(std::move(node)));
      }
    }
  }

  void fill_status(api::Node& node, const MachineModel& model,
                   const api::HardwareProfile& profile) {
    api::NodeStatus& status = node.status;
    status.profile = profile.metadata.name;
    status.allocatable.cpus = profile.spec.cpus;
    for (const api::NumaNode& numa : profile.spec.numa)
      if (numa.cls == api::NumaClass::cpu_memory)
        status.allocatable.memory.push_back({numa.id, numa.memory_bytes});
    for (const api::Device& device : profile.spec.devices)
      if (device.cls != api::DeviceClass::nvswitch) status.allocatable.devices.push_back(device.id);
    status.allocatable.power = watts(model.watts);
    status.power.nameplate = watts(model.watts);
    api::Condition& ready = status.conditions.emplace_back();
    ready.type = "Ready";
    ready.status = api::ConditionStatus::true_;
    ready.reason = "Generated";
    ready.message = "no machine: made by freehold generate";
    Random chance(options_.seed * 1'000'039 + name_hash(node.metadata.name));
    if (model.rails == 0 || chance.in(1, 64) != 1) return;
    const std::string id = "mlx5_" + std::to_string(chance.in(0, model.rails - 1));
    for (const api::Device& device : profile.spec.devices)
      if (device.id == id)
        status.degraded_links.push_back(
            {device.address, "x16 " + std::string(model.pci_speed),
             "x8 " + std::string(model.pci_speed),
             "the PCIe link of " + id + " at " + device.address +
                 " runs with 8 of 16 lanes; reseat or replace the card, riser or cable"});
  }

  const GenerateOptions& options_;
  const std::function<void(api::Object)>& put_;
  std::vector<Ground> grounds_;
  std::map<std::string, api::HardwareProfile> profiles_;
};

}  // namespace

Result<std::vector<MixPart>> parse_mix(std::string_view text) {
  std::string known;
  for (const MachineModel& model : machine_models())
    known += (known.empty() ? "" : ", ") + std::string(model.name);
  std::vector<MixPart> mix;
  int64_t sum = 0;
  for (const std::string_view part : split(text, ',')) {
    const size_t equals = part.find('=');
    const std::string name(trim(part.substr(0, equals)));
    if (equals == part.npos || find_machine_model(name) == nullptr)
      return Error{Reason::bad_request, "\"" + std::string(part) +
                                            "\" is no part of a mix such as h100=10; " +
                                            "models are " + known};
    const auto nodes = parse_int(trim(part.substr(equals + 1)));
    if (!nodes || *nodes < 0 ||
        (sum += std::min(*nodes, most_generated_nodes + 1)) > most_generated_nodes)
      return Error{Reason::bad_request, "\"" + std::string(part) + "\": use 0 to " +
                                            std::to_string(most_generated_nodes) + " nodes in all"};
    for (const MixPart& other : mix)
      if (other.model == name) return Error{Reason::bad_request, "\"" + name + "\" is there twice"};
    mix.push_back({name, *nodes});
  }
  return mix;
}

void generate(const GenerateOptions& options, const std::function<void(api::Object)>& put) {
  Generator(options, put).run();
}

}  // namespace freehold::fleet
