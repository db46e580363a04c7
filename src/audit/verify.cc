#include "audit/verify.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "audit/leaf.h"
#include "base/strings.h"

namespace freehold::audit {

namespace {

constexpr size_t findings_kept = 20;
constexpr size_t leaves_per_read = 1'000, least_per_read = 16;
constexpr size_t leaves_at_hand = 100'000;  // of all logs together
constexpr uint64_t leaves_per_progress = 4'096;

// What the record says of a key that exists: its last leaf.
struct Recorded {
  Hash digest{};
  uint64_t revision = 0;
  size_t log = 0;
  bool is_seen = false;  // among the objects
};

std::string quoted(const std::string& digest) { return digest.empty() ? "nothing" : digest; }

std::optional<Hash> digest_of(const std::string& text) {
  const auto bytes = from_hex(text);
  Hash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

// Without digests a leaf tells of something that changed no object, such as a reader of the record.
bool changes_object(const LeafFields& leaf) {
  return !leaf.prev_digest.empty() || !leaf.new_digest.empty();
}

// A verb says which digests there are.
bool fits_verb(const LeafFields& leaf) {
  const bool has_prev = !leaf.prev_digest.empty(), has_new = !leaf.new_digest.empty();
  if (leaf.verb == "create") return !has_prev && has_new;
  if (leaf.verb == "update" || leaf.verb == "patch") return has_prev && has_new;
  if (leaf.verb == "delete") return has_prev && !has_new;
  return !has_prev && !has_new;
}

class Verifier {
 public:
  Verifier(const std::vector<LogView>& logs,
           const std::function<void(uint64_t done, uint64_t total)>& progress,
           const std::vector<HistoryView>& history)
      : logs_(logs), progress_(progress) {
    for (const HistoryView& change : history) history_.emplace(change.revision, &change);
    for (const LogView& log : logs) total_ += log.size;
  }

  // All logs together, by revision: a key may end in one log and begin anew in another.
  void replay_logs() {
    std::set<std::string_view> origins;
    std::set<std::pair<uint64_t, size_t>> next;  // revision of the leaf at hand, and its log
    std::vector<Cursor> cursors(logs_.size());
    report_.logs.resize(logs_.size());
    for (size_t i = 0; i < logs_.size(); ++i) {
      if (!origins.insert(logs_[i].origin).second)
        found("log " + logs_[i].origin, "is there twice");
      cursors[i].log = i;
      if (advance(cursors[i])) next.emplace(cursors[i].leaf.revision, i);
    }
    while (!next.empty()) {
      Cursor& cursor = cursors[next.begin()->second];
      next.erase(next.begin());
      replay_leaf(cursor);
      if (advance(cursor)) next.emplace(cursor.leaf.revision, cursor.log);
    }
    if (progress_) progress_(report_.leaves, total_);
  }

  void check_object(const ObjectView& object) {
    ++report_.objects;
    if (!object.recorded) return;
    const std::string where = "object " + object.key;
    const auto it = recorded_.find(object.key);
    if (it == recorded_.end()) return found(where, "no leaf of the record says that it exists");
    Recorded& recorded = it->second;
    if (std::exchange(recorded.is_seen, true)) return found(where, "is there twice");
    if (!object.log.empty() && logs_[recorded.log].origin != object.log)
      found(where, "it is recorded in " + logs_[recorded.log].origin + ", its tenant's log is " +
                       object.log);
    const Hash digest = sha256(object.bytes);
    if (digest != recorded.digest)
      return found(where, "its digest is " + to_hex(digest) + ", the record says " +
                              to_hex(recorded.digest) + " at revision " +
                              std::to_string(recorded.revision));
    if (object.revision != recorded.revision)
      found(where, "it is at revision " + std::to_string(object.revision) + ", the record says " +
                       std::to_string(recorded.revision));
  }

  // What no leaf has told of.
  void check_history() {
    for (const auto& [revision, change] : history_)
      found_change(*change, "no leaf of the record tells of this change");
  }

  void check_missing() {
    std::map<std::string_view, const Recorded*> missing;
    for (const auto& [key, recorded] : recorded_)
      if (!recorded.is_seen) missing.emplace(key, &recorded);
    for (const auto& [key, recorded] : missing)
      found("object " + std::string(key),
            "it is not there, the record says that it exists since "
            "revision " +
                std::to_string(recorded->revision));
  }

  Report take_report() { return std::move(report_); }

 private:
  // Where the replay of one log stands.
  struct Cursor {
    size_t log = 0;
    Frontier tree;                    // with the leaf at hand
    LeafFields leaf;                  // at hand
    std::vector<std::string> leaves;  // read ahead
    size_t used = 0;                  // of them
    uint64_t last_revision = 0;
    uint64_t index() const { return tree.size() - 1; }
  };

  void found(std::string where, std::string what) {
    if (report_.findings.size() < findings_kept)
      report_.findings.push_back({std::move(where), std::move(what)});
  }
  void found_leaf(const Cursor& c, uint64_t index, std::string what) {
    found("leaf " + std::to_string(index) + " of " + logs_[c.log].origin, std::move(what));
  }

  void found_change(const HistoryView& change, std::string what) {
    found("history of " + change.key + " at revision " + std::to_string(change.revision),
          std::move(what));
  }

  void compare_history(const LeafFields& leaf) {
    const auto it = history_.find(leaf.revision);
    if (it == history_.end()) return;
    const HistoryView& change = *it->second;
    history_.erase(it);
    if (change.key != leaf.key)
      found_change(change, "the record says that " + leaf.key + " changed then");
    else if (change.previous_digest != leaf.prev_digest)
      found_change(change, "the object before was " + quoted(change.previous_digest) +
                               ", the record says " + quoted(leaf.prev_digest));
    else if (change.time != leaf.time)
      found_change(change, "it is of " + format_rfc3339_micro(change.time) + ", the record says " +
                               format_rfc3339_micro(leaf.time));
  }

  // Takes the next leaf that can be read. False: the log has ended.
  bool advance(Cursor& c) {
    while (c.used < c.leaves.size() || read_ahead(c)) {
      const std::string bytes = std::move(c.leaves[c.used++]);
      c.tree.append(leaf_hash(bytes));
      if (++report_.leaves % leaves_per_progress == 0 && progress_)
        progress_(report_.leaves, total_);
      Result<LeafFields> decoded = decode_leaf(bytes);
      if (decoded.ok()) return c.leaf = std::move(*decoded), true;
      found_leaf(c, c.index(), decoded.error().message);
    }
    return false;
  }

  bool read_ahead(Cursor& c) {
    const LogView& log = logs_[c.log];
    const uint64_t at = c.tree.size();
    if (at == log.size) return end(c), false;
    const size_t fair = std::clamp(leaves_at_hand / logs_.size(), least_per_read, leaves_per_read);
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(fair, log.size - at));
    Result<std::vector<std::string>> leaves = log.read(at, wanted);
    const bool is_whole = leaves.ok() && !leaves->empty() && leaves->size() <= wanted;
    if (!leaves.ok())
      found_leaf(c, at, "cannot be read: " + leaves.error().message);
    else if (!is_whole)
      found_leaf(c, at, "is missing; the log should have " + std::to_string(log.size));
    if (!is_whole) return end(c), false;
    c.leaves = std::move(*leaves);
    c.used = 0;
    return true;
  }

  void end(Cursor& c) {
    const LogView& log = logs_[c.log];
    const std::string root = to_hex(c.tree.root());
    if (!log.stored_root.empty() && log.stored_root != root)
      found("log " + log.origin, "its root is " + root + ", the store kept " + log.stored_root);
    report_.logs[c.log] = {log.origin, c.tree.size(), root};
  }

  void replay_leaf(Cursor& c) {
    const LeafFields& leaf = c.leaf;
    if (leaf.revision < c.last_revision ||
        (leaf.revision == c.last_revision && changes_object(leaf)))
      found_leaf(c, c.index(),
                 "its revision " + std::to_string(leaf.revision) + " does not follow " +
                     std::to_string(c.last_revision));
    c.last_revision = std::max(c.last_revision, leaf.revision);
    if (!fits_verb(leaf)) found_leaf(c, c.index(), "the digests do not fit the verb " + leaf.verb);
    if (!changes_object(leaf)) return;
    continue_key(c);
    compare_history(leaf);
  }

  // The leaf must begin where the key's last one ended. Goes on from the leaf in any case: one
  // break, one finding.
  void continue_key(const Cursor& c) {
    const LeafFields& leaf = c.leaf;
    const auto it = recorded_.find(leaf.key);
    const bool is_known = it != recorded_.end();
    const std::string known = is_known ? to_hex(it->second.digest) : std::string();
    if (leaf.prev_digest != known)
      found_leaf(c, c.index(),
                 leaf.key + " was " + quoted(leaf.prev_digest) +
                     " before, the record so far says " + quoted(known));
    else if (is_known && it->second.log != c.log)
      found_leaf(c, c.index(),
                 leaf.key + " is recorded in " + logs_[it->second.log].origin + " already");
    if (leaf.new_digest.empty()) {
      if (is_known) recorded_.erase(it);
      return;
    }
    const auto digest = digest_of(leaf.new_digest);
    if (!digest) return found_leaf(c, c.index(), "its new digest is not 64 hexadecimal digits");
    const size_t log = is_known ? it->second.log : c.log;
    recorded_.insert_or_assign(leaf.key, Recorded{*digest, leaf.revision, log, false});
  }

  const std::vector<LogView>& logs_;
  const std::function<void(uint64_t done, uint64_t total)>& progress_;
  std::map<uint64_t, const HistoryView*> history_;  // by revision; those that no leaf told of yet
  uint64_t total_ = 0;
  std::unordered_map<std::string, Recorded> recorded_;
  Report report_;
};

}  // namespace

Report verify(const std::vector<LogView>& logs,
              const std::function<void(const std::function<void(const ObjectView&)>&)>& each_object,
              const std::function<void(uint64_t done, uint64_t total)>& progress,
              const std::vector<HistoryView>& history) {
  Verifier verifier(logs, progress, history);
  verifier.replay_logs();
  each_object([&](const ObjectView& object) { verifier.check_object(object); });
  verifier.check_missing();
  verifier.check_history();
  return verifier.take_report();
}

}  // namespace freehold::audit
