// The shim, the host and real control groups, with real processes. What this machine does not allow
// is skipped by name.
#include "agent/host_linux.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/host_files.h"
#include "agent/host_spawn.h"
#include "agent/probe.h"
#include "agent/shim.h"
#include "agent/shim_spec.h"
#include "base/limits.h"
#include "base/strings.h"
#include "http/pki.h"
#include "json/value.h"

namespace freehold::agent {
namespace {

// The host starts /proc/self/exe as a shim: this very program, before its main.
__attribute__((constructor)) void act_as_the_program(int argc, char** argv, char**) {
  if (argc < 2) return;
  const std::string_view word = argv[1];
  if (word == "shim") ::_exit(shim_main(argc, argv));
  if (word == "probe") {
    const int code = probe_main(argc, argv);
    std::fflush(stdout);
    ::_exit(code);
  }
}

constexpr int64_t tenant = 2'064'123;

class HostLinux : public testing::Test {
 protected:
  HostLinux() {
    char path[] = "/tmp/freehold-host-XXXXXX";
    directory_ = ::mkdtemp(path);
    reopen();
    id_ = "test-" + std::to_string(::getpid()) + "-" +
          testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  ~HostLinux() override {
    host_->signal(id_, Signal::kill);
    wait([&] { return host_->look(id_).state != ProcessState::running; });
    host_->release(id_);
    wait([&] { return !host_->usage(id_).ok(); });
    host_->forget(id_);
    host_.reset();
    std::filesystem::remove_all(directory_);
  }
  void reopen() {
    host_.reset();
    auto host = open_linux_host(loop_, {.directory = directory_ + "/agent"});
    ASSERT_TRUE(host.ok()) << host.error().to_string();
    host_ = *std::move(host);
    host_->on_change([this](const std::string&) {
      ++changes_;
      if (done_ && done_()) loop_.stop();
    });
  }
  // Runs the loop until it holds, told by changes and looked at now and then.
  bool wait(std::function<bool()> holds, Duration most = seconds(8)) {
    if (holds()) return true;
    done_ = holds;
    const Duration end = loop_.uptime() + most;
    std::function<void()> tick = [&] {
      if (holds() || loop_.uptime() > end) return loop_.stop();
      poll_ = loop_.timer(milliseconds(20), tick);
    };
    poll_ = loop_.timer(milliseconds(20), tick);
    loop_.run();
    poll_.cancel();
    done_ = nullptr;
    return holds();
  }
  void start(const std::string& script, LimitsWanted limits = {}, int64_t user = tenant) {
    const auto read = host_->prepare(id_, limits);
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    read_ = *read;
    const auto launched = host_->launch(
        id_, {++run_, {"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin", "A=b"}, "", user});
    ASSERT_TRUE(launched.ok()) << launched.error().to_string();
  }
  // A shim of its own, to its end: for what no host would ask for.
  ShimExit run_shim(const ShimSpec& spec) {
    const std::string here = directory_ + "/shim";
    std::filesystem::create_directories(here + "/log");
    EXPECT_TRUE(write_atomic(here + "/launch.json", print_spec(spec), Sync::none).ok());
    const Fd lock(::open((here + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    auto pid = spawn("/proc/self/exe", {"freehold", "shim", here}, {.fourth = lock.get()});
    EXPECT_TRUE(pid.ok());
    if (pid.ok()) ::waitpid(*pid, nullptr, 0);
    auto exit = parse_exit(read_file(here + "/exit.json").value_or(""));
    EXPECT_TRUE(exit.ok());
    return std::move(exit).value_or({});
  }
  ProcessSeen ended() {
    EXPECT_TRUE(wait([&] { return host_->look(id_).state == ProcessState::exited; }));
    return host_->look(id_);
  }
  bool runs() {
    return wait([&] { return host_->look(id_).state == ProcessState::running; });
  }
  // What the process wrote, without the prefix of the lines.
  std::string output(LogRun run = LogRun::current, int64_t lines = -1) {
    std::string out;
    auto log = host_->open_log(id_, run, lines);
    if (!log.ok()) return log.error().to_string();
    for (;;) {
      const auto text = (*log)->next(1 << 16);
      if (!text.ok() || text->empty()) return out;
      for (std::string_view line : split(*text, '\n')) {
        const size_t at = line.find("std");
        if (at != std::string_view::npos) out.append(line.substr(at + 9)).append("\n");
      }
    }
  }
  bool binds(std::string_view limit) const {
    for (const std::string& one : host_->facts().enforcement.limits)
      if (one == limit) return true;
    return false;
  }

  Loop loop_;
  std::string directory_, id_;
  std::unique_ptr<Host> host_;
  api::LimitsRead read_;
  int64_t run_ = 0;
  int changes_ = 0;
  std::function<bool()> done_;
  Timer poll_;
};

#define NEEDS(limit) \
  if (!binds(limit)) GTEST_SKIP() << "no writable " << limit << " control group on this machine"
#define NEEDS_ROOT \
  if (::geteuid() != 0) GTEST_SKIP() << "changing users needs root"

TEST_F(HostLinux, AProcessRunsAndLeavesItsExitStatusAndItsOutput) {
  start("echo one; echo two >&2; printf three; exit 7");
  const ProcessSeen seen = ended();
  EXPECT_EQ(seen.exit.code, 7);
  EXPECT_EQ(seen.exit.reason, "Error");
  EXPECT_EQ(seen.run, 1);
  const std::string text = output();
  EXPECT_NE(text.find("one\n"), std::string::npos) << text;
  EXPECT_NE(text.find("two\n"), std::string::npos) << text;
  EXPECT_NE(text.find("three\n"), std::string::npos) << text;
  EXPECT_GT(changes_, 0);
}

TEST_F(HostLinux, ASignalIsReportedAsOne) {
  start("kill -9 $$");
  const ProcessSeen seen = ended();
  EXPECT_EQ(seen.exit.signal, 9);
  EXPECT_EQ(seen.exit.code, 137);
  EXPECT_EQ(seen.exit.reason, "Killed");
}

TEST_F(HostLinux, AProgramThatIsNotThereSaysSo) {
  ASSERT_TRUE(host_->prepare(id_, {}).ok());
  ASSERT_TRUE(host_->launch(id_, {++run_, {"/no/such/program"}, {}, "", tenant}).ok());
  const ProcessSeen seen = ended();
  EXPECT_EQ(seen.exit.code, 127);
  EXPECT_EQ(seen.exit.reason, "CommandFailed");
  EXPECT_NE(seen.message.find("/no/such/program"), std::string::npos) << seen.message;
}

TEST_F(HostLinux, ADirectoryThatIsNotThereIsTheWorkloadsAndAMissingPrivateOneTheMachines) {
  ASSERT_TRUE(host_->prepare(id_, {}).ok());
  ASSERT_TRUE(host_->launch(id_, {++run_, {"/bin/true"}, {}, "/no/such/place", tenant}).ok());
  EXPECT_EQ(ended().exit.reason, "CommandFailed");
  ShimSpec spec;
  spec.command = {"/bin/true"};
  spec.home = directory_ + "/gone";
  const ShimExit exit = run_shim(spec);
  EXPECT_EQ(exit.code, 127);
  EXPECT_EQ(exit.reason, "StartFailed");
  EXPECT_NE(exit.message.find("private directory"), std::string::npos) << exit.message;
}

TEST_F(HostLinux, AProgramThatCrashesIsToldFromOneThatIsKilled) {
  start("kill -SEGV $$");
  const ProcessSeen seen = ended();
  EXPECT_EQ(seen.exit.signal, SIGSEGV);
  EXPECT_EQ(seen.exit.reason, "Crashed");
}

TEST_F(HostLinux, MemoryThatTheWholeMachineLacksIsNotTheLimitOfTheInstance) {
  const std::string events = directory_ + "/memory.events";
  const auto ends_after = [&](const std::string& before, const std::string& after) {
    std::ofstream(events) << before;
    ShimSpec spec;
    spec.command = {"/bin/sh", "-c", "printf '" + after + "' > " + events + "; kill -9 $$"};
    spec.oom_file = events;
    return run_shim(spec).reason;
  };
  EXPECT_EQ(ends_after("oom 1\noom_kill 1\n", "oom 2\\noom_kill 3\\n"), "OutOfMemory");
  EXPECT_EQ(ends_after("oom 1\noom_kill 1\n", "oom 1\\noom_kill 3\\n"), "MachineOutOfMemory");
  EXPECT_EQ(ends_after("oom 1\noom_kill 1\n", "oom 1\\noom_kill 1\\n"), "Killed");
  EXPECT_EQ(ends_after("under_oom 0\noom_kill 1\n", "under_oom 0\\noom_kill 2\\n"), "OutOfMemory");
}

TEST_F(HostLinux, TerminateAndKillReachTheProcess) {
  start("trap 'echo got it; exit 3' TERM; echo up; while :; do read x < /dev/zero & wait; done");
  ASSERT_TRUE(wait([&] { return output().find("up") != std::string::npos; }));
  host_->signal(id_, Signal::terminate);
  EXPECT_EQ(ended().exit.code, 3);
  EXPECT_NE(output().find("got it"), std::string::npos);

  start("trap '' TERM; echo up; read x < /dev/zero");
  ASSERT_TRUE(runs());
  host_->signal(id_, Signal::kill);
  EXPECT_EQ(ended().exit.signal, 9);
}

TEST_F(HostLinux, WhatTheProcessLeavesBehindIsKilled) {
  start("setsid sleep 1000 & setsid sh -c 'sleep 1000 & sleep 1000' & echo $!; exit 0");
  EXPECT_EQ(ended().exit.code, 0);
  const auto usage = host_->usage(id_);
  if (usage.ok()) {
    EXPECT_EQ(usage->processes, 0);
  }
  const std::string pid = output();
  EXPECT_EQ(::kill(static_cast<pid_t>(parse_int(trim(pid)).value_or(0)), 0), -1);
}

TEST_F(HostLinux, TheTenantHasNoPrivilegeAndACleanEnvironment) {
  NEEDS_ROOT;
  start("cat /proc/self/status; env; pwd; id -G; ls /proc/self/fd | wc -l; umask; ulimit -c", {},
        tenant);
  EXPECT_EQ(ended().exit.code, 0);
  const std::string text = output();
  auto has = [&](const std::string& what) { return text.find(what) != std::string::npos; };
  const std::string id = std::to_string(tenant);
  EXPECT_TRUE(has("Uid:\t" + id + "\t" + id + "\t" + id + "\t" + id)) << text;
  EXPECT_TRUE(has("Gid:\t" + id + "\t" + id + "\t" + id + "\t" + id)) << text;
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_TRUE(has(std::string(set) + ":\t0000000000000000")) << set << text;
  EXPECT_TRUE(has("NoNewPrivs:\t1")) << text;
  EXPECT_TRUE(has("A=b\n")) << text;
  EXPECT_FALSE(has("USER=")) << text;
  EXPECT_TRUE(has("\n" + id + "\n")) << text;  // its groups
  EXPECT_TRUE(has("\n4\n")) << text;           // 0, 1, 2 and the directory itself
  EXPECT_TRUE(has("0027\n0\n")) << text;
}

TEST_F(HostLinux, NoWorkRunsAsRootOrAsAnyoneElseWhoIsNoTenant) {
  NEEDS_ROOT;
  ASSERT_TRUE(host_->prepare(id_, {}).ok());
  for (const int64_t user : {int64_t{0}, int64_t{-1}, int64_t{65'534}, int64_t{1} << 32}) {
    const auto launched = host_->launch(id_, {++run_, {"/bin/true"}, {}, "", user});
    EXPECT_EQ(launched.error().reason, Reason::forbidden) << user;
    EXPECT_EQ(host_->look(id_).state, ProcessState::none);
    int refused = 0;
    const auto note = [&](Result<ExecOutcome> outcome) { refused += outcome.ok() ? 0 : 1; };
    host_->exec(id_, {{"/bin/true"}, {}, user, seconds(5)}, note);
    host_->probe(id_, {"cpu", milliseconds(50), "", 0, user}, note);
    EXPECT_TRUE(wait([&] { return refused == 2; })) << user;
  }
}

TEST_F(HostLinux, TheTenantOwnsItsHomeAndNothingElseHere) {
  NEEDS_ROOT;
  start("touch $HOME/mine && ls $HOME && ! touch $HOME/../x && ! cat " + directory_ +
            "/agent/instances/" + id_ + "/log/current && echo well",
        {}, tenant);
  EXPECT_EQ(ended().exit.code, 0) << output();
  EXPECT_NE(output().find("well"), std::string::npos);
}

TEST_F(HostLinux, LogsRotateAndKeepTheNewest) {
  const int64_t lines = static_cast<int64_t>(limits::log_file_bytes) * 5 / 1000;
  start("exec head -c " + std::to_string(lines * 1000) +
        " /dev/zero | tr '\\0' 'x' | fold -w 999; echo end");
  EXPECT_EQ(ended().exit.code, 0);
  uintmax_t bytes = 0;
  int files = 0;
  const std::string log = directory_ + "/agent/instances/" + id_ + "/log";
  for (const auto& file : std::filesystem::directory_iterator(log)) {
    bytes += file.file_size();
    ++files;
  }
  EXPECT_EQ(files, limits::log_files);
  EXPECT_LT(bytes, (limits::log_file_bytes + (1u << 20)) * limits::log_files);
  EXPECT_TRUE(output(LogRun::current, 1).ends_with("end\n"));
  const std::string last = output(LogRun::current, 3);
  EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 3);
}

TEST_F(HostLinux, TheRunBeforeKeepsItsLog) {
  start("echo first");
  ended();
  start("echo second");
  ended();
  EXPECT_EQ(output(), "second\n");
  EXPECT_EQ(output(LogRun::previous), "first\n");
}

TEST_F(HostLinux, LimitsAreReadBackFromTheKernel) {
  NEEDS("memory");
  start("exit 0", {.cpus = "0", .cpu_milli = 500, .memory_bytes = 64 << 20, .processes = 20});
  EXPECT_EQ(read_.memory_bytes, 64 << 20);
  EXPECT_EQ(read_.cpu_milli, 500);
  EXPECT_EQ(read_.processes, 20);
  EXPECT_EQ(read_.cpus, "0");
  EXPECT_TRUE(read_.not_enforced.empty()) << read_.not_enforced.front();
  ended();
}

TEST_F(HostLinux, MemoryBeyondTheLimitEndsAsOutOfMemory) {
  NEEDS("memory");
  // tail looks for the end of the last line, in vain, and keeps it all.
  start("exec tail /dev/zero", {.memory_bytes = 16 << 20});
  const ProcessSeen seen = ended();
  EXPECT_EQ(seen.exit.reason, "OutOfMemory") << seen.exit.code;
  EXPECT_EQ(seen.exit.signal, 9);
  EXPECT_GT(host_->usage(id_)->oom_kills, 0);
}

TEST_F(HostLinux, ProcessesBeyondTheLimitAreRefused) {
  NEEDS("pids");
  start("for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; echo all", {.processes = 4});
  const ProcessSeen seen = ended();
  EXPECT_NE(seen.exit.code, 0);
  EXPECT_EQ(output().find("all"), std::string::npos) << output();
}

TEST_F(HostLinux, TheCpuQuotaThrottles) {
  NEEDS("cpu");
  start("while :; do :; done", {.cpu_milli = 100});
  EXPECT_TRUE(wait([&] {
    const auto usage = host_->usage(id_);
    return usage.ok() && usage->throttled_periods >= 3 && usage->throttled_us > 0 &&
           usage->cpu_us > 0;
  }));
  host_->signal(id_, Signal::kill);
  ended();
}

TEST_F(HostLinux, AnAgentThatComesBackFindsItsShimAndStartsNoSecond) {
  start("echo up; while [ ! -e $HOME/go ]; do sleep 0.05; done; exit 5");
  ASSERT_TRUE(runs());
  const ProcessSeen before = host_->look(id_);
  reopen();
  EXPECT_EQ(host_->instances(), std::vector<std::string>{id_});
  const ProcessSeen after = host_->look(id_);
  EXPECT_EQ(after.state, ProcessState::running);
  EXPECT_EQ(after.pid, before.pid);
  EXPECT_EQ(after.run, before.run);
  EXPECT_GT(after.started_uptime.us, 0);
  EXPECT_EQ(host_->launch(id_, {2, {"/bin/true"}, {}, "", tenant}).error().reason,
            Reason::conflict);
  std::string home;
  for (const char* place : {"/agent/instances/"}) home = directory_ + place + id_ + "/home";
  if (!std::filesystem::exists(home))
    for (const auto& entry : std::filesystem::directory_iterator("/var/tmp"))
      if (std::filesystem::exists(entry.path() / id_)) home = (entry.path() / id_).string();
  std::ofstream(home + "/go") << "now";
  EXPECT_EQ(ended().exit.code, 5);
}

TEST_F(HostLinux, WhatIsForgottenIsOutOfSightAtOnceAndSoonGone) {
  start("mkdir -p deep/er && for i in 1 2 3; do echo x > deep/er/$i; done");
  EXPECT_EQ(ended().exit.code, 0);
  host_->forget(id_);
  EXPECT_TRUE(host_->instances().empty());
  EXPECT_TRUE(wait([&] { return std::filesystem::is_empty(directory_ + "/agent/removed"); }));
}

TEST_F(HostLinux, NothingIsLeftWhereEveryoneMayWrite) {
  NEEDS_ROOT;
  // Tenants may not pass through the directory, so that their homes are elsewhere.
  const std::string homes =
      "/var/tmp/freehold-" + to_hex(http::sha256(directory_ + "/agent")).substr(0, 12);
  start("exit 0");
  ended();
  EXPECT_TRUE(std::filesystem::exists(homes + "/" + id_));
  host_->forget(id_);
  host_.reset();
  EXPECT_FALSE(std::filesystem::exists(homes));
  reopen();
}

TEST_F(HostLinux, AnExitWhileTheAgentWasAwayIsNotLost) {
  start("exit 9");
  host_.reset();
  // Its pipe is gone; it writes its result all the same.
  while (!std::filesystem::exists(directory_ + "/agent/instances/" + id_ + "/exit.json"))
    ::sched_yield();
  reopen();
  EXPECT_EQ(ended().exit.code, 9);
}

TEST_F(HostLinux, AnExitOnAFullDiskIsNotLost) {
  NEEDS_ROOT;
  if (::mount("tmpfs", directory_.c_str(), "tmpfs", 0, "size=2m") != 0)
    GTEST_SKIP() << "mounting is not allowed here";
  reopen();
  start("trap 'exit 6' TERM; echo up; while :; do sleep 0.05; done");
  EXPECT_TRUE(wait([&] { return output().find("up") != std::string::npos; }));
  std::ofstream filler(directory_ + "/filler");
  const std::string block(4096, 'x');
  while (filler.write(block.data(), 4096).flush()) continue;
  host_->signal(id_, Signal::terminate);
  EXPECT_EQ(ended().exit.code, 6);
  host_.reset();
  ::umount2(directory_.c_str(), MNT_DETACH);
  reopen();
}

TEST_F(HostLinux, AShimThatIsKilledTakesItsProcessAlong) {
  start("sleep 1000");
  ASSERT_TRUE(runs());
  std::ifstream file(directory_ + "/agent/instances/" + id_ + "/run.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto run = json::parse(text.str());
  ASSERT_TRUE(run.ok());
  ::kill(static_cast<pid_t>(*run->at({"shimPid"})->as_int()), SIGKILL);
  const ProcessSeen seen = ended();
  EXPECT_EQ(seen.exit.reason, "Lost");
  EXPECT_TRUE(
      wait([&] { return ::kill(static_cast<pid_t>(*run->at({"pid"})->as_int()), 0) != 0; }));
}

TEST_F(HostLinux, AnExecRunsInTheGroupAndIsCutWhenItTakesTooLong) {
  start("sleep 1000");
  ASSERT_TRUE(runs());
  std::vector<ExecOutcome> outcomes;
  auto note = [&](Result<ExecOutcome> outcome) {
    ASSERT_TRUE(outcome.ok()) << outcome.error().to_string();
    outcomes.push_back(*outcome);
  };
  host_->exec(id_, {{"/bin/sh", "-c", "echo hello; exit 4"}, {}, tenant, seconds(5)}, note);
  ASSERT_TRUE(wait([&] { return outcomes.size() == 1; }));
  EXPECT_EQ(outcomes[0].code, 4);
  EXPECT_EQ(outcomes[0].output, "hello\n");
  host_->exec(id_, {{"/bin/sleep", "100"}, {}, tenant, milliseconds(50)}, note);
  ASSERT_TRUE(wait([&] { return outcomes.size() == 2; }));
  EXPECT_EQ(outcomes[1].code, -1);
}

TEST_F(HostLinux, AnExecHasTheHomeAndTheDirectoryOfTheProcess) {
  start("echo $HOME; pwd; sleep 1000");
  ASSERT_TRUE(wait([&] {
    const std::string said = output();
    return std::count(said.begin(), said.end(), '\n') == 2;
  }));
  for (const char* directory : {"", "/usr/bin"}) {
    std::optional<ExecOutcome> outcome;
    host_->exec(id_, {{"/bin/sh", "-c", "echo $HOME; pwd"}, {}, tenant, seconds(5), directory},
                [&](Result<ExecOutcome> result) {
                  ASSERT_TRUE(result.ok()) << result.error().to_string();
                  outcome = *result;
                });
    ASSERT_TRUE(wait([&] { return outcome.has_value(); }));
    const std::string home = output().substr(0, output().find('\n') + 1);
    EXPECT_EQ(outcome->output, *directory == 0 ? output() : home + directory + "\n");
  }
}

TEST_F(HostLinux, TheProbeMeasuresAsTheTenant) {
  ASSERT_TRUE(host_->prepare(id_, {.memory_bytes = 64 << 20}).ok());
  for (const char* test : {"cpu", "memory-bandwidth"}) {
    std::optional<ExecOutcome> outcome;
    host_->probe(id_, {test, milliseconds(50), "", 64 << 20, tenant},
                 [&](Result<ExecOutcome> result) {
                   ASSERT_TRUE(result.ok()) << result.error().to_string();
                   outcome = *result;
                 });
    ASSERT_TRUE(wait([&] { return outcome.has_value(); }));
    EXPECT_EQ(outcome->code, 0);
    const auto value = json::parse(outcome->output);
    ASSERT_TRUE(value.ok()) << outcome->output;
    EXPECT_EQ(value->string_at({"test"}), test);
    EXPECT_GT(value->at({"value"})->number(), 1e6);
  }
}

TEST_F(HostLinux, WhatIsSavedIsThereAfterARestart) {
  EXPECT_EQ(host_->load("a").error().reason, Reason::not_found);
  host_->save("a", "one");
  EXPECT_EQ(*host_->load("a"), "one");
  host_->save("a", "two");
  host_->save("b", "gone");
  host_->erase("b");
  reopen();
  EXPECT_EQ(*host_->load("a"), "two");
  EXPECT_FALSE(host_->load("b").ok());
}

TEST_F(HostLinux, AKnockTellsWhetherSomethingListens) {
  const auto port = host_->free_port();
  ASSERT_TRUE(port.ok());
  std::optional<bool> open;
  host_->knock(*port, seconds(1), [&](std::optional<bool> result) { open = result; });
  ASSERT_TRUE(wait([&] { return open.has_value(); }));
  EXPECT_FALSE(*open);
}

}  // namespace
}  // namespace freehold::agent
