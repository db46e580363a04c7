#include "agent/shim.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "agent/host_cgroup.h"
#include "agent/host_files.h"
#include "agent/shim_child.h"
#include "agent/shim_log.h"
#include "agent/shim_spec.h"
#include "base/limits.h"
#include "base/strings.h"

namespace freehold::agent {
namespace {

constexpr int lock_fd = 3;     // by agreement with host_linux.cc
constexpr int sweep_ms = 20;   // between looks for leftovers
constexpr int sweeps = 250;    // 5 s: a process in the kernel's hands may take its time
constexpr int drain_ms = 500;  // for output that is still in the pipes
constexpr size_t chunk_bytes = 64u << 10;

Time wall_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000};
}

// How often the kernel killed in the control group, and how often because the group had reached its
// own limit: a machine that is short of memory as a whole kills, too. -1: not told (version 1 does
// not tell the two apart).
struct OutOfMemory {
  int64_t kills = 0, at_limit = -1;
};
OutOfMemory out_of_memory(const ShimSpec& spec) {
  if (spec.oom_file.empty()) return {};
  const std::string text = read_file(spec.oom_file).value_or("");
  return {flat_value(text, "oom_kill"), flat_value(text, "oom")};
}

// Signals that a program earns by what it does. SIGBUS is not among them: broken memory of the
// machine sends it, too.
bool is_own_fault(int64_t signal) {
  static constexpr std::array own{SIGILL,  SIGTRAP, SIGABRT, SIGFPE,
                                  SIGSEGV, SIGSYS,  SIGPIPE, SIGXFSZ};
  return std::find(own.begin(), own.end(), signal) != own.end();
}

// Room on the disk for the exit status, taken before the process starts: a disk that is full when
// it ends must not cost what nobody else knows.
class Reserve {
 public:
  explicit Reserve(std::string path) : path_(std::move(path)) {}

  Result<void> take() {
    fd_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    const std::string room(reserved_bytes, ' ');
    if (!fd_ || ::write(fd_.get(), room.data(), room.size()) != ssize_t{reserved_bytes} ||
        ::fsync(fd_.get()) != 0)
      return system_error("no room for an exit status in " + path_, errno);
    return {};
  }
  // White space after the document does no harm; it is cut off all the same.
  Result<void> become(const std::string& path, std::string_view content) {
    if (!fd_ || content.size() > reserved_bytes) return write_atomic(path, content);
    if (::pwrite(fd_.get(), content.data(), content.size(), 0) !=
            static_cast<ssize_t>(content.size()) ||
        ::ftruncate(fd_.get(), static_cast<off_t>(content.size())) != 0 ||
        ::fsync(fd_.get()) != 0 || ::rename(path_.c_str(), path.c_str()) != 0)
      return system_error("cannot write " + path, errno);
    return {};
  }

 private:
  static constexpr int reserved_bytes = 4096;
  const std::string path_;
  Fd fd_;
};

class Shim {
 public:
  Shim(std::string directory, ShimSpec spec)
      : directory_(std::move(directory)),
        spec_(std::move(spec)),
        log_(directory_ + "/log", limits::log_file_bytes, limits::log_files),
        out_(log_, "stdout"),
        err_(log_, "stderr"),
        exit_room_(directory_ + "/exit.room") {}

  int run();

 private:
  bool start();
  void serve();
  void reap();
  bool drain(Fd& pipe, LogWriter::Source& source);
  void sweep();
  ShimExit verdict() const;

  const std::string directory_;
  const ShimSpec spec_;
  LogWriter log_;
  LogWriter::Source out_, err_;
  Reserve exit_room_;
  Fd out_pipe_, err_pipe_, signals_;
  pid_t pid_ = 0;
  bool ended_ = false;
  int status_ = 0;
  OutOfMemory oom_before_;
  Cause cause_ = Cause::machine;  // of the problem
  std::string problem_;
  std::array<char, chunk_bytes> buffer_;
};

bool Shim::start() {
  std::array<int, 2> out{}, err{}, failure{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0 ||
      ::pipe2(failure.data(), O_CLOEXEC) != 0) {
    problem_ = "no pipes";
    return false;
  }
  out_pipe_ = Fd(out[0]);
  err_pipe_ = Fd(err[0]);
  Fd out_end(out[1]), err_end(err[1]), failure_pipe(failure[0]), failure_end(failure[1]);
  const pid_t self = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out_end.get(), 1);
    ::dup2(err_end.get(), 2);
    const NotStarted failed = become(spec_, self);
    const std::string told = (failed.cause == Cause::workload ? "w" : "m") + failed.message;
    static_cast<void>(!::write(failure_end.get(), told.data(), told.size()));
    ::_exit(127);
  }
  out_end.close();
  err_end.close();
  failure_end.close();
  if (pid_ < 0) {
    problem_ = system_error("cannot fork", errno).message;
    return false;
  }
  // Closed by the exec, or filled by the failure.
  std::array<char, 512> text{};
  ssize_t n = 0;
  do n = ::read(failure_pipe.get(), text.data(), text.size());
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    cause_ = text[0] == 'w' ? Cause::workload : Cause::machine;
    problem_.assign(text.data() + 1, static_cast<size_t>(n) - 1);
  }
  return problem_.empty();
}

// Takes what is there; false at the end of the stream.
bool Shim::drain(Fd& pipe, LogWriter::Source& source) {
  const ssize_t n = ::read(pipe.get(), buffer_.data(), buffer_.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  const Time now = wall_now();
  if (n == 0) {
    source.finish(now);
    pipe.close();
    return false;
  }
  source.feed({buffer_.data(), static_cast<size_t>(n)}, now);
  return true;
}

void Shim::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid != pid_) continue;
    ended_ = true;
    status_ = status;
  }
}

void Shim::serve() {
  int left_ms = drain_ms;
  while (!ended_ || ((out_pipe_ || err_pipe_) && left_ms > 0)) {
    std::array<pollfd, 3> waits{pollfd{signals_.get(), POLLIN, 0},
                                pollfd{out_pipe_.get(), POLLIN, 0},
                                pollfd{err_pipe_.get(), POLLIN, 0}};
    const int ready = ::poll(waits.data(), waits.size(), ended_ ? sweep_ms : -1);
    if (ready == 0) left_ms -= sweep_ms;
    if (ready <= 0) continue;
    if ((waits[0].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      const bool got = ::read(signals_.get(), &info, sizeof info) == sizeof info;
      if (got && info.ssi_signo == SIGTERM && !ended_) ::kill(pid_, SIGTERM);
      const bool was_running = !ended_;
      reap();
      // What it left behind holds the pipes open, and does not outlive it.
      if (was_running && ended_) sweep();
    }
    if (waits[1].revents != 0) drain(out_pipe_, out_);
    if (waits[2].revents != 0) drain(err_pipe_, err_);
    log_.flush();
  }
  const Time now = wall_now();
  out_.finish(now);
  err_.finish(now);
  log_.flush();
}

// Kills everything that descends from the process: its control group, and what was handed to us as
// orphans.
void Shim::sweep() {
  const std::string self = std::to_string(::getpid());
  const std::string children = "/proc/self/task/" + self + "/children";
  for (int round = 0; round < sweeps; ++round) {
    if (!spec_.kill_file.empty()) static_cast<void>(write_value(spec_.kill_file, "1"));
    bool any = false;
    for (const std::string& file : {spec_.procs_file, children}) {
      if (file.empty()) continue;
      std::string pids = read_file(file).value_or("");
      for (char& c : pids)
        if (c == '\n') c = ' ';
      for (std::string_view text : split(pids, ' '))
        if (const auto pid = parse_int(text); pid && *pid > 1) {
          any = true;
          ::kill(static_cast<pid_t>(*pid), SIGKILL);
        }
    }
    reap();
    if (!any) return;
    ::poll(nullptr, 0, sweep_ms);
    reap();
  }
}

ShimExit Shim::verdict() const {
  ShimExit exit{.run = spec_.run, .at = wall_now()};
  if (!problem_.empty()) {
    exit.code = 127;
    exit.reason = cause_ == Cause::workload ? "CommandFailed" : "StartFailed";
    exit.message = problem_;
    return exit;
  }
  if (WIFSIGNALED(status_)) {
    exit.signal = WTERMSIG(status_);
    exit.code = 128 + exit.signal;
    exit.reason = is_own_fault(exit.signal) ? "Crashed" : "Killed";
    exit.message = "ended by signal " + std::to_string(exit.signal);
  } else {
    exit.code = WEXITSTATUS(status_);
    exit.reason = exit.code == 0 ? "Completed" : "Error";
    if (exit.code != 0) exit.message = "exit status " + std::to_string(exit.code);
  }
  const OutOfMemory oom = out_of_memory(spec_);
  if (exit.code == 0 || oom.kills <= oom_before_.kills) return exit;
  if (oom.at_limit < 0 || oom.at_limit > oom_before_.at_limit) {
    exit.reason = "OutOfMemory";
    exit.message = "the memory limit was reached and the kernel killed the process";
  } else {
    exit.reason = "MachineOutOfMemory";
    exit.message = "the machine ran out of memory and the kernel killed the process";
  }
  return exit;
}

int Shim::run() {
  for (const std::string& file : spec_.shim_join) static_cast<void>(write_value(file, "0"));
  // Whatever is killed when memory is short, the exit status must not be lost.
  static_cast<void>(write_value("/proc/self/oom_score_adj", "-999"));
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC));
  oom_before_ = out_of_memory(spec_);

  if (auto room = exit_room_.take(); !room.ok()) {
    problem_ = room.error().message;
  } else if (start()) {
    const ShimRun run{spec_.run,  pid_,          process_start_ticks(pid_),
                      ::getpid(), spec_.boot_id, wall_now()};
    // What cannot be found again must not run.
    if (auto kept = write_atomic(directory_ + "/run.json", print_run(run)); !kept.ok()) {
      problem_ = kept.error().message;
      ::kill(pid_, SIGKILL);
    }
    static_cast<void>(!::write(1, "run\n", 4));  // the agent may be gone
    serve();
  }
  reap();
  return exit_room_.become(directory_ + "/exit.json", print_exit(verdict())).ok() ? 0 : 1;
}

int fail(std::string_view message) {
  std::fprintf(stderr, "freehold shim: %.*s\n", static_cast<int>(message.size()), message.data());
  return 125;
}

int exec_main(const std::string& path) {
  const Result<std::string> text = read_file(path);
  ::unlink(path.c_str());
  if (!text.ok()) return fail(text.error().message);
  const Result<ShimSpec> spec = parse_spec(*text);
  if (!spec.ok()) return fail(spec.error().message);
  return fail(become(*spec, 0).message);
}

}  // namespace

int shim_main(int argc, char** argv) {
  // argv[1] is the word `shim`.
  if (argc == 4 && std::string_view(argv[2]) == "--exec") return exec_main(argv[3]);
  if (argc != 3) return fail("usage: freehold shim <directory>");
  ::setsid();
  close_from(lock_fd + 1);
  ::fcntl(lock_fd, F_SETFD, FD_CLOEXEC);
  const std::string directory = argv[2];
  const Result<std::string> text = read_file(directory + "/launch.json");
  if (!text.ok()) return fail(text.error().message);
  Result<ShimSpec> spec = parse_spec(*text);
  if (!spec.ok()) return fail(spec.error().message);
  return Shim(directory, *std::move(spec)).run();
}

}  // namespace freehold::agent
