// Files as the host and its shims need them: small ones as a whole, values of the kernel, and
// replacement that survives a crash. For host* and shim* only. Thread safe: no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace freehold::agent {

// An owned descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { close(); }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void close();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Errors carry what the kernel says: `not_found`, `forbidden`, else `unavailable`; `too_large`
// beyond `most`.
Error system_error(std::string_view what, int number);
Result<std::string> read_file(const std::string& path, size_t most = 1u << 20);
// One write() to a file that exists, as control groups want it.
Result<void> write_value(const std::string& path, std::string_view value);
// Readers see the old content or the new one; `durable`: also after a power cut.
enum class Sync : uint8_t { durable, none };
Result<void> write_atomic(const std::string& path, std::string_view content,
                          Sync sync = Sync::durable, unsigned mode = 0600);
Result<void> make_directory(const std::string& path,
                            unsigned mode);  // and those above; there already: fine
std::vector<std::string> list_directory(
    const std::string& path);  // sorted names; empty when it is not there
bool exists(const std::string& path);
bool is_writable(const std::string& path);
// When a process started, in clock ticks since the boot: with the pid and the boot id it names one
// process for ever. 0: there is none.
int64_t process_start_ticks(int64_t pid);

}  // namespace freehold::agent
