#include "agent/host_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/strings.h"

namespace freehold::agent {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error system_error(std::string_view what, int number) {
  Reason reason = Reason::unavailable;
  if (number == ENOENT || number == ENOTDIR) reason = Reason::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) reason = Reason::forbidden;
  return Error{reason, std::string(what) + ": " + ::strerror(number), {}};
}

Result<std::string> read_file(const std::string& path, size_t most) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error("cannot read " + path, errno);
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("cannot read " + path, errno);
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > most)
      return Error{Reason::too_large, path + " is too large", {}};
    out.append(buffer, static_cast<size_t>(n));
  }
}

Result<void> write_value(const std::string& path, std::string_view value) {
  // Truncated, so that a tree of plain files behaves like the kernel's, which does not care.
  Fd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!fd) return system_error("cannot write " + path, errno);
  if (::write(fd.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
    return system_error("cannot write " + path, errno);
  return {};
}

namespace {

Result<void> write_all(const Fd& fd, const std::string& path, std::string_view content, Sync sync) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("cannot write " + path, errno);
    content.remove_prefix(static_cast<size_t>(n));
  }
  if (sync == Sync::durable && ::fsync(fd.get()) != 0)
    return system_error("cannot write " + path, errno);
  return {};
}

}  // namespace

Result<void> write_atomic(const std::string& path, std::string_view content, Sync sync,
                          unsigned mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode)));
  if (!fd) return system_error("cannot write " + fresh, errno);
  TRY(write_all(fd, fresh, content, sync));
  fd.close();
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return system_error("cannot replace " + path, errno);
  if (sync == Sync::none) return {};
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0)
    return system_error("cannot write " + directory, errno);
  return {};
}

Result<void> make_directory(const std::string& path, unsigned mode) {
  for (size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
      // A parent on a read-only file system may well be there.
      if (const int problem = errno; !exists(part))
        return system_error("cannot make directory " + part, problem);
    }
    if (at == std::string::npos) break;
  }
  return {};
}

std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = ::readdir(directory))
    if (const std::string_view name = entry->d_name; name != "." && name != "..")
      names.emplace_back(name);
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }
bool is_writable(const std::string& path) { return ::access(path.c_str(), W_OK) == 0; }

// Field 22 of /proc/PID/stat, counted behind the name, which may hold anything.
int64_t process_start_ticks(int64_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 > stat.size()) return 0;
  const auto fields = split(std::string_view(stat).substr(name_end + 2), ' ');
  // A zombie is no process any more.
  if (fields.size() <= 19 || fields[0] == "Z") return 0;
  return parse_int(fields[19]).value_or(0);
}

}  // namespace freehold::agent
