#include "ledger/ledger.h"

#include <gtest/gtest.h>

#include <optional>

#include "api/core.h"
#include "api/node.h"
#include "api/registry.h"
#include "api/site.h"
#include "api/storage.h"
#include "api/tenancy.h"
#include "audit/verify.h"
#include "base/limits.h"
#include "base/log.h"
#include "fleet/testing/fleet_of.h"
#include "fleet/testing/read_yaml.h"
#include "store/memory.h"
#include "store/test_runtime.h"

namespace freehold::ledger {
namespace {

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    set_log_sink([](const LogRecord&) {});
    open();
  }
  ~LedgerTest() override { set_log_sink(nullptr); }

  void open() {
    ledger.reset();
    store.reset();
    store = store::open_memory(runtime, disk);
    auto opened = Ledger::open(runtime, *store, {"example", "fra1", "", ""});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    ledger = std::move(opened).value();
    runtime.run();
  }
  Result<Committed> submit(std::vector<Op> ops, const std::string& user = "alice",
                           bool dry_run = false) {
    Change change;
    change.ops = std::move(ops);
    change.actor.user = user;
    change.dry_run = dry_run;
    std::optional<Result<Committed>> outcome;
    ledger->submit(std::move(change), [&](Result<Committed> r) { outcome = std::move(r); });
    EXPECT_FALSE(outcome) << "done was called inside submit()";
    if (!runtime.run_until([&] { return outcome.has_value(); }))
      return Error{Reason::timeout, "no answer", {}};
    return std::move(*outcome);
  }
  template <class T>
  Result<Committed> create(T object) {
    return submit({{OpType::create, api::Object::of(std::move(object)), 0, {}}});
  }
  template <class T>
  Result<Committed> update(T object, Rev expected) {
    return submit({{OpType::update, api::Object::of(std::move(object)), expected, {}}});
  }
  template <class T>
  Result<Committed> remove(T object) {
    return submit({{OpType::remove, api::Object::of(std::move(object)), 0, {}}});
  }

  static api::ConfigMap map(std::string name, std::string value = "v") {
    api::ConfigMap m;
    m.metadata.name = std::move(name);
    m.metadata.ns = "a";
    m.data["k"] = std::move(value);
    return m;
  }
  static api::Offer offer(std::string name, api::OfferPhase phase) {
    api::Offer o;
    o.metadata.name = std::move(name);
    o.metadata.ns = "a";
    o.spec.contract = "c";
    o.status.phase = phase;
    return o;
  }
  static api::Allocation allocation(std::string name, std::string offer, std::string_view what) {
    api::Allocation a;
    a.metadata.name = std::move(name);
    a.metadata.ns = "a";
    a.spec = fleet::testing::allocation_of(what);
    a.spec.contract = "c";
    a.spec.offer = std::move(offer);
    return a;
  }
  void with_machine(const char* text) {
    for (const auto& machine : fleet::testing::machines(text)) {
      ASSERT_TRUE(create(fleet::testing::profile_of(machine)).ok());
      ASSERT_TRUE(create(fleet::testing::node_of(machine, "n1")).ok());
    }
  }
  audit::Report verify() const {
    std::vector<audit::LogView> logs;
    for (const std::string& origin : store->logs()) {
      logs.push_back(
          {origin, store->log_size(origin),
           [this, origin](uint64_t from, size_t limit) -> Result<std::vector<std::string>> {
             std::vector<std::string> leaves;
             for (const store::Leaf& leaf : TRY(store->read_log(origin, from, limit)))
               leaves.push_back(*leaf.data);
             return leaves;
           },
           store->log_root(origin)});
    }
    const auto each_object = [this](const std::function<void(const audit::ObjectView&)>& tell) {
      const auto page = store->list({});
      for (const store::Entry& e : page->entries) {
        const api::KeyParts parts = api::parse_key(e.key);
        tell({e.key, e.rev, *e.value,
              parts.kind && parts.kind->persistence == api::Persistence::recorded});
      }
    };
    return audit::verify(logs, each_object, nullptr);
  }

  TestRuntime runtime;
  std::shared_ptr<store::MemoryDisk> disk = store::make_disk();
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Ledger> ledger;
};

#define EXPECT_REFUSED(result, why)                                            \
  do {                                                                         \
    const auto refused = result;                                               \
    ASSERT_FALSE(refused.ok());                                                \
    EXPECT_EQ(refused.error().reason, Reason::why) << refused.error().message; \
  } while (false)

// ---- conditions and metadata

TEST_F(LedgerTest, a_create_gets_its_metadata_and_its_revision) {
  const auto done = create(map("one"));
  ASSERT_TRUE(done.ok());
  const api::ObjectMeta& meta = done->records[0]->object.meta();
  EXPECT_EQ(meta.resource_version, std::to_string(done->records[0]->rev));
  EXPECT_EQ(meta.uid.size(), 36u);
  EXPECT_TRUE(meta.creation_timestamp.is_set());
  EXPECT_EQ(ledger->view().get<api::ConfigMap>("a", "one")->data.at("k"), "v");
  EXPECT_REFUSED(create(map("one")), already_exists);
}

TEST_F(LedgerTest, memory_holds_what_a_restart_would_find) {
  ASSERT_TRUE(create(map("one")).ok());
  const Time before = ledger->view().get<api::ConfigMap>("a", "one")->metadata.creation_timestamp;
  open();
  const Time after = ledger->view().get<api::ConfigMap>("a", "one")->metadata.creation_timestamp;
  EXPECT_EQ(before, after);
}

TEST_F(LedgerTest, an_update_needs_the_revision_that_it_was_made_from) {
  const Rev first = create(map("one"))->records[0]->rev;
  const auto done = update(map("one", "w"), first);
  ASSERT_TRUE(done.ok());
  EXPECT_GT(done->records[0]->rev, first);
  EXPECT_REFUSED(update(map("one", "x"), first), conflict);
  EXPECT_TRUE(update(map("one", "y"), 0).ok());
  EXPECT_REFUSED(update(map("two"), 0), not_found);
}

TEST_F(LedgerTest, an_update_that_changes_nothing_takes_no_revision) {
  const auto made = create(map("one"));
  const auto same = *made->records[0]->object.as<api::ConfigMap>();
  const auto done = update(same, made->records[0]->rev);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->rev, made->rev);
  EXPECT_EQ(store->head(), made->rev);
}

TEST_F(LedgerTest, generation_counts_changes_of_the_spec_alone) {
  api::Tenant tenant;
  tenant.metadata.name = "t";
  ASSERT_TRUE(create(tenant).ok());
  tenant.metadata.labels["x"] = "y";
  EXPECT_EQ(update(tenant, 0)->records[0]->object.meta().generation, 1);
  tenant.spec.parent = "p";
  EXPECT_EQ(update(tenant, 0)->records[0]->object.meta().generation, 2);
}

TEST_F(LedgerTest, the_last_finalizer_of_a_dying_object_takes_it_away) {
  api::ConfigMap dying = map("one");
  dying.metadata.finalizers = {"example.com/hold"};
  dying = *create(dying)->records[0]->object.as<api::ConfigMap>();
  dying.metadata.deletion_timestamp = runtime.now();
  dying = *update(dying, 0)->records[0]->object.as<api::ConfigMap>();
  dying.metadata.finalizers.clear();
  const auto gone = update(dying, 0);
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(gone->records[0], nullptr);
  EXPECT_EQ(ledger->view().get<api::ConfigMap>("a", "one"), nullptr);
}

TEST_F(LedgerTest, a_change_lands_whole_or_not_at_all) {
  ASSERT_TRUE(create(map("one")).ok());
  EXPECT_REFUSED(submit({{OpType::create, api::Object::of(map("two")), 0, {}},
                         {OpType::create, api::Object::of(map("one")), 0, {}}}),
                 already_exists);
  EXPECT_EQ(ledger->view().get<api::ConfigMap>("a", "two"), nullptr);
  EXPECT_REFUSED(submit({{OpType::create, api::Object::of(map("two")), 0, {}},
                         {OpType::create, api::Object::of(map("two")), 0, {}}}),
                 bad_request);
}

TEST_F(LedgerTest, a_dry_run_checks_and_writes_nothing) {
  const Rev head = store->head();
  const auto done = submit({{OpType::create, api::Object::of(map("one")), 0, {}}}, "alice", true);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->records[0]->object.meta().name, "one");
  EXPECT_EQ(store->head(), head);
  EXPECT_EQ(ledger->view().get<api::ConfigMap>("a", "one"), nullptr);
}

// ---- capacity

TEST_F(LedgerTest, capacity_is_given_once) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::held)).ok());
  ASSERT_TRUE(create(offer("o2", api::OfferPhase::held)).ok());
  ASSERT_TRUE(create(allocation("a1", "o1", "n1 cpus 0-2, memory 0=1Gi")).ok());
  EXPECT_REFUSED(create(allocation("a2", "o2", "n1 cpus 2-3")), conflict);
  EXPECT_REFUSED(create(allocation("a2", "o2", "n1 cpus 3, memory 0=4Gi")), conflict);
  EXPECT_REFUSED(create(allocation("a2", "o2", "n1 cpus 7")), invalid);
  EXPECT_TRUE(create(allocation("a2", "o2", "n1 cpus 3, memory 0=3Gi")).ok());
}

TEST_F(LedgerTest, capacity_is_checked_against_what_is_on_its_way_to_the_disk) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  store::set_faults(*disk, {.full = false, .sync_time = milliseconds(50)});
  int landed = 0, refused = 0;
  for (const char* name : {"o1", "o2"}) {
    Change change;
    change.ops.push_back(
        {OpType::create, api::Object::of(offer(name, api::OfferPhase::held)), 0, {}});
    change.ops.push_back(
        {OpType::create,
         api::Object::of(allocation(std::string("of-") + name, name, "n1 cpus 0-3")),
         0,
         {}});
    ledger->submit(std::move(change),
                   [&](const Result<Committed>& r) { ++(r.ok() ? landed : refused); });
  }
  runtime.run();
  EXPECT_EQ(landed, 1);
  EXPECT_EQ(refused, 1);
}

TEST_F(LedgerTest, an_allocation_that_grows_is_checked_again) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::held)).ok());
  ASSERT_TRUE(create(allocation("a1", "o1", "n1 cpus 0-1")).ok());
  ASSERT_TRUE(create(allocation("a2", "o1", "n1 cpus 2")).ok());
  EXPECT_REFUSED(update(allocation("a1", "o1", "n1 cpus 0-2"), 0), conflict);
  EXPECT_TRUE(update(allocation("a1", "o1", "n1 cpus 3"), 0).ok());
  EXPECT_TRUE(update(allocation("a2", "o1", "n1 cpus 0-2"), 0).ok());
}

TEST_F(LedgerTest, an_allocation_that_a_failure_would_push_over_a_capacity_is_refused) {
  using fleet::testing::read_yaml;
  for (const char* name : {"a", "b"}) {
    auto domain = read_yaml<api::PowerDomain>("spec: {type: pdu, site: s, capacity: 10kW}");
    domain.metadata.name = name;
    ASSERT_TRUE(create(domain).ok());
  }
  const auto machine = fleet::testing::machines("1 node: 1 numa x 4 cpus, 4Gi each, 50kW")[0];
  ASSERT_TRUE(create(fleet::testing::profile_of(machine)).ok());
  for (const char* name : {"n1", "n2"}) {
    auto node = fleet::testing::node_of(machine, name);
    node.spec.feeds = {{"a", 50, api::FeedFailure::shift}, {"b", 50, api::FeedFailure::shift}};
    ASSERT_TRUE(create(node).ok());
  }
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::held)).ok());
  ASSERT_TRUE(create(allocation("a1", "o1", "n1 power 6kW")).ok());
  // 6 of 10 kW each as it is, 12 once one has failed.
  EXPECT_REFUSED(create(allocation("a2", "o1", "n2 power 6kW")), conflict);
  open();
  EXPECT_REFUSED(create(allocation("a2", "o1", "n2 power 6kW")), conflict);
  EXPECT_TRUE(create(allocation("a2", "o1", "n2 power 4kW")).ok());
  EXPECT_REFUSED(update(allocation("a2", "o1", "n2 power 5kW"), 0), conflict);
  // A domain that is known late counts what is drawn already.
  auto grid = read_yaml<api::PowerDomain>("spec: {type: utility, site: s, capacity: 9kW}");
  grid.metadata.name = "grid";
  ASSERT_TRUE(create(grid).ok());
  for (const char* name : {"a", "b"}) {
    auto domain = *ledger->view().get<api::PowerDomain>("", name);
    domain.spec.supplied_by = {1, {"grid"}};
    ASSERT_TRUE(update(domain, 0).ok());
  }
  EXPECT_REFUSED(create(allocation("a3", "o1", "n1 power 1W")), conflict);
  ASSERT_TRUE(remove(allocation("a2", "o1", "")).ok());
  EXPECT_TRUE(create(allocation("a3", "o1", "n1 power 3kW")).ok());
}

TEST_F(LedgerTest, a_released_offer_gives_its_capacity_back_for_good) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::held)).ok());
  ASSERT_TRUE(create(allocation("a1", "o1", "n1 cpus 0-3")).ok());
  ASSERT_TRUE(update(offer("o1", api::OfferPhase::released), 0).ok());
  EXPECT_REFUSED(update(offer("o1", api::OfferPhase::held), 0), invalid);
  EXPECT_REFUSED(create(allocation("a2", "o1", "n1 cpus 0")), invalid);
  ASSERT_TRUE(create(offer("o2", api::OfferPhase::held)).ok());
  EXPECT_TRUE(create(allocation("a2", "o2", "n1 cpus 0-3")).ok());
}

TEST_F(LedgerTest, what_an_accepted_offer_holds_cannot_be_taken_away_under_the_work) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::accepted)).ok());
  ASSERT_TRUE(create(allocation("a1", "o1", "n1 cpus 0-3")).ok());
  EXPECT_REFUSED(remove(allocation("a1", "o1", "")), conflict);
  EXPECT_REFUSED(remove(offer("o1", api::OfferPhase::accepted)), conflict);
  ASSERT_TRUE(update(offer("o1", api::OfferPhase::released), 0).ok());
  EXPECT_TRUE(remove(allocation("a1", "o1", "")).ok());
  EXPECT_TRUE(remove(offer("o1", api::OfferPhase::released)).ok());
}

TEST_F(LedgerTest, what_an_offer_holds_stays_as_long_as_its_contract_may_accept_it) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  api::Contract c;
  c.metadata.name = "c";
  c.metadata.ns = "a";
  c.status.offer = "o1";
  ASSERT_TRUE(create(c).ok());
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::held)).ok());
  ASSERT_TRUE(create(allocation("a1", "o1", "n1 cpus 0-3")).ok());
  EXPECT_REFUSED(remove(allocation("a1", "o1", "")), conflict);
  ASSERT_TRUE(update(offer("o1", api::OfferPhase::expired), 0).ok());
  EXPECT_TRUE(remove(allocation("a1", "o1", "")).ok());
}

TEST_F(LedgerTest, capacity_is_known_again_after_a_restart) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::held)).ok());
  ASSERT_TRUE(create(allocation("a1", "o1", "n1 cpus 0-2")).ok());
  open();
  ASSERT_TRUE(create(offer("o2", api::OfferPhase::held)).ok());
  EXPECT_REFUSED(create(allocation("a2", "o2", "n1 cpus 2-3")), conflict);
}

// ---- the record

TEST_F(LedgerTest, no_tenant_shares_the_log_of_the_operator) {
  api::Tenant tenant;
  tenant.metadata.name = "operator";
  EXPECT_REFUSED(create(tenant), invalid);
  api::Namespace ns;
  ns.metadata.name = "a";
  ns.metadata.labels["freehold.dev/tenant"] = "operator";
  EXPECT_REFUSED(create(ns), invalid);
  ns.metadata.labels.clear();
  ASSERT_TRUE(create(ns).ok());
  ns.metadata.labels["freehold.dev/tenant"] = "operator";
  EXPECT_REFUSED(update(ns, 0), invalid);
}

TEST_F(LedgerTest, every_recorded_change_has_a_leaf_in_the_log_of_its_tenant) {
  api::Namespace ns;
  ns.metadata.name = "a";
  ns.metadata.labels["freehold.dev/tenant"] = "acme";
  ASSERT_TRUE(create(ns).ok());
  ASSERT_TRUE(create(map("one")).ok());
  ASSERT_TRUE(update(map("one", "w"), 0).ok());
  ASSERT_TRUE(remove(map("one")).ok());
  EXPECT_EQ(store->log_size("audit.fra1.example/acme"), 3u);
  EXPECT_EQ(store->log_size("audit.fra1.example/operator"), 1u);
  const audit::Report report = verify();
  EXPECT_TRUE(report.findings.empty())
      << report.findings[0].where << ": " << report.findings[0].what;
  EXPECT_EQ(report.leaves, 4u);
}

// A PIN, say: all else that is stored is known to whoever reads the record, or easily tried.
TEST_F(LedgerTest, who_reads_the_record_cannot_find_a_secret_by_trying) {
  api::Secret secret;
  secret.metadata.name = "door";
  secret.metadata.ns = "a";
  secret.data["pin"].data = "0042";
  secret.metadata.annotations["freehold.dev/salt"] = "chosen";
  const auto stored = [&] { return *ledger->view().find("/core/secrets/a/door"); };
  const auto salt = [&] {
    const std::string text = stored().object.meta().annotations.at("freehold.dev/salt");
    EXPECT_EQ(text.size(), 32u);
    return text;
  };
  const auto last_leaf = [&] {
    const std::string log = store->logs().front();
    return *store->read_log(log, store->log_size(log) - 1, 1)->front().data;
  };
  ASSERT_TRUE(create(secret).ok());
  const std::string first = salt();
  EXPECT_NE(last_leaf().find(audit::to_hex(audit::sha256(*stored().bytes))), std::string::npos);
  api::Object tried = stored().object.clone();
  tried.meta().annotations.clear();
  EXPECT_EQ(last_leaf().find(audit::to_hex(audit::sha256(tried.print()))), std::string::npos);
  EXPECT_EQ(last_leaf().find(first), std::string::npos);

  // Whoever does not send the salt back changes nothing by it; whoever changes anything gets
  // another.
  secret = *stored().object.as<api::Secret>();
  secret.metadata.annotations.clear();
  const Rev before = ledger->view().rev();
  ASSERT_TRUE(update(secret, 0).ok());
  EXPECT_EQ(ledger->view().rev(), before);
  EXPECT_EQ(salt(), first);
  secret.data["pin"].data = "0043";
  ASSERT_TRUE(update(secret, 0).ok());
  EXPECT_NE(salt(), first);
  EXPECT_TRUE(verify().findings.empty());
}

TEST_F(LedgerTest, the_record_names_people_by_an_id_whose_name_can_be_erased) {
  ASSERT_TRUE(create(map("one")).ok());
  const std::string id = ledger->principal_id("alice");
  const auto leaves = store->read_log("audit.fra1.example/operator", 0, 10);
  EXPECT_NE(leaves->at(0).data->find(id), std::string::npos);
  EXPECT_EQ(leaves->at(0).data->find("alice"), std::string::npos);
  EXPECT_EQ(*store->get("/_freehold/principals/" + id)->value, "alice");
  open();
  EXPECT_EQ(ledger->principal_id("alice"), id) << "the key is kept";
}

// ---- the disk

TEST_F(LedgerTest, what_the_disk_refused_did_not_happen_and_the_next_change_lands) {
  with_machine("1 node: 1 numa x 4 cpus, 4Gi each");
  const Rev head = store->head();
  store::set_faults(*disk, {.full = true, .sync_time = microseconds(0)});
  EXPECT_REFUSED(create(map("one")), unavailable);
  EXPECT_REFUSED(create(offer("o1", api::OfferPhase::held)), unavailable);
  EXPECT_EQ(store->head(), head);
  store::set_faults(*disk, {});
  ASSERT_TRUE(create(map("one")).ok());
  ASSERT_TRUE(create(offer("o1", api::OfferPhase::held)).ok());
  EXPECT_TRUE(create(allocation("a1", "o1", "n1 cpus 0-3")).ok());
  EXPECT_TRUE(verify().findings.empty());
}

TEST_F(LedgerTest, a_name_whose_first_write_was_refused_is_kept_with_the_next) {
  store::set_faults(*disk, {.full = true, .sync_time = microseconds(0)});
  EXPECT_REFUSED(create(map("one")), unavailable);
  store::set_faults(*disk, {});
  ASSERT_TRUE(create(map("one")).ok());
  EXPECT_TRUE(store->get("/_freehold/principals/" + ledger->principal_id("alice")));
}

TEST_F(LedgerTest, an_identity_that_the_disk_refused_is_kept_later) {
  disk = store::make_disk();
  store::set_faults(*disk, {.full = true, .sync_time = microseconds(0)});
  open();
  const std::string uid = ledger->identity().uid;
  store::set_faults(*disk, {});
  ASSERT_TRUE(create(map("one")).ok());
  open();
  EXPECT_EQ(ledger->identity().uid, uid);
  EXPECT_EQ(ledger->identity().site, "fra1");
}

TEST_F(LedgerTest, a_disk_that_is_behind_refuses_more_and_goes_on) {
  store::set_faults(*disk, {.full = false, .sync_time = seconds(1)});
  size_t landed = 0, busy = 0, others = 0;
  constexpr size_t many = limits::commit_queue + 100;
  for (size_t i = 0; i < many; ++i) {
    Change change;
    change.ops.push_back({OpType::create, api::Object::of(map("m" + std::to_string(i))), 0, {}});
    ledger->submit(std::move(change), [&](const Result<Committed>& r) {
      ++(r.ok() ? landed : r.error().reason == Reason::too_many_requests ? busy : others);
    });
  }
  runtime.run();
  EXPECT_EQ(landed + busy, many);
  EXPECT_GT(busy, 0u);
  EXPECT_EQ(others, 0u);
  store::set_faults(*disk, {});
  const auto after = create(map("after"));
  EXPECT_TRUE(after.ok()) << after.error().message;
  EXPECT_TRUE(verify().findings.empty());
}

// ---- whose log

api::Namespace space(const char* tenant) {
  api::Namespace ns;
  ns.metadata.name = "a";
  ns.metadata.labels["freehold.dev/tenant"] = tenant;
  return ns;
}

TEST_F(LedgerTest, what_comes_with_its_namespace_is_recorded_for_its_tenant) {
  ASSERT_TRUE(submit({{OpType::create, api::Object::of(map("one")), 0, {}},
                      {OpType::create, api::Object::of(space("acme")), 0, {}}})
                  .ok());
  ASSERT_TRUE(update(map("one", "w"), 0).ok());
  EXPECT_TRUE(verify().findings.empty());
  EXPECT_EQ(store->log_size("audit.fra1.example/acme"), 2u);
  ASSERT_TRUE(submit({{OpType::remove, api::Object::of(space("acme")), 0, {}},
                      {OpType::remove, api::Object::of(map("one")), 0, {}}})
                  .ok());
  EXPECT_TRUE(verify().findings.empty());
}

TEST_F(LedgerTest, a_namespace_that_holds_anything_stays_with_its_tenant) {
  ASSERT_TRUE(create(space("acme")).ok());
  ASSERT_TRUE(update(space("globex"), 0).ok());
  // Also while the object is on its way to the disk.
  std::optional<Result<Committed>> made;
  ledger->submit({.ops = {{OpType::create, api::Object::of(map("one")), 0, {}}},
                  .actor = {},
                  .dry_run = false,
                  .decision_digest = {}},
                 [&](Result<Committed> r) { made = std::move(r); });
  EXPECT_REFUSED(update(space("acme"), 0), invalid);
  ASSERT_TRUE(made && made->ok());
  const auto refused = update(space("acme"), 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().causes.at(0).field, "metadata.labels[freehold.dev/tenant]");
  ASSERT_TRUE(remove(map("one")).ok());
  ASSERT_TRUE(update(space("acme"), 0).ok());
  ASSERT_TRUE(create(map("one")).ok());
  EXPECT_TRUE(verify().findings.empty());
}

TEST_F(LedgerTest, a_crash_leaves_whole_commits_and_a_record_that_fits) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    disk = store::make_disk();
    open();
    store::set_faults(*disk, {.full = false, .sync_time = milliseconds(3)});
    std::vector<std::string> acknowledged;
    Random random(seed);
    for (int i = 0; i < 30; ++i) {
      const std::string name = "m" + std::to_string(i);
      Change change;
      change.ops.push_back({OpType::create, api::Object::of(map(name)), 0, {}});
      change.ops.push_back({OpType::create, api::Object::of(map(name + "-b")), 0, {}});
      ledger->submit(std::move(change), [&acknowledged, name](const Result<Committed>& r) {
        if (r.ok()) acknowledged.push_back(name);
      });
      for (int64_t steps = random.in(0, 3); steps > 0; --steps) runtime.step();
    }
    ledger.reset();
    store.reset();
    store::crash(*disk, random);
    open();
    for (const std::string& name : acknowledged)
      EXPECT_NE(ledger->view().get<api::ConfigMap>("a", name), nullptr) << "seed " << seed;
    for (int i = 0; i < 30; ++i) {
      const std::string name = "m" + std::to_string(i);
      EXPECT_EQ(ledger->view().get<api::ConfigMap>("a", name) == nullptr,
                ledger->view().get<api::ConfigMap>("a", name + "-b") == nullptr);
    }
    EXPECT_TRUE(verify().findings.empty()) << "seed " << seed;
    ASSERT_TRUE(create(map("after")).ok()) << "seed " << seed;
  }
}

TEST_F(LedgerTest, fabrics_and_pools_are_a_part_of_the_fleet_and_survive_a_restart) {
  api::Fabric fabric;
  fabric.metadata.name = "ib";
  fabric.spec.switches.push_back({"leaf", "", "", "", {"n1", "n2"}});
  api::StoragePool pool;
  pool.metadata.name = "lustre";
  pool.spec.site = "fra1";
  ASSERT_TRUE(create(fabric).ok());
  ASSERT_TRUE(create(pool).ok());
  EXPECT_EQ(ledger->fleet().network().ports_of("n2").size(), 1u);
  const uint64_t hash = ledger->fleet().hash();
  open();
  EXPECT_EQ(ledger->fleet().hash(), hash);
  EXPECT_NE(ledger->fleet().storage_pool("lustre"), nullptr);
  ASSERT_TRUE(remove(fabric).ok());
  ASSERT_TRUE(remove(pool).ok());
  EXPECT_TRUE(ledger->fleet().network().ports_of("n2").empty());
  EXPECT_EQ(ledger->fleet().storage_pool("lustre"), nullptr);
}

}  // namespace
}  // namespace freehold::ledger
