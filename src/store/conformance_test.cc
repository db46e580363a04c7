// What every Store must do, case by case.
#include "store/testing/conformance.h"

namespace freehold::store {
namespace {

class StoreConformance : public StoreTest {};

// ---- commits

TEST_P(StoreConformance, an_empty_store_is_at_revision_zero) {
  EXPECT_EQ(store->head(), 0u);
  EXPECT_EQ(store->sequenced_head(), 0u);
  EXPECT_EQ(store->history_start(), 0u);
  EXPECT_EQ(listed(), "");
  EXPECT_EQ(watched(0), "");
  EXPECT_TRUE(store->logs().empty());
  EXPECT_FALSE(store->get("a"));
}

TEST_P(StoreConformance, every_change_has_its_own_revision_and_a_commit_owns_a_run_of_them) {
  const auto one = commit(transaction({{"a", bytes("1")}, {"b", bytes("2")}, {"c", bytes("3")}}));
  ASSERT_TRUE(one.ok()) << one.error().message;
  EXPECT_EQ((*one)->first, 1u);
  EXPECT_EQ((*one)->last, 3u);
  must_put("b", "4");
  EXPECT_EQ(store->head(), 4u);
  EXPECT_EQ(listed(), "a=1@1 b=4@4 c=3@3");
  EXPECT_EQ(store->get("b")->created, 2u);
}

TEST_P(StoreConformance, a_change_says_what_it_replaced) {
  must_put("a", "1");
  must_put("a", "2");
  const auto gone = commit(transaction({{"a", nullptr}}));
  ASSERT_TRUE(gone.ok());
  const Change& change = (*gone)->changes.front();
  EXPECT_EQ(change.rev, 3u);
  EXPECT_EQ(change.value, nullptr);
  EXPECT_EQ(text(change.previous), "2");
  EXPECT_EQ(change.previous_rev, 2u);
  EXPECT_EQ(change.created, 1u);
  must_put("a", "3");
  EXPECT_EQ(store->get("a")->created, 4u);
}

TEST_P(StoreConformance, a_commit_whose_condition_fails_leaves_nothing_behind) {
  must_put("a", "1");
  Transaction wanted = transaction({{"b", bytes("1")}, {"a", bytes("2")}});
  wanted.conditions = {{"a", 1}, {"b", 7}};
  wanted.leaves = {{"log", 0, bytes("leaf")}};
  const auto refused = commit(wanted);
  EXPECT_EQ(reason(refused), Reason::conflict);
  EXPECT_NE(refused.error().message.find("\"b\""), std::string::npos) << refused.error().message;
  EXPECT_EQ(listed(), "a=1@1");
  EXPECT_EQ(store->sequenced_head(), 1u);
  EXPECT_EQ(store->sequenced_log_size("log"), 0u);
}

TEST_P(StoreConformance, a_condition_of_zero_means_that_the_key_is_absent) {
  Transaction wanted = transaction({{"a", bytes("1")}});
  wanted.conditions = {{"a", 0}};
  ASSERT_TRUE(commit(wanted).ok());
  wanted.first = 2;
  EXPECT_EQ(reason(commit(wanted)), Reason::conflict);
  ASSERT_TRUE(commit(transaction({{"a", nullptr}})).ok());
  wanted.first = 3;
  EXPECT_TRUE(commit(wanted).ok());
}

TEST_P(StoreConformance, conditions_see_what_is_sequenced_and_reads_what_is_durable) {
  Transaction first = transaction({{"a", bytes("1")}});
  int done = 0;
  store->commit(first, [&](const Result<CommitPtr>& result) { done += result.ok() ? 1 : 0; });
  EXPECT_FALSE(store->get("a"));
  ASSERT_TRUE(store->sequenced_get("a"));
  EXPECT_EQ(store->sequenced_get("a")->rev, 1u);
  EXPECT_EQ(store->head(), 0u);
  EXPECT_EQ(store->sequenced_head(), 1u);
  EXPECT_EQ(store->stats().waiting, 1u);

  Transaction second = transaction({{"a", nullptr}});
  second.conditions = {{"a", 1}};
  store->commit(second, [&](const Result<CommitPtr>& result) { done += result.ok() ? 1 : 0; });
  EXPECT_FALSE(store->sequenced_get("a"));
  Transaction stale = transaction({{"a", bytes("3")}});
  stale.conditions = {{"a", 1}};
  EXPECT_EQ(reason(commit(stale)), Reason::conflict);
  settle();
  EXPECT_EQ(done, 2);
  EXPECT_FALSE(store->get("a"));
  EXPECT_EQ(store->head(), 2u);
}

TEST_P(StoreConformance, deleting_what_is_absent_is_a_conflict) {
  EXPECT_EQ(reason(commit(transaction({{"a", nullptr}}))), Reason::conflict);
  EXPECT_EQ(store->sequenced_head(), 0u);
}

TEST_P(StoreConformance, transactions_that_break_the_rules_are_refused) {
  Transaction ahead = transaction({{"a", bytes("1")}});
  ahead.first = 2;
  EXPECT_EQ(reason(commit(ahead)), Reason::bad_request);
  EXPECT_EQ(reason(commit(transaction({{"", bytes("1")}}))), Reason::bad_request);
  EXPECT_EQ(reason(commit(transaction({{"a", bytes("1")}, {"b", bytes("1")}, {"a", bytes("2")}}))),
            Reason::bad_request);
  Transaction gap = transaction({{"a", bytes("1")}});
  gap.leaves = {{"log", 0, bytes("x")}, {"log", 2, bytes("y")}};
  EXPECT_EQ(reason(commit(gap)), Reason::bad_request);
  Transaction large = transaction({});
  for (size_t i = 0; i <= limits::commit_writes; ++i)
    large.writes.push_back({std::to_string(i), bytes("1")});
  EXPECT_EQ(reason(commit(large)), Reason::too_large);
  EXPECT_EQ(store->sequenced_head(), 0u);
  EXPECT_EQ(listed(), "");
}

TEST_P(StoreConformance, the_queue_for_the_disk_has_a_bound) {
  Transaction wanted = transaction({});
  for (size_t i = 0; i < limits::commit_writes; ++i)
    wanted.writes.push_back({"k" + std::to_string(i), bytes("1")});
  size_t done = 0;
  for (size_t n = 0; n < limits::commit_queue; n += limits::commit_writes) {
    wanted.first = store->sequenced_head() + 1;
    store->commit(wanted, [&](const Result<CommitPtr>& result) { done += result.ok() ? 1 : 0; });
  }
  EXPECT_EQ(reason(put("a", "1")), Reason::too_many_requests);
  settle();
  EXPECT_EQ(done, limits::commit_queue / limits::commit_writes);
  EXPECT_EQ(store->head(), limits::commit_queue);
  must_put("a", "1");
}

TEST_P(StoreConformance, commits_that_were_accepted_survive_the_store) {
  for (int i = 0; i < 100; ++i)
    store->commit(transaction({{"k" + std::to_string(i), bytes("v")}}),
                  [](const auto&) { FAIL() << "done of a store that is gone"; });
  reopen();
  runtime.run();
  EXPECT_EQ(store->head(), 100u);
  EXPECT_EQ(store->list({})->entries.size(), 100u);
}

// ---- lists

TEST_P(StoreConformance, a_list_keeps_to_its_prefix_and_pages) {
  ASSERT_TRUE(commit(transaction({{"a/1", bytes("x")},
                                  {"a/2", bytes("x")},
                                  {"a/3", bytes("x")},
                                  {"a", bytes("x")},
                                  {"b/1", bytes("x")},
                                  {"a0", bytes("x")}}))
                  .ok());
  EXPECT_EQ(listed({.prefix = "a/"}), "a/1=x@1 a/2=x@2 a/3=x@3");
  EXPECT_EQ(listed({.prefix = "a"}), "a=x@4 a/1=x@1 a/2=x@2 a/3=x@3 a0=x@6");
  EXPECT_EQ(listed({.prefix = "a/", .after = "a/1"}), "a/2=x@2 a/3=x@3");
  EXPECT_EQ(listed({.prefix = "a/", .after = "a/3"}), "");
  EXPECT_EQ(listed({.prefix = "a/", .after = "z"}), "");
  EXPECT_EQ(listed({.prefix = "a/", .after = "A"}), "a/1=x@1 a/2=x@2 a/3=x@3");
  EXPECT_EQ(listed({.prefix = "c"}), "");
  const Result<Page> page = store->list({.prefix = "a", .limit = 2});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(show(page->entries), "a=x@4 a/1=x@1");
  EXPECT_TRUE(page->more);
  EXPECT_EQ(page->remaining, 3u);
  EXPECT_EQ(page->rev, 6u);
  const Result<Page> last = store->list({.prefix = "a", .after = "a/2", .limit = 2});
  EXPECT_FALSE(last->more);
  EXPECT_EQ(last->remaining, 0u);
}

TEST_P(StoreConformance, pages_of_one_snapshot_fit_together_while_writes_go_on) {
  for (int i = 10; i < 30; ++i) must_put("k" + std::to_string(i), "old");
  const std::string before = listed();
  std::vector<Entry> entries;
  ListOptions options{.prefix = "k", .limit = 3};
  size_t expected = 20;
  for (int round = 0;; ++round) {
    const Result<Page> page = store->list(options);
    ASSERT_TRUE(page.ok()) << page.error().message;
    entries.insert(entries.end(), page->entries.begin(), page->entries.end());
    expected -= page->entries.size();
    EXPECT_EQ(page->remaining, expected);
    if (!page->more) break;
    options.at = page->rev;
    options.after = page->entries.back().key;
    must_put("k" + std::to_string(10 + 3 * round), "new");
    must_put("k" + std::to_string(25 - round) + "x", "added");
    ASSERT_TRUE(commit(transaction({{"k" + std::to_string(29 - round), nullptr}})).ok());
  }
  EXPECT_EQ(show(entries), before);
}

TEST_P(StoreConformance, a_list_stands_at_commit_ends_within_history_only) {
  must_put("a", "1");
  ASSERT_TRUE(commit(transaction({{"a", bytes("2")}, {"b", bytes("1")}, {"c", bytes("1")}})).ok());
  ASSERT_TRUE(commit(transaction({{"b", nullptr}})).ok());
  EXPECT_EQ(listed({.at = 1}), "a=1@1");
  EXPECT_EQ(listed({.at = 2}), "BadRequest");
  EXPECT_EQ(listed({.at = 3}), "BadRequest");
  EXPECT_EQ(listed({.at = 4}), "a=2@2 b=1@3 c=1@4");
  EXPECT_EQ(listed({.at = 5}), "a=2@2 c=1@4");
  EXPECT_EQ(listed({.at = 6}), "Timeout");
  store->compact(runtime.now());
  EXPECT_EQ(listed({.at = 1}), "Expired");
  EXPECT_EQ(listed({.at = 4}), "a=2@2 b=1@3 c=1@4") << "the newest commit can always be undone";
}

// ---- watches

TEST_P(StoreConformance, a_watch_delivers_whole_commits_in_order_before_done) {
  std::string seen;
  const auto watch = store->watch(0, [&](const CommitPtr& delivered) {
    EXPECT_EQ(delivered->last, store->head()) << "what is delivered can be read";
    seen += show(*delivered);
  });
  ASSERT_TRUE(watch.ok());
  const auto noting = [&](const Result<CommitPtr>& result) {
    seen += result.ok() ? "(done " + std::to_string((*result)->last) + ")" : "(refused)";
  };
  store->commit(transaction({{"a", bytes("1")}, {"b", bytes("1")}}), noting);
  store->commit(transaction({{"a", bytes("2")}}), noting);
  store->commit(transaction({{"b", nullptr}, {"c", bytes("1")}}), noting);
  settle();
  EXPECT_EQ(seen, "[1 +a=1 +b=1](done 2)[3 a=2](done 3)[4 -b +c=1](done 5)");
}

TEST_P(StoreConformance, a_watch_resumes_at_any_revision_also_within_a_commit) {
  must_put("a", "1");
  ASSERT_TRUE(commit(transaction({{"b", bytes("1")}, {"c", bytes("1")}, {"a", nullptr}})).ok());
  must_put("c", "2");
  const std::string last = "[5 c=2]", middle = "[2 +b=1 +c=1 -a]";
  const auto check = [&] {
    EXPECT_EQ(watched(0), "[1 +a=1]" + middle + last);
    for (const Rev within : {1u, 2u, 3u}) EXPECT_EQ(watched(within), middle + last);
    EXPECT_EQ(watched(4), last);
    EXPECT_EQ(watched(5), "");
  };
  check();
  reopen();
  check();
}

TEST_P(StoreConformance, a_watch_from_the_future_begins_there) {
  std::string seen;
  const auto watch = store->watch(2, [&](const CommitPtr& delivered) { seen += show(*delivered); });
  for (const char* value : {"1", "2", "3"}) must_put("a", value);
  EXPECT_EQ(seen, "[3 a=3]");
}

TEST_P(StoreConformance, a_watch_from_before_history_is_expired) {
  for (const char* value : {"1", "2", "3"}) must_put("a", value);
  store->compact(runtime.now());
  EXPECT_EQ(store->history_start(), 2u);
  EXPECT_EQ(watched(1), "Expired");
  EXPECT_EQ(watched(2), "[3 a=3]");
}

TEST_P(StoreConformance, compacting_forgets_by_age_and_keeps_the_newest_commit) {
  must_put("a", "1");
  runtime.advance(minutes(5));
  const Time later = runtime.now();
  must_put("a", "2");
  store->compact(later);
  EXPECT_EQ(store->history_start(), 1u);
  runtime.advance(minutes(5));
  store->compact(runtime.now());
  EXPECT_EQ(store->history_start(), 1u);
  settle();
  reopen();
  EXPECT_EQ(store->head(), 2u);
  EXPECT_EQ(listed(), "a=2@2");
}

TEST_P(StoreConformance, watches_begin_and_end_inside_a_delivery) {
  std::string seen;
  std::unique_ptr<Watch> second, third;
  const auto first = store->watch(0, [&](const CommitPtr& delivered) {
    seen += "1" + show(*delivered);
    second.reset();
    if (third) return;
    auto begun = store->watch(0, [&](const CommitPtr& late) { seen += "3" + show(*late); });
    third = std::move(begun).value();
  });
  second = store->watch(0, [&](const CommitPtr& never) { seen += "2" + show(*never); }).value();
  must_put("a", "1");
  must_put("a", "2");
  EXPECT_EQ(seen, "1[1 +a=1]3[1 +a=1]1[2 a=2]3[2 a=2]");
}

// ---- logs

TEST_P(StoreConformance, leaves_land_with_their_commit) {
  Transaction wanted = transaction({{"a", bytes("1")}});
  wanted.leaves = {
      {"x", 0, bytes("x0"), "rx0"}, {"y", 0, bytes("y0"), "ry0"}, {"x", 1, bytes("x1"), "rx1"}};
  store->commit(wanted, nullptr);
  EXPECT_EQ(store->sequenced_log_size("x"), 2u);
  EXPECT_EQ(store->log_size("x"), 0u);
  wanted = transaction({{"b", bytes("1")}});
  wanted.leaves = {{"x", 2, bytes(std::string("\0\xff", 2)), "rx2"}};
  ASSERT_TRUE(commit(wanted).ok());
  const auto check = [&] {
    EXPECT_EQ(store->logs(), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(store->log_size("x"), 3u);
    EXPECT_EQ(store->sequenced_log_size("x"), 3u);
    EXPECT_EQ(store->log_size("y"), 1u);
    EXPECT_EQ(store->log_root("x"), "rx2");
    EXPECT_EQ(store->log_root("y"), "ry0");
    EXPECT_EQ(store->log_root("z"), "");
    const auto all = store->read_log("x", 0, 100);
    ASSERT_TRUE(all.ok()) << all.error().message;
    ASSERT_EQ(all->size(), 3u);
    EXPECT_EQ((*all)[1].index, 1u);
    EXPECT_EQ((*all)[1].log, "x");
    EXPECT_EQ(text((*all)[1].data), "x1");
    EXPECT_EQ(text((*all)[2].data), std::string("\0\xff", 2));
    EXPECT_EQ(text(store->read_log("x", 1, 1)->front().data), "x1");
    EXPECT_EQ(store->read_log("x", 1, 1)->size(), 1u);
    EXPECT_EQ(store->read_log("x", 3, 1)->size(), 0u);
    EXPECT_EQ(store->read_log("z", 0, 1).error().reason, Reason::not_found);
  };
  check();
  reopen();
  check();
  wanted = transaction({{"c", bytes("1")}});
  wanted.leaves = {{"z", 0, bytes("z0")}, {"x", 3, bytes("x3")}};
  ASSERT_TRUE(commit(wanted).ok());
  EXPECT_EQ(text(store->read_log("z", 0, 9)->front().data), "z0");
  EXPECT_EQ(text(store->read_log("x", 3, 9)->front().data), "x3");
}

TEST_P(StoreConformance, leaves_alone_take_no_revision) {
  must_put("a", "1");
  Transaction wanted = transaction({});
  wanted.leaves = {{"x", 0, bytes("read"), "r"}};
  std::string seen;
  const auto watch = store->watch(1, [&](const CommitPtr& delivered) { seen += show(*delivered); });
  ASSERT_TRUE(commit(wanted).ok());
  EXPECT_EQ(store->head(), 1u);
  must_put("a", "2");
  EXPECT_EQ(seen, "[2 a=2]");
  reopen();
  EXPECT_EQ(store->log_size("x"), 1u);
  EXPECT_EQ(watched(0), "[1 +a=1][2 a=2]");
}

// ---- a disk that refuses

TEST_P(StoreConformance, a_full_disk_refuses_all_that_is_sequenced_and_the_store_goes_on) {
  Transaction kept = transaction({{"a", bytes("1")}});
  kept.leaves = {{"x", 0, bytes("x0"), "r0"}};
  ASSERT_TRUE(commit(kept).ok());
  std::string seen;
  const auto watch = store->watch(1, [&](const CommitPtr& delivered) { seen += show(*delivered); });
  store->on_rollback([&] {
    seen += "(rollback)";
    EXPECT_EQ(store->sequenced_head(), 1u);
    EXPECT_EQ(store->sequenced_log_size("x"), 1u);
    EXPECT_EQ(store->sequenced_log_size("y"), 0u);
    EXPECT_EQ(store->sequenced_get("a")->rev, 1u);
    EXPECT_FALSE(store->sequenced_get("b"));
  });
  const auto noting = [&](const Result<CommitPtr>& result) {
    seen += result.ok() ? "(done)" : "(" + std::string(reason_name(result.error().reason)) + ")";
  };
  backend->set_full(true);
  Transaction lost = transaction({{"a", nullptr}, {"b", bytes(std::string(100'000, 'x'))}});
  lost.leaves = {{"x", 1, bytes("lost"), "lost"}, {"y", 0, bytes("lost"), "lost"}};
  store->commit(lost, noting);
  store->commit(transaction({{"b", bytes("2")}}), noting);
  settle();
  backend->set_full(false);
  EXPECT_EQ(seen, "(rollback)(ServiceUnavailable)(ServiceUnavailable)");

  Transaction again = transaction({{"a", bytes("2")}});
  again.leaves = {{"y", 0, bytes("y0"), "ry"}, {"x", 1, bytes("x1"), "rx"}};
  const auto done = commit(again);
  ASSERT_TRUE(done.ok()) << done.error().message;
  reopen();
  EXPECT_EQ(listed(), "a=2@2");
  EXPECT_EQ(store->log_root("x"), "rx");
  EXPECT_EQ(text(store->read_log("x", 1, 1)->front().data), "x1");
  EXPECT_EQ(text(store->read_log("y", 0, 1)->front().data), "y0");
}

TEST_P(StoreConformance, stats_count_keys_bytes_and_commits) {
  must_put("a", "12345");
  must_put("b", "1");
  must_put("a", "123");
  const Stats stats = store->stats();
  EXPECT_EQ(stats.keys, 2u);
  EXPECT_EQ(stats.bytes, 6u);
  EXPECT_EQ(stats.commits, 3u);
  EXPECT_EQ(stats.group_commits, 3u);
  EXPECT_EQ(stats.waiting, 0u);
  EXPECT_GT(stats.last_sync_us, 0);
}

INSTANTIATE_TEST_SUITE_P(Every, StoreConformance, testing::ValuesIn(all_backends), backend_name);

}  // namespace
}  // namespace freehold::store
