// Importers of fabrics and of what hangs on them: small files that say what each format means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "discover/import/formats.h"
#include "discover/import/testing/promises.h"
#include "discover/import/text.h"

namespace freehold::discover {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const ImportOptions options{"file", "fab", "fra1"};

std::string sample(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream("src/discover/import/" + name, std::ios::binary).rdbuf();
  return out.str();
}

Inventory accepted(testing::ReadText* read, std::string_view text) {
  auto inventory = read(text, options);
  EXPECT_TRUE(inventory.ok()) << inventory.error().message;
  return inventory.ok() ? std::move(*inventory) : Inventory{};
}
std::string refused(testing::ReadText* read, std::string_view text) {
  const auto inventory = read(text, options);
  return inventory.ok() ? "accepted" : inventory.error().message;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return text.replace(at, what.size(), with);
}

const HostFacts* host(const Inventory& inventory, std::string_view name) {
  const auto at = std::ranges::find(inventory.hosts, name, &HostFacts::name);
  return at == inventory.hosts.end() ? nullptr : &*at;
}

// ---- ibnetdiscover

TEST(Ibnetdiscover, switches_cables_and_adapters_are_read_with_their_rates) {
  const Inventory got =
      accepted(import_ibnetdiscover, sample("ibnetdiscover_fuzz_corpus/two_levels"));
  ASSERT_THAT(got.fabrics, SizeIs(1));
  const api::FabricSpec& fabric = got.fabrics[0].spec;
  ASSERT_THAT(fabric.switches, SizeIs(3));
  EXPECT_EQ(fabric.switches[0].name, "LEAF-1");
  EXPECT_EQ(fabric.switches[0].tier, "leaf");
  EXPECT_EQ(fabric.switches[0].identity, "00000000000000a1");
  EXPECT_EQ(fabric.switches[2].tier, "spine");
  ASSERT_THAT(fabric.links, SizeIs(2));
  EXPECT_EQ(fabric.links[0].from, "LEAF-1");
  EXPECT_EQ(fabric.links[0].to, "SPINE-1");
  EXPECT_EQ(fabric.links[0].count, 2);
  EXPECT_EQ(fabric.links[0].bandwidth.value(), 800'000'000'000);
  ASSERT_THAT(fabric.adapters, SizeIs(5));
  EXPECT_EQ(fabric.adapters[3].bandwidth.value(), 200'000'000'000) << "4xHDR";
  EXPECT_EQ(fabric.adapters[3].node, "") << "a factory name says no machine";
  EXPECT_TRUE(fabric.adapters[4].is_aggregation);
  EXPECT_EQ(fabric.adapters[0].port, 1);
  EXPECT_EQ(fabric.tiers[0].oversubscription, 1.17) << "1400 Gbit/s down, 1200 up";
}

TEST(Ibnetdiscover, machines_have_their_adapters_by_guid) {
  const Inventory got =
      accepted(import_ibnetdiscover, sample("ibnetdiscover_fuzz_corpus/two_levels"));
  ASSERT_THAT(got.hosts, SizeIs(2));
  const HostFacts* one = host(got, "r01-gpu-1");
  ASSERT_NE(one, nullptr);
  ASSERT_THAT(one->profile.devices, SizeIs(2));
  EXPECT_EQ(one->profile.devices[0].id, "mlx5_0");
  EXPECT_EQ(one->profile.devices[0].speed, "400Gbps");
  EXPECT_EQ(one->profile.devices[0].model, "15b3:1021");
  EXPECT_EQ(one->devices[1].identity, "0000:0000:0000:00c2");
  EXPECT_EQ(one->devices[1].ports[0].identity, "00000000000000c2");
  EXPECT_EQ(one->rack, "r01");
}

TEST(Ibnetdiscover, a_file_with_one_adapter_and_no_switch_is_valid) {
  const Inventory got =
      accepted(import_ibnetdiscover, sample("ibnetdiscover_fuzz_corpus/one_adapter"));
  EXPECT_THAT(got.fabrics, IsEmpty());
  ASSERT_NE(host(got, "edge-1"), nullptr);
  EXPECT_THAT(host(got, "edge-1")->profile.devices, SizeIs(1));
}

TEST(Ibnetdiscover, a_cable_whose_ends_do_not_agree_is_told_and_left_out) {
  const std::string text = sample("ibnetdiscover_fuzz_corpus/two_levels");
  Inventory got = accepted(import_ibnetdiscover, replaced(text, "\"S-00000000000000b1\"[3]",
                                                          "\"S-00000000000000b9\"[3]"));
  EXPECT_THAT(got.notes, Contains(HasSubstr("S-00000000000000b9, which is not described")));
  EXPECT_THAT(got.fabrics[0].spec.links, SizeIs(1));
  got = accepted(import_ibnetdiscover,
                 replaced(text, "\"S-00000000000000b1\"[3]", "\"S-00000000000000b1\"[4]"));
  EXPECT_THAT(got.notes, Contains(HasSubstr("does not lead back")));
}

TEST(Ibnetdiscover, what_the_ends_of_a_cable_call_each_other_is_compared) {
  const std::string text = sample("ibnetdiscover_fuzz_corpus/two_levels");
  const auto told = [](const std::string& changed) {
    return accepted(import_ibnetdiscover, changed).notes;
  };
  EXPECT_THAT(told(text), Not(Contains(HasSubstr("calls"))));
  const size_t at = text.find("](", text.find("\"H-"));
  ASSERT_NE(at, text.npos);
  std::string guid = text, name = text;
  guid.replace(at + 2, 4, "dddd");
  EXPECT_THAT(told(guid), Contains(AllOf(HasSubstr("has the GUID dddd"), HasSubstr("itself"))));
  const size_t quote = text.find("# \"", at);
  name.insert(quote + 3, "other-");
  EXPECT_THAT(told(name), Contains(AllOf(HasSubstr("calls"), HasSubstr("\"other-"))));
}

TEST(Ibnetdiscover, what_cannot_be_right_is_refused_with_its_line) {
  const std::string text = sample("ibnetdiscover_fuzz_corpus/two_levels");
  EXPECT_THAT(refused(import_ibnetdiscover, text + text), HasSubstr("a second time"));
  EXPECT_THAT(refused(import_ibnetdiscover, replaced(text, "[1]\t", "[99]\t")),
              HasSubstr("line 10: no port of S-00000000000000a1"));
  EXPECT_THAT(refused(import_ibnetdiscover, replaced(text, "switchguid=0x00000000000000a1",
                                                     "switchguid=0x00000000000000a7")),
              HasSubstr("differ"));
  EXPECT_THAT(refused(import_ibnetdiscover, "hello\n"), HasSubstr("line 1: is no line"));
  EXPECT_THAT(refused(import_ibnetdiscover, ""), HasSubstr("no switch and no adapter"));
}

// ---- topograph

TEST(Topograph, tree_blocks_domains_labels_and_racks_are_read) {
  const Inventory got = accepted(import_topograph, sample("topograph_fuzz_corpus/two_racks"));
  const api::FabricSpec& fabric = got.fabrics[0].spec;
  EXPECT_THAT(fabric.switches, SizeIs(5));
  EXPECT_THAT(fabric.links, SizeIs(4));
  EXPECT_THAT(got.hosts, SizeIs(8));
  const HostFacts* nine = host(got, "node09");
  ASSERT_NE(nine, nullptr);
  EXPECT_EQ(nine->scale_up_domain, "nvl-2");
  EXPECT_EQ(nine->rack, "rack-1-02");
  EXPECT_EQ(nine->labels.at("topology.kubernetes.io/zone"), "zone-1");
  EXPECT_EQ(nine->labels.at("topology.kubernetes.io/region"), "north");
  ASSERT_THAT(got.racks, SizeIs(3));
  EXPECT_EQ(got.racks[0].spec.row, "1");
}

TEST(Topograph, an_empty_rack_is_kept_and_told) {
  const Inventory got = accepted(import_topograph, sample("topograph_fuzz_corpus/two_racks"));
  EXPECT_THAT(got.notes, Contains(HasSubstr("\"rack-1-03\" below \"row-1\"")));
}

TEST(Topograph, a_renamed_switch_does_not_go_unnoticed) {
  const std::string text = sample("topograph_fuzz_corpus/two_racks");
  const Inventory got =
      accepted(import_topograph, replaced(text, "- switch: rack-1-01", "- switch: rack-1-0x"));
  EXPECT_THAT(got.notes, Contains(HasSubstr("\"rack-1-01\" below \"row-1\" is described nowhere")));
  EXPECT_THAT(got.notes, Contains(HasSubstr("none above them")));
}

TEST(Topograph, a_block_at_a_switch_that_nothing_describes_is_told) {
  const Inventory got = accepted(import_topograph,
                                 "switches: {core: {switches: [leaf-1, leaf-2]}, leaf-1: {}}\n"
                                 "blocks: [{switch: leaf-1, nodes: [n1]}, {switch: leaf-2, nodes: "
                                 "[n2]}, {switch: leef-2, nodes: [n3]}]");
  EXPECT_THAT(got.notes, ElementsAre(HasSubstr("blocks[2].switch: \"leef-2\" is described nowhere"),
                                     HasSubstr("none above them")));
  EXPECT_THAT(accepted(import_topograph, "blocks: [{switch: a, nodes: [n1]}]").notes, IsEmpty())
      << "without a tree, blocks are all there is";
}

TEST(Topograph, rings_second_parents_and_machines_in_two_places_are_refused) {
  EXPECT_THAT(refused(import_topograph, "switches: {a: {switches: [b]}, b: {switches: [a]}}"),
              HasSubstr("in a ring"));
  EXPECT_THAT(refused(import_topograph, "switches: {a: {switches: [c]}, b: {switches: [c]}}"),
              HasSubstr("hangs on \"a\" already"));
  EXPECT_THAT(refused(import_topograph,
                      "blocks: [{switch: a, nodes: [n1]}, {switch: b, nodes: "
                      "[n1]}]"),
              HasSubstr("machine \"n1\" hangs on switch \"a\" already"));
  EXPECT_THAT(refused(import_topograph, "switches: [{name: a}]"), HasSubstr("older versions"));
}

TEST(Topograph, a_machine_is_in_one_domain) {
  EXPECT_THAT(refused(import_topograph, sample("topograph_fuzz_corpus/two_domains")),
              HasSubstr("blocks[1].annotations: machine \"n1\" is in domain \"d2\" here, and in "
                        "\"d1\" before"));
}

// ---- Slurm

TEST(SlurmTopology, an_unbalanced_tree_with_two_roots_has_its_leaves_on_one_level) {
  const Inventory got = accepted(import_slurm_topology, sample("slurm_topology_fuzz_corpus/tree"));
  const api::FabricSpec& fabric = got.fabrics[0].spec;
  ASSERT_THAT(fabric.switches, SizeIs(6));
  EXPECT_EQ(fabric.switches[0].tier, "leaf");
  EXPECT_EQ(fabric.switches[4].tier, "core") << "top stands above spine1";
  EXPECT_THAT(fabric.switches[0].nodes,
              ElementsAre("grp10", "grp11", "gpu01", "gpu02", "gpu03", "gpu04"));
  EXPECT_THAT(fabric.switches[2].nodes,
              ElementsAre("cpu1node01", "cpu1node02", "cpu2node01", "cpu2node02"));
  EXPECT_THAT(fabric.links, SizeIs(4));
  EXPECT_THAT(got.notes, Contains(HasSubstr("2 switches have none above them")));
  EXPECT_THAT(got.hosts, SizeIs(15));
}

TEST(SlurmTopology, blocks_and_the_yaml_form_are_read) {
  const Inventory blocks =
      accepted(import_slurm_topology, sample("slurm_topology_fuzz_corpus/block"));
  EXPECT_EQ(blocks.fabrics[0].spec.tiers[0].name, "block");
  EXPECT_THAT(blocks.hosts, SizeIs(36));
  const Inventory yaml = accepted(import_slurm_topology, sample("slurm_topology_fuzz_corpus/yaml"));
  ASSERT_THAT(yaml.fabrics, SizeIs(2));
  EXPECT_EQ(yaml.fabrics[0].metadata.name, "fab-fast");
  EXPECT_EQ(yaml.fabrics[1].metadata.name, "fab-nvl");
  EXPECT_THAT(yaml.notes, Contains(HasSubstr("\"plain\" is flat")));
  EXPECT_THAT(yaml.notes, Contains("[1].block.block_sizes: block sizes are for Slurm's planning; "
                                   "not read"));
}

TEST(SlurmTopology, a_switch_that_is_not_described_is_refused) {
  const std::string text = sample("slurm_topology_fuzz_corpus/tree");
  EXPECT_THAT(refused(import_slurm_topology,
                      replaced(text, "Switches=spine1,leaf3", "Switches=spine9,leaf3")),
              HasSubstr("switch \"spine9\" is not described anywhere"));
  EXPECT_THAT(refused(import_slurm_topology, "SwitchName=a Node=n1"), HasSubstr("line 1"));
  EXPECT_THAT(refused(import_slurm_topology, "SwitchName=a Nodes=n[1-99999999]"),
              HasSubstr("more than 32768"));
}

TEST(SlurmTopology, a_name_with_a_blank_is_refused) {
  EXPECT_THAT(refused(import_slurm_topology, "SwitchName=s1 Nodes=n1\nSwitchName=s2 N\n"),
              HasSubstr("line 2: \"s2 N\" holds a blank"));
  EXPECT_THAT(refused(import_slurm_topology, "SwitchName=s1 Nodes=\"n1 n2\"\n"),
              HasSubstr("\"n1 n2\" holds a blank"));
}

TEST(SlurmTopology, as_many_machines_as_a_site_may_have_hang_on_their_switches) {
  std::string text = "SwitchName=top Switches=leaf[0-1023]\n";
  for (int i = 0; i < 1024; ++i)
    text += "SwitchName=leaf" + std::to_string(i) + " Nodes=n[" + std::to_string(i * 32) + "-" +
            std::to_string(i * 32 + 31) + "]\n";
  EXPECT_THAT(accepted(import_slurm_topology, text).hosts, SizeIs(32'768));
}

TEST(SlurmTopology, all_machines_are_no_machine_called_all) {
  const Inventory got = accepted(import_slurm_topology,
                                 "SwitchName=top Switches=s[1-2]\n"
                                 "SwitchName=s1 Nodes=n[1-2]\nSwitchName=s2 Nodes=ALL\n");
  EXPECT_THAT(got.hosts, SizeIs(2));
  EXPECT_EQ(host(got, "all"), nullptr);
  EXPECT_THAT(got.notes, Contains(HasSubstr("line 3: which machines \"ALL\" are")));
}

TEST(SlurmTopology, topologies_of_kinds_that_are_not_read_are_refused) {
  EXPECT_THAT(
      refused(import_slurm_topology, "- topology: r\n  ring: {rings: [{ring: a, nodes: n1}]}\n"),
      HasSubstr("nothing to import, since no topology in it is a tree or of blocks: topology "
                "\"r\": `ring` is not read"));
  EXPECT_THAT(refused(import_slurm_topology, "- topology: f\n  flat: true\n"),
              HasSubstr("topology \"f\" is flat"));
}

TEST(SlurmTopology, topologies_whose_names_become_one_label_stay_two) {
  const auto tree = [](const std::string& name) {
    return "- topology: \"" + name + "\"\n  tree: {switches: [{switch: s1, nodes: n1}]}\n";
  };
  const Inventory got = accepted(import_slurm_topology, tree("a b") + tree("a-b"));
  ASSERT_THAT(got.fabrics, SizeIs(2));
  EXPECT_EQ(got.fabrics[0].metadata.name, "fab-a-b");
  EXPECT_EQ(got.fabrics[1].metadata.name, "fab-a-b-2");
}

TEST(SlurmNodes, a_few_words_do_not_make_more_devices_than_any_site_has) {
  EXPECT_THAT(
      refused(import_slurm_nodes, "NodeName=n[0-32767] CPUs=128 Gres=gpu:h100:250\n"),
      HasSubstr("line 1: with these machines the file has 8192000 devices; at most 262144"));
  EXPECT_THAT(
      refused(import_slurm_nodes, "NodeName=n[0-32767]" + std::string(20'000, 'x') + " CPUs=1\n"),
      HasSubstr("a name of more than 253 signs"));
}

TEST(SlurmNodes, files_that_are_included_are_told) {
  EXPECT_THAT(accepted(import_slurm_nodes, "NodeName=a\nInclude /etc/slurm/b.conf\n").notes,
              ElementsAre(HasSubstr("stand there perhaps: /etc/slurm/b.conf; import these files")));
  EXPECT_THAT(refused(import_slurm_nodes, "include b.conf\nPartitionName=p Nodes=ALL\n"),
              HasSubstr("holds no NodeName; what it includes is not read"));
}

TEST(SlurmNodes, processors_memory_and_devices_are_read_with_the_defaults) {
  const Inventory got = accepted(import_slurm_nodes, sample("slurm_nodes_fuzz_corpus/conf"));
  ASSERT_THAT(got.hosts, SizeIs(6));
  const HostFacts* gpu = host(got, "gpu03");
  ASSERT_NE(gpu, nullptr);
  EXPECT_EQ(gpu->profile.cpus, "0-127");
  EXPECT_THAT(gpu->profile.packages, SizeIs(2));
  EXPECT_EQ(gpu->memory_bytes, int64_t{1031000} << 20);
  ASSERT_THAT(gpu->profile.devices, SizeIs(10));
  EXPECT_EQ(gpu->profile.devices[7].id, "gpu7");
  EXPECT_EQ(gpu->profile.devices[7].model, "h100");
  EXPECT_EQ(gpu->profile.devices[9].cls, api::DeviceClass::nic);
  EXPECT_THAT(host(got, "cpu1")->profile.devices, IsEmpty());
}

TEST(SlurmNodes, what_is_given_twice_is_refused) {
  EXPECT_THAT(refused(import_slurm_nodes, "NodeName=a CPUs=8 CPUs=16\n"),
              HasSubstr("line 1: cpus is given 2 times"));
  EXPECT_THAT(refused(import_slurm_nodes, "NodeName=a N CPUs=8\n"),
              HasSubstr("\"a N\" is no name"));
}

TEST(SlurmNodes, counts_may_have_a_suffix_and_sockets_are_told) {
  const auto gpus = [](const std::string& gres) {
    const Inventory got = accepted(import_slurm_nodes, "NodeName=a Gres=" + gres + "\n");
    return std::to_string(got.hosts[0].profile.devices.size()) + " " +
           got.hosts[0].profile.devices[0].model;
  };
  EXPECT_EQ(gpus("gpu:h100:no_consume:8"), "8 h100");
  EXPECT_EQ(gpus("gpu:k80"), "1 k80");
  EXPECT_THAT(refused(import_slurm_nodes, "NodeName=a Gres=gpu:1K\n"),
              HasSubstr("\"gpu:1K\" is no resource"))
      << "1024 are more than a machine has";
  EXPECT_THAT(accepted(import_slurm_nodes, "NodeName=a Gres=gpu:8(S:0-1)\n").notes,
              ElementsAre(HasSubstr("\"gpu:8(S:0-1)\", is not read")));
}

TEST(SlurmNodes, machines_that_are_out_of_service_are_told) {
  const auto notes = [](const std::string& text) {
    std::string out;
    for (const std::string& note : accepted(import_slurm_nodes, text).notes) out += note;
    return out;
  };
  EXPECT_EQ(
      notes("NodeName=a State=IDLE\nNodeName=b State=MIXED+CLOUD\nNodeName=c State=UNKNOWN\n"), "");
  EXPECT_EQ(notes("NodeName=a State=DOWN*+DRAIN\nNodeName=b[1-2] State=Draining\n"),
            "3 machines are out of service in Slurm; states are not taken over, so what stands "
            "here is schedulable: a is DOWN*+DRAIN, b[1-2] is Draining");
  EXPECT_THAT(notes("NodeName=DEFAULT State=FUTURE\nNodeName=a\nNodeName=b State=IDLE*\n"),
              HasSubstr("a is FUTURE, b is IDLE*"));
}

TEST(SlurmNodes, what_scontrol_prints_is_read_too) {
  const Inventory got = accepted(import_slurm_nodes, sample("slurm_nodes_fuzz_corpus/scontrol"));
  ASSERT_THAT(got.hosts, SizeIs(2));
  EXPECT_EQ(got.hosts[0].profile.architecture, "x86_64");
  EXPECT_EQ(got.hosts[0].profile.cpus, "0-127");
  EXPECT_THAT(got.hosts[0].profile.devices, SizeIs(8));
  EXPECT_THAT(got.hosts[1].profile.devices, IsEmpty());
}

TEST(SlurmNodes, what_scontrol_prints_in_one_line_goes_on_behind_a_hash) {
  const Inventory got = accepted(import_slurm_nodes, sample("slurm_nodes_fuzz_corpus/one_line"));
  ASSERT_THAT(got.hosts, SizeIs(1));
  EXPECT_EQ(got.hosts[0].memory_bytes, int64_t{2'063'937} << 20);
  EXPECT_THAT(got.hosts[0].profile.packages, SizeIs(2));
  const Inventory conf = accepted(import_slurm_nodes, "NodeName=a CPUs=4 # Sockets=2\n");
  EXPECT_THAT(conf.hosts[0].profile.packages, IsEmpty()) << "a comment in slurm.conf";
}

TEST(SlurmNodes, lines_for_default_add_up) {
  const Inventory got = accepted(import_slurm_nodes,
                                 "NodeName=DEFAULT CPUs=64 Sockets=2\n"
                                 "NodeName=DEFAULT RealMemory=512000 CPUs=32\n"
                                 "NodeName=n1\n");
  EXPECT_EQ(got.hosts[0].profile.cpus, "0-31") << "the later counts";
  EXPECT_THAT(got.hosts[0].profile.packages, SizeIs(2));
  EXPECT_EQ(got.hosts[0].memory_bytes, int64_t{512'000} << 20);
}

TEST(SlurmNodes, a_machine_is_described_once_and_within_reason) {
  EXPECT_THAT(refused(import_slurm_nodes, "NodeName=a CPUs=4\nNodeName=a CPUs=8\n"),
              HasSubstr("line 2: machine \"a\" is described twice"));
  EXPECT_THAT(refused(import_slurm_nodes, "NodeName=a CPUs=99999999999\n"), HasSubstr("line 1"));
  EXPECT_THAT(refused(import_slurm_nodes, "NodeName=a Gres=gpu:h100:9999\n"),
              HasSubstr("gpu:h100:9999"));
  EXPECT_THAT(refused(import_slurm_nodes, "NodeName=A,a CPUs=4\n"),
              HasSubstr("would both be called \"a\""));
}

TEST(SlurmNodes, slices_of_a_gpu_are_no_gpus) {
  const Inventory got = accepted(
      import_slurm_nodes,
      "NodeName=a CPUs=8 Gres=gpu:h100:8,gpu:1g.10gb:7,gpu:nvidia_a100_3g.40gb+me:2,gpu:rtx4g:1\n");
  ASSERT_THAT(got.hosts, SizeIs(1));
  EXPECT_THAT(got.hosts[0].profile.devices, SizeIs(9)) << "eight, and one with another name";
  EXPECT_THAT(got.notes, Contains(HasSubstr("\"gpu:1g.10gb:7\" are slices of GPUs")));
  EXPECT_THAT(got.notes, Contains(HasSubstr("\"gpu:nvidia_a100_3g.40gb+me:2\" are slices")));
}

// ---- ResourceSlices

TEST(ResourceSlice, the_newest_complete_pool_of_each_driver_counts) {
  const Inventory got =
      accepted(import_resourceslice, sample("resourceslice_fuzz_corpus/two_drivers"));
  ASSERT_THAT(got.hosts, SizeIs(2)) << "one per driver, of one machine";
  size_t gpus = 0, nics = 0;
  for (const HostFacts& facts : got.hosts) {
    EXPECT_EQ(facts.name, "node-1");
    for (const api::Device& device : facts.profile.devices) {
      if (device.cls == api::DeviceClass::gpu) ++gpus;
      if (device.cls == api::DeviceClass::rdma_nic) ++nics;
    }
  }
  EXPECT_EQ(gpus, 2u);
  EXPECT_EQ(nics, 1u);
  EXPECT_THAT(got.notes, Contains(HasSubstr("1 slices of older generations")));
}

TEST(ResourceSlice, a_gpu_has_address_root_memory_node_and_partitions) {
  const Inventory got =
      accepted(import_resourceslice, sample("resourceslice_fuzz_corpus/two_drivers"));
  const HostFacts* facts = nullptr;
  for (const HostFacts& each : got.hosts)
    if (!each.profile.devices.empty() && each.profile.devices[0].id == "gpu0") facts = &each;
  ASSERT_NE(facts, nullptr);
  const api::Device& gpu = facts->profile.devices[0];
  EXPECT_EQ(gpu.address, "0000:10:00.0");
  EXPECT_EQ(gpu.model, "Example GPU 80GB");
  EXPECT_EQ(gpu.memory_bytes, int64_t{80} << 30);
  EXPECT_EQ(gpu.numa, 0);
  EXPECT_EQ(facts->profile.pci[0].parent, "pci0000:10");
  ASSERT_THAT(facts->devices[0].partitions, SizeIs(1));
  EXPECT_EQ(facts->devices[0].partitions[0].profile, "1g.10gb");
}

TEST(ResourceSlice, an_incomplete_pool_is_left_out_with_a_reason) {
  EXPECT_THAT(refused(import_resourceslice, sample("resourceslice_fuzz_corpus/incomplete")),
              HasSubstr("has 3 slices, and 1 are here"));
}

TEST(ResourceSlice, a_generation_counts_from_0) {
  EXPECT_THAT(
      refused(import_resourceslice, sample("resourceslice_fuzz_corpus/negative_generation")),
      HasSubstr("spec.pool.generation: is at least 0"));
}

TEST(ResourceSlice, a_partition_of_nothing_is_told) {
  const Inventory got =
      accepted(import_resourceslice, replaced(sample("resourceslice_fuzz_corpus/two_drivers"),
                                              "parentUUID: {string: GPU-00000000}",
                                              "parentUUID: {string: GPU-99999999}"));
  EXPECT_THAT(got.notes, Contains(HasSubstr("a partition of \"GPU-99999999\"")));
}

TEST(ResourceSlice, a_memory_node_that_a_device_is_near_to_is_there) {
  const Inventory got =
      accepted(import_resourceslice, replaced(sample("resourceslice_fuzz_corpus/two_drivers"),
                                              "numaNode: {int: 1}", "numaNode: {int: 7}"));
  std::vector<int64_t> nodes;
  for (const HostFacts& facts : got.hosts)
    for (const api::NumaNode& node : facts.profile.numa) nodes.push_back(node.id);
  EXPECT_THAT(nodes, ::testing::IsSupersetOf({0, 7}));
  for (const HostFacts& facts : got.hosts) EXPECT_EQ(testing::broken_promise(facts), "");
}

TEST(ResourceSlice, two_gpus_at_one_address_are_refused) {
  EXPECT_THAT(
      refused(import_resourceslice, replaced(sample("resourceslice_fuzz_corpus/two_drivers"),
                                             "0000:20:00.0", "0000:10:00.0")),
      HasSubstr("has the PCI address 0000:10:00.0 of gpu0 and another UUID"));
}

// ---- texts

TEST(Texts, a_byte_order_mark_is_no_part_of_the_text) {
  const std::string mark = "\xef\xbb\xbf";
  EXPECT_THAT(accepted(import_slurm_nodes, mark + "NodeName=a CPUs=4\n").hosts, SizeIs(1));
  EXPECT_THAT(accepted(import_resourceslice, mark + sample("resourceslice_fuzz_corpus/list")).hosts,
              SizeIs(1));
  EXPECT_THAT(accepted(import_nccl, mark + sample("nccl_fuzz_corpus/overlay")).hosts, SizeIs(1));
  EXPECT_THAT(accepted(import_nvidia_smi, mark + sample("smi_topo_fuzz_corpus/nvidia_pair")).hosts,
              SizeIs(1));
}

TEST(Texts, what_is_no_utf8_is_told_with_the_remedy) {
  EXPECT_THAT(refused(import_slurm_nodes, std::string("\xff\xfeN\0o\0", 6)),
              HasSubstr("UTF-16; change it first: iconv -f UTF-16"));
  EXPECT_THAT(refused(import_slurm_nodes, std::string("N\0o\0d\0", 6)), HasSubstr("UTF-16"));
  EXPECT_THAT(refused(import_nccl, "<!-- Z\xfcrich -->"), HasSubstr("iconv -f LATIN1"));
  EXPECT_THAT(refused(import_topograph, "\x1f\x8b\x08"), HasSubstr("gzip; unpack it first"));
  EXPECT_THAT(refused(import_topograph, std::string("switches\0", 9)), HasSubstr("zero"));
}

// ---- names

TEST(HostLists, ranges_keep_their_zeros_and_multiply) {
  EXPECT_THAT(*expand_hostlist("grp[10,11]"), ElementsAre("grp10", "grp11"));
  EXPECT_THAT(*expand_hostlist("a,b[08-10]c"), ElementsAre("a", "b08c", "b09c", "b10c"));
  EXPECT_THAT(*expand_hostlist("r[1-2]n[1,3]"), ElementsAre("r1n1", "r1n3", "r2n1", "r2n3"));
  for (const char* wrong : {"", "a[", "a]", "a[1-]", "a[2-1]", "a[[1]]", "a[x]", "a,,b"})
    EXPECT_FALSE(expand_hostlist(wrong).ok()) << wrong;
}

TEST(Names, racks_and_rows_are_told_by_names_or_not_at_all) {
  EXPECT_EQ(place_of_name("a08-p1-dgx-04-c01").rack, "a08");
  EXPECT_EQ(place_of_name("a08-p1-dgx-04-c01").row, "a");
  EXPECT_EQ(place_of_name("rack-2-11").rack, "rack-2-11");
  EXPECT_EQ(place_of_name("rack-2-11").row, "2");
  for (const char* none : {"leaf-1-1", "node0001", "core", "spine-1", "rackmount", ""})
    EXPECT_EQ(place_of_name(none).rack, "") << none;
}

}  // namespace
}  // namespace freehold::discover
