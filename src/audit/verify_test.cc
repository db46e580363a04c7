#include "audit/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "audit/leaf.h"
#include "base/random.h"

namespace freehold::audit {
namespace {

struct Object {
  std::string bytes;
  uint64_t revision = 0;
  bool operator==(const Object&) const = default;
};

struct Log {
  std::vector<std::string> leaves;
  std::string root;
  bool operator==(const Log&) const = default;
};

// What lies in a store: objects of two tenants and of a kind that is not recorded, and their logs.
struct Stored {
  std::map<std::string, Object> objects;
  std::map<std::string, Log> logs;
  bool operator==(const Stored&) const = default;

  static std::string root_of_leaves(const std::vector<std::string>& leaves) {
    Frontier tree;
    for (const std::string& leaf : leaves) tree.append(leaf_hash(leaf));
    return to_hex(tree.root());
  }
  static std::string log_of(const std::string& key) {
    return log_origin("fra1", "example", key.substr(0, key.find('/')));
  }

  void write(const std::string& key, const std::string& bytes, uint64_t revision) {
    const auto before = objects.find(key);
    LeafFields fields;
    fields.verb = bytes.empty() ? "delete" : before == objects.end() ? "create" : "update";
    fields.resource = "contracts";
    fields.name = fields.key = key;
    fields.revision = revision;
    fields.time = Time{1'790'000'000'000'000 + static_cast<int64_t>(revision)};
    fields.principal = "u:0123456789abcdef";
    if (before != objects.end()) fields.prev_digest = to_hex(sha256(before->second.bytes));
    if (!bytes.empty()) fields.new_digest = to_hex(sha256(bytes));
    if (bytes.empty())
      objects.erase(key);
    else
      objects[key] = {bytes, revision};
    if (key.starts_with("leases/")) return;
    Log& log = logs[log_of(key)];
    log.leaves.push_back(encode_leaf(fields));
  }
  void seal() {
    for (auto& [origin, log] : logs) log.root = root_of_leaves(log.leaves);
  }

  Report verify(const std::vector<HistoryView>& history = {}) const {
    std::vector<LogView> views;
    for (const auto& [origin, log] : logs) {
      const std::vector<std::string>* leaves = &log.leaves;
      views.push_back({origin, leaves->size(),
                       [leaves](uint64_t from, size_t limit) -> Result<std::vector<std::string>> {
                         const auto begin = leaves->begin() + static_cast<ptrdiff_t>(from);
                         const auto end =
                             begin + static_cast<ptrdiff_t>(std::min(limit, leaves->size() - from));
                         return std::vector<std::string>(begin, end);
                       },
                       log.root});
    }
    return audit::verify(
        views,
        [this](const std::function<void(const ObjectView&)>& visit) {
          for (const auto& [key, object] : objects)
            visit({key, object.revision, object.bytes, !key.starts_with("leases/"), log_of(key)});
        },
        nullptr, history);
  }
};

Stored random_store(Random& chance, int changes) {
  Stored stored;
  uint64_t revision = 0;
  for (int i = 0; i < changes; ++i) {
    static const char* const folders[] = {"acme/", "globex/", "leases/"};
    const std::string key = folders[chance.in(0, 2)] + std::to_string(chance.in(0, 7));
    const bool is_deletion = stored.objects.contains(key) && chance.percent(25);
    revision += static_cast<uint64_t>(chance.in(1, 3));
    stored.write(key, is_deletion ? "" : "object at " + std::to_string(revision), revision);
  }
  stored.seal();
  return stored;
}

std::string show(const Report& report) {
  std::string shown;
  for (const Finding& finding : report.findings)
    shown += finding.where + ": " + finding.what + "\n";
  return shown;
}

struct VerifyTest : testing::Test {
  VerifyTest() {
    stored.write("acme/a", "one", 1);
    stored.write("acme/b", "two", 2);
    stored.write("globex/c", "three", 3);
    stored.write("acme/a", "four", 5);
    stored.write("acme/b", "", 6);
    stored.write("leases/x", "five", 7);
    stored.seal();
  }
  std::string finding() {
    const Report report = stored.verify();
    return report.findings.empty() ? "verified" : show(report);
  }
  Log& acme() { return stored.logs["audit.fra1.example/acme"]; }
  void seal(Log& log) { log.root = Stored::root_of_leaves(log.leaves); }

  Stored stored;
};

TEST_F(VerifyTest, an_honest_store_verifies) {
  const Report report = stored.verify();
  EXPECT_EQ(show(report), "");
  EXPECT_EQ(report.leaves, 5u);
  EXPECT_EQ(report.objects, 3u);
  ASSERT_EQ(report.logs.size(), 2u);
  EXPECT_EQ(report.logs[0].origin, "audit.fra1.example/acme");
  EXPECT_EQ(report.logs[0].size, 4u);
  EXPECT_EQ(report.logs[0].root, acme().root);
}

TEST_F(VerifyTest, an_empty_store_verifies) { EXPECT_EQ(show(Stored().verify()), ""); }

TEST_F(VerifyTest, a_changed_object_is_found) {
  stored.objects["acme/a"].bytes = "five";
  EXPECT_EQ(finding(), "object acme/a: its digest is " + to_hex(sha256("five")) +
                           ", the record says " + to_hex(sha256("four")) + " at revision 5\n");
}

TEST_F(VerifyTest, an_object_that_was_set_back_is_found) {
  stored.objects["acme/a"] = {"four", 1};
  EXPECT_EQ(finding(), "object acme/a: it is at revision 1, the record says 5\n");
}

TEST_F(VerifyTest, an_object_that_was_removed_or_slipped_in_is_found) {
  const Object taken = stored.objects["acme/a"];
  stored.objects.erase("acme/a");
  EXPECT_EQ(finding(),
            "object acme/a: it is not there, the record says that it exists since revision 5\n");
  stored.objects["acme/a"] = taken;
  stored.objects["acme/b"] = {"two", 2};
  EXPECT_EQ(finding(), "object acme/b: no leaf of the record says that it exists\n");
}

TEST_F(VerifyTest, a_leaf_that_was_taken_out_is_found_even_when_the_root_was_made_anew) {
  acme().leaves.erase(acme().leaves.begin() + 2);
  seal(acme());
  EXPECT_EQ(finding(), "object acme/a: its digest is " + to_hex(sha256("four")) +
                           ", the record says " + to_hex(sha256("one")) + " at revision 1\n");
}

TEST_F(VerifyTest, leaves_out_of_order_are_found_even_when_the_root_was_made_anew) {
  std::swap(acme().leaves[0], acme().leaves[1]);
  seal(acme());
  EXPECT_EQ(finding(), "leaf 1 of audit.fra1.example/acme: its revision 1 does not follow 2\n");
}

TEST_F(VerifyTest, a_truncated_log_is_found) {
  acme().leaves.pop_back();
  EXPECT_NE(finding().find("log audit.fra1.example/acme: its root is "), std::string::npos);
}

TEST_F(VerifyTest, an_object_in_the_log_of_another_tenant_is_found) {
  std::swap(acme(), stored.logs["audit.fra1.example/globex"]);
  EXPECT_EQ(finding(),
            "object acme/a: it is recorded in audit.fra1.example/globex, its tenant's log is "
            "audit.fra1.example/acme\n"
            "object globex/c: it is recorded in audit.fra1.example/acme, its tenant's log is "
            "audit.fra1.example/globex\n");
}

TEST_F(VerifyTest, a_key_in_two_logs_is_found) {
  LeafFields fields = decode_leaf(acme().leaves[2]).value();
  fields.prev_digest = fields.new_digest;
  fields.revision = 8;
  stored.objects["acme/a"].revision = 8;
  Log& other = stored.logs["audit.fra1.example/globex"];
  other.leaves.push_back(encode_leaf(fields));
  seal(other);
  EXPECT_EQ(finding(),
            "leaf 1 of audit.fra1.example/globex: acme/a is recorded in "
            "audit.fra1.example/acme already\n");
}

TEST_F(VerifyTest, what_was_deleted_may_begin_anew_in_any_other_log) {
  LeafFields fields = decode_leaf(acme().leaves[1]).value();
  fields.revision = 4;
  fields.key = fields.name = "globex/d";
  acme().leaves.insert(acme().leaves.begin() + 2, encode_leaf(fields));
  fields.verb = "delete";
  std::swap(fields.prev_digest, fields.new_digest);
  fields.revision = 7;
  acme().leaves.push_back(encode_leaf(fields));
  seal(acme());
  stored.write("globex/d", "anew", 8);  // whichever log is looked at first
  stored.seal();
  EXPECT_EQ(finding(), "verified");
}

TEST_F(VerifyTest, a_verb_that_its_digests_deny_is_found) {
  LeafFields fields = decode_leaf(acme().leaves[0]).value();
  fields.verb = "delete";
  acme().leaves[0] = encode_leaf(fields);
  seal(acme());
  EXPECT_EQ(finding(),
            "leaf 0 of audit.fra1.example/acme: the digests do not fit the verb delete\n");
}

TEST_F(VerifyTest, a_reader_in_the_record_changes_nothing) {
  LeafFields fields;
  fields.verb = "get";
  fields.key = "acme/a";
  fields.revision = 6;
  acme().leaves.push_back(encode_leaf(fields));
  seal(acme());
  EXPECT_EQ(finding(), "verified");
}

TEST_F(VerifyTest, a_log_that_ends_early_or_cannot_be_read_is_found) {
  const auto none = [](const std::function<void(const ObjectView&)>&) {};
  std::vector<LogView> logs{
      {"x", 3, [](uint64_t, size_t) { return std::vector<std::string>(); }, ""}};
  EXPECT_EQ(show(audit::verify(logs, none, nullptr)),
            "leaf 0 of x: is missing; the log should have 3\n");
  logs[0].read = [](uint64_t, size_t) -> Result<std::vector<std::string>> {
    return Error{Reason::unavailable, "the disk is gone"};
  };
  EXPECT_EQ(show(audit::verify(logs, none, nullptr)),
            "leaf 0 of x: cannot be read: the disk is gone\n");
}

TEST_F(VerifyTest, findings_are_bounded) {
  for (int i = 0; i < 100; ++i) stored.objects["acme/extra" + std::to_string(i)] = {"x", 1};
  EXPECT_EQ(stored.verify().findings.size(), 20u);
}

TEST(VerifyHistory, what_the_store_remembers_of_the_past_is_what_the_record_says) {
  Stored stored;
  stored.write("acme/a", "one", 5);
  stored.write("acme/a", "two", 7);
  stored.seal();
  const auto at = [](uint64_t revision) {
    return Time{1'790'000'000'000'000 + static_cast<int64_t>(revision)};
  };
  const std::vector<HistoryView> honest{{5, "acme/a", "", at(5)},
                                        {7, "acme/a", to_hex(sha256("one")), at(7)}};
  EXPECT_EQ(show(stored.verify(honest)), "");
  EXPECT_EQ(show(stored.verify({honest[1]})), "") << "the past may be forgotten";
  const auto changed = [&](const std::function<void(HistoryView&)>& how) {
    auto history = honest;
    how(history[1]);
    return show(stored.verify(history));
  };
  const std::string start = "history of acme/a at revision 7: ";
  EXPECT_TRUE(changed([](auto& h) {
                h.previous_digest = to_hex(sha256("other"));
              }).starts_with(start + "the object before was "));
  EXPECT_TRUE(changed([](auto& h) {
                h.previous_digest.clear();
              }).starts_with(start + "the object before was nothing"));
  EXPECT_TRUE(changed([](auto& h) { h.time = {}; }).starts_with(start + "it is of 1970-"));
  EXPECT_EQ(changed([](auto& h) { h.key = "acme/b"; }),
            "history of acme/b at revision 7: the record says that acme/a changed then\n");
  EXPECT_EQ(changed([](auto& h) { h.revision = 8; }),
            "history of acme/a at revision 8: no leaf of the record tells of this change\n");
}

TEST_F(VerifyTest, says_how_far_it_is) {
  Random chance(1);
  const Stored large = random_store(chance, 9'000);
  uint64_t last = 0, total = 0, calls = 0;
  std::vector<LogView> views;
  for (const auto& [origin, log] : large.logs)
    views.push_back({origin, log.leaves.size(),
                     [&leaves = log.leaves](uint64_t from, size_t) {
                       return std::vector<std::string>{leaves[from]};
                     },
                     log.root});
  audit::verify(
      views, [](const auto&) {},
      [&](uint64_t done, uint64_t all) {
        EXPECT_GE(done, last);
        last = done;
        total = all;
        ++calls;
      });
  EXPECT_EQ(last, total);
  EXPECT_GE(calls, 2u);
}

// ---- tampering at random

// Changes the store behind the API's back in one way; without keys to the log, so that roots stay
// as they were.
class Tamperer {
 public:
  Tamperer(Stored& stored, Random& chance) : stored_(stored), chance_(chance) {}

  // False: this way found nothing to change.
  bool tamper() {
    switch (chance_.in(0, 10)) {
      case 0:
        return edit_leaf();
      case 1:
        return delete_leaf();
      case 2:
        return truncate();
      case 3:
        return swap_leaves();
      case 4:
        return copy_leaf();
      case 5:
        return edit_object();
      case 6:
        return set_object_back();
      case 7:
        return remove_object();
      case 8:
        return add_object();
      case 9:
        return swap_logs();
      default:
        return rewrite_leaf();
    }
  }

 private:
  template <class Container>
  auto& any(Container& container) {
    return *std::next(container.begin(), chance_.in(0, static_cast<int64_t>(container.size()) - 1));
  }
  Object* recorded_object() {
    auto& [key, object] = any(stored_.objects);
    return key.starts_with("leases/") ? nullptr : &object;
  }

  bool edit_leaf() {
    std::string& leaf = any(any(stored_.logs).second.leaves);
    char& letter = any(leaf);
    letter = static_cast<char>(letter ^ (1 << chance_.in(0, 7)));
    return true;
  }
  bool delete_leaf() {
    auto& leaves = any(stored_.logs).second.leaves;
    leaves.erase(leaves.begin() + chance_.in(0, static_cast<int64_t>(leaves.size()) - 1));
    return true;
  }
  bool truncate() {
    auto& leaves = any(stored_.logs).second.leaves;
    leaves.resize(static_cast<size_t>(chance_.in(0, static_cast<int64_t>(leaves.size()) - 1)));
    return true;
  }
  bool swap_leaves() {
    auto& leaves = any(stored_.logs).second.leaves;
    std::string &one = any(leaves), &other = any(leaves);
    if (&one == &other) return false;
    std::swap(one, other);
    return true;
  }
  bool copy_leaf() {
    const std::string leaf = any(any(stored_.logs).second.leaves);
    auto& leaves = any(stored_.logs).second.leaves;
    leaves.insert(leaves.begin() + chance_.in(0, static_cast<int64_t>(leaves.size())), leaf);
    return true;
  }
  bool edit_object() {
    Object* object = recorded_object();
    if (object == nullptr) return false;
    any(object->bytes) ^= 1;
    return true;
  }
  bool set_object_back() {
    Object* object = recorded_object();
    if (object == nullptr || object->revision < 2) return false;
    object->revision =
        static_cast<uint64_t>(chance_.in(1, static_cast<int64_t>(object->revision) - 1));
    if (chance_.percent(50)) object->bytes = "object at " + std::to_string(object->revision);
    return true;
  }
  bool remove_object() {
    const std::string key = any(stored_.objects).first;
    if (key.starts_with("leases/")) return false;
    stored_.objects.erase(key);
    return true;
  }
  bool add_object() { return stored_.objects.try_emplace("acme/new", Object{"forged", 1}).second; }
  bool swap_logs() {
    std::swap(stored_.logs.begin()->second.leaves, stored_.logs.rbegin()->second.leaves);
    return stored_.logs.size() > 1;
  }
  // A forged leaf in the right form.
  bool rewrite_leaf() {
    std::string& leaf = any(any(stored_.logs).second.leaves);
    LeafFields fields = decode_leaf(leaf).value();
    fields.principal = "u:ffffffffffffffff";
    leaf = encode_leaf(fields);
    return true;
  }

  Stored& stored_;
  Random& chance_;
};

TEST_F(VerifyTest, every_random_tampering_is_found_and_nothing_else) {
  Random chance(42);
  const int wanted = std::getenv("FREEHOLD_SOAK") != nullptr ? 10'000 : 300;
  for (int found = 0; found < wanted;) {
    const Stored honest = random_store(chance, static_cast<int>(chance.in(5, 60)));
    ASSERT_EQ(show(honest.verify()), "") << "a false alarm";
    if (honest.objects.empty() || honest.logs.empty()) continue;
    for (int i = 0; i < 10; ++i) {
      Stored changed = honest;
      Tamperer tamperer(changed, chance);
      if (!tamperer.tamper() || changed == honest) continue;
      ASSERT_FALSE(changed.verify().findings.empty());
      ++found;
    }
  }
}

}  // namespace
}  // namespace freehold::audit
