#include "base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/log.h"

namespace freehold {
namespace {

// Process-wide by nature: they count and police bugs of the whole process.
std::atomic<uint64_t> bug_count{0};
std::atomic<bool> bugs_are_fatal{false};

std::string where(const char* file, int line) {
  return std::string(file) + ':' + std::to_string(line);
}

}  // namespace

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  // Straight to stderr: the log's sink may itself be what is broken.
  std::fprintf(stderr, "%s:%d: check failed: %s: %.*s\n", file, line, condition,
               static_cast<int>(message.size()), message.data());
  std::fflush(stderr);
  std::abort();
}

bool bug_found(const char* file, int line, const char* condition, std::string_view message) {
  bug_count.fetch_add(1, std::memory_order_relaxed);
  if (bugs_are_fatal.load(std::memory_order_relaxed)) check_failed(file, line, condition, message);
  log(LogLevel::error, "bug", message, {{"condition", condition}, {"at", where(file, line)}});
  return true;
}

uint64_t bugs_found() { return bug_count.load(std::memory_order_relaxed); }

void set_fatal_bugs(bool fatal) { bugs_are_fatal.store(fatal, std::memory_order_relaxed); }

}  // namespace freehold
