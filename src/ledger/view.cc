#include "ledger/view.h"

namespace freehold::ledger {

RecordPtr View::find(std::string_view key) const {
  const auto it = records_.find(key);
  return it == records_.end() ? nullptr : it->second;
}

RecordPtr View::find(const api::Kind& kind, std::string_view ns, std::string_view name) const {
  return find(kind.key(ns, name));
}

void View::each(std::string_view prefix, const std::function<bool(const RecordPtr&)>& visit) const {
  for (auto it = records_.lower_bound(prefix); it != records_.end(); ++it) {
    if (!it->first.starts_with(prefix) || !visit(it->second)) return;
  }
}

std::vector<std::string> View::owned_by(std::string_view uid) const {
  const auto it = by_owner_.find(uid);
  if (it == by_owner_.end()) return {};
  return {it->second.begin(), it->second.end()};
}

void View::index(std::string_view key, const Record& record, bool add) {
  for (const api::OwnerReference& owner : record.object.meta().owner_references) {
    if (add) {
      by_owner_[owner.uid].emplace(key);
      continue;
    }
    const auto it = by_owner_.find(owner.uid);
    if (it == by_owner_.end()) continue;
    it->second.erase(std::string(key));
    if (it->second.empty()) by_owner_.erase(it);
  }
}

void View::put(std::string key, RecordPtr record) {
  if (const auto it = records_.find(key); it != records_.end()) index(key, *it->second, false);
  index(key, *record, true);
  records_[std::move(key)] = std::move(record);
}

void View::erase(std::string_view key) {
  const auto it = records_.find(key);
  if (it == records_.end()) return;
  index(key, *it->second, false);
  records_.erase(it);
}

}  // namespace freehold::ledger
