#include "discover/root.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "base/strings.h"

namespace freehold::discover {

namespace {

Error failure(std::string_view path, int number) {
  const bool missing = number == ENOENT || number == ENOTDIR;
  if (number == EXDEV) return {Reason::forbidden, std::string(path) + ": leads out of the root"};
  return {missing ? Reason::not_found : Reason::unavailable,
          std::string(path) + ": " + to_lower(strerror(number))};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// Relative to the root, and never empty.
std::string relative(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.empty() ? "." : std::string(path);
}

int open_at_2(int directory, const std::string& path, int flags, uint64_t links) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags);
  how.resolve = links;
  // Bounded: the kernel answers EAGAIN while something is renamed underneath.
  for (int i = 0; i < 8; ++i) {
    const long result = ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof(how));
    if (result >= 0 || errno != EAGAIN) return static_cast<int>(result);
  }
  return -1;
}

// What is still to walk, front first. False when it grew out of bounds.
bool put_in_front(std::deque<std::string>& rest, std::string_view path) {
  const auto parts = split(path, '/');
  for (auto it = parts.rbegin(); it != parts.rend(); ++it)
    if (!it->empty()) rest.emplace_front(*it);
  return rest.size() <= limits::path_bytes;
}

}  // namespace

Root::Root(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  const int number = ::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (number < 0) return;
  directory_ = std::shared_ptr<const int>(new int(number), [](const int* owned) {
    ::close(*owned);
    delete owned;
  });
}

Result<int> Root::open_inside(std::string_view path, int flags) const {
  if (!directory_)
    return Error{Reason::not_found, "root " + path_ + ": no such directory, or not readable"};
  if (path.size() >= limits::path_bytes || path.find('\0') != std::string_view::npos)
    return Error{Reason::bad_request, "a path is too long or not a path"};
  flags |= O_CLOEXEC;
  const int direct = open_at_2(*directory_, relative(path), flags, RESOLVE_IN_ROOT);
  if (direct >= 0) return direct;
  // Kernels before 5.6 do not know the call and some sandboxes refuse it; then links are followed
  // by hand.
  if (errno != ENOSYS && errno != EPERM) return failure(path, errno);
  if ((flags & O_NOFOLLOW) != 0) {
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return failure(path, EINVAL);
    const std::string parent = TRY(resolve(path.substr(0, slash + 1)));
    const std::string name = relative(parent + "/" + std::string(path.substr(slash + 1)));
    const int number = ::openat(*directory_, name.c_str(), flags);
    if (number < 0) return failure(path, errno);
    return number;
  }
  const std::string real = TRY(resolve(path));
  const int number = ::openat(*directory_, relative(real).c_str(), flags | O_NOFOLLOW);
  if (number < 0) return failure(path, errno);
  return number;
}

Result<std::string> Root::read(std::string_view path, size_t most, bool& more) const {
  // Not blocking, so that opening a pipe returns; it is refused right after.
  const Descriptor file(TRY(open_inside(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)));
  struct stat about{};
  if (::fstat(file.number(), &about) != 0) return failure(path, errno);
  if (!S_ISREG(about.st_mode))
    return Error{Reason::bad_request, std::string(path) + ": not a regular file"};
  std::string text;
  char buffer[4096];
  while (text.size() <= most) {
    const ssize_t count =
        ::read(file.number(), buffer, std::min(sizeof(buffer), most + 1 - text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure(path, errno);
    if (count == 0) break;
    text.append(buffer, static_cast<size_t>(count));
  }
  more = text.size() > most;
  if (more) text.resize(most);
  return text;
}

Result<std::string> Root::read_file(std::string_view path, size_t most) const {
  bool more = false;
  std::string text = TRY(read(path, most, more));
  if (more) {
    return Error{Reason::too_large,
                 std::string(path) + ": longer than " + std::to_string(most) + " bytes"};
  }
  return text;
}

Result<std::string> Root::read_start(std::string_view path, size_t most) const {
  bool more = false;
  return read(path, most, more);
}

Result<std::vector<std::string>> Root::list_dir(std::string_view path) const {
  Descriptor opened(TRY(open_inside(path, O_RDONLY | O_DIRECTORY)));
  DIR* const directory = ::fdopendir(opened.number());
  if (directory == nullptr) return failure(path, errno);
  opened.release();
  std::vector<std::string> names;
  bool too_many = false;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    too_many = names.size() >= limits::directory_entries;
    if (too_many) break;
    names.emplace_back(name);
  }
  ::closedir(directory);
  if (too_many) {
    return Error{Reason::too_large, std::string(path) + ": more than " +
                                        std::to_string(limits::directory_entries) + " entries"};
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> Root::read_link(std::string_view path) const {
  const Descriptor link(TRY(open_inside(path, O_PATH | O_NOFOLLOW)));
  char buffer[limits::path_bytes];
  const ssize_t count = ::readlinkat(link.number(), "", buffer, sizeof(buffer));
  if (count < 0) return failure(path, errno);
  return std::string(buffer, static_cast<size_t>(count));
}

Result<std::string> Root::resolve(std::string_view path) const {
  return follow(path, Links::inside);
}

Result<std::string> Root::follow(std::string_view path, Links links) const {
  if (!directory_)
    return Error{Reason::not_found, "root " + path_ + ": no such directory, or not readable"};
  // Walked part by part without following anything, so ".." and absolute links stay inside whatever
  // they say.
  std::deque<std::string> rest;
  std::string done;
  if (path.size() >= limits::path_bytes || !put_in_front(rest, path))
    return failure(path, ENAMETOOLONG);
  for (size_t hops = 0; !rest.empty();) {
    const std::string part = std::move(rest.front());
    rest.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      if (done.empty() && links == Links::as_the_system) return failure(path, EXDEV);
      done.resize(done.empty() ? 0 : done.rfind('/'));
      continue;
    }
    const std::string next = done + "/" + part;
    if (next.size() >= limits::path_bytes) return failure(path, ENAMETOOLONG);
    char target[limits::path_bytes];
    const ssize_t count = ::readlinkat(*directory_, relative(next).c_str(), target, sizeof(target));
    if (count < 0) {
      if (errno != EINVAL) return failure(path, errno);  // EINVAL: there, and not a link
      done = next;
      continue;
    }
    if (++hops > limits::link_hops) return failure(path, ELOOP);
    const std::string_view said(target, static_cast<size_t>(count));
    if (said.starts_with('/') && links == Links::as_the_system) return failure(path, EXDEV);
    if (said.starts_with('/')) done.clear();
    if (!put_in_front(rest, said)) return failure(path, ENAMETOOLONG);
  }
  return done.empty() ? "/" : done;
}

bool Root::exists(std::string_view path) const {
  const auto found = open_inside(path, O_PATH);
  if (!found.ok()) return false;
  ::close(*found);
  return true;
}

Result<int> Root::open_strictly(std::string_view path) const {
  if (!directory_ || path.size() >= limits::path_bytes || path.find('\0') != path.npos)
    return Error{Reason::bad_request, "no such root, or no path"};
  constexpr int flags = O_PATH | O_CLOEXEC;
  const int direct = open_at_2(*directory_, relative(path), flags, RESOLVE_BENEATH);
  if (direct >= 0) return direct;
  if (errno != ENOSYS && errno != EPERM) return failure(path, errno);
  const std::string real = TRY(follow(path, Links::as_the_system));
  const int number = ::openat(*directory_, relative(real).c_str(), flags | O_NOFOLLOW);
  if (number < 0) return failure(path, errno);
  return number;
}

Result<Root::Entry> Root::look_at(std::string_view path) const {
  const Descriptor opened(TRY(open_strictly(path)));
  struct stat about{};
  if (::fstat(opened.number(), &about) != 0) return failure(path, errno);
  Entry entry;
  entry.kind = S_ISDIR(about.st_mode)   ? Entry::Kind::folder
               : S_ISREG(about.st_mode) ? Entry::Kind::file
                                        : Entry::Kind::other;
  entry.bytes = static_cast<uint64_t>(about.st_size);
  entry.identity = {about.st_dev, about.st_ino};
  return entry;
}

}  // namespace freehold::discover
