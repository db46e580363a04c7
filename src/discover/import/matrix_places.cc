#include "discover/import/matrix_places.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "discover/import/host.h"
#include "discover/limits.h"

namespace freehold::discover {

namespace {

// Parts that are joined at most as loosely as a word says, directly or through others.
class Groups {
 public:
  Groups(const MatrixParts& parts, Near loosest) : above_(parts.count()) {
    std::iota(above_.begin(), above_.end(), size_t{0});
    for (size_t a = 0; a < above_.size(); ++a)
      for (size_t b = a + 1; b < above_.size(); ++b)
        if (parts.between(a, b) != Near::untold && parts.between(a, b) <= loosest) join(a, b);
  }
  size_t of(size_t part) const { return above_[part]; }  // the least part of its group
  bool joins(size_t a, size_t b) const { return of(a) == of(b); }

 private:
  void join(size_t a, size_t b) {
    const size_t least = std::min(of(a), of(b)), other = std::max(of(a), of(b));
    if (least != other) std::replace(above_.begin(), above_.end(), other, least);
  }
  std::vector<size_t> above_;
};

class Placer {
 public:
  explicit Placer(const MatrixParts& parts)
      : parts_(parts),
        count_(parts.count()),
        switch_(parts, Near::pix),
        tree_(parts, Near::pxb),
        root_(parts, Near::phb),
        node_(parts, Near::node),
        is_placed_(count_, true) {}

  MatrixPlaces run() {
    find_numa();
    find_contradictions();
    out_.addresses.resize(count_);
    for (size_t root = 0; root < count_; ++root)
      if (root_.of(root) == root && is_placed_[root]) add_root(root);
    if (out_.pci.size() > limits::pci_kept) {
      out_.pci.clear();
      std::fill(out_.addresses.begin(), out_.addresses.end(), "");
    }
    for (size_t a = 0; a < count_; ++a)
      for (size_t b = 0; b < count_; ++b) out_.shown.push_back(shown(a, b));
    return std::move(out_);
  }

 private:
  // What is no further apart than NODE is at one memory node.
  void find_numa() {
    out_.numa = parts_.numa;
    std::map<size_t, int64_t> told;
    for (size_t i = 0; i < count_; ++i) {
      if (parts_.numa[i] < 0) continue;
      const auto [at, fresh] = told.try_emplace(node_.of(i), parts_.numa[i]);
      if (!fresh && at->second != parts_.numa[i]) unplace(i);
    }
    for (size_t i = 0; i < count_; ++i)
      if (const auto at = told.find(node_.of(i)); at != told.end() && is_placed_[i])
        out_.numa[i] = at->second;
  }

  void find_contradictions() {
    for (size_t a = 0; a < count_; ++a)
      for (size_t b = a + 1; b < count_; ++b) {
        const Near said = parts_.between(a, b), meant = meant_by_place(a, b);
        if (said == Near::untold || meant == Near::untold || said == meant) continue;
        unplace(a);
        unplace(b);
      }
  }
  void unplace(size_t part) {
    for (size_t i = 0; i < count_; ++i)
      if (node_.joins(i, part)) is_placed_[i] = false;
  }

  Near meant_by_place(size_t a, size_t b) const {
    if (switch_.joins(a, b)) return Near::pix;
    if (tree_.joins(a, b)) return Near::pxb;
    if (root_.joins(a, b)) return Near::phb;
    if (out_.numa[a] < 0 || out_.numa[b] < 0) return Near::untold;
    return out_.numa[a] == out_.numa[b] ? Near::node : Near::sys;
  }
  Near shown(size_t a, size_t b) const {
    const bool has_places = !out_.addresses[a].empty() && !out_.addresses[b].empty();
    return has_places ? meant_by_place(a, b) : Near::untold;
  }

  // Below a root that is told bridges alternate: a root port, the upper port of a switch, a lower
  // port of it. What hangs on an upper port itself hangs on that switch all the same.
  void add_root(size_t root) {
    static constexpr char digits[] = "0123456789abcdef";
    const std::string name = std::string("pciffff:") + digits[root >> 4 & 15] + digits[root & 15];
    for (const size_t tree : groups_in(tree_, root_, root)) {
      const auto switches = groups_in(switch_, tree_, tree);
      if (members_of(tree_, tree).size() == 1) {
        add_part(tree, name);
        continue;
      }
      const std::string top = add_switch(name, tree);
      for (const size_t one : switches) {
        const std::string own = switches.size() == 1 ? top : add_switch(top, tree);
        for (const size_t part : members_of(switch_, one)) add_part(part, own);
      }
    }
  }
  std::vector<size_t> members_of(const Groups& groups, size_t first) const {
    std::vector<size_t> out;
    for (size_t i = 0; i < count_; ++i)
      if (groups.joins(i, first)) out.push_back(i);
    return out;
  }
  std::vector<size_t> groups_in(const Groups& groups, const Groups& wider, size_t first) const {
    std::vector<size_t> out;
    for (const size_t i : members_of(wider, first))
      if (groups.of(i) == i) out.push_back(i);
    return out;
  }

  // A port of what is above, and the upper port of the switch behind it.
  std::string add_switch(const std::string& above, size_t part) {
    return add(add(above, part, "0604"), part, "0604");
  }
  void add_part(size_t part, const std::string& above) {
    out_.addresses[part] = add(above, part, "");
  }
  std::string add(const std::string& above, size_t part, const char* class_code) {
    api::PciFunction function;
    function.address = invented_address(out_.pci.size());
    function.parent = above;
    function.class_code = class_code;
    function.numa = out_.numa[part];
    out_.pci.push_back(std::move(function));
    return out_.pci.back().address;
  }

  const MatrixParts& parts_;
  const size_t count_;
  const Groups switch_, tree_, root_, node_;
  std::vector<bool> is_placed_;
  MatrixPlaces out_;
};

}  // namespace

MatrixPlaces place_parts(const MatrixParts& parts) { return Placer(parts).run(); }

bool is_told_apart(const MatrixParts& parts, size_t a, size_t b) {
  const auto tells = [&](size_t near, size_t far, size_t third) {
    const Near to_near = parts.between(near, third), to_far = parts.between(far, third);
    return to_near != Near::untold && to_near <= Near::phb && to_far == Near::node;
  };
  for (size_t third = 0; third < parts.count(); ++third)
    if (tells(a, b, third) || tells(b, a, third)) return true;
  return false;
}

}  // namespace freehold::discover
