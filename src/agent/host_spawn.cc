#include "agent/host_spawn.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

namespace freehold::agent {

namespace asio = boost::asio;

Result<int> spawn(const std::string& program, const std::vector<std::string>& arguments,
                  SpawnFds fds) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::array<char*, 1> env{nullptr};

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (fds.out >= 0)
    ::posix_spawn_file_actions_adddup2(&actions, fds.out, 1);
  else
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  if (fds.fourth >= 0) ::posix_spawn_file_actions_adddup2(&actions, fds.fourth, 3);

  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  pid_t pid = 0;
  const int problem =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), env.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return system_error("cannot start " + program, problem);
  return static_cast<int>(pid);
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return system_error("no pipe", errno);
  // The writer is another program and expects to wait.
  ::fcntl(ends[1], F_SETFL, 0);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> open_process(int pid) {
  const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return system_error("cannot watch process " + std::to_string(pid), errno);
  return Fd(fd);
}

struct Readable::State {
  State(Loop& loop, Fd fd, std::function<void()> r)
      : descriptor(loop.context(), fd.release()), ready(std::move(r)) {}
  static void wait(const std::shared_ptr<State>& state) {
    state->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [weak = std::weak_ptr<State>(state)](boost::system::error_code error) {
          const auto self = weak.lock();
          if (!self || error || !self->ready) return;
          // A copy: it may destroy us.
          const std::function<void()> ready = self->ready;
          ready();
        });
  }
  asio::posix::stream_descriptor descriptor;
  std::function<void()> ready;
};

Readable::Readable(Loop& loop, Fd fd, std::function<void()> ready)
    : state_(std::make_shared<State>(loop, std::move(fd), std::move(ready))) {
  State::wait(state_);
}
Readable::~Readable() { state_->ready = nullptr; }
int Readable::fd() const { return state_->descriptor.native_handle(); }
void Readable::again() { State::wait(state_); }

void reap(int pid) { ::waitpid(pid, nullptr, WNOHANG); }

namespace {

struct Knock {
  explicit Knock(Loop& loop) : socket(loop.context()) {}
  void end(std::optional<bool> open) {
    timer.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
    if (const auto tell = std::exchange(done, nullptr)) tell(open);
  }
  asio::ip::tcp::socket socket;
  Timer timer;
  std::function<void(std::optional<bool>)> done;
};

}  // namespace

void knock_port(Loop& loop, int64_t port, Duration timeout,
                std::function<void(std::optional<bool>)> done) {
  auto knock = std::make_shared<Knock>(loop);
  knock->done = std::move(done);
  const asio::ip::tcp::endpoint address(asio::ip::address_v4::loopback(),
                                        static_cast<uint16_t>(port));
  boost::system::error_code failure;
  knock->socket.open(address.protocol(), failure);
  if (failure) {
    loop.post([knock] { knock->end(std::nullopt); });
    return;
  }
  knock->socket.async_connect(address, [knock](boost::system::error_code error) {
    const bool tried =
        error != boost::system::errc::address_not_available;  // no port of our own is free
    knock->end(tried ? std::optional<bool>(!error) : std::nullopt);
  });
  knock->timer = loop.timer(timeout, [weak = std::weak_ptr<Knock>(knock)] {
    if (const auto self = weak.lock()) self->end(false);
  });
}

Result<int64_t> find_free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!fd || ::bind(fd.get(), generic, size) != 0 || ::getsockname(fd.get(), generic, &size) != 0)
    return system_error("no free port", errno);
  return int64_t{ntohs(address.sin_port)};
}

std::string guess_address() {
  std::string found;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return "127.0.0.1";
  for (const ifaddrs* one = all; one != nullptr && found.empty(); one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    if ((one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr)
      found = text.data();
  }
  ::freeifaddrs(all);
  return found.empty() ? "127.0.0.1" : found;
}

}  // namespace freehold::agent
