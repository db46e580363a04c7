#include "agent/host_remover.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "base/log.h"

namespace freehold::agent {
namespace {

constexpr auto patience = std::chrono::seconds(1);

struct Close {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, Close>;

// The tenant owns what lies in here, and may have closed it to its owner.
Fd open_directory(int parent, const char* name) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(parent, name, flags));
  if (!fd && errno == EACCES && ::fchmodat(parent, name, 0700, 0) == 0)
    fd = Fd(::openat(parent, name, flags));
  if (fd) ::fchmod(fd.get(), 0700);
  return fd;
}

// The next name that is an entry's own; null at the end.
const char* next_name(DIR* directory) {
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return entry->d_name;
  }
  return nullptr;
}

}  // namespace

Remover::Remover(std::string trash) : trash_(std::move(trash)) {
  ::mkdir(trash_.c_str(), 0700);
  trash_fd_ = Fd(::open(trash_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  thread_ = std::thread([this] { work(); });
}

Remover::~Remover() {
  {
    std::unique_lock lock(mutex_);
    rest_.wait_for(lock, patience, [this] { return !is_due_ && !is_busy_; });
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  ::rmdir(trash_.c_str());  // only once it is empty
}

void Remover::take(const std::string& path) {
  const bool is_moved = move(AT_FDCWD, path.c_str());
  const int why = errno;
  if (!is_moved && exists(path)) {
    log(LogLevel::warning, "agent", "what has ended is removed where it is, and the agent waits",
        {{"path", path}, {"error", system_error("cannot move it", why).message}});
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  {
    const std::lock_guard lock(mutex_);
    is_due_ = true;
  }
  wake_.notify_one();
}

// Into the trash, under a name that is free: one of an earlier life may be taken.
bool Remover::move(int directory, const char* name) {
  for (;;) {
    const std::string next = std::to_string(next_++);
    if (::renameat(directory, name, trash_fd_.get(), next.c_str()) == 0) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) return false;
  }
}

// An entry of a directory in the trash. A directory that is not empty moves up into the trash and
// has its turn there: however deep a tree is, one step stays small, and no path grows long.
bool Remover::drop(int directory, const char* name) {
  if (::unlinkat(directory, name, 0) == 0) return true;
  if (::unlinkat(directory, name, AT_REMOVEDIR) == 0) return true;
  // To be moved, it must be writable by who moves it.
  return open_directory(directory, name) && move(directory, name);
}

// An entry of the trash itself. Whether anything went.
bool Remover::clear(const char* name) {
  Fd fd = open_directory(trash_fd_.get(), name);
  if (!fd) return ::unlinkat(trash_fd_.get(), name, 0) == 0;
  const Directory directory(::fdopendir(fd.get()));
  if (!directory) return false;
  fd.release();
  bool any = false;
  while (!stopping_) {
    const char* entry = next_name(directory.get());
    if (entry == nullptr) break;
    any = drop(::dirfd(directory.get()), entry) || any;
  }
  return ::unlinkat(trash_fd_.get(), name, AT_REMOVEDIR) == 0 || any;
}

// Once through all that is there. Whether anything went, so that another look is worth it.
bool Remover::sweep() {
  const Directory directory(::opendir(trash_.c_str()));
  if (!directory) return false;
  bool any = false, is_empty = true;
  while (!stopping_) {
    const char* entry = next_name(directory.get());
    if (entry == nullptr) break;
    is_empty = false;
    any = clear(entry) || any;
  }
  if (!any && !is_empty && !stopping_)
    log(LogLevel::warning, "agent", "cannot remove all that has ended", {{"directory", trash_}});
  return any;
}

void Remover::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || is_due_; });
    if (stopping_) return;
    is_due_ = false;
    is_busy_ = true;
    lock.unlock();
    const bool any = sweep();
    lock.lock();
    is_busy_ = false;
    is_due_ = is_due_ || any;
    if (!is_due_) rest_.notify_one();
  }
}

}  // namespace freehold::agent
