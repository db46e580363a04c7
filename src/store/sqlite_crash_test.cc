// Kills a process that commits, at random moments, and looks at what it left.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "store/sqlite.h"
#include "store/testing/conformance.h"
#include "store/testing/crash_workload.h"

namespace freehold::store {
namespace {

struct Acknowledged {
  Rev first = 0, last = 0;
};

// In the child: commits until it is killed. Whatever was acknowledged goes into the pipe at once.
[[noreturn]] void commit_for_ever(const std::string& path, int pipe, uint64_t seed) {
  TestRuntime runtime(seed);
  auto store = open_sqlite(runtime, {.path = path});
  CrashWorkload workload;
  if (!store.ok() || !workload.matches(**store)) ::_exit(1);
  keep_committing(runtime, **store, workload, [&](const Commit& commit) {
    const Acknowledged record{commit.first, commit.last};
    return ::write(pipe, &record, sizeof record) != sizeof record;
  });
  ::_exit(2);
}

// Starts a child and kills it after so many acknowledgements. The last one that it sent; 0: none.
Rev kill_after(const std::string& path, uint64_t seed, int64_t acknowledgements) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) commit_for_ever(path, ends[1], seed);
  ::close(ends[1]);
  Acknowledged record;
  Rev last = 0;
  for (int64_t n = 0; ::read(ends[0], &record, sizeof record) == sizeof record; ++n) {
    EXPECT_TRUE(last == 0 || record.first == last + 1);
    last = record.last;
    if (n == acknowledgements) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  return last;
}

TEST(SqliteCrash, what_was_acknowledged_survives_a_killed_process_and_no_commit_is_halved) {
  std::string folder = testing::TempDir() + "freehold_crash_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/store.db";
  Random chance(11);
  for (int round = 0; round < scale(20, 300) && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const Rev acknowledged = kill_after(path, chance.next(), chance.in(0, 60));
    TestRuntime runtime;
    const auto store = open_sqlite(runtime, {.path = path});
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_GE((*store)->head(), acknowledged);
    CrashWorkload workload;
    EXPECT_TRUE(workload.matches(**store));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace freehold::store
