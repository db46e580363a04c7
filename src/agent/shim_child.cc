#include "agent/shim_child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/host_files.h"
#include "base/strings.h"

namespace freehold::agent {
namespace {

constexpr rlim_t open_files = 65'536;  // servers with a connection per client need more than 1024

std::string failed(std::string_view what) { return std::string(what) + ": " + ::strerror(errno); }

// What a path that the workload names comes to; the machine's own troubles, such as a disk that
// cannot be read, are none of its.
NotStarted path_failed(std::string_view what, const std::string& path, int number) {
  static constexpr int own[] = {ENOENT, ENOTDIR, EACCES, ENOEXEC,
                                E2BIG,  ELOOP,   EISDIR, ENAMETOOLONG};
  const bool is_own = std::find(std::begin(own), std::end(own), number) != std::end(own);
  return {is_own ? Cause::workload : Cause::machine,
          std::string(what) + path + ": " + ::strerror(number)};
}

std::string join_groups(const ShimSpec& spec) {
  for (const std::string& file : spec.join)
    if (auto joined = write_value(file, "0"); !joined.ok()) return joined.error().message;
  return "";
}

void set_affinity(const std::string& cpus) {
  const auto list = parse_cpu_list(cpus);
  if (!list || list->empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const uint32_t cpu : *list)
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

void set_limits() {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur =
      files.rlim_max == RLIM_INFINITY ? open_files : std::min(open_files, files.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Nothing is left that an exec could give back: the bounding set goes first, while we may still
// lower it.
std::string drop_privileges(int64_t user_id) {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  if (user_id >= 0) {
    const auto id = static_cast<uid_t>(user_id);
    if (::setgroups(0, nullptr) != 0) return failed("cannot drop groups");
    if (::setresgid(id, id, id) != 0) return failed("cannot take the group id");
    if (::setresuid(id, id, id) != 0) return failed("cannot take the user id");
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capset, &header, data) != 0) return failed("cannot drop capabilities");
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("cannot set no_new_privs");
  return "";
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// The program itself, even where the tenant may not walk the path to it.
constexpr std::string_view self = "@self";

}  // namespace

void close_from(int first) {
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
  for (const std::string& name : list_directory("/proc/self/fd"))
    if (const auto fd = parse_int(name); fd && *fd >= first) ::close(static_cast<int>(*fd));
}

NotStarted become(const ShimSpec& spec, int parent) {
  ::setsid();
  reset_signals();
  if (std::string problem = join_groups(spec); !problem.empty())
    return {.message = std::move(problem)};
  static_cast<void>(write_value("/proc/self/oom_score_adj", "0"));
  set_affinity(spec.cpus);
  set_limits();
  ::umask(027);
  const bool is_self = spec.command[0] == self;
  const Fd program(is_self ? ::open("/proc/self/exe", O_PATH | O_CLOEXEC) : -1);
  if (!spec.home.empty() && ::chdir(spec.home.c_str()) != 0)
    return {.message = failed("cannot enter the private directory")};
  if (std::string problem = drop_privileges(spec.user_id); !problem.empty())
    return {.message = std::move(problem)};
  // After the ids: changing them resets it.
  if (parent != 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) return {.message = "the shim is gone"};
  }
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0)
    return path_failed("cannot enter ", spec.directory, errno);

  // From here on descriptors must survive until the exec, which closes them.
  constexpr unsigned close_on_exec = 1U << 2;  // CLOSE_RANGE_CLOEXEC
  ::syscall(SYS_close_range, 3U, ~0U, close_on_exec);
  const auto arguments = pointers(spec.command), environment = pointers(spec.env);
  if (is_self) {
    ::syscall(SYS_execveat, program.get(), "", arguments.data(), environment.data(), AT_EMPTY_PATH);
    return {.message = failed("cannot start the probe")};
  }
  // The program is looked up in the PATH of the process, not in ours.
  environ = const_cast<char**>(environment.data());
  ::execvp(arguments[0], arguments.data());
  return path_failed("cannot start ", spec.command[0], errno);
}

}  // namespace freehold::agent
