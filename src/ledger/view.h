// View: the durable state as typed objects, by kind and key, with an index of what belongs to what.
// Readers on the loop thread see one revision at a time; a commit is applied whole. Records are
// immutable and may be kept.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "store/store.h"

namespace freehold::ledger {

using store::Rev;

struct Record {
  api::Object object;  // never changed in place
  store::Bytes bytes;  // as stored: canonical JSON
  Rev rev = 0, created = 0;
};
using RecordPtr = std::shared_ptr<const Record>;

class View {
 public:
  Rev rev() const { return rev_; }

  RecordPtr find(std::string_view key) const;
  RecordPtr find(const api::Kind& kind, std::string_view ns, std::string_view name) const;
  // All records whose key starts with `prefix`, in key order; stops when `visit` returns false.
  void each(std::string_view prefix, const std::function<bool(const RecordPtr&)>& visit) const;
  // Keys of objects that name this uid as an owner, in order.
  std::vector<std::string> owned_by(std::string_view uid) const;
  size_t size() const { return records_.size(); }

  template <class T>
  const T* get(std::string_view ns, std::string_view name) const {
    const auto it = records_.find(api::kind_of<T>().key(ns, name));
    return it == records_.end() ? nullptr : it->second->object.template as<T>();
  }
  // In a namespace, or everywhere when `ns` is empty.
  template <class T>
  std::vector<const T*> all(std::string_view ns = {}) const {
    std::vector<const T*> found;
    std::string prefix = api::kind_of<T>().key_prefix();
    if (!ns.empty()) prefix += std::string(ns) + "/";
    each(prefix, [&](const RecordPtr& r) {
      found.push_back(r->object.template as<T>());
      return true;
    });
    return found;
  }
  template <class T>
  std::vector<const T*> owned(std::string_view uid) const {
    std::vector<const T*> found;
    for (const std::string& key : owned_by(uid))
      if (const auto r = find(key); r && r->object.template as<T>() != nullptr)
        found.push_back(r->object.template as<T>());
    return found;
  }

  // ---- for the ledger
  void put(std::string key, RecordPtr record);
  void erase(std::string_view key);
  void set_rev(Rev rev) { rev_ = rev; }

 private:
  void index(std::string_view key, const Record& record, bool add);
  std::map<std::string, RecordPtr, std::less<>> records_;
  std::map<std::string, std::set<std::string>, std::less<>> by_owner_;
  Rev rev_ = 0;
};

}  // namespace freehold::ledger
