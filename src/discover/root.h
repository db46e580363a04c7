// Root: the one way in which discovery touches files. Every path is taken inside a directory, "/"
// in production or an unpacked tree in a test, and symbolic links are followed inside it too: no
// link leads out of the root. Read only. Values may be shared by threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "discover/limits.h"

namespace freehold::discover {

class Root {
 public:
  // Whether it is there shows with the first use. Paths below are absolute inside it:
  // "/sys/class/net".
  explicit Root(std::string path);

  const std::string& path() const { return path_; }
  bool is_system() const { return path_ == "/"; }

  // A regular file as a whole; `too_large` beyond `most` bytes. Reads no device, pipe or directory.
  Result<std::string> read_file(std::string_view path, size_t most = limits::file_bytes) const;
  // The first `most` bytes, for long files of which the beginning says enough, such as
  // /proc/cpuinfo.
  Result<std::string> read_start(std::string_view path, size_t most = limits::file_bytes) const;
  // Names, sorted as text, without "." and "..".
  Result<std::vector<std::string>> list_dir(std::string_view path) const;
  // What the link itself says; it may point anywhere.
  Result<std::string> read_link(std::string_view path) const;
  // Where the path leads when all links are followed, as a path inside the root. The last part must
  // exist.
  Result<std::string> resolve(std::string_view path) const;
  // Something is there; a dangling link is not.
  bool exists(std::string_view path) const;
  // What the system itself would find there, for libraries that follow links without asking here:
  // `forbidden` where a link leads out of the root, as every absolute one does.
  struct Entry {
    enum class Kind : uint8_t { folder, file, other } kind = Kind::other;
    uint64_t bytes = 0;
    std::pair<uint64_t, uint64_t> identity;  // device and inode: two paths may lead to one folder
  };
  Result<Entry> look_at(std::string_view path) const;

 private:
  enum class Links : uint8_t { inside, as_the_system };
  Result<std::string> follow(std::string_view path, Links links) const;
  Result<int> open_strictly(std::string_view path) const;
  Result<int> open_inside(std::string_view path, int flags) const;
  Result<std::string> read(std::string_view path, size_t most, bool& more) const;

  std::string path_;
  std::shared_ptr<const int> directory_;  // descriptor; empty when the root could not be opened
};

}  // namespace freehold::discover
