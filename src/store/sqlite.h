// The embedded store: one SQLite file (WAL, synchronous=FULL), a writer thread with group commit,
// the current image and recent history in memory. File format and versions: docs/formats/store.md.
#pragma once

#include <memory>
#include <string>

#include "runtime/runtime.h"
#include "store/store.h"

namespace freehold::store {

inline constexpr int format_version = 1;

struct SqliteOptions {
  std::string path{};  // ":memory:" is refused
  // `examine` is read_only for a store that may be damaged: it takes what there is, without
  // history, and checks nothing. In both, read_log ends before the first leaf that is missing.
  enum class Mode : uint8_t { read_write, read_only, examine } mode = Mode::read_write;
  uint64_t max_bytes =
      0;  // the file never grows beyond; commits that need more are refused. 0: no bound
};

// `unavailable` when the file is locked by another process or cannot be opened; `invalid` when it
// is no store, is damaged, or has a newer format version (names both versions).
Result<std::unique_ptr<Store>> open_sqlite(Runtime& runtime, const SqliteOptions& options);

}  // namespace freehold::store
