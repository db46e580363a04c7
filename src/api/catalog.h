// What the platform team knows and decides once for all: DeviceModel (facts of a model, each with a
// source), PriceBook (what an hour of something costs) and PriorityClass (who comes first).
#pragma once

#include <string>
#include <vector>

#include "api/meta.h"

namespace freehold::api {

// ---- DeviceModel

enum class ModelType : uint8_t { gpu, nic, cpu, node };

struct PowerDraw {
  Quantity idle, typical, maximum;
};
// One way to split a device, such as a MIG profile.
struct Partition {
  std::string profile;  // 1g.10gb
  int64_t compute_slices = 0, memory_slices = 0;
  Quantity memory;
  int64_t max_instances = 0;
  std::vector<int64_t> placements;  // first memory slices at which it may start
  int64_t placement_size = 0;       // memory slices that a placement covers; 0: memory_slices
  int64_t profile_id = -1;          // number that the vendor gives it; -1: unknown
};
// What a whole machine consists of.
struct ModelPart {
  std::string cls;    // a device class: gpu, nic, rdma-nic, nvme, nvswitch; or cpu, per package
  std::string model;  // DeviceModel.spec.model, or a name as machines report it; empty: any
  int64_t count = 1;
};
enum class FactCheck : uint8_t { recalled, derived, read, measured };
struct Source {
  std::vector<std::string> facts;  // names of the fields that it vouches for; empty: all
  std::string text;                // document, page and version
  FactCheck check = FactCheck::recalled;
};
struct DeviceModelSpec {
  ModelType type = ModelType::gpu;
  std::string vendor, model;
  Quantity memory, memory_bandwidth;
  Quantity usable_memory;           // of `memory`, what programs can have; unset: unknown
  int64_t per_machine = 0;          // devices of a machine that is built with it; 0: unknown
  std::string form;                 // SXM5, OAM, PCIe …
  std::string memory_type;          // HBM3 …
  schema::Map<Quantity> peak;       // precision → dense rate
  std::string scale_up_technology;  // NVLink4 …
  Quantity scale_up_bandwidth;      // one direction
  int64_t scale_up_domain = 0;      // devices that share one domain; 0: unknown
  int64_t scale_up_links = 0;       // links per device; 0: unknown
  std::string link_speed;           // of the PCI link, per lane: "32GT/s"; empty: unknown
  int64_t link_width = 0;           // lanes; 0: unknown
  PowerDraw power;
  int64_t compute_slices = 0, memory_slices = 0;  // that partitions are cut from
  std::vector<Partition> partitions;
  std::string partitioning;          // ways to split it that have no list: SPX/CPX x NPS1/NPS4
  std::vector<ModelPart> parts;      // of a node
  int64_t height = 0;                // rack units of a node; 0: unknown
  int64_t weight_kg = 0;             // 0: unknown
  std::vector<std::string> matches;  // "10de:2330" or a model name as a machine reports it
  std::vector<Source> sources;
};
struct DeviceModel {
  ObjectMeta metadata;
  DeviceModelSpec spec;
};

// ---- PriceBook

struct Price {
  std::string cls;    // cpu: per core; memory: per GiB; a device class: per device
  std::string model;  // empty: any
  Quantity price;
};
struct PriceBookSpec {
  std::string site;  // empty: every site
  std::string currency;
  Time valid_from, valid_until;
  std::vector<Price> prices;
  Quantity energy_price, storage_price, wan_price;
};
struct PriceBook {
  ObjectMeta metadata;
  PriceBookSpec spec;
};
void check_price_book(const PriceBookSpec& spec, const schema::Path& at, schema::Errors& errors);

// ---- PriorityClass

enum class Preemption : uint8_t { never, lower_priority };

struct PriorityClassSpec {
  int64_t value = 0;
  Preemption preemption = Preemption::never;
  Duration minimum_run_time, notice;
};
struct PriorityClass {
  ObjectMeta metadata;
  PriorityClassSpec spec;
};
void check_priority_class(const PriorityClassSpec& spec, const schema::Path& at,
                          schema::Errors& errors);

}  // namespace freehold::api
