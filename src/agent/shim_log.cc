#include "agent/shim_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace freehold::agent {
namespace {

constexpr size_t line_bytes = 16u << 10;      // as container runtimes cut
constexpr size_t pending_bytes = 256u << 10;  // written at once

}  // namespace

LogWriter::LogWriter(std::string directory, size_t file_bytes, int files)
    : directory_(std::move(directory)), file_bytes_(file_bytes), files_(files) {
  open();
}

void LogWriter::open() {
  const std::string path = directory_ + "/current";
  file_ = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat facts{};
  written_ = file_ && ::fstat(file_.get(), &facts) == 0 ? static_cast<size_t>(facts.st_size) : 0;
}

void LogWriter::rotate() {
  auto name = [&](int number) {
    return directory_ + "/" + (number == 0 ? "current" : std::to_string(number));
  };
  for (int number = files_ - 2; number >= 0; --number)
    ::rename(name(number).c_str(), name(number + 1).c_str());
  open();
}

void LogWriter::flush() {
  if (!file_) open();  // the disk had no room for a new file
  std::string_view rest = pending_;
  while (file_ && !rest.empty()) {
    const ssize_t n = ::write(file_.get(), rest.data(), rest.size());
    if (n <= 0) break;
    rest.remove_prefix(static_cast<size_t>(n));
    written_ += static_cast<size_t>(n);
  }
  pending_.clear();
  if (written_ >= file_bytes_) rotate();
}

void LogWriter::Source::line(std::string_view text, char mark, Time now) {
  std::string& out = log_.pending_;
  out.append(format_rfc3339_micro(now)).append(" ").append(name_).append(" ");
  out += mark;
  out.append(" ").append(text).append("\n");
  if (out.size() >= pending_bytes || log_.written_ + out.size() >= log_.file_bytes_) log_.flush();
}

void LogWriter::Source::feed(std::string_view chunk, Time now) {
  while (!chunk.empty()) {
    const size_t end = chunk.find('\n');
    if (end == std::string_view::npos) {
      rest_.append(chunk);
      break;
    }
    if (rest_.empty()) {
      rest_.assign(chunk.substr(0, end));
    } else {
      rest_.append(chunk.substr(0, end));
    }
    chunk.remove_prefix(end + 1);
    std::string_view whole = rest_;
    for (; whole.size() > line_bytes; whole.remove_prefix(line_bytes))
      line(whole.substr(0, line_bytes), 'P', now);
    line(whole, 'F', now);
    rest_.clear();
  }
  if (rest_.size() < line_bytes) return;
  std::string_view whole = rest_;
  for (; whole.size() >= line_bytes; whole.remove_prefix(line_bytes))
    line(whole.substr(0, line_bytes), 'P', now);
  rest_ = std::string(whole);
}

void LogWriter::Source::finish(Time now) {
  if (!rest_.empty()) line(std::exchange(rest_, {}), 'F', now);
}

}  // namespace freehold::agent
