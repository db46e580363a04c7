// Several sources become one machine: who counts, who said what, and what is never guessed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/registry.h"
#include "base/limits.h"
#include "discover/import/dot.h"
#include "discover/import/fabric_parts.h"
#include "discover/import/import.h"
#include "discover/machine.h"

namespace freehold::discover {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

api::Device gpu(std::string id, std::string address, std::string model = "") {
  api::Device device;
  device.id = std::move(id);
  device.cls = api::DeviceClass::gpu;
  device.address = std::move(address);
  device.model = std::move(model);
  return device;
}

Inventory inventory(std::string source, api::Confidence confidence, HostFacts host) {
  Inventory out;
  out.source = std::move(source);
  out.confidence = confidence;
  out.hosts.push_back(std::move(host));
  return out;
}

HostFacts machine(std::vector<api::Device> devices) {
  HostFacts host;
  host.name = "n1";
  host.profile.devices = std::move(devices);
  return host;
}

Merged merged(std::vector<Inventory> all) {
  auto out = merge(std::move(all), {"", "", "fra1"});
  EXPECT_TRUE(out.ok()) << out.error().message;
  return out.ok() ? std::move(*out) : Merged{};
}

template <class T>
std::vector<const T*> all_of(const Merged& merged) {
  std::vector<const T*> out;
  for (const api::Object& object : merged.objects)
    if (const T* thing = object.as<T>()) out.push_back(thing);
  return out;
}

// The only Node and its profile.
struct One {
  api::Node node;
  api::HardwareProfileSpec profile;
};
One only(const Merged& merged) {
  One one;
  EXPECT_THAT(all_of<api::Node>(merged), SizeIs(1));
  EXPECT_THAT(all_of<api::HardwareProfile>(merged), SizeIs(1));
  if (!all_of<api::Node>(merged).empty()) one.node = *all_of<api::Node>(merged)[0];
  if (!all_of<api::HardwareProfile>(merged).empty())
    one.profile = all_of<api::HardwareProfile>(merged)[0]->spec;
  return one;
}

std::string source_of(const api::Node& node, std::string_view field) {
  const auto at = std::ranges::find(node.status.provenance, field, &api::Provenance::field);
  return at == node.status.provenance.end() ? "" : at->source;
}

TEST(Merge, one_source_becomes_a_node_that_names_its_profile) {
  const Merged out =
      merged({inventory("hwloc", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0")}))});
  const One one = only(out);
  EXPECT_EQ(one.node.spec.site, "fra1");
  EXPECT_EQ(one.node.status.profile, profile_name(one.profile));
  EXPECT_EQ(one.node.spec.expected_profile, one.node.status.profile);
  EXPECT_EQ(source_of(one.node, "devices"), "hwloc");
}

TEST(Merge, devices_of_one_address_are_one_whatever_they_are_called) {
  HostFacts second = machine({gpu("gpu3", "0000:41:00.0", "H100"), gpu("gpu0", "0000:C1:00.0")});
  second.profile.devices[0].links.push_back({"gpu0", api::LinkKind::nvlink, 18, {}});
  const Merged out =
      merged({inventory("nccl", api::Confidence::overlay, std::move(second)),
              inventory("hwloc", api::Confidence::sysfs,
                        machine({gpu("gpu0", "0000:41:00.0"), gpu("gpu1", "0000:c1:00.0")}))});
  const One one = only(out);
  ASSERT_THAT(one.profile.devices, SizeIs(2));
  EXPECT_EQ(one.profile.devices[0].id, "gpu0");
  EXPECT_EQ(one.profile.devices[0].model, "H100");
  ASSERT_THAT(one.profile.devices[0].links, SizeIs(1));
  EXPECT_EQ(one.profile.devices[0].links[0].to, "gpu1") << "the link follows the device's name";
  EXPECT_EQ(source_of(one.node, "devices"), "hwloc") << "the firmer source comes first";
  EXPECT_EQ(source_of(one.node, "devices[gpu0].model"), "nccl");
  EXPECT_THAT(one.node.status.conflicts, IsEmpty());
}

TEST(Merge, the_firmer_value_stands_and_both_are_kept) {
  HostFacts weak = machine({gpu("gpu0", "0000:41:00.0", "A100")});
  weak.profile.devices[0].memory_bytes = 1;
  HostFacts firm = machine({gpu("gpu0", "0000:41:00.0", "H100")});
  firm.profile.devices[0].memory_bytes = 2;
  const One one =
      only(merged({inventory("nccl", api::Confidence::overlay, std::move(weak)),
                   inventory("nvml", api::Confidence::vendor_library, std::move(firm))}));
  EXPECT_EQ(one.profile.devices[0].model, "H100");
  EXPECT_EQ(one.profile.devices[0].memory_bytes, 2);
  ASSERT_THAT(one.node.status.conflicts, SizeIs(2));
  const api::Conflict& conflict = one.node.status.conflicts[1];
  EXPECT_EQ(conflict.field, "devices[gpu0].model");
  EXPECT_EQ(conflict.kept, "H100");
  EXPECT_THAT(conflict.claims, testing::ElementsAre(Field(&api::Claim::value, "H100"),
                                                    Field(&api::Claim::value, "A100")));
}

TEST(Merge, what_is_unknown_to_one_comes_from_the_other) {
  HostFacts first = machine({gpu("gpu0", "")});
  HostFacts second = machine({gpu("gpu0", "0000:41:00.0")});
  second.profile.devices[0].numa = 1;
  const One one = only(merged({inventory("a", api::Confidence::sysfs, std::move(first)),
                               inventory("b", api::Confidence::bmc, std::move(second))}));
  ASSERT_THAT(one.profile.devices, SizeIs(1)) << "class and id agree";
  EXPECT_EQ(one.profile.devices[0].numa, 1);
  EXPECT_THAT(one.node.status.conflicts, IsEmpty()) << "-1 is unknown, not a claim";
}

TEST(Merge, numbers_of_a_model_and_a_root_do_not_contradict_what_is_more_exact) {
  HostFacts first = machine({gpu("gpu0", "0000:41:00.0", "10de:2330")});
  first.profile.pci = {{"0000:40:01.0", "pci0000:40", "0604", "", "", -1, "", 0},
                       {"0000:41:00.0", "0000:40:01.0", "0302", "", "", -1, "", 0}};
  HostFacts second = machine({gpu("gpu0", "0000:41:00.0", "H100")});
  second.profile.pci = {{"0000:41:00.0", "pci0000:40", "", "", "", -1, "", 0}};
  const One one = only(merged({inventory("a", api::Confidence::sysfs, std::move(first)),
                               inventory("b", api::Confidence::bmc, std::move(second))}));
  EXPECT_EQ(one.profile.devices[0].model, "H100");
  EXPECT_EQ(one.profile.pci[1].parent, "0000:40:01.0");
  EXPECT_THAT(one.node.status.conflicts, IsEmpty());
}

TEST(Merge, devices_of_different_addresses_stay_two_even_with_one_name) {
  const One one =
      only(merged({inventory("a", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0")})),
                   inventory("b", api::Confidence::bmc, machine({gpu("gpu0", "0000:c1:00.0")}))}));
  ASSERT_THAT(one.profile.devices, SizeIs(2));
  EXPECT_EQ(one.profile.devices[1].id, "gpu1");
}

TEST(Merge, an_adapter_finds_its_machine_by_guid) {
  Inventory fabric;
  fabric.source = "ibnetdiscover";
  fabric.fabrics.emplace_back();
  fabric.fabrics[0].metadata.name = "fab";
  fabric.fabrics[0].spec.switches.push_back({"leaf", "", "", "", {}});
  api::FabricAdapter adapter;
  adapter.identity = "e09d730300af125e";
  adapter.at = "leaf";
  fabric.fabrics[0].spec.adapters.push_back(adapter);
  HostFacts host = machine({gpu("mlx5_0", "")});
  host.profile.devices[0].cls = api::DeviceClass::rdma_nic;
  host.devices.emplace_back();
  host.devices[0].id = "mlx5_0";
  host.devices[0].identity = "e09d:7303:00af:125e";
  std::vector<Inventory> all;
  all.push_back(std::move(fabric));
  all.push_back(inventory("hwloc", api::Confidence::sysfs, std::move(host)));
  const Merged out = merged(std::move(all));
  ASSERT_THAT(all_of<api::Fabric>(out), SizeIs(1));
  EXPECT_EQ(all_of<api::Fabric>(out)[0]->spec.adapters[0].node, "n1");
  EXPECT_EQ(all_of<api::Fabric>(out)[0]->spec.adapters[0].device, "mlx5_0");
  EXPECT_THAT(out.notes, Contains(HasSubstr("1 adapters found their machine by GUID")));
}

TEST(Merge, what_needs_a_site_and_has_none_is_left_out_and_told) {
  Inventory racks;
  racks.source = "topograph";
  racks.racks.emplace_back();
  racks.racks[0].metadata.name = "r1";
  std::vector<Inventory> all;
  all.push_back(std::move(racks));
  const auto out = merge(std::move(all), {});
  ASSERT_TRUE(out.ok());
  EXPECT_THAT(out->objects, IsEmpty());
  EXPECT_THAT(out->notes, Contains(HasSubstr("1 Rack left out")));
}

TEST(Merge, a_machine_of_whose_memory_only_the_sum_is_known_has_one_memory_node) {
  HostFacts host = machine({});
  host.profile.cpus = "0-7";
  host.memory_bytes = int64_t{64} << 30;
  const One one = only(merged({inventory("slurm", api::Confidence::overlay, std::move(host))}));
  ASSERT_THAT(one.profile.numa, SizeIs(1));
  EXPECT_EQ(one.profile.numa[0].memory_bytes, int64_t{64} << 30);
}

// ---- fabrics that are too large

api::Fabric large_fabric(size_t leaves, size_t adapters) {
  api::Fabric fabric;
  fabric.metadata.name = "big";
  fabric.spec.switches.push_back({"spine", "", "", "", {}});
  for (size_t i = 0; i < leaves; ++i) {
    const std::string name = "leaf-" + std::to_string(i);
    fabric.spec.switches.push_back({name, "", "", "", {}});
    fabric.spec.links.push_back({name, "spine", 1, {}, {}});
    for (size_t k = 0; k < adapters; ++k) {
      api::FabricAdapter adapter;
      adapter.identity = std::to_string(i * 1000 + k);
      adapter.description = std::string(100, 'x');
      adapter.at = name;
      fabric.spec.adapters.push_back(std::move(adapter));
    }
  }
  return fabric;
}

TEST(FabricParts, a_large_fabric_becomes_parts_that_name_each_others_switches) {
  const auto parts = fabric_parts(large_fabric(100, 32));
  ASSERT_TRUE(parts.ok());
  ASSERT_GT(parts->size(), 2u);
  size_t switches = 0, links = 0, adapters = 0, abroad = 0;
  for (const api::Fabric& part : *parts) {
    const api::Object object = api::Object::of(part);
    schema::Errors errors;
    api::validate(object, errors);
    EXPECT_TRUE(errors.empty()) << part.metadata.name;
    EXPECT_LE(object.print().size(), freehold::limits::object_bytes);
    switches += part.spec.switches.size();
    links += part.spec.links.size();
    adapters += part.spec.adapters.size();
    for (const api::FabricLink& link : part.spec.links)
      if (link.to == "big-1/spine") ++abroad;
  }
  EXPECT_EQ(switches, 101u);
  EXPECT_EQ(links, 100u);
  EXPECT_EQ(adapters, 3200u);
  EXPECT_EQ(abroad + (*parts)[0].spec.links.size(), 100u);
}

TEST(FabricParts, a_switch_that_alone_is_too_much_is_refused) {
  EXPECT_FALSE(fabric_parts(large_fabric(1, 2000)).ok());
  api::Fabric crowded;
  crowded.metadata.name = "flat";
  crowded.spec.switches.push_back({"all", "", "", "", {}});
  for (int i = 0; i < 1025; ++i) crowded.spec.switches[0].nodes.push_back("n" + std::to_string(i));
  const auto parts = fabric_parts(std::move(crowded));
  ASSERT_FALSE(parts.ok());
  EXPECT_THAT(parts.error().message, HasSubstr("switch all has 1025 machines"));
}

TEST(Dot, machines_and_fabrics_are_graphs) {
  const Merged one =
      merged({inventory("hwloc", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0")}))});
  EXPECT_THAT(draw_dot(one.objects), AllOf(HasSubstr("graph freehold {"), HasSubstr("n1/gpu0")));
  const api::Object fabric = api::Object::of(large_fabric(2, 1));
  EXPECT_THAT(draw_dot(std::span(&fabric, 1)), HasSubstr("\"big/leaf-0\" -- \"big/spine\""));
}

}  // namespace
}  // namespace freehold::discover
