#include "discover/import/hwloc_matrices.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/strings.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

using fleet::Bits;

namespace {

constexpr int64_t most_mb_per_second = 1'000'000'000;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t\r\n", at);
    if (begin == text.npos) break;
    at = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    out.push_back(text.substr(begin, at - begin));
  }
  return out;
}

struct Matrix {
  std::string name;
  int64_t kind = 0;
  std::vector<HwlocRef> objects;
  std::vector<int64_t> values;  // row by row: from, to
  const Element* element = nullptr;

  bool all(HwlocRef::Kind wanted) const {
    return std::all_of(objects.begin(), objects.end(),
                       [&](const HwlocRef& ref) { return ref.kind == wanted; });
  }
  int64_t at(size_t from, size_t to) const { return values[from * objects.size() + to]; }
};
constexpr int64_t means_latency = 4;  // of hwloc's kinds of distances

class MatrixReader {
 public:
  MatrixReader(const HwlocObjects& objects, const HwlocNames& names, HostFacts& host,
               std::vector<std::string>& notes, const ImportOptions& options)
      : objects_(objects), names_(names), host_(host), notes_(notes), options_(options) {
    for (size_t i = 0; i < objects.numa.size(); ++i) numa_by_id_[objects.numa[i].id] = i;
  }

  Result<void> take(const Element& element) {
    const bool mixed = element.name == "distances2hetero";
    Matrix matrix;
    matrix.element = &element;
    matrix.name = clean_text(element.get("name"), 63);
    matrix.kind = TRY(read_number(element, "kind", {0, 4'095, 0}, options_));
    const auto count = static_cast<size_t>(TRY(need_number(
        element, "nbobjs", {1, static_cast<int64_t>(limits::matrix_objects), 0}, options_)));
    cells_ += count * count;
    if (cells_ > limits::matrix_cells)
      return fault_in(options_, element, "more distances than any machine has");
    for (const Element& child : element.children)
      for (const std::string_view word : words_of(child.text)) {
        const bool index = child.name == "indexes";
        if (index) matrix.objects.push_back(TRY(object(element, word, mixed)));
        if (!index && child.name == "u64values") matrix.values.push_back(TRY(value(element, word)));
        if (matrix.objects.size() > count || matrix.values.size() > count * count)
          return wrong_size(element, count);
      }
    if (matrix.objects.size() != count || matrix.values.size() != count * count)
      return wrong_size(element, count);
    return apply(matrix);
  }

  // The matrix of version 1: quotients of a base, for all objects of one level, in their order.
  Result<void> take_old(const Element& element) {
    const auto count = static_cast<size_t>(TRY(need_number(
        element, "nbobjs", {1, static_cast<int64_t>(limits::matrix_objects), 0}, options_)));
    const auto base = parse_double(trim(element.get("latency_base")));
    if (!base || *base <= 0 || *base > 1'000'000)
      return fault_in(options_, element, "latency_base is no number above 0");
    Matrix matrix;
    matrix.element = &element;
    matrix.kind = means_latency;
    for (const Element& child : element.children) {
      if (child.name != "latency") continue;
      const auto quotient = parse_double(trim(child.get("value")));
      if (!quotient || *quotient < 0 || *quotient > 1'000'000)
        return fault_in(options_, child, "value is no number from 0");
      matrix.values.push_back(std::llround(*quotient * *base));
    }
    if (matrix.values.size() != count * count) return wrong_size(element, count);
    if (count != objects_.numa.size()) {
      add_note(notes_, "distances: a matrix of " + std::to_string(count) +
                           " objects, but there are " + std::to_string(objects_.numa.size()) +
                           " memory nodes; it is left out");
      return {};
    }
    for (size_t i = 0; i < count; ++i) matrix.objects.push_back({HwlocRef::Kind::numa, i});
    return apply_latency(matrix);
  }

  // XGMI's two matrices are judged together, once both are read.
  Result<void> finish() {
    if (xgmi_.objects.empty()) return {};
    bool constant = true;
    for (size_t i = 0; i < xgmi_.objects.size(); ++i)
      for (size_t j = 0; j < xgmi_.objects.size(); ++j)
        constant = constant && (i == j || xgmi_.at(i, j) == 0 || xgmi_.at(i, j) == 100'000);
    if (constant)
      add_note(notes_,
               "XGMIBandwidth: the library gives 100 GB/s for every link, so the "
               "bandwidth stays unknown");
    return add_links(xgmi_, [&](size_t from, size_t to) {
      api::DeviceLink link;
      link.kind = api::LinkKind::xgmi;
      const int64_t hops = hops_between(xgmi_.objects[from], xgmi_.objects[to]);
      link.count = hops > 1 ? 0 : 1;  // a way over other GPUs is no link
      if (!constant) link.bandwidth = bandwidth_of_mb(xgmi_.at(from, to));
      return link;
    });
  }

 private:
  Error wrong_size(const Element& element, size_t count) const {
    return fault_in(options_, element,
                    "must have " + std::to_string(count) + " indexes and " +
                        std::to_string(count * count) + " values, and has not");
  }

  // "12" by the element's type and indexing, or "OSDev:802" by gp_index.
  Result<HwlocRef> object(const Element& element, std::string_view word, bool mixed) {
    std::string type(element.get("type"));
    bool by_os = !mixed && element.get("indexing") != "gp";
    std::string_view number = word;
    if (mixed) {
      const size_t colon = word.find(':');
      if (colon == word.npos)
        return fault_in(options_, element,
                        "index \"" + std::string(word.substr(0, 40)) + "\" is not TYPE:NUMBER");
      type = word.substr(0, colon);
      number = word.substr(colon + 1);
    }
    const auto index = parse_int(number);
    const auto missing = [&] {
      return fault_in(options_, element,
                      "index \"" + std::string(word.substr(0, 40)) + "\": there is no such " +
                          type.substr(0, 40));
    };
    if (!index || *index < 0) return missing();
    if (!by_os) {
      const auto found = objects_.by_index.find({type, *index});
      if (found == objects_.by_index.end()) return missing();
      return found->second;
    }
    if (type == "NUMANode") {
      const auto found = numa_by_id_.find(*index);
      if (found == numa_by_id_.end()) return missing();
      return HwlocRef{HwlocRef::Kind::numa, found->second};
    }
    if (type == "PU") {
      if (!objects_.cpus.has(static_cast<size_t>(*index))) return missing();
      return HwlocRef{HwlocRef::Kind::other, static_cast<size_t>(*index)};
    }
    return fault_in(
        options_, element,
        "objects of type " + type.substr(0, 40) + " have no number of the operating system's");
  }

  Result<int64_t> value(const Element& element, std::string_view word) {
    const auto number = parse_uint(word);
    if (!number)
      return fault_in(options_, element,
                      "value \"" + std::string(word.substr(0, 40)) + "\" is no number");
    // Above all that is ever used; what that means is for apply() to say.
    return static_cast<int64_t>(std::min<uint64_t>(*number, int64_t{1} << 62));
  }

  Result<void> apply(Matrix& matrix) {
    const bool nodes = matrix.all(HwlocRef::Kind::numa);
    if (nodes && (matrix.kind & means_latency) != 0) return apply_latency(matrix);
    if (matrix.name == "NVLinkBandwidth") {
      tell_one_sided(matrix);
      return add_links(matrix, [&](size_t from, size_t to) {
        api::DeviceLink link;
        link.kind = api::LinkKind::nvlink;
        link.count = nvlink_count(matrix.at(from, to));
        link.bandwidth = bandwidth_of_mb(matrix.at(from, to));
        return link;
      });
    }
    if (matrix.name == "XGMIBandwidth" && xgmi_.objects.empty()) {
      xgmi_ = std::move(matrix);
    } else if (matrix.name == "XGMIHops" && hops_.objects.empty()) {
      hops_ = std::move(matrix);
    } else {
      add_note(notes_, "distances: the matrix \"" + matrix.name + "\" of " +
                           std::to_string(matrix.objects.size()) +
                           " objects has no place in a profile; it is left out");
    }
    return {};
  }

  // A link carries as much in one direction as in the other.
  void tell_one_sided(const Matrix& matrix) {
    const auto name = [&](size_t i) {
      const std::string own = name_of(matrix.objects[i]);
      return own.empty() ? "object " + std::to_string(i) : own;
    };
    for (size_t i = 0; i < matrix.objects.size(); ++i)
      for (size_t j = i + 1; j < matrix.objects.size(); ++j)
        if (matrix.at(i, j) != matrix.at(j, i))
          add_note(notes_, matrix.name + ": " + std::to_string(matrix.at(i, j)) + " MB/s from " +
                               name(i) + " to " + name(j) + ", and " +
                               std::to_string(matrix.at(j, i)) +
                               " MB/s back; one of them is wrong, and each counts for its end");
  }

  Result<void> apply_latency(const Matrix& matrix) {
    std::map<int64_t, size_t> at;  // memory node to row
    for (size_t i = 0; i < matrix.objects.size(); ++i)
      if (!at.try_emplace(objects_.numa[matrix.objects[i].index].id, i).second)
        return fault_in(options_, *matrix.element, "a memory node is there twice");
    for (const int64_t value : matrix.values)
      if (value > 1'000'000) return fault_in(options_, *matrix.element, "a latency beyond reason");
    auto& nodes = host_.profile.numa;
    const bool second = !nodes.empty() && !nodes.front().distances.empty();
    if (second || at.size() != nodes.size()) {
      add_note(notes_, "distances: a matrix of " + std::to_string(at.size()) + " of " +
                           std::to_string(nodes.size()) + " memory nodes is left out" +
                           (second ? "; another was there before" : ""));
      return {};
    }
    for (api::NumaNode& from : nodes)
      for (const api::NumaNode& to : nodes)
        from.distances.push_back(matrix.at(at[from.id], at[to.id]));
    return {};
  }

  std::string name_of(const HwlocRef& ref) const {
    switch (ref.kind) {
      case HwlocRef::Kind::package:
        return names_.packages[ref.index];
      case HwlocRef::Kind::numa:
        return names_.numa[ref.index];
      case HwlocRef::Kind::pci:
        return names_.pci[ref.index];
      case HwlocRef::Kind::os_device:
        return names_.os_devices[ref.index];
      case HwlocRef::Kind::other:
        break;
    }
    return "";
  }

  // Of each device to whatever it reaches; `make` gives the link, with count 0 for none. The
  // diagonal says nothing: a device has no link to itself.
  template <class Make>
  Result<void> add_links(const Matrix& matrix, const Make& make) {
    const size_t count = matrix.objects.size();
    std::vector<std::string> names;
    for (const HwlocRef& ref : matrix.objects) names.push_back(name_of(ref));
    if (std::set<std::string> seen; std::any_of(names.begin(), names.end(), [&](const auto& name) {
          return !name.empty() && !seen.insert(name).second;
        }))
      return fault_in(options_, *matrix.element, "a device is there twice");
    size_t lost = 0;
    for (size_t i = 0; i < count; ++i) {
      api::Device* from = find_device(host_, names[i]);
      for (size_t j = 0; j < count; ++j) {
        const int64_t mb = matrix.at(i, j);
        if (i == j || mb == 0) continue;
        if (mb > most_mb_per_second)
          return fault_in(options_, *matrix.element, "a bandwidth beyond reason");
        // What is no device has no links; they stand with the device at their other end.
        if (from == nullptr || names[j].empty()) {
          lost += names[i].empty() || names[j].empty() ? 1 : 0;
          continue;
        }
        api::DeviceLink link = make(i, j);
        link.to = names[j];
        if (link.count == 0) continue;
        if (from->links.size() >= limits::profile_links)
          return fault_in(options_, *matrix.element, "more links than a device may have");
        from->links.push_back(std::move(link));
      }
    }
    if (lost > 0)
      add_note(notes_, matrix.name + ": " + std::to_string(lost) +
                           " links to objects that are no devices are left out");
    return {};
  }

  int64_t hops_between(const HwlocRef& from, const HwlocRef& to) const {
    const auto place = [&](const HwlocRef& ref) {
      return std::find_if(hops_.objects.begin(), hops_.objects.end(),
                          [&](const HwlocRef& other) {
                            return other.kind == ref.kind && other.index == ref.index;
                          }) -
             hops_.objects.begin();
    };
    const auto i = static_cast<size_t>(place(from)), j = static_cast<size_t>(place(to));
    return i < hops_.objects.size() && j < hops_.objects.size() ? hops_.at(i, j) : 1;
  }

  const HwlocObjects& objects_;
  const HwlocNames& names_;
  HostFacts& host_;
  std::vector<std::string>& notes_;
  const ImportOptions& options_;
  std::map<int64_t, size_t> numa_by_id_;
  Matrix xgmi_, hops_;
  size_t cells_ = 0;
};

}  // namespace

int64_t nvlink_count(int64_t mb_per_second) {
  if (mb_per_second > 0 && mb_per_second % 25'000 == 0 && mb_per_second <= 25'000 * 18)
    return mb_per_second / 25'000;
  if (mb_per_second > 0 && mb_per_second % 20'000 == 0 && mb_per_second <= 20'000 * 4)
    return mb_per_second / 20'000;
  return 1;
}

Result<void> read_matrices(const Element& topology, const HwlocObjects& objects,
                           const HwlocNames& names, HostFacts& host,
                           std::vector<std::string>& notes, const ImportOptions& options) {
  MatrixReader reader(objects, names, host, notes, options);
  for (const Element& child : topology.children) {
    if (child.name == "distances2" || child.name == "distances2hetero") TRY(reader.take(child));
    // Version 1 has them inside the machine.
    if (child.name == "object")
      for (const Element& inner : child.children)
        if (inner.name == "distances") TRY(reader.take_old(inner));
  }
  return reader.finish();
}

}  // namespace freehold::discover
