// The simulation itself: it is clean, it repeats, and it finds what is planted.
#include <gtest/gtest.h>

#include "sim/campaign.h"
#include "sim/scenario.h"

namespace freehold::sim {
namespace {

TEST(Simulation, NothingIsViolatedInTwoHundredSeeds) {
  const Sum sum = run_campaign({.first = 1, .seeds = 200});
  for (const Failure& failure : sum.failures)
    ADD_FAILURE() << "make sim SEED=" << failure.seed << ": " << failure.what;
  EXPECT_EQ(sum.seeds, 200u);
  // A load that does nothing would be clean, too.
  EXPECT_GT(sum.commits, 10'000u);
}

TEST(Simulation, ASeedReplaysBitForBit) {
  for (const uint64_t seed : {3u, 4u, 5u}) {
    const Outcome once = run_scenario({.seed = seed});
    // Who is told of what happens changes nothing.
    uint64_t lines = 0;
    const Outcome twice = run_scenario(
        {.seed = seed, .plant = Plant::none, .trace = [&](const std::string&) { ++lines; }});
    EXPECT_GT(lines, 0u);
    EXPECT_EQ(once.fingerprint, twice.fingerprint);
    EXPECT_EQ(once.steps, twice.steps);
    EXPECT_EQ(once.counts.commits, twice.counts.commits);
  }
}

TEST(Simulation, SeedsDiffer) {
  EXPECT_NE(run_scenario({.seed = 3}).fingerprint, run_scenario({.seed = 4}).fingerprint);
}

TEST(Simulation, TheMissingCapacityCheckIsFound) {
  const Sum sum = run_campaign({.seeds = 100, .plant = Plant::no_capacity_check});
  ASSERT_FALSE(sum.failures.empty());
  EXPECT_EQ(sum.failures.front().what.find("capacity: "), 0u) << sum.failures.front().what;
}

TEST(Simulation, CommitsInHalvesAreFound) {
  const Sum sum = run_campaign({.seeds = 100, .plant = Plant::half_commits});
  EXPECT_FALSE(sum.failures.empty());
}

}  // namespace
}  // namespace freehold::sim
