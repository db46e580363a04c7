// Several sources become one machine: who counts, who said what, and what is never guessed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/registry.h"
#include "base/limits.h"
#include "discover/import/dot.h"
#include "discover/import/fabric_parts.h"
#include "discover/import/formats.h"
#include "discover/import/import.h"
#include "discover/import/testing/machines.h"
#include "discover/machine.h"

namespace freehold::discover {
namespace {

using testing::all_of;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using testing::gpu;
using ::testing::HasSubstr;
using testing::inventory;
using ::testing::IsEmpty;
using testing::machine;
using testing::merged;
using testing::One;
using testing::only;
using testing::only_conflict;
using ::testing::SizeIs;

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
  EXPECT_THAT(conflict.claims, ::testing::ElementsAre(Field(&api::Claim::value, "H100"),
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

TEST(Merge, a_gpu_and_a_network_card_at_one_address_are_a_conflict) {
  HostFacts second = machine({gpu("net-0", "0000:41:00.0")});
  second.profile.devices[0].cls = api::DeviceClass::nic;
  EXPECT_EQ(
      only_conflict({inventory("a", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0")})),
                     inventory("c", api::Confidence::sysfs, std::move(second))}),
      "devices[gpu0].class: gpu, nic,");
}

TEST(Merge, a_name_that_is_not_that_of_the_pci_ids_is_a_conflict) {
  const auto conflict = [](const char* name, const char* ids) {
    return only_conflict(
        {inventory("a", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0", name)})),
         inventory("b", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0", ids)}))});
  };
  EXPECT_EQ(conflict("NVIDIA H100", "10de:20b0"), "devices[gpu0].model: NVIDIA H100, 10de:20b0,");
  EXPECT_EQ(conflict("NVIDIA H100", "10de:2330"), "");
  EXPECT_EQ(conflict("AMD gfx942", "1002:74a1"), "") << "several models have these instructions";
  EXPECT_EQ(conflict("NVIDIA Next", "10de:ffff"), "") << "ids that nobody knows";
}

TEST(Merge, a_named_model_says_more_than_the_instructions_that_it_executes) {
  const auto model = [](const char* first, const char* second) {
    const One one = only(merged(
        {inventory("a", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0", first)})),
         inventory("b", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0", second)}))}));
    return one.profile.devices[0].model + (one.node.status.conflicts.empty() ? "" : "!");
  };
  EXPECT_EQ(model("NVIDIA sm90", "NVIDIA H100 80GB HBM3"), "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(model("NVIDIA H100 80GB HBM3", "NVIDIA sm90"), "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(model("NVIDIA sm80", "NVIDIA H100 80GB HBM3"), "NVIDIA sm80!");
  EXPECT_EQ(model("NVIDIA sm80", "NVIDIA A10"), "NVIDIA sm80!") << "an A10 is no A100";
  EXPECT_EQ(model("NVIDIA sm120", "NVIDIA Next 9000X"), "NVIDIA Next 9000X") << "nobody knows it";
  EXPECT_EQ(model("AMD gfx942", "AMD Instinct MI300X"), "AMD Instinct MI300X");
  EXPECT_EQ(model("NVIDIA sm80", "10de:2330"), "NVIDIA sm80!") << "the ids are those of an H100";
}

TEST(Merge, a_model_says_more_than_its_family_and_a_product_more_than_its_processor) {
  const auto value = [](std::string model, std::string product, std::string architecture) {
    HostFacts firm = machine({gpu("gpu0", "0000:41:00.0", "Tesla V100-SXM3-32GB-H")});
    firm.profile.product = "PowerNV 8335-GTB";
    firm.profile.architecture = "ppc64le";
    HostFacts weak = machine({gpu("gpu0", "0000:41:00.0", std::move(model))});
    weak.profile.product = std::move(product);
    weak.profile.architecture = std::move(architecture);
    return only_conflict({inventory("slurm-nodes", api::Confidence::sysfs, std::move(weak)),
                          inventory("hwloc", api::Confidence::sysfs, std::move(firm))});
  };
  EXPECT_EQ(value("v100", "IBM machine", "ppc64"), "");
  EXPECT_EQ(value("tesla_v100", "PowerNV 8335-GTB", "ppc64le"), "");
  EXPECT_EQ(value("v10", "S822LC", "x86_64"),
            "architecture: x86_64, ppc64le,; devices[gpu0].model: v10, Tesla V100-SXM3-32GB-H,; "
            "product: S822LC, PowerNV 8335-GTB,");
}

TEST(Merge, sums_that_differ_are_a_conflict) {
  const auto with_memory = [](int64_t gib) {
    HostFacts host = machine({});
    host.profile.cpus = "0-7";
    host.memory_bytes = gib << 30;
    return host;
  };
  const auto with_nodes = [](int64_t gib) {
    HostFacts host = machine({});
    host.profile.numa.resize(2);
    for (int i = 0; i < 2; ++i) {
      host.profile.numa[static_cast<size_t>(i)].id = i;
      host.profile.numa[static_cast<size_t>(i)].memory_bytes = gib / 2 << 30;
    }
    return host;
  };
  EXPECT_EQ(only_conflict({inventory("a", api::Confidence::overlay, with_memory(512)),
                           inventory("b", api::Confidence::overlay, with_memory(256))}),
            "numa: 512Gi in all, 256Gi in all,");
  EXPECT_EQ(only_conflict({inventory("a", api::Confidence::sysfs, with_nodes(1536)),
                           inventory("b", api::Confidence::overlay, with_memory(256))}),
            "numa: 1.5Ti in all, 256Gi in all,");
  EXPECT_EQ(only_conflict({inventory("a", api::Confidence::sysfs, with_nodes(512)),
                           inventory("b", api::Confidence::overlay, with_memory(503))}),
            "")
      << "what the system offers is less than what was bought";
}

TEST(Merge, sources_of_one_format_are_told_apart_by_their_files) {
  const auto of = [](std::string file, int64_t bytes) {
    HostFacts host = machine({gpu("gpu0", "0000:41:00.0")});
    host.profile.devices[0].memory_bytes = bytes;
    Inventory out = inventory("resourceslice", api::Confidence::sysfs, std::move(host));
    out.file = std::move(file);
    return out;
  };
  const One one = only(merged({of("x/a.yaml", int64_t{80} << 30), of("x/b.yaml", int64_t{40} << 30),
                               of("y/b.yaml", int64_t{20} << 30)}));
  ASSERT_THAT(one.node.status.conflicts, SizeIs(1));
  std::string said;
  for (const api::Claim& claim : one.node.status.conflicts[0].claims)
    said += claim.source + " " + claim.value + "; ";
  EXPECT_EQ(said,
            "resourceslice a.yaml 80Gi; resourceslice b.yaml 40Gi; resourceslice b.yaml#2 20Gi; ");
}

TEST(Merge, places_that_are_made_up_yield_to_real_ones_and_are_expected_of_nobody) {
  const auto matrix = [] {
    auto read = import_nvidia_smi(
        "\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\nGPU0\t X \tPIX\t0-3\t0\nGPU1\tPIX\t X "
        "\t0-3\t0\n",
        {"file", "n1", ""});
    EXPECT_TRUE(read.ok());
    if (read.ok()) read->hosts[0].name = "n1";
    return read.ok() ? std::move(*read) : Inventory{};
  };
  const Merged alone = merged({matrix()});
  EXPECT_THAT(only(alone).profile.pci, SizeIs(4)) << "a root port, a switch and two functions";
  for (const auto* profile : all_of<api::HardwareProfile>(alone))
    if (profile->metadata.name == only(alone).node.spec.expected_profile) {
      EXPECT_THAT(profile->spec.pci, IsEmpty());
      EXPECT_EQ(profile->spec.devices[0].address, "");
    }
  HostFacts real = machine({gpu("gpu0", "0000:41:00.0"), gpu("gpu1", "0000:c1:00.0")});
  real.profile.pci = {{"0000:41:00.0", "pci0000:40", "0302", "", "", -1, "", 0},
                      {"0000:c1:00.0", "pci0000:c0", "0302", "", "", -1, "", 0}};
  const One both = only(merged({matrix(), inventory("hwloc", api::Confidence::sysfs, real)}));
  ASSERT_THAT(both.profile.devices, SizeIs(2));
  EXPECT_EQ(both.profile.devices[0].address, "0000:41:00.0");
  EXPECT_THAT(both.profile.pci, SizeIs(2));
}

TEST(Merge, machines_of_which_the_same_is_said_share_all_but_their_names) {
  Inventory many = inventory("slurm-nodes", api::Confidence::overlay, machine({gpu("gpu0", "")}));
  for (const char* name : {"n2", "n3", "n4"}) {
    many.hosts.push_back(many.hosts[0]);
    many.hosts.back().name = name;
  }
  many.hosts[2].rack = "r7";
  const Merged out = merged({std::move(many)});
  const auto nodes = all_of<api::Node>(out);
  ASSERT_THAT(nodes, SizeIs(4));
  EXPECT_THAT(all_of<api::HardwareProfile>(out), SizeIs(1));
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(nodes[i]->metadata.name, "n" + std::to_string(i + 1));
    EXPECT_EQ(nodes[i]->spec.rack, i == 2 ? "r7" : "");
    EXPECT_EQ(nodes[i]->status.profile, nodes[0]->status.profile);
  }
}

TEST(Merge, counts_of_packages_and_gpus_that_differ_are_a_conflict) {
  HostFacts two = machine({gpu("gpu0", ""), gpu("gpu1", "")}), one = machine({gpu("gpu0", "")});
  two.profile.packages = {{0, ""}, {1, ""}};
  one.profile.packages = {{0, ""}};
  EXPECT_EQ(only_conflict({inventory("a", api::Confidence::sysfs, std::move(two)),
                           inventory("b", api::Confidence::overlay, std::move(one)),
                           inventory("c", api::Confidence::overlay, machine({}))}),
            "devices: 2 of class gpu, 1 of class gpu,; packages: 2 in all, 1 in all,");
}

TEST(Merge, a_machine_is_held_only_to_what_firm_sources_say) {
  HostFacts firm = machine({gpu("gpu0", "0000:41:00.0")});
  HostFacts weak = machine({gpu("gpu0", "0000:41:00.0", "h100"), gpu("gpu1", "")});
  const One alone = only(merged({inventory("slurm-nodes", api::Confidence::overlay, weak)}));
  EXPECT_EQ(alone.node.spec.expected_profile, "");
  EXPECT_NE(alone.node.status.profile, "");
  const Merged both = merged({inventory("slurm-nodes", api::Confidence::overlay, std::move(weak)),
                              inventory("hwloc", api::Confidence::sysfs, std::move(firm))});
  const auto profiles = all_of<api::HardwareProfile>(both);
  ASSERT_THAT(profiles, SizeIs(2));
  for (const auto* profile : profiles) {
    const bool is_expected =
        profile->metadata.name == all_of<api::Node>(both)[0]->spec.expected_profile;
    EXPECT_THAT(profile->spec.devices, SizeIs(is_expected ? 1 : 2));
    EXPECT_EQ(profile->spec.devices[0].model, is_expected ? "" : "h100");
  }
}

TEST(Merge, a_machine_is_not_held_to_what_stands_in_for_devices_that_nobody_saw) {
  const auto device = [](std::string id, api::DeviceClass cls, std::string address = "") {
    api::Device out = gpu(std::move(id), std::move(address));
    out.cls = cls;
    return out;
  };
  using api::DeviceClass;
  HostFacts host = machine(
      {gpu("gpu0", ""), gpu("gpu1", ""), gpu("gpu7", ""),
       device("nvswitch0", DeviceClass::nvswitch),
       device("nvswitch1", DeviceClass::nvswitch, "0000:c4:00.0"),
       device("nic0", DeviceClass::rdma_nic), device("nic1", DeviceClass::rdma_nic, "0000:18:00.0"),
       device("nic2", DeviceClass::rdma_nic), device("mlx5_0", DeviceClass::rdma_nic),
       device("mlx5_0+mlx5_1", DeviceClass::rdma_nic), device("docker0", DeviceClass::nic),
       device("eth0", DeviceClass::nic, "0000:1a:00.0"), device("thing", DeviceClass::other),
       device("nvswitch2", DeviceClass::nvswitch)});
  host.profile.devices[0].links = {{"nvswitch2", api::LinkKind::nvlink, 18, {}}};
  for (const auto& [id, identity] :
       {std::pair("nic2", "0c42:a103:0023:b8f4"), std::pair("docker0", "02:42:ac:11:00:02")}) {
    host.devices.emplace_back().id = id;
    host.devices.back().identity = identity;
  }
  const Merged out = merged({inventory("nvidia-smi", api::Confidence::sysfs, std::move(host))});
  std::string expected;
  for (const auto* profile : all_of<api::HardwareProfile>(out))
    if (profile->metadata.name == only(out).node.spec.expected_profile)
      for (const api::Device& each : profile->spec.devices) expected += each.id + " ";
  EXPECT_EQ(expected, "gpu0 gpu1 nvswitch1 nic1 nic2 mlx5_0 eth0 nvswitch2 ")
      << "but for what links lead to";
  EXPECT_THAT(only(out).profile.devices, SizeIs(14)) << "what was told stands in its own profile";
}

TEST(Merge, devices_of_different_addresses_stay_two_even_with_one_name) {
  const One one =
      only(merged({inventory("a", api::Confidence::sysfs, machine({gpu("gpu0", "0000:41:00.0")})),
                   inventory("b", api::Confidence::bmc, machine({gpu("gpu0", "0000:c1:00.0")}))}));
  ASSERT_THAT(one.profile.devices, SizeIs(2));
  EXPECT_EQ(one.profile.devices[1].id, "gpu1");
}

HostFacts with_identities(std::vector<std::string> identities, std::vector<std::string> addresses) {
  HostFacts host = machine({});
  for (size_t i = 0; i < identities.size(); ++i) {
    host.profile.devices.push_back(gpu("gpu" + std::to_string(i), addresses[i]));
    host.devices.emplace_back();
    host.devices.back().id = host.profile.devices.back().id;
    host.devices.back().identity = identities[i];
  }
  return host;
}
constexpr const char* uuid_a = "11111111-2222-3333-4444-555555555555";
constexpr const char* uuid_b = "99999999-8888-7777-6666-555555555555";

TEST(Merge, the_failed_gpu_of_a_controller_is_the_one_of_its_uuid_not_of_its_number) {
  HostFacts bmc = with_identities({uuid_a, uuid_b}, {"", ""});
  bmc.devices[0].health = api::Health::failed;
  const One one = only(merged(
      {inventory("hwloc", api::Confidence::sysfs,
                 with_identities({std::string("GPU-") + uuid_b, std::string("GPU-") + uuid_a},
                                 {"0000:01:00.0", "0000:02:00.0"})),
       inventory("redfish", api::Confidence::bmc, std::move(bmc))}));
  ASSERT_THAT(one.profile.devices, SizeIs(2));
  ASSERT_THAT(one.node.status.devices, SizeIs(2));
  EXPECT_EQ(one.node.status.devices[0].health, api::Health::unknown);
  EXPECT_EQ(one.node.status.devices[1].id, "gpu1");
  EXPECT_EQ(one.node.status.devices[1].health, api::Health::failed);
  EXPECT_THAT(one.node.status.conflicts, IsEmpty())
      << "GPU- is a part of the name, not of the UUID";
}

TEST(Merge, gpus_whose_uuids_differ_are_never_one) {
  const One one = only(merged(
      {inventory("hwloc", api::Confidence::sysfs, with_identities({uuid_a}, {"0000:01:00.0"})),
       inventory("redfish", api::Confidence::bmc, with_identities({uuid_b}, {""}))}));
  EXPECT_THAT(one.profile.devices, SizeIs(2));
}

TEST(Merge, gpus_that_have_only_their_number_in_common_are_no_others_and_nothing_is_said_of_one) {
  HostFacts bmc = with_identities({"", ""}, {"", ""});
  bmc.devices[0].health = api::Health::failed;
  const auto hwloc = [] {
    return inventory("hwloc", api::Confidence::sysfs,
                     with_identities({uuid_a, uuid_b}, {"0000:01:00.0", "0000:02:00.0"}));
  };
  const Merged out = merged({hwloc(), inventory("redfish", api::Confidence::bmc, bmc)});
  EXPECT_THAT(only(out).profile.devices, SizeIs(2)) << "both sources count two";
  for (const api::NodeDevice& device : only(out).node.status.devices)
    EXPECT_EQ(device.health, api::Health::unknown) << "nobody knows which of the two has failed";
  EXPECT_THAT(out.notes, Contains(AllOf(HasSubstr("n1: 2 devices of redfish may be others"),
                                        HasSubstr("(gpu0 is failed there)"))));
  bmc.devices[0].health = api::Health::unknown;
  EXPECT_THAT(
      only(merged({hwloc(), inventory("redfish", api::Confidence::bmc, bmc)})).profile.devices,
      SizeIs(2))
      << "what is only counted cannot be put in the wrong place";
}

TEST(Merge, gpus_of_one_slot_are_one_whatever_their_number) {
  HostFacts bmc = machine({gpu("gpu0", ""), gpu("gpu1", "")});
  bmc.profile.devices[0].slot = "SXM2";
  bmc.profile.devices[1].slot = "SXM1";
  bmc.devices.resize(1);
  bmc.devices[0].id = "gpu0";
  bmc.devices[0].health = api::Health::failed;
  HostFacts firm = machine({gpu("gpu0", "0000:01:00.0"), gpu("gpu1", "0000:02:00.0")});
  firm.profile.devices[0].slot = "SXM1";
  firm.profile.devices[1].slot = "SXM2";
  const One one = only(merged({inventory("hwloc", api::Confidence::sysfs, std::move(firm)),
                               inventory("redfish", api::Confidence::bmc, std::move(bmc))}));
  ASSERT_THAT(one.profile.devices, SizeIs(2));
  ASSERT_THAT(one.node.status.devices, SizeIs(1));
  EXPECT_EQ(one.node.status.devices[0].id, "gpu1");
}

TEST(Merge, two_gpus_of_one_uuid_are_told) {
  const Merged out = merged({inventory(
      "hwloc", api::Confidence::sysfs,
      with_identities({uuid_a, std::string("GPU-") + uuid_a}, {"0000:01:00.0", "0000:02:00.0"}))});
  EXPECT_THAT(only(out).profile.devices, SizeIs(2));
  EXPECT_THAT(out.notes, Contains(HasSubstr("n1: gpu0 and gpu1 both have the identity GPU-1111")));
}

TEST(Merge, a_source_that_contradicts_itself_keeps_both_values) {
  Inventory one =
      inventory("resourceslice", api::Confidence::sysfs, machine({gpu("g0", "0000:01:00.0")}));
  one.hosts.push_back(machine({gpu("n0", "0000:01:00.0")}));
  one.hosts[1].profile.devices[0].cls = api::DeviceClass::nic;
  const One node = only(merged({std::move(one)}));
  ASSERT_THAT(node.node.status.conflicts, SizeIs(1));
  EXPECT_THAT(node.node.status.conflicts[0].claims,
              ::testing::ElementsAre(AllOf(Field(&api::Claim::source, "resourceslice"),
                                           Field(&api::Claim::value, "gpu")),
                                     AllOf(Field(&api::Claim::source, "resourceslice (2)"),
                                           Field(&api::Claim::value, "nic"))));
}

TEST(Merge, a_root_that_is_not_the_one_above_the_bridge_is_a_conflict) {
  const auto conflict = [](const char* root) {
    HostFacts first = machine({gpu("gpu0", "0000:41:00.0")}), second = first;
    first.profile.pci = {{"0000:40:01.0", "pci0000:40", "0604", "", "", -1, "", 0},
                         {"0000:41:00.0", "0000:40:01.0", "0302", "", "", -1, "", 0}};
    second.profile.pci = {{"0000:41:00.0", root, "", "", "", -1, "", 0}};
    return only_conflict({inventory("a", api::Confidence::sysfs, std::move(first)),
                          inventory("b", api::Confidence::overlay, std::move(second))});
  };
  EXPECT_EQ(conflict("pci0000:40"), "");
  EXPECT_EQ(conflict("pci0000:c0"),
            "pci[0000:41:00.0].parent: 0000:40:01.0 below pci0000:40, pci0000:c0,");
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
