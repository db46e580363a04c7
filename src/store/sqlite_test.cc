#include "store/sqlite.h"

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "store/database.h"
#include "store/testing/conformance.h"

namespace freehold::store {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "freehold_store_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// No file of this process may grow: what a full disk does to SQLite, at any moment that a test
// likes.
void forbid_growth(bool is_forbidden) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = is_forbidden ? 1 : limit.rlim_max;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

std::unique_ptr<Store> must_open(Runtime& runtime, const SqliteOptions& options) {
  auto store = open_sqlite(runtime, options);
  EXPECT_TRUE(store.ok()) << store.error().message;
  return store.ok() ? std::move(store).value() : nullptr;
}

class SqliteBackend final : public Backend {
 public:
  ~SqliteBackend() override { forbid_growth(false); }
  std::unique_ptr<Store> open(Runtime& runtime) override {
    return must_open(runtime, {.path = folder_.file("store.db")});
  }
  void set_full(bool is_full) override { forbid_growth(is_full); }

 private:
  Folder folder_;
};

}  // namespace

std::unique_ptr<Backend> make_sqlite_backend() { return std::make_unique<SqliteBackend>(); }

namespace {

struct SqliteStoreTest : testing::Test {
  Result<std::unique_ptr<Store>> open(SqliteOptions options = {}) {
    if (options.path.empty()) options.path = path;
    return open_sqlite(runtime, options);
  }
  Result<CommitPtr> put(Store& store, const std::string& key, const std::string& value) {
    Transaction wanted;
    wanted.first = store.sequenced_head() + 1;
    wanted.time = runtime.now();
    wanted.writes = {{key, bytes(value)}};
    wanted.leaves = {{"log", store.sequenced_log_size("log"), bytes("leaf of " + key)}};
    std::optional<Result<CommitPtr>> done;
    store.commit(std::move(wanted), [&](Result<CommitPtr> result) { done = std::move(result); });
    if (!runtime.run_until([&] { return done.has_value(); }))
      return Error{Reason::timeout, "done was never called"};
    return std::move(*done);
  }
  void make(int keys) {
    const auto store = must_open(runtime, {.path = path});
    for (int i = 0; i < keys; ++i) ASSERT_TRUE(put(*store, "k" + std::to_string(i), "v").ok());
  }
  void change(const char* sql) {
    const auto database = Database::open(path, Access::read_write, runtime.now());
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->execute(sql).ok()) << sql;
  }
  uint64_t number(const char* sql) {
    const auto database = Database::open(path, Access::read_only, runtime.now());
    return (*database)->number(sql).value();
  }
  // The message with which opening fails.
  std::string refusal(SqliteOptions options = {}) {
    const auto store = open(std::move(options));
    return store.ok()
               ? "opened"
               : std::string(reason_name(store.error().reason)) + ": " + store.error().message;
  }

  Silence silence;
  Folder folder;
  TestRuntime runtime;
  std::string path = folder.file("store.db");
};

using testing::HasSubstr;

TEST_F(SqliteStoreTest, has_one_writer_and_any_number_of_readers) {
  const auto writer = must_open(runtime, {.path = path});
  ASSERT_TRUE(put(*writer, "a", "1").ok());
  EXPECT_THAT(refusal(), HasSubstr("is locked: another process has this store open"));

  const auto reader = open({.mode = SqliteOptions::Mode::read_only});
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  ASSERT_TRUE(put(*writer, "a", "2").ok());
  EXPECT_EQ(text((*reader)->get("a")->value), "1") << "a reader keeps the snapshot of its opening";
  EXPECT_EQ((*reader)->log_size("log"), 1u);
  EXPECT_EQ(text((*reader)->read_log("log", 0, 9)->front().data), "leaf of a");
  EXPECT_EQ(put(**reader, "a", "3").error().reason, Reason::unavailable);
}

TEST_F(SqliteStoreTest, says_why_it_does_not_open) {
  EXPECT_THAT(refusal({.path = ":memory:"}), HasSubstr("needs the path of a file"));
  EXPECT_THAT(refusal({.path = folder.file("no/such/folder")}), HasSubstr("ServiceUnavailable"));
  EXPECT_THAT(refusal({.mode = SqliteOptions::Mode::read_only}), HasSubstr("unable to open"));

  make(1);
  change("PRAGMA user_version = 2");
  EXPECT_THAT(refusal(), HasSubstr("has format 2, this program reads format 1"));
}

TEST_F(SqliteStoreTest, leaves_a_foreign_file_as_it_is) {
  {
    const auto database = Database::open(path, Access::read_write, runtime.now());
    ASSERT_TRUE(
        (*database)->execute("PRAGMA application_id = 7; PRAGMA journal_mode = DELETE").ok());
  }
  const auto size = std::filesystem::file_size(path);
  EXPECT_THAT(refusal(), HasSubstr("no freehold store"));
  EXPECT_EQ(std::filesystem::file_size(path), size);
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));

  std::filesystem::remove(path);
  std::ofstream(path) << "dear diary, this is no database, and I would like to keep it that way";
  EXPECT_THAT(refusal(), HasSubstr("file is not a database"));
}

TEST_F(SqliteStoreTest, notices_damage_when_it_opens) {
  for (const char* sql : {
           "UPDATE object SET key = 'k0' WHERE key = 'k1'",
           "UPDATE object SET rev = 99 WHERE key = 'k1'",
           "UPDATE object SET rev = 1, created = 3 WHERE key = 'k2'",
           "DELETE FROM history WHERE rev = 2",
           "DELETE FROM history",
           "UPDATE history SET key = 'other' WHERE rev = 2",
           "DELETE FROM leaf WHERE id = (SELECT max(id) FROM leaf)",
           "UPDATE log SET size = size + 1",
       }) {
    std::filesystem::remove(path);
    make(3);
    EXPECT_THAT(refusal(), "opened");
    change(sql);
    EXPECT_THAT(refusal(), HasSubstr("is damaged")) << sql;
  }
}

TEST_F(SqliteStoreTest, is_for_its_owner_alone) {
  const auto mode_of = [](const std::string& file) {
    return std::filesystem::status(file).permissions() & std::filesystem::perms::all;
  };
  const auto owner = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  {
    const auto store = must_open(runtime, {.path = path});
    ASSERT_TRUE(put(*store, "a", "1").ok());
    for (const char* beside : {"", "-wal", "-shm", ".lock"})
      EXPECT_EQ(mode_of(path + beside), owner) << beside;
  }
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  must_open(runtime, {.path = path});
  EXPECT_EQ(mode_of(path), owner);
}

TEST_F(SqliteStoreTest, the_file_alone_is_the_store_once_it_is_closed) {
  make(3);
  const std::string copy = folder.file("copy.db");
  std::filesystem::copy_file(path, copy);
  EXPECT_EQ(must_open(runtime, {.path = copy})->list({})->entries.size(), 3u);
}

TEST_F(SqliteStoreTest, what_is_left_of_a_damaged_store_can_be_looked_at) {
  make(5);
  change("DELETE FROM object WHERE key = 'k1'");
  change("DELETE FROM leaf WHERE id & 255 IN (2, 4)");
  change("INSERT INTO leaf SELECT id + 3, data FROM leaf WHERE id & 255 = 3");
  change("DELETE FROM history WHERE rev = 3");
  EXPECT_THAT(refusal(), HasSubstr("is damaged"));
  const auto store = open({.mode = SqliteOptions::Mode::examine});
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->list({})->entries.size(), 4u);
  EXPECT_EQ((*store)->log_size("log"), 7u) << "up to the last leaf, wherever it should end";
  EXPECT_EQ((*store)->read_log("log", 0, 100)->size(), 2u) << "up to the first that is missing";
  EXPECT_THAT((*store)->read_log("log", 2, 100).error().message, HasSubstr("misses leaf 2"));
  EXPECT_EQ((*store)->read_log("log", 3, 100)->size(), 1u);

  change("INSERT INTO object SELECT created + 100, rev, key, value FROM object WHERE key = 'k2'");
  EXPECT_THAT(refusal({.mode = SqliteOptions::Mode::examine}),
              HasSubstr("object k2 is there twice"));
}

TEST_F(SqliteStoreTest, a_copy_is_a_store_of_the_same_moment) {
  const auto store = must_open(runtime, {.path = path});
  ASSERT_TRUE(put(*store, "a", "1").ok());
  const std::string copy = folder.file("copy.db");
  const auto copied = store->backup(copy);
  ASSERT_TRUE(copied.ok()) << copied.error().message;
  ASSERT_TRUE(put(*store, "a", "2").ok());
  EXPECT_EQ(store->backup(copy).error().reason, Reason::already_exists);
  EXPECT_EQ(store->backup(path).error().reason, Reason::already_exists);
  EXPECT_EQ(store->backup(folder.file("no/such/folder")).error().reason, Reason::unavailable);

  const auto second = must_open(runtime, {.path = copy});
  EXPECT_EQ(text(second->get("a")->value), "1");
  EXPECT_EQ(second->head(), 1u);
  EXPECT_EQ(second->log_size("log"), 1u);
}

TEST_F(SqliteStoreTest, keeps_to_its_size_and_goes_on_once_there_is_room) {
  const auto store = must_open(runtime, {.path = path, .max_bytes = 400'000});
  const std::string value(20'000, 'x');
  Rev head = 0;
  while (put(*store, "k" + std::to_string(head % 4), value).ok()) ++head;
  EXPECT_GT(head, 10u);
  EXPECT_EQ(store->head(), head);
  EXPECT_EQ(store->sequenced_head(), head);
  EXPECT_EQ(put(*store, "small", value).error().reason, Reason::unavailable);
  // Forgotten history makes room. Its deletion may come before the next commit, or because of it.
  for (int i = 0; i < 50; ++i) {
    store->compact(runtime.now());
    if (put(*store, "k0", value).ok()) continue;
    const auto done = put(*store, "k0", value);
    ASSERT_TRUE(done.ok()) << i << ": " << done.error().message;
  }
}

TEST_F(SqliteStoreTest, deletes_history_on_disk_when_it_is_forgotten) {
  make(50);
  {
    const auto store = must_open(runtime, {.path = path});
    EXPECT_EQ(store->history_start(), 0u);
    store->compact(runtime.now());
    EXPECT_EQ(store->history_start(), 49u);
    ASSERT_TRUE(put(*store, "k0", "new").ok());
    ASSERT_TRUE(put(*store, "k0", "newer").ok());
  }
  EXPECT_EQ(number("SELECT min(rev) FROM history"), 50u);
  EXPECT_EQ(must_open(runtime, {.path = path})->history_start(), 49u);
}

TEST_F(SqliteStoreTest, drops_the_rest_of_a_commit_that_was_half_forgotten) {
  {
    const auto store = must_open(runtime, {.path = path});
    Transaction wanted;
    wanted.first = 1;
    for (int i = 0; i < 10; ++i) wanted.writes.push_back({"k" + std::to_string(i), bytes("v")});
    store->commit(wanted, nullptr);
    ASSERT_TRUE(put(*store, "k0", "new").ok());
  }
  change("DELETE FROM history WHERE rev <= 4");
  const auto store = must_open(runtime, {.path = path});
  EXPECT_EQ(store->history_start(), 10u);
  EXPECT_EQ(store->head(), 11u);
  EXPECT_EQ(store->list({.at = 10})->entries.front().value->size(), 1u);
}

TEST_F(SqliteStoreTest, its_record_can_be_read_with_plain_sql) {
  make(3);
  EXPECT_EQ(number("SELECT count(*) FROM record WHERE log = 'log' AND idx BETWEEN 0 AND 2"), 3u);
  EXPECT_EQ(number("SELECT idx FROM record WHERE data = CAST('leaf of k1' AS BLOB)"), 1u);
}

}  // namespace
}  // namespace freehold::store
