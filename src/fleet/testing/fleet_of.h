// Fleets in a sentence, for tests and benchmarks:
//
//   fleet_of("2 nodes: 2 numa x 4 cpus, 8Gi each, 2 gpu; 1 node: 1 numa x 2 cores x 2 threads, 4Gi
//   each, rack r2")
//
// Nodes are named n1, n2 …; CPUs are numbered as Linux does, all first threads first. Devices are
// dealt out evenly over the memory nodes, in blocks. Clauses: `N numa x M cpus`, `N numa x M cores
// x T threads`, `8Gi each` (per memory node), `N packages`, `K <class> [model] [memory]` (gpu, nic,
// rdma-nic, nvme), `roots apart` (each device on a PCI root of its own), `rack R`, `site S`,
// `10kW`, `feed D`, `label k=v`, `not ready`, `cordoned`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/catalog.h"
#include "api/contract.h"
#include "api/node.h"
#include "api/site.h"
#include "base/check.h"
#include "base/strings.h"
#include "fleet/fleet.h"
#include "fleet/hash.h"

namespace freehold::fleet::testing {

struct Machine {
  int64_t nodes = 1, numa = 1, cores = 1, threads = 1, packages = 0;
  int64_t memory_bytes = 1 << 30;
  struct Devices {
    int64_t count = 0;
    api::DeviceClass cls = api::DeviceClass::gpu;
    std::string name, model;
    int64_t memory_bytes = 0;
  };
  std::vector<Devices> devices;
  bool roots_apart = false, is_ready = true, is_schedulable = true;
  std::string site, rack;
  std::vector<api::Feed> feeds;
  schema::StringMap labels;
  Quantity power;
};

inline int64_t bytes_of(std::string_view text) {
  auto quantity = Quantity::parse(text, Dimension::bytes);
  CHECK(quantity.ok(), "not bytes");
  return quantity->value();
}

inline bool read_devices(const std::vector<std::string_view>& words, Machine& machine) {
  static const std::map<std::string_view, api::DeviceClass> classes{
      {"gpu", api::DeviceClass::gpu},
      {"nic", api::DeviceClass::nic},
      {"rdma-nic", api::DeviceClass::rdma_nic},
      {"nvme", api::DeviceClass::nvme}};
  if (words.size() < 2 || !classes.contains(words[1])) return false;
  Machine::Devices devices{
      *parse_int(words[0]), classes.at(words[1]), std::string(words[1]), {}, 0};
  if (words.size() > 2) devices.model = words[2];
  if (words.size() > 3) devices.memory_bytes = bytes_of(words[3]);
  machine.devices.push_back(std::move(devices));
  return true;
}

inline void read_clause(std::string_view clause, Machine& machine) {
  std::vector<std::string_view> words;
  for (std::string_view word : split(clause, ' '))
    if (!word.empty()) words.push_back(word);
  CHECK(!words.empty(), "an empty clause");
  if (words.size() >= 5 && words[1] == "numa") {
    machine.numa = *parse_int(words[0]);
    machine.cores = *parse_int(words[3]);
    if (words.size() == 8) machine.threads = *parse_int(words[6]);
  } else if (words.size() == 2 && words[1] == "each") {
    machine.memory_bytes = bytes_of(words[0]);
  } else if (words.size() == 2 && words[1].starts_with("package")) {
    machine.packages = *parse_int(words[0]);
  } else if (words[0] == "rack") {
    machine.rack = words[1];
  } else if (words[0] == "site") {
    machine.site = words[1];
  } else if (words[0] == "feed") {
    machine.feeds.push_back({std::string(words[1]), 100, api::FeedFailure::shift});
  } else if (words[0] == "label") {
    const auto parts = split(words[1], '=');
    machine.labels[std::string(parts[0])] = parts[1];
  } else if (clause == "roots apart") {
    machine.roots_apart = true;
  } else if (clause == "not ready") {
    machine.is_ready = false;
  } else if (clause == "cordoned") {
    machine.is_schedulable = false;
  } else if (!read_devices(words, machine)) {
    auto power = Quantity::parse(clause, Dimension::power);
    CHECK(power.ok(), clause);
    machine.power = *power;
  }
}

inline std::vector<Machine> machines(std::string_view text) {
  std::vector<Machine> all;
  for (std::string_view sentence : split(text, ';')) {
    if (trim(sentence).empty()) continue;
    const size_t colon = sentence.find(':');
    CHECK(colon != std::string_view::npos, "a sentence is `2 nodes: …`");
    Machine machine;
    machine.nodes = *parse_int(split(trim(sentence.substr(0, colon)), ' ')[0]);
    for (std::string_view clause : split(sentence.substr(colon + 1), ','))
      read_clause(trim(clause), machine);
    all.push_back(std::move(machine));
  }
  return all;
}

// Logical CPUs of one core: c, c + cores, c + 2 × cores …
inline std::vector<uint32_t> threads_of(const Machine& m, int64_t core) {
  std::vector<uint32_t> cpus;
  for (int64_t t = 0; t < m.threads; ++t)
    cpus.push_back(static_cast<uint32_t>(t * m.numa * m.cores + core));
  return cpus;
}

inline api::HardwareProfile profile_of(const Machine& m) {
  api::HardwareProfile profile;
  api::HardwareProfileSpec& spec = profile.spec;
  spec.cpus = "0-" + std::to_string(m.numa * m.cores * m.threads - 1);
  for (int64_t n = 0; n < m.numa; ++n) {
    api::NumaNode& numa = spec.numa.emplace_back();
    numa.id = n;
    numa.package = m.packages == 0 ? n : n * m.packages / m.numa;
    numa.memory_bytes = m.memory_bytes;
    Bits cpus;
    for (int64_t c = n * m.cores; c < (n + 1) * m.cores; ++c) {
      for (const uint32_t cpu : threads_of(m, c)) cpus.add(cpu);
      spec.cores.push_back(Bits::of(threads_of(m, c)).to_list());
    }
    numa.cpus = cpus.to_list();
  }
  Hash h;
  for (const Machine::Devices& devices : m.devices) {
    h.add(devices.name).add(devices.count).add(devices.model).add(devices.memory_bytes);
    for (int64_t i = 0; i < devices.count; ++i) {
      api::Device& device = spec.devices.emplace_back();
      device.id = devices.name + std::to_string(i);
      device.cls = devices.cls;
      device.model = devices.model;
      device.memory_bytes = devices.memory_bytes;
      device.numa = i * m.numa / devices.count;
      device.address = device.id;
      const std::string root =
          "pci:" + (m.roots_apart ? device.id : "numa" + std::to_string(device.numa));
      spec.pci.push_back({device.address, root, "", "", "", device.numa, "", 0});
    }
  }
  h.add(m.numa).add(m.cores).add(m.threads).add(m.packages).add(m.memory_bytes);
  profile.metadata.name = "hp-" + std::to_string(h.add(uint64_t{m.roots_apart}).value());
  return profile;
}

inline api::Node node_of(const Machine& m, std::string name) {
  api::Node node;
  node.metadata.name = std::move(name);
  node.metadata.labels = m.labels;
  node.spec.site = m.site;
  node.spec.rack = m.rack;
  node.spec.feeds = m.feeds;
  node.spec.schedulable = m.is_schedulable;
  const api::HardwareProfile profile = profile_of(m);
  node.status.profile = profile.metadata.name;
  api::Allocatable& has = node.status.allocatable;
  has.cpus = profile.spec.cpus;
  for (const api::NumaNode& numa : profile.spec.numa)
    has.memory.push_back({numa.id, numa.memory_bytes});
  for (const api::Device& device : profile.spec.devices) has.devices.push_back(device.id);
  has.power = m.power;
  api::Condition& ready = node.status.conditions.emplace_back();
  ready.type = "Ready";
  ready.status = m.is_ready ? api::ConditionStatus::true_ : api::ConditionStatus::false_;
  return node;
}

inline Fleet fleet_of(std::string_view text) {
  Fleet fleet;
  int64_t number = 0;
  for (const Machine& machine : machines(text)) {
    fleet.put(profile_of(machine));
    for (int64_t i = 0; i < machine.nodes; ++i)
      fleet.put(node_of(machine, "n" + std::to_string(++number)));
  }
  return fleet;
}

// "n1 cpus 0-3, memory 0=4Gi 1=1Gi, devices gpu0 gpu1, power 2kW", one member per sentence.
inline api::AllocationSpec allocation_of(std::string_view text) {
  api::AllocationSpec spec;
  for (std::string_view sentence : split(text, ';')) {
    api::AllocatedMember& member = spec.members.emplace_back();
    member.role = "main";
    member.index = static_cast<int64_t>(spec.members.size()) - 1;
    bool is_first = true;
    for (std::string_view clause : split(sentence, ',')) {
      auto words = split(trim(clause), ' ');
      if (std::exchange(is_first, false)) {
        member.node = words[0];
        words.erase(words.begin());
      }
      if (words.empty()) continue;
      const std::vector<std::string_view> values(words.begin() + 1, words.end());
      if (words[0] == "cpus") {
        member.cpus = values[0];
      } else if (words[0] == "memory") {
        for (std::string_view value : values) {
          const auto parts = split(value, '=');
          member.memory.push_back({*parse_int(parts[0]), bytes_of(parts[1])});
        }
      } else if (words[0] == "devices") {
        member.devices.assign(values.begin(), values.end());
      } else {
        CHECK(words[0] == "power", clause);
        member.power = *Quantity::parse(values[0], Dimension::power);
      }
    }
  }
  return spec;
}

}  // namespace freehold::fleet::testing
