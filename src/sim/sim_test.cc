// The simulation itself: it is clean, it repeats, and it finds what is planted.
#include <gtest/gtest.h>

#include "api/contract.h"
#include "base/log.h"
#include "base/sanitized.h"
#include "sim/campaign.h"
#include "sim/cluster.h"
#include "sim/scenario.h"

namespace freehold::sim {
namespace {

// With sanitizers a run takes thirty times as long.
constexpr uint64_t seeds = IS_SANITIZED ? 10 : 200;

TEST(Simulation, NothingIsViolatedInManySeeds) {
  const Sum sum = run_campaign({.first = 1, .seeds = seeds});
  for (const Failure& failure : sum.failures)
    ADD_FAILURE() << "make sim SEED=" << failure.seed << ": " << failure.what;
  EXPECT_EQ(sum.seeds, seeds);
  // A load that does nothing would be clean, too.
  EXPECT_GT(sum.commits, 50 * seeds);
  EXPECT_GT(sum.accepted_by_hand, seeds / 4);
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

// A control plane with one machine and an administrator, without faults but a slow disk.
struct Bench {
  explicit Bench(Duration sync) {
    set_log_sink([](const LogRecord&) {});
    cluster.start_server();
    cluster.start_agent(0);
    world.run_until(seconds(5));
    cluster.set_disk({.full = false, .sync_time = sync});
  }
  ~Bench() { set_log_sink(nullptr); }
  // Asks, and waits for the answer.
  int ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    http::Request request;
    request.method = method;
    request.path = path;
    if (!body.empty()) request.body = http::bytes(body);
    request.headers["content-type"] = "application/json";
    int status = -1;
    transport->request(std::move(request), seconds(10),
                       [&](const auto& r) { status = r.ok() ? r->status : 0; });
    while (status < 0) world.run_until(world.elapsed() + milliseconds(1));
    return status;
  }

  World world{1};
  Cluster cluster{world, Plant::none, {MachineShape{}}};
  std::unique_ptr<http::Transport> transport =
      cluster.network().connect({"admin", "admin", {"freehold:admins"}});
};

TEST(Server, ADeletionWaitsForWhoIsAboutToHoldSomething) {
  Bench bench(milliseconds(400));
  const std::string path = "/apis/freehold.dev/v1alpha1/namespaces/default/contracts";
  const std::string contract = R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Contract",
    "metadata":{"name":"c"},"spec":{"roles":[{"name":"w","each":{"cpu":1,"memory":"1Gi"}}]}})";
  EXPECT_EQ(bench.ask("POST", path, contract), 201);
  // Its first offer is on the way to the disk.
  EXPECT_EQ(bench.ask("DELETE", path + "/c"), 200);
  bench.world.run_until(minutes(3));
  EXPECT_FALSE(bench.world.violation()) << bench.world.violation()->what;
  EXPECT_EQ(bench.ask("GET", path + "/c"), 404);
  EXPECT_GT(bench.cluster.checker().counts().offers, 0u);
}

TEST(Node, AMachineThatJoinedAnewGivesNothingThatItsFormerWorkHolds) {
  Bench bench(Duration{});
  const std::string house = "/apis/freehold.dev/v1alpha1/";
  const std::string contracts = house + "namespaces/default/contracts";
  const auto order = [&](const std::string& name) {
    const std::string head =
        R"({"apiVersion":"freehold.dev/v1alpha1","metadata":{"name":")" + name + R"("},)";
    const std::string contract = head + R"("kind":"Contract",
      "spec":{"roles":[{"name":"w","each":{"cpu":6,"memory":"1Gi"}}]}})";
    const std::string workload = head + R"("kind":"Workload","spec":{"contract":")" + name +
                                 R"(","roles":[{"name":"w","run":{"command":["/bin/work"]}}]}})";
    EXPECT_EQ(bench.ask("POST", contracts, contract), 201);
    EXPECT_EQ(bench.ask("POST", house + "namespaces/default/workloads", workload), 201);
  };
  const auto phase = [&](const std::string& name) {
    const auto* contract = bench.cluster.view().get<api::Contract>("default", name);
    return contract == nullptr ? api::ContractPhase::pending : contract->status.phase;
  };
  bench.cluster.machine(0).set_calm(true);
  order("former");
  bench.world.run_until(bench.world.elapsed() + seconds(20));
  ASSERT_EQ(phase("former"), api::ContractPhase::active);
  EXPECT_EQ(bench.ask("DELETE", house + "nodes/n0"), 200);
  EXPECT_EQ(bench.ask("DELETE", contracts + "/former"), 200);
  bench.world.run_until(bench.world.elapsed() + minutes(10));
  EXPECT_EQ(bench.ask("GET", contracts + "/former"), 404);
  order("next");
  EXPECT_FALSE(bench.cluster.has_joined(0));
  bench.cluster.join(0);
  // The agent asks again once a minute, and ends what was not wanted for another.
  for (int i = 0; i < 60 && phase("next") != api::ContractPhase::active; ++i)
    bench.world.run_until(bench.world.elapsed() + seconds(5));
  EXPECT_FALSE(bench.world.violation()) << bench.world.violation()->what;
  EXPECT_EQ(phase("next"), api::ContractPhase::active);
}

}  // namespace
}  // namespace freehold::sim
