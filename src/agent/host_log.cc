#include "agent/host_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "agent/host_files.h"
#include "base/limits.h"

namespace freehold::agent {
namespace {

constexpr size_t chunk_bytes = 64u << 10;

Fd open_file(const std::string& path) { return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); }

ino_t inode_of(int fd) {
  struct stat facts{};
  return ::fstat(fd, &facts) == 0 ? facts.st_ino : 0;
}

// The offset at which the last `lines` lines begin; `lines` is lowered by those that were found.
off_t tail_offset(int fd, int64_t& lines) {
  off_t at = std::max<off_t>(::lseek(fd, 0, SEEK_END), 0);
  std::string chunk(chunk_bytes, '\0');
  bool at_end = true;
  while (at > 0) {
    const auto size = static_cast<size_t>(std::min<off_t>(at, chunk_bytes));
    at -= static_cast<off_t>(size);
    const ssize_t n = ::pread(fd, chunk.data(), size, at);
    if (n <= 0) return at;
    for (size_t i = static_cast<size_t>(n); i-- > 0;) {
      if (chunk[i] != '\n') {
        at_end = false;
        continue;
      }
      if (!std::exchange(at_end, false) && --lines == 0) return at + static_cast<off_t>(i) + 1;
    }
  }
  // The first line of the file has no newline before it.
  if (!at_end) --lines;
  return 0;
}

class DirectoryLog final : public LogReader {
 public:
  explicit DirectoryLog(std::string directory) : directory_(std::move(directory)) {}

  Result<void> start(int64_t last_lines) {
    // Newest first, as far back as needed.
    for (int number = 0; number < limits::log_files; ++number) {
      Fd fd = open_file(path(number));
      if (!fd) break;
      off_t offset = 0;
      if (last_lines >= 0)
        offset =
            last_lines == 0 ? ::lseek(fd.get(), 0, SEEK_END) : tail_offset(fd.get(), last_lines);
      ::lseek(fd.get(), offset, SEEK_SET);
      files_.push_front(std::move(fd));
      if (last_lines == 0 || offset > 0) break;
    }
    if (files_.empty()) return Error{Reason::not_found, "there is no log yet", {}};
    return {};
  }

  Result<std::string> next(size_t most) override {
    for (;;) {
      std::string out = TRY(read_some(most));
      if (!out.empty()) return out;
      if (files_.size() > 1) {
        files_.pop_front();
      } else if (!follow()) {
        return out;
      }  // else ours may have grown before it was rotated: read it once more
    }
  }

 private:
  std::string path(int number) const {
    return directory_ + "/" + (number == 0 ? "current" : std::to_string(number));
  }

  Result<std::string> read_some(size_t most) {
    std::string out(std::max<size_t>(most, limits::header_bytes), '\0');
    const int fd = files_.front().get();
    const off_t at = ::lseek(fd, 0, SEEK_CUR);
    const ssize_t n = ::pread(fd, out.data(), out.size(), at);
    if (n < 0) return system_error("cannot read the log", errno);
    out.resize(static_cast<size_t>(n));
    // Whole lines only: the writer may be in the middle of one.
    const size_t end = out.rfind('\n');
    out.resize(end == std::string::npos ? 0 : end + 1);
    ::lseek(fd, at + static_cast<off_t>(out.size()), SEEK_SET);
    return out;
  }

  // Whether the log was rotated: then what came after our file is appended to the list.
  bool follow() {
    const ino_t ours = inode_of(files_.front().get());
    std::deque<Fd> newer;
    for (int number = 0; number < limits::log_files; ++number) {
      Fd fd = open_file(path(number));
      if (!fd || inode_of(fd.get()) == ours) break;
      newer.push_front(std::move(fd));
    }
    for (Fd& fd : newer) files_.push_back(std::move(fd));
    return !newer.empty();
  }

  const std::string directory_;
  std::deque<Fd> files_;  // the first is being read
};

}  // namespace

Result<std::unique_ptr<LogReader>> open_log_directory(const std::string& directory,
                                                      int64_t last_lines) {
  auto reader = std::make_unique<DirectoryLog>(directory);
  TRY(reader->start(last_lines));
  return std::unique_ptr<LogReader>(std::move(reader));
}

}  // namespace freehold::agent
