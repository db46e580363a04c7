// ContractLife: the fixture of tests that follow contracts with every controller at work.
#pragma once

#include <gtest/gtest.h>

#include "api/catalog.h"
#include "control/testing/world.h"

namespace freehold::control {

using testing::World;

struct ContractLife : ::testing::Test {
  ContractLife() {
    world.machines("2 nodes: 1 numa x 4 cpus, 8Gi each");
    world.tenant("a");
    // What never may happen: work on a machine whose share has been given back.
    world.watch_over = [this] {
      for (const api::Instance* i : world.ledger->view().all<api::Instance>()) {
        if (i->status.phase == api::InstancePhase::stopped) continue;
        EXPECT_TRUE(world.holds_capacity(i->spec.offer, i->metadata.ns))
            << i->metadata.name << " is there, and offer " << i->spec.offer << " holds nothing";
      }
    };
  }
  // For every site, memory free of charge.
  static api::PriceBook prices(const char* per_cpu) {
    api::PriceBook book;
    book.metadata.name = "all";
    book.spec.prices.push_back({"cpu", "", Quantity::parse_any(per_cpu).value()});
    book.spec.prices.push_back({"memory", "", Quantity::parse_any("0EUR/h").value()});
    return book;
  }
  World world;
};

}  // namespace freehold::control
