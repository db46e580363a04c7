#include "agent/host_linux.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/host_cgroup.h"
#include "agent/host_discover.h"
#include "agent/host_files.h"
#include "agent/host_log.h"
#include "agent/host_remover.h"
#include "agent/host_saver.h"
#include "agent/host_spawn.h"
#include "agent/shim_spec.h"
#include "api/user_id.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/pki.h"

namespace freehold::agent {
namespace {

constexpr size_t output_bytes = 64u << 10;  // of a probe
constexpr int release_tries = 200;          // 50 ms apart: killed processes take their time to go
constexpr Duration release_pause = milliseconds(50);
constexpr Duration starting_pause = milliseconds(100);

// One probe on its way.
struct Exec {
  int pid = 0;
  std::string output;
  std::unique_ptr<Readable> pipe, process;
  Timer timer;
  bool timed_out = false;
  std::function<void(Result<ExecOutcome>)> done;
};

// One instance with a directory.
struct Entry {
  int64_t run = 0;  // of launch.json
  ProcessSeen seen;
  int64_t start_ticks = 0;
  std::string cpus;  // affinity, where no cpuset binds
  int shim = 0;      // pid, if we know it
  std::unique_ptr<Readable> started, ended;
  Timer poll, release;
};

class LinuxHost final : public Host {
 public:
  LinuxHost(Loop& loop, LinuxHostOptions options)
      : loop_(loop),
        discoverer_(loop, std::move(options.discovery)),
        options_(std::move(options)),
        cgroups_(options_.cgroup_root, options_.cgroup_base),
        saver_(options_.directory + "/state") {}
  LinuxHost(const LinuxHost&) = delete;
  LinuxHost& operator=(const LinuxHost&) = delete;
  ~LinuxHost() override {
    homes_remover_.reset();
    if (!homes_.empty()) ::rmdir(homes_.c_str());  // only once it is empty
  }

  Result<void> open();
  const HostFacts& facts() const override { return facts_; }
  Result<api::LimitsRead> prepare(const std::string& id, const LimitsWanted& limits) override;
  Result<void> launch(const std::string& id, const Launch& launch) override;
  ProcessSeen look(const std::string& id) override;
  void signal(const std::string& id, Signal signal) override;
  Result<api::Usage> usage(const std::string& id) override;
  void release(const std::string& id) override;
  void forget(const std::string& id) override;
  std::vector<std::string> instances() override {
    return list_directory(options_.directory + "/instances");
  }
  void discover(std::function<void(Result<discover::Machine>)> done) override {
    discoverer_.look(std::move(done));
  }
  void on_change(std::function<void(const std::string&)> changed) override {
    changed_ = std::move(changed);
  }
  void exec(const std::string& id, const ExecRequest& request,
            std::function<void(Result<ExecOutcome>)> done) override;
  void probe(const std::string& id, const ProbeRequest& request,
             std::function<void(Result<ExecOutcome>)> done) override;
  void knock(int64_t port, Duration timeout,
             std::function<void(std::optional<bool>)> done) override {
    knock_port(loop_, port, timeout, std::move(done));
  }
  Result<int64_t> free_port() override;
  Result<std::unique_ptr<LogReader>> open_log(const std::string& id, LogRun run,
                                              int64_t last_lines) override {
    const char* name = run == LogRun::current ? "/log" : "/log.previous";
    return open_log_directory(directory(id) + name, last_lines);
  }
  void save(const std::string& name, std::string content) override {
    saver_.save(name, std::move(content));
  }
  Result<std::string> load(const std::string& name) override { return saver_.load(name); }
  void erase(const std::string& name) override { saver_.erase(name); }

 private:
  std::string directory(const std::string& id) const {
    return options_.directory + "/instances/" + id;
  }
  std::string home_of(const std::string& id) const;
  Result<void> make_home(const std::string& id, int64_t user_id);
  Result<Fd> take_lock(const std::string& id);
  Entry& entry(const std::string& id);
  Result<ShimSpec> spec_for(const std::string& id, int64_t user_id) const;
  void settle_in(const std::string& id, const std::string& directory, ShimSpec& spec);
  void refresh(const std::string& id, Entry& e);
  void note_exit(const std::string& id, Entry& e);
  void watch_shim(const std::string& id, Entry& e, int pid);
  void changed(const std::string& id);
  void try_release(const std::string& id, int tries);
  void start_exec(const std::string& id, Result<ShimSpec> spec, Duration timeout,
                  std::function<void(Result<ExecOutcome>)> done);
  void read_exec(const std::shared_ptr<Exec>& exec);
  void end_exec(const std::shared_ptr<Exec>& exec);

  Loop& loop_;
  Discoverer discoverer_;
  const LinuxHostOptions options_;
  Cgroups cgroups_;
  Saver saver_;
  HostFacts facts_;
  std::string homes_;  // where private directories are; empty: in the instance's own
  std::optional<Remover> remover_, homes_remover_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::set<std::shared_ptr<Exec>> execs_;
  int64_t execs_started_ = 0;
  std::vector<int64_t> ports_given_;
  std::function<void(const std::string&)> changed_;
};

// Whether anyone may walk to `path`, so that a tenant can reach what lies in it.
bool is_walkable(const std::string& path) {
  for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    struct stat facts{};
    if (::stat(path.substr(0, at).c_str(), &facts) != 0 || (facts.st_mode & S_IXOTH) == 0)
      return false;
    if (at == std::string::npos) return true;
  }
}

// A directory that is ours alone, in a place where everyone may make directories.
bool make_own(const std::string& path) {
  ::mkdir(path.c_str(), 0711);
  struct stat facts{};
  return ::lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) &&
         facts.st_uid == ::geteuid() && (facts.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Result<void> LinuxHost::open() {
  TRY(make_directory(options_.directory + "/instances", 0711));
  TRY(make_directory(options_.directory + "/state", 0711));
  ::chmod((options_.directory + "/state").c_str(), 0700);
  const std::string boot_id = read_file("/proc/sys/kernel/random/boot_id").value_or("unknown");
  facts_.boot_id = trim(boot_id);
  facts_.address = guess_address();
  facts_.enforcement = cgroups_.enforcement();
  facts_.switches_users = ::geteuid() == 0;
  if (facts_.switches_users && !is_walkable(options_.directory + "/instances")) {
    const std::string digest = to_hex(http::sha256(options_.directory)).substr(0, 12);
    homes_ = "/var/tmp/freehold-" + digest;
    if (!make_own(homes_))
      return Error{Reason::unavailable,
                   "tenants cannot enter " + options_.directory + ", and " + homes_ +
                       " is not ours; put the data directory where everyone may pass through",
                   {}};
    homes_remover_.emplace(homes_ + "/.removed");
  }
  remover_.emplace(options_.directory + "/removed");
  return {};
}

std::string LinuxHost::home_of(const std::string& id) const {
  return homes_.empty() ? directory(id) + "/home" : homes_ + "/" + id;
}

Result<void> LinuxHost::make_home(const std::string& id, int64_t user_id) {
  const std::string home = home_of(id);
  if (::mkdir(home.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error("cannot make " + home, errno);
  const auto uid = static_cast<uid_t>(user_id);
  if (user_id >= 0 && ::lchown(home.c_str(), uid, static_cast<gid_t>(uid)) != 0)
    return system_error("cannot give " + home + " to its user", errno);
  return {};
}

// Held by a shim for as long as it lives, because it inherits the very descriptor: there is no
// moment at which a process is on its way and the lock is free.
Result<Fd> LinuxHost::take_lock(const std::string& id) {
  Fd fd(::open((directory(id) + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return system_error("cannot open the lock of " + id, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{Reason::conflict, "a shim of " + id + " is alive", {}};
  return fd;
}

Entry& LinuxHost::entry(const std::string& id) {
  auto [at, fresh] = entries_.try_emplace(id);
  Entry& e = at->second;
  if (!fresh) return e;
  const auto text = read_file(directory(id) + "/launch.json");
  if (!text.ok()) return e;
  if (const auto spec = parse_spec(*text); spec.ok()) {
    e.run = spec->run;
    e.seen.state = ProcessState::starting;
    refresh(id, e);
  }
  return e;
}

Result<api::LimitsRead> LinuxHost::prepare(const std::string& id, const LimitsWanted& limits) {
  TRY(make_directory(directory(id) + "/log", 0711));
  entry(id).release.cancel();
  api::LimitsRead read = cgroups_.create(id, limits);
  const bool binds_cpus = cgroups_.binds("cpuset");
  entry(id).cpus = binds_cpus ? "" : limits.cpus;
  return read;
}

// Work of an instance is never root's: it would read the keys of the control plane. Without an id
// it is the agent's own probe.
Result<ShimSpec> LinuxHost::spec_for(const std::string& id, int64_t user_id) const {
  ShimSpec spec;
  if (facts_.switches_users && !id.empty()) {
    if (!api::is_tenant_user_id(user_id))
      return Error{Reason::forbidden,
                   "user id " + std::to_string(user_id) + " is no tenant's; nothing is started",
                   {}};
    spec.user_id = user_id;
  }
  spec.boot_id = facts_.boot_id;
  if (id.empty()) return spec;
  spec.join = cgroups_.procs_files(id);
  if (spec.join.empty()) return spec;
  spec.shim_join = cgroups_.shim_procs_files();
  spec.kill_file = cgroups_.kill_file(id);
  spec.procs_file = spec.join.front();
  spec.oom_file = cgroups_.oom_file(id);
  return spec;
}

// Where a process of the instance stands: its workload, and what is asked of that.
void LinuxHost::settle_in(const std::string& id, const std::string& directory, ShimSpec& spec) {
  spec.home = home_of(id);
  spec.env.push_back("HOME=" + spec.home);
  spec.directory = directory;
  spec.cpus = entry(id).cpus;
}

Result<void> LinuxHost::launch(const std::string& id, const Launch& launch) {
  const std::string here = directory(id);
  ShimSpec spec = TRY(spec_for(id, launch.user_id));
  Entry& e = entry(id);
  Fd lock = TRY(take_lock(id));
  TRY(make_home(id, spec.user_id));
  spec.run = launch.run;
  spec.command = launch.command;
  spec.env = launch.env;
  settle_in(id, launch.directory, spec);
  std::error_code ignored;
  std::filesystem::remove_all(here + "/log.previous", ignored);
  ::rename((here + "/log").c_str(), (here + "/log.previous").c_str());
  TRY(make_directory(here + "/log", 0711));
  // Empty for who reads it before the shim writes.
  Fd(::open((here + "/log/current").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  // A power cut takes the process along with the file.
  TRY(write_atomic(here + "/launch.json", print_spec(spec), Sync::none));
  e.run = launch.run;
  e.seen = {.state = ProcessState::starting, .run = launch.run};

  Pipe pipe = TRY(make_pipe());
  const int pid = TRY(spawn(options_.executable, {"freehold", "shim", here},
                            {.out = pipe.write.get(), .fourth = lock.get()}));
  watch_shim(id, e, pid);
  e.started = std::make_unique<Readable>(loop_, std::move(pipe.read), [this, id] {
    Entry& mine = entry(id);
    const auto keep = std::move(mine.started);
    refresh(id, mine);
    changed(id);
  });
  return {};
}

void LinuxHost::watch_shim(const std::string& id, Entry& e, int pid) {
  e.shim = pid;
  auto process = open_process(pid);
  if (!process.ok()) {  // gone already
    reap(pid);
    e.shim = 0;
    e.poll = loop_.timer(Duration{}, [this, id] {
      refresh(id, entry(id));
      changed(id);
    });
    return;
  }
  e.ended = std::make_unique<Readable>(loop_, *std::move(process), [this, id] {
    Entry& mine = entry(id);
    const auto keep = std::move(mine.ended);
    reap(std::exchange(mine.shim, 0));
    mine.started.reset();
    refresh(id, mine);
    changed(id);
  });
}

void LinuxHost::changed(const std::string& id) {
  if (changed_) changed_(id);
}

void LinuxHost::note_exit(const std::string& id, Entry& e) {
  ProcessSeen& seen = e.seen;
  seen.state = ProcessState::exited;
  seen.exit = {};
  const auto run_text = read_file(directory(id) + "/run.json");
  const auto run = run_text.ok() ? parse_run(*run_text) : Result<ShimRun>(ShimRun{});
  if (run.ok() && run->run == e.run) seen.started_at = run->started_at;
  const auto text = read_file(directory(id) + "/exit.json");
  if (text.ok()) {
    if (const auto exit = parse_exit(*text); exit.ok() && exit->run == e.run) {
      seen.exit = {exit->code, exit->signal, exit->reason, exit->at};
      seen.message = exit->message;
      return;
    }
  }
  // The shim went without a word: killed, or the whole machine did. Nothing of it may go on
  // unwatched.
  cgroups_.kill_all(id);
  const bool rebooted = run.ok() && !run->boot_id.empty() && run->boot_id != facts_.boot_id;
  seen.exit = {-1, 0, rebooted ? "NodeRebooted" : "Lost", loop_.now()};
  seen.message = rebooted ? "the machine was started again" : "the shim ended without a result";
}

void LinuxHost::refresh(const std::string& id, Entry& e) {
  if (e.run == 0) return;
  ProcessSeen& seen = e.seen;
  seen.run = e.run;
  if (seen.state == ProcessState::exited) return;
  if (const auto lock = take_lock(id); lock.ok()) return note_exit(id, e);
  // The shim lives.
  if (seen.state == ProcessState::running) return;
  const auto text = read_file(directory(id) + "/run.json");
  const auto run = text.ok() ? parse_run(*text) : Result<ShimRun>(text.error());
  if (!run.ok() || run->run != e.run) {
    seen.state = ProcessState::starting;
    if (e.shim == 0 && !e.poll.pending())
      e.poll = loop_.timer(starting_pause, [this, id] { changed(id); });
    return;
  }
  seen.state = ProcessState::running;
  seen.pid = run->pid;
  e.start_ticks = run->start_ticks;
  seen.started_at = run->started_at;
  seen.started_uptime = microseconds(run->start_ticks * (1'000'000 / ::sysconf(_SC_CLK_TCK)));
  if (e.ended == nullptr) watch_shim(id, e, static_cast<int>(run->shim_pid));
}

ProcessSeen LinuxHost::look(const std::string& id) {
  Entry& e = entry(id);
  refresh(id, e);
  return e.seen;
}

void LinuxHost::signal(const std::string& id, Signal signal) {
  Entry& e = entry(id);
  refresh(id, e);
  if (e.seen.state != ProcessState::running) return;
  const bool is_same = process_start_ticks(e.seen.pid) == e.start_ticks;
  if (signal == Signal::terminate) {
    if (is_same) ::kill(static_cast<pid_t>(e.seen.pid), SIGTERM);
    return;
  }
  cgroups_.kill_all(id);
  if (is_same) ::kill(static_cast<pid_t>(e.seen.pid), SIGKILL);
}

Result<api::Usage> LinuxHost::usage(const std::string& id) {
  api::Usage usage = TRY(cgroups_.usage(id));
  usage.at = loop_.now();
  return usage;
}

void LinuxHost::release(const std::string& id) { try_release(id, release_tries); }

void LinuxHost::try_release(const std::string& id, int tries) {
  cgroups_.kill_all(id);
  if (cgroups_.remove(id) || tries == 0) return;
  entry(id).release = loop_.timer(release_pause, [this, id, tries] { try_release(id, tries - 1); });
}

void LinuxHost::forget(const std::string& id) {
  if (id.empty() || id.find('/') != std::string::npos || id[0] == '.') return;
  cgroups_.kill_all(id);
  cgroups_.remove(id);
  if (homes_remover_) homes_remover_->take(home_of(id));
  remover_->take(directory(id));
  entries_.erase(id);
}

Result<int64_t> LinuxHost::free_port() {
  constexpr size_t remembered = 256;
  for (int tries = 0; tries < 16; ++tries) {
    const int64_t port = TRY(find_free_port());
    // The process that got it may not listen yet.
    if (std::find(ports_given_.begin(), ports_given_.end(), port) != ports_given_.end()) continue;
    if (ports_given_.size() == remembered) ports_given_.erase(ports_given_.begin());
    ports_given_.push_back(port);
    return port;
  }
  return Error{Reason::unavailable, "no free port", {}};
}

void LinuxHost::exec(const std::string& id, const ExecRequest& request,
                     std::function<void(Result<ExecOutcome>)> done) {
  auto spec = spec_for(id, request.user_id);
  if (spec.ok()) {
    spec->command = request.command;
    spec->env = request.env;
    if (!id.empty()) settle_in(id, request.directory, *spec);
    if (!exists(spec->home)) spec->home = "/";
  }
  start_exec(id, std::move(spec), request.timeout, std::move(done));
}

void LinuxHost::probe(const std::string& id, const ProbeRequest& request,
                      std::function<void(Result<ExecOutcome>)> done) {
  auto spec = spec_for(id, request.user_id);
  if (spec.ok()) {
    const int64_t ms = std::max<int64_t>(request.duration.us / 1000, 1);
    const std::string fraction = std::to_string(ms % 1000);
    spec->command = {
        "@self", "probe", request.test, "--seconds",
        std::to_string(ms / 1000) + "." + std::string(3 - fraction.size(), '0') + fraction};
    if (request.memory_bytes > 0) {
      spec->command.emplace_back("--bytes");
      spec->command.push_back(std::to_string(request.memory_bytes));
    }
    spec->home = "/";
    spec->cpus = !request.cpus.empty() || id.empty() ? request.cpus : entry(id).cpus;
  }
  start_exec(id, std::move(spec), request.duration * 2 + seconds(20), std::move(done));
}

void LinuxHost::start_exec(const std::string& id, Result<ShimSpec> spec, Duration timeout,
                           std::function<void(Result<ExecOutcome>)> done) {
  auto exec = std::make_shared<Exec>();
  exec->done = std::move(done);
  const std::string file = (id.empty() ? options_.directory : directory(id)) + "/exec-" +
                           std::to_string(++execs_started_) + ".json";
  auto start = [&]() -> Result<void> {
    TRY(write_atomic(file, print_spec(TRY(std::move(spec))), Sync::none));
    Pipe pipe = TRY(make_pipe());
    exec->pid = TRY(spawn(options_.executable, {"freehold", "shim", "--exec", file},
                          {.out = pipe.write.get()}));
    Fd process = TRY(open_process(exec->pid));
    const std::weak_ptr<Exec> weak = exec;
    exec->pipe = std::make_unique<Readable>(loop_, std::move(pipe.read), [this, weak] {
      if (const auto e = weak.lock()) read_exec(e);
    });
    exec->process = std::make_unique<Readable>(loop_, std::move(process), [this, weak] {
      if (const auto e = weak.lock()) end_exec(e);
    });
    exec->timer = loop_.timer(timeout, [weak] {
      const auto e = weak.lock();
      if (!e) return;
      e->timed_out = true;
      ::kill(-e->pid, SIGKILL);
      ::kill(e->pid, SIGKILL);
    });
    return {};
  };
  execs_.insert(exec);
  if (auto started = start(); !started.ok()) {
    // Later, as promised.
    exec->timer =
        loop_.timer(Duration{}, [this, weak = std::weak_ptr<Exec>(exec), error = started.error()] {
          const auto e = weak.lock();
          if (!e) return;
          execs_.erase(e);
          e->done(error);
        });
  }
}

void LinuxHost::read_exec(const std::shared_ptr<Exec>& exec) {
  std::string chunk(4096, '\0');
  const ssize_t n = ::read(exec->pipe->fd(), chunk.data(), chunk.size());
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
  if (n > 0 && exec->output.size() < output_bytes)
    exec->output.append(chunk, 0, static_cast<size_t>(n));
  exec->pipe->again();
}

void LinuxHost::end_exec(const std::shared_ptr<Exec>& exec) {
  siginfo_t info{};
  const bool known = ::waitid(P_PID, static_cast<id_t>(exec->pid), &info, WEXITED) == 0;
  // What is still in the pipe.
  std::string rest(output_bytes, '\0');
  const ssize_t n = ::read(exec->pipe->fd(), rest.data(), rest.size());
  if (n > 0) exec->output.append(rest, 0, static_cast<size_t>(n));
  ExecOutcome outcome;
  outcome.output = std::move(exec->output);
  outcome.output.resize(std::min(outcome.output.size(), output_bytes));
  outcome.code = known && info.si_code == CLD_EXITED && !exec->timed_out ? info.si_status : -1;
  ::kill(-exec->pid, SIGKILL);  // what it left in its session
  execs_.erase(exec);
  exec->timer.cancel();
  exec->done(std::move(outcome));
}

}  // namespace

Result<std::unique_ptr<Host>> open_linux_host(Loop& loop, LinuxHostOptions options) {
  auto host = std::make_unique<LinuxHost>(loop, std::move(options));
  TRY(host->open());
  return std::unique_ptr<Host>(std::move(host));
}

}  // namespace freehold::agent
