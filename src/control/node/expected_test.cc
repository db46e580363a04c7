#include "control/node/expected.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/testing/world.h"

namespace freehold::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

api::DeviceModel model_of(std::string name, api::ModelType type) {
  api::DeviceModel model;
  model.metadata.name = name;
  model.spec.type = type;
  model.spec.model = std::move(name);
  return model;
}

// Eight GPUs on gen5 x16 with 18 scale-up links each, and two rails, as the machine reports them.
class Expected : public ::testing::Test {
 protected:
  Expected() {
    node.metadata.name = "n1";
    node.spec.expected_model = "dgx";
    node.status.profile = "hp-1";
    node.status.agent_version = "0.1.0";  // an agent has reported it
    profile.product = "DGX";
    profile.packages = {{0, "xeon"}, {1, "xeon"}};
    for (int i = 0; i < 8; ++i) {
      api::Device gpu;
      gpu.id = "gpu" + std::to_string(i);
      gpu.cls = api::DeviceClass::gpu;
      gpu.model = "NVIDIA H100 80GB HBM3";
      gpu.address = "0000:0" + std::to_string(i) + ":00.0";
      gpu.slot = "SXM" + std::to_string(i);
      profile.devices.push_back(gpu);
      profile.pci.push_back({gpu.address, "0000:10:00.0", "0302", "10de", "2330", 0, "32GT/s", 16});
      api::NodeDevice seen;
      seen.id = gpu.id;
      seen.health = api::Health::healthy;
      seen.link_speed = "2.5GT/s";  // at rest
      seen.link_width = 16;
      seen.links = {{"nvswitch0", api::LinkKind::nvlink, 18, {}}};
      node.status.devices.push_back(seen);
    }
    for (int i = 0; i < 2; ++i) {
      api::Device nic;
      nic.id = "mlx5_" + std::to_string(i);
      nic.cls = api::DeviceClass::rdma_nic;
      nic.model = "ConnectX-7";
      nic.address = "0000:2" + std::to_string(i) + ":00.0";
      profile.devices.push_back(nic);
      api::NodeDevice seen;
      seen.id = nic.id;
      seen.health = api::Health::healthy;
      api::DevicePort& port = seen.ports.emplace_back();
      port.number = 1;
      port.state = "ACTIVE";
      port.link_layer = "InfiniBand";
      port.speed = "400Gbps";
      node.status.devices.push_back(seen);
    }
    machine.spec.type = api::ModelType::node;
    machine.spec.model = "DGX H100";
    machine.spec.parts = {{"gpu", "H100-SXM", 8}, {"rdma-nic", "", 2}, {"cpu", "", 2}};
    gpu_model.spec.vendor = "NVIDIA";
    gpu_model.spec.matches = {"10de:2330"};
    gpu_model.spec.link_speed = "32GT/s";
    gpu_model.spec.link_width = 16;
    gpu_model.spec.scale_up_links = 18;
  }

  Verdict judge() {
    const std::vector<const api::DeviceModel*> catalogue = {&machine, &gpu_model};
    return judge_hardware({.node = node,
                           .found = &profile,
                           .expected = expected,
                           .model = &machine.spec,
                           .catalogue = catalogue,
                           .others = others});
  }
  void lose(size_t index) {
    profile.devices.erase(profile.devices.begin() + static_cast<ptrdiff_t>(index));
    node.status.devices.erase(node.status.devices.begin() + static_cast<ptrdiff_t>(index));
  }
  void expect_false(const std::string& words) {
    const Verdict verdict = judge();
    EXPECT_EQ(verdict.status, api::ConditionStatus::false_);
    EXPECT_EQ(verdict.reason, "PartsDiffer");
    EXPECT_EQ(verdict.message, words);
  }

  api::Node node;
  api::HardwareProfileSpec profile;
  api::DeviceModel machine = model_of("dgx", api::ModelType::node);
  api::DeviceModel gpu_model = model_of("H100-SXM", api::ModelType::gpu);
  const api::HardwareProfileSpec* expected = nullptr;
  std::vector<const api::HardwareProfile*> others;
};

TEST_F(Expected, WholeMachineIsAsExpected) {
  const Verdict verdict = judge();
  EXPECT_EQ(verdict.status, api::ConditionStatus::true_) << verdict.message;
}

TEST_F(Expected, MissingGpuIsCounted) {
  lose(5);
  expect_false("7 of 8 gpu H100-SXM found");
}

TEST_F(Expected, MissingGpuIsNamedByAMachineThatHasIt) {
  api::HardwareProfile whole;
  whole.spec = profile;
  others = {&whole};
  lose(5);
  expect_false("7 of 8 gpu H100-SXM found; missing: gpu5 at 0000:05:00.0 (SXM5)");
}

TEST_F(Expected, PartThatFailedIsNamedWithItsReason) {
  node.status.devices[3].health = api::Health::failed;
  node.status.devices[3].reason = "it has fallen off the PCI bus";
  expect_false("gpu3 at 0000:03:00.0 (SXM3): it has fallen off the PCI bus");
}

TEST_F(Expected, LinkAtHalfItsWidthIsNamed) {
  node.status.devices[5].link_width = 8;
  expect_false(
      "gpu5 at 0000:05:00.0 (SXM5) runs with 8 of 16 PCIe lanes; reseat it, or see its slot and "
      "riser");
}

TEST_F(Expected, LinkThatTheAgentToldIsToldOnce) {
  node.status.devices[5].link_width = 8;
  node.status.devices[5].health = api::Health::degraded;
  node.status.degraded_links = {{"0000:05:00.0", "x16", "x8", "the PCIe link of gpu5 is narrow"}};
  expect_false("the PCIe link of gpu5 is narrow");
}

TEST_F(Expected, SlowSlotIsNamedAndARestingLinkIsNot) {
  profile.pci.push_back({"0000:10:00.0", "pci0000:00", "0604", "8086", "1", 0, "16GT/s", 16});
  const Verdict verdict = judge();
  EXPECT_EQ(verdict.status, api::ConditionStatus::false_);
  EXPECT_THAT(verdict.message,
              HasSubstr("gpu0 at 0000:00:00.0 (SXM0) sits below a port of 16GT/s"));
  EXPECT_THAT(verdict.message, Not(HasSubstr("2.5GT/s")));
}

TEST_F(Expected, GpuOffNvlinkIsNamed) {
  node.status.devices[2].links[0].up = 0;
  expect_false("0 of 18 scale-up links of gpu2 at 0000:02:00.0 (SXM2) are up");
}

TEST_F(Expected, RailThatIsDownIsNamed) {
  node.status.devices[9].ports[0].state = "DOWN";
  node.status.devices[9].health = api::Health::unknown;
  expect_false("mlx5_1 at 0000:21:00.0 has no link: port 1 is DOWN");
}

TEST_F(Expected, WhatCannotBeSeenIsUnknown) {
  node.status.devices[2].links.clear();
  const Verdict verdict = judge();
  EXPECT_EQ(verdict.status, api::ConditionStatus::unknown);
  EXPECT_EQ(verdict.reason, "NotAllSeen");
  EXPECT_THAT(verdict.message, HasSubstr("gpu2 at 0000:02:00.0 (SXM2): its scale-up links"));
}

TEST_F(Expected, ExpectedProfileNamesWhatIsMissing) {
  const api::HardwareProfileSpec whole = profile;
  expected = &whole;
  machine.spec.parts.clear();
  lose(8);
  expect_false("missing: mlx5_0 at 0000:20:00.0, rdma-nic ConnectX-7");
}

TEST_F(Expected, ExpectedModelsAreComparedByTheCatalogue) {
  api::HardwareProfileSpec whole = profile;
  expected = &whole;
  whole.devices[0].model = "h100";
  whole.devices[1].model = "H100-SXM";
  whole.devices[2].model = "";
  whole.devices[3].model = "NVIDIA H100";
  EXPECT_EQ(judge().status, api::ConditionStatus::true_) << judge().message;
  whole.devices[1].model = "H200-SXM";
  whole.devices[2].model = "h10";
  const std::string message = judge().message;
  EXPECT_THAT(message, HasSubstr("is a NVIDIA H100 80GB HBM3, expected H200-SXM"));
  EXPECT_THAT(message, HasSubstr("expected h10"));
}

TEST_F(Expected, AGpuThatNoModelDescribesIsUnknown) {
  gpu_model.spec.matches.clear();
  machine.spec.parts.clear();
  const Verdict verdict = judge();
  EXPECT_EQ(verdict.status, api::ConditionStatus::unknown);
  EXPECT_THAT(verdict.message,
              HasSubstr("gpu0 at 0000:00:00.0 (SXM0): no DeviceModel for \"NVIDIA H100 80GB HBM3\" "
                        "says its linkWidth, linkSpeed"));
}

TEST_F(Expected, LinksOfTheExpectedProfileAreJudgedWithoutAModel) {
  gpu_model.spec.matches.clear();
  machine.spec.parts.clear();
  api::HardwareProfileSpec whole = profile;
  for (api::Device& device : whole.devices)
    if (device.cls == api::DeviceClass::gpu)
      device.links = {{"nvswitch0", api::LinkKind::nvlink, 18, {}}};
  expected = &whole;
  EXPECT_EQ(judge().status, api::ConditionStatus::true_) << judge().message;
  node.status.devices[1].link_width = 4;
  node.status.devices[2].links[0].up = 17;
  node.status.devices[3].links.clear();
  profile.pci[4].link_speed = "8GT/s";
  expect_false(
      "gpu1 at 0000:01:00.0 (SXM1) runs with 4 of 16 PCIe lanes; reseat it, or see its slot and "
      "riser; 17 of 18 scale-up links of gpu2 at 0000:02:00.0 (SXM2) are up; "
      "gpu4 at 0000:04:00.0 (SXM4) has a PCIe link of 8GT/s, expected 32GT/s");
  whole.pci[1].link_width = 4;
  whole.pci[4].link_speed = "8GT/s";
  node.status.devices[2].links[0].up = 18;
  EXPECT_EQ(judge().status, api::ConditionStatus::unknown) << judge().message;
  EXPECT_THAT(judge().message, HasSubstr("gpu3 at 0000:03:00.0 (SXM3): its scale-up links"));
}

TEST_F(Expected, CardIsTheSameWhetherItsRdmaWasKnownOrNot) {
  machine.spec.parts.clear();
  api::HardwareProfileSpec whole = profile;
  whole.devices[8].id = "eth0";
  whole.devices[8].cls = api::DeviceClass::nic;
  expected = &whole;
  EXPECT_EQ(judge().status, api::ConditionStatus::true_) << judge().message;
  profile.devices[9].cls = api::DeviceClass::nic;
  expect_false("mlx5_1 at 0000:21:00.0 offers no RDMA; load its RDMA driver");
}

TEST_F(Expected, NoMachineIsHeldToASwitchThatNobodySaw) {
  api::HardwareProfileSpec whole = profile;
  api::Device& hub = whole.devices.emplace_back();
  hub.id = "nvswitch0";
  hub.cls = api::DeviceClass::nvswitch;
  expected = &whole;
  EXPECT_EQ(judge().status, api::ConditionStatus::true_) << judge().message;
  hub.address = "0000:c4:00.0";
  EXPECT_THAT(judge().message, HasSubstr("missing: nvswitch0 at 0000:c4:00.0"));
}

TEST_F(Expected, ModelWithoutFactsOfItsLinksIsUnknown) {
  gpu_model.spec.link_width = 0;
  gpu_model.spec.scale_up_links = 0;
  gpu_model.spec.scale_up_domain = 8;
  const Verdict verdict = judge();
  EXPECT_EQ(verdict.status, api::ConditionStatus::unknown);
  EXPECT_EQ(verdict.reason, "NotAllSeen");
  EXPECT_THAT(verdict.message,
              HasSubstr("DeviceModel H100-SXM does not say linkWidth, scaleUpLinks"));
  gpu_model.spec.link_width = 16;
  gpu_model.spec.form = "PCIe";
  EXPECT_EQ(judge().status, api::ConditionStatus::true_) << "a bridge is bought apart";
}

TEST_F(Expected, MissingPackageIsCounted) {
  profile.packages.pop_back();
  expect_false("1 of 2 cpu found");
}

TEST_F(Expected, ModelThatIsNotThereIsSaid) {
  const Verdict verdict = judge_hardware({.node = node, .found = &profile});
  EXPECT_EQ(verdict.status, api::ConditionStatus::unknown);
  EXPECT_EQ(verdict.message, "no DeviceModel is called dgx");
}

// ---- through the controller

TEST_F(Expected, ControllerSetsTheConditionOfTheNode) {
  control::testing::World world;
  api::HardwareProfile known;
  known.metadata.name = "hp-1";
  known.spec = profile;
  world.create(known);
  world.create(gpu_model);
  world.create(node);
  world.pass(seconds(2));
  const auto condition = [&] {
    for (const auto& c : world.get<api::Node>("", "n1")->status.conditions)
      if (c.type == "HardwareAsExpected") return c;
    return api::Condition{};
  };
  EXPECT_EQ(condition().status, api::ConditionStatus::unknown);
  world.create(machine);  // the model comes later
  world.pass(seconds(2));
  EXPECT_EQ(condition().status, api::ConditionStatus::true_) << condition().message;
  world.edit<api::Node>("", "n1", [](api::Node& n) {
    n.status.devices[4].health = api::Health::failed;
    n.status.devices[4].reason = "gone";
  });
  world.pass(seconds(2));
  EXPECT_EQ(condition().status, api::ConditionStatus::false_);
  EXPECT_EQ(condition().message, "gpu4 at 0000:04:00.0 (SXM4): gone");
  world.edit<api::Node>("", "n1", [](api::Node& n) { n.spec.expected_model.clear(); });
  world.pass(seconds(2));
  EXPECT_EQ(condition().type, "") << "nothing is expected, so nothing is said";
}

TEST_F(Expected, WhatHoldsTheHardwareBackIsSaidWhereOneLooks) {
  control::testing::World world;
  world.create(node);
  const auto say = [&](api::ConditionStatus status) {
    world.edit<api::Node>("", "n1", [&](api::Node& n) {
      api::set_condition(n.status.conditions, "FormerWorkEnded", status, "StillRuns", "a/x", 0,
                         world.runtime.now());
    });
    world.pass(seconds(2));
    return api::find_condition(world.get<api::Node>("", "n1")->status.conditions, "Ready");
  };
  const api::Condition* ready = say(api::ConditionStatus::false_);
  EXPECT_EQ(ready->status, api::ConditionStatus::unknown);
  EXPECT_EQ(ready->reason, "FormerWork");
  EXPECT_EQ(ready->message, "a/x");
  EXPECT_EQ(say(api::ConditionStatus::true_)->reason, "AgentHeard");
}

}  // namespace
}  // namespace freehold::control
