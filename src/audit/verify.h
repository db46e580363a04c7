// `freehold audit verify`: replays every log of a store and names the first leaf or object that
// does not fit. Reads only; no server is needed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "audit/merkle.h"
#include "base/result.h"
#include "base/time.h"

namespace freehold::audit {

// One log as it lies in the store.
struct LogView {
  std::string origin;
  uint64_t size = 0;
  std::function<Result<std::vector<std::string>>(uint64_t from, size_t limit)> read;  // raw leaves
  std::string stored_root;  // hex, as the store kept it with its last commit; empty: not kept
};

// One object as it lies in the store.
struct ObjectView {
  std::string key;
  uint64_t revision = 0;
  std::string bytes;
  bool recorded = true;  // kinds that are not recorded have no leaves
  std::string log{};     // origin of the log in which it must be recorded; empty: any
};

// One change of a recorded object, as the store still remembers it for watches and old lists.
struct HistoryView {
  uint64_t revision = 0;
  std::string key;
  std::string previous_digest;  // hex, of the object before; empty: there was none
  Time time;
};

struct LogSummary {
  std::string origin;
  uint64_t size = 0;
  std::string root;  // hex
};

struct Finding {
  std::string where;  // "leaf 17 of audit.fra1.example/acme" or "object contracts/acme-prod/chat"
  std::string what;   // "digest of the object is …, the record says …"
};

struct Report {
  std::vector<LogSummary> logs;
  uint64_t leaves = 0, objects = 0;
  std::vector<Finding> findings;  // first things that do not fit, at most 20; empty: verified
};

// Checks: every leaf is there, parses and is canonical; its digests fit its verb; revisions rise
// within a log; prevDigest continues the last newDigest of its key, in the same log; roots equal
// the stored ones; every recorded object has leaves, and its digest and revision equal those of the
// last one, in the log of its tenant; no object of which the record says that it exists is missing;
// every change in `history` is that of the leaf of its revision, with what was before it.
// Beyond that reaches only
// an older checkpoint: a store whose objects, leaves and roots were all set back together fits
// itself. `progress(done, total)` counts leaves and is called now and then; it may be null.
Report verify(const std::vector<LogView>& logs,
              const std::function<void(const std::function<void(const ObjectView&)>&)>& each_object,
              const std::function<void(uint64_t done, uint64_t total)>& progress,
              const std::vector<HistoryView>& history = {});

}  // namespace freehold::audit
