// discover: this machine's hardware as a graph. Needs no server.
#include "cli/cli.h"
#include "cli/commands.h"
#include "discover/draw.h"
#include "discover/machine.h"
#include "schema/walk.h"

namespace freehold::cli {

namespace {

json::Object rdma_limits(const discover::RdmaLimits& limits) {
  json::Object out;
  out["device"] = limits.device;
  out["queuePairs"] = limits.queue_pairs;
  out["completionQueues"] = limits.completion_queues;
  out["memoryRegions"] = limits.memory_regions;
  out["memoryRegionBytes"] = limits.memory_region_bytes;
  return out;
}

}  // namespace

int discover(const std::string& root, Output output) {
  // Libraries speak of the machine that they run on, whatever tree is read.
  const discover::Root tree(root);
  const auto libraries = tree.is_system() ? discover::load_vendor_libraries() : nullptr;
  const auto machine = discover::discover(tree, libraries.get());
  if (!machine) return complain(machine.error());
  if (output == Output::json || output == Output::yaml) {
    json::Object out;
    out["profile"] = schema::to_json(schema::type_of<api::HardwareProfileSpec>, &machine->profile);
    json::Array devices;
    for (const api::NodeDevice& d : machine->devices)
      devices.push_back(schema::to_json(schema::type_of<api::NodeDevice>, &d));
    out["devices"] = std::move(devices);
    if (machine->power.measured.is_set() || machine->power.limit.is_set())
      out["power"] = schema::to_json(schema::type_of<api::NodePower>, &machine->power);
    if (!machine->firmware.empty()) out["firmware"] = machine->firmware;
    if (!machine->scale_up_domain.empty()) out["scaleUpDomain"] = machine->scale_up_domain;
    if (!machine->bmc_address.empty()) out["bmcAddress"] = machine->bmc_address;
    json::Array degraded, provenance, rdma;
    for (const api::DegradedLink& link : machine->degraded)
      degraded.push_back(schema::to_json(schema::type_of<api::DegradedLink>, &link));
    out["degradedLinks"] = std::move(degraded);
    for (const api::Provenance& said : machine->provenance)
      provenance.push_back(schema::to_json(schema::type_of<api::Provenance>, &said));
    out["provenance"] = std::move(provenance);
    for (const discover::RdmaLimits& limits : machine->rdma) rdma.push_back(rdma_limits(limits));
    if (!rdma.empty()) out["rdmaLimits"] = std::move(rdma);
    const api::Allocatable free = discover::allocatable(*machine);
    out["allocatable"] = schema::to_json(schema::type_of<api::Allocatable>, &free);
    json::Array notes;
    for (const std::string& note : machine->notes) notes.emplace_back(note);
    out["notes"] = std::move(notes);
    put(document(out, output));
    return done;
  }
  const Terminal t = terminal(stdout);
  discover::DrawOptions options;
  options.colour = t.colour;
  options.width = t.width;
  put(discover::draw(*machine, options));
  for (const std::string& note : machine->notes) put("note: " + printable(note) + "\n", stderr);
  return done;
}

}  // namespace freehold::cli
