// Cuts the power: a SQLite VFS that knows what was synced, and makes from it the disk as it may
// look after the cut: what was synced, and of the rest any part, in any order, torn at sectors.
// What was acknowledged must be there whole.
#include <sqlite3.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "store/sqlite.h"
#include "store/testing/conformance.h"
#include "store/testing/crash_workload.h"

namespace freehold::store {
namespace {

constexpr size_t sector = 512;

// The files of one folder: as on the platter, and what was written since the last sync.
class Platter {
 public:
  void write(const std::string& path, size_t at, std::string data) {
    const std::lock_guard lock(mutex_);
    files_[path].pending.push_back({at, std::move(data), false});
  }
  void truncate(const std::string& path, size_t size) {
    const std::lock_guard lock(mutex_);
    files_[path].pending.push_back({size, {}, true});
  }
  // False: the disk failed. What was to be synced may be on the platter or not.
  bool sync(const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (failing_ > 0) {
      --failing_;
      return false;
    }
    File& file = files_[path];
    for (const Operation& operation : file.pending) apply(operation, file.synced);
    file.pending.clear();
    ++syncs_;
    return true;
  }
  void fail_syncs(int count) {
    const std::lock_guard lock(mutex_);
    failing_ = count;
  }
  void remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    files_.erase(path);
  }
  uint64_t syncs() {
    const std::lock_guard lock(mutex_);
    return syncs_;
  }

  // The disk after a cut at this moment.
  void cut(const std::string& folder, Random& chance) {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, file] : files_) {
      std::string image = file.synced;
      const int survive = static_cast<int>(chance.in(0, 2)) * 50;
      for (const Operation& operation : file.pending) {
        if (operation.is_truncation) {
          if (chance.percent(survive)) apply(operation, image);
          continue;
        }
        for (size_t from = 0; from < operation.data.size(); from += sector)
          if (chance.percent(survive))
            apply({operation.at + from, operation.data.substr(from, sector), false}, image);
      }
      std::ofstream(folder + "/" + std::filesystem::path(path).filename().string(),
                    std::ios::binary)
          << image;
    }
  }

 private:
  struct Operation {
    size_t at = 0;
    std::string data;
    bool is_truncation = false;  // to `at` bytes
  };
  struct File {
    std::string synced;
    std::vector<Operation> pending;
  };

  static void apply(const Operation& operation, std::string& image) {
    if (operation.is_truncation) {
      image.resize(operation.at);
      return;
    }
    if (image.size() < operation.at + operation.data.size())
      image.resize(operation.at + operation.data.size());
    std::copy(operation.data.begin(), operation.data.end(),
              image.begin() + static_cast<ptrdiff_t>(operation.at));
  }

  std::mutex mutex_;
  std::map<std::string, File> files_;
  uint64_t syncs_ = 0;
  int failing_ = 0;
};

// ---- the VFS: SQLite's own, with the platter told of every write

Platter* platter = nullptr;  // while a WatchedDisk lives
sqlite3_vfs* real_vfs = nullptr;

// SQLite allocates it; the real file lies behind it.
struct WatchedFile {
  sqlite3_file base;
  std::string* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
WatchedFile& watched(sqlite3_file* file) { return *reinterpret_cast<WatchedFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return watched(file).real(); }

int close_file(sqlite3_file* file) {
  delete watched(file).path;
  return real(file)->pMethods->xClose(real(file));
}
int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), to, size, at);
}
int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  platter->write(*watched(file).path, static_cast<size_t>(at),
                 std::string(static_cast<const char*>(from), static_cast<size_t>(size)));
  return real(file)->pMethods->xWrite(real(file), from, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  platter->truncate(*watched(file).path, static_cast<size_t>(size));
  return real(file)->pMethods->xTruncate(real(file), size);
}
// The real sync is left out: the platter is the disk.
int sync_file(sqlite3_file* file, int) {
  return platter->sync(*watched(file).path) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* is_locked) {
  return real(file)->pMethods->xCheckReservedLock(real(file), is_locked);
}
int control_file(sqlite3_file* file, int what, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector_size(sqlite3_file*) { return sector; }
// None of the promises that a file system may make: appending safely, writing whole pages.
int characteristics(sqlite3_file*) { return 0; }
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int unmap_shared(sqlite3_file* file, int is_delete) {
  return real(file)->pMethods->xShmUnmap(real(file), is_delete);
}

const sqlite3_io_methods methods = {2,
                                    close_file,
                                    read_file,
                                    write_file,
                                    truncate_file,
                                    sync_file,
                                    file_size,
                                    lock_file,
                                    unlock_file,
                                    check_lock,
                                    control_file,
                                    sector_size,
                                    characteristics,
                                    map_shared,
                                    lock_shared,
                                    barrier,
                                    unmap_shared,
                                    nullptr,
                                    nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const int code = real_vfs->xOpen(real_vfs, name, real(file), flags, out_flags);
  if (code != SQLITE_OK) return code;
  watched(file).path = new std::string(name == nullptr ? "" : name);
  file->pMethods = &methods;
  return code;
}
int delete_file(sqlite3_vfs*, const char* name, int sync) {
  platter->remove(name);
  return real_vfs->xDelete(real_vfs, name, sync);
}

class WatchedDisk {
 public:
  WatchedDisk() {
    real_vfs = sqlite3_vfs_find(nullptr);
    platter = &platter_;
    vfs_ = *real_vfs;
    vfs_.zName = "watched";
    vfs_.szOsFile += static_cast<int>(sizeof(WatchedFile));
    vfs_.xOpen = open_file;
    vfs_.xDelete = delete_file;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~WatchedDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_vfs, 1);
  }
  Platter& files() { return platter_; }
  // What is open stays watched; what is opened from now on is not.
  void watch_no_more() { sqlite3_vfs_register(real_vfs, 1); }

 private:
  Platter platter_;
  sqlite3_vfs vfs_{};
};

struct SqlitePower : testing::Test {
  SqlitePower() {
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    before = folder + "/before";
    after = folder + "/after";
    std::filesystem::create_directory(before);
  }
  ~SqlitePower() override { std::filesystem::remove_all(folder); }

  void expect_whole_after_a_cut(Platter& files, Random& chance, Rev acknowledged) {
    std::filesystem::remove_all(after);
    std::filesystem::create_directory(after);
    files.cut(after, chance);
    TestRuntime runtime;
    const auto store = open_sqlite(runtime, {.path = after + "/store.db"});
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_GE((*store)->head(), acknowledged);
    CrashWorkload workload;
    EXPECT_TRUE(workload.matches(**store));
    ++cuts;
  }

  Silence silence;
  int cuts = 0;
  std::string folder = testing::TempDir() + "freehold_power_XXXXXX";
  std::string before, after;
};

TEST_F(SqlitePower, what_was_acknowledged_survives_a_power_cut_and_no_commit_is_halved) {
  WatchedDisk disk;
  TestRuntime runtime(5);
  const auto store = open_sqlite(runtime, {.path = before + "/store.db"});
  ASSERT_TRUE(store.ok()) << store.error().message;
  disk.watch_no_more();
  Random chance(13);
  keep_committing(runtime, **store, CrashWorkload(), [&](const Commit& commit) {
    if (chance.percent(5)) expect_whole_after_a_cut(disk.files(), chance, commit.last);
    return cuts == scale(30, 2'000) || HasFailure();
  });
  EXPECT_EQ(cuts, scale(30, 2'000));
  EXPECT_GT(disk.files().syncs(), 30u);
}

TEST_F(SqlitePower, a_commit_whose_sync_failed_does_not_come_back) {
  WatchedDisk disk;
  TestRuntime runtime(5);
  const auto store = open_sqlite(runtime, {.path = before + "/store.db"});
  ASSERT_TRUE(store.ok()) << store.error().message;
  disk.watch_no_more();
  Random chance(17);
  CrashWorkload workload;
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    const bool is_refused = round % 2 == 1;
    CrashWorkload next = workload;
    if (is_refused) disk.files().fail_syncs(1);
    std::optional<bool> is_done;
    (*store)->commit(next.next((*store)->sequenced_head() + 1, runtime.now()),
                     [&](const Result<CommitPtr>& done) { is_done = done.ok(); });
    ASSERT_TRUE(runtime.run_until([&] { return is_done.has_value(); }));
    EXPECT_EQ(*is_done, !is_refused);
    if (!is_refused) workload = next;
    const Rev head = (*store)->head();
    expect_whole_after_a_cut(disk.files(), chance, head);
    const auto after_the_cut = open_sqlite(runtime, {.path = after + "/store.db"});
    ASSERT_TRUE(after_the_cut.ok());
    EXPECT_EQ((*after_the_cut)->head(), head) << "round " << round;
  }
}

}  // namespace
}  // namespace freehold::store
