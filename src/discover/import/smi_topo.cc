// The matrices that `nvidia-smi topo -m` and `rocm-smi --showtopo` print: GPUs and NICs, and how
// any two of them are joined. Copies are often cut, so rows and columns may be missing; what one
// row says the other row's cell must not contradict. A matrix has no PCI addresses: NVIDIA's words
// become places that agree with them (matrix_places.h), and notes tell what no place can say.
#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/host.h"
#include "discover/import/matrix_places.h"
#include "discover/import/smi_matrix.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

// No GPU has more NVLinks than this (NVLink 4 and 5 have 18).
constexpr int64_t most_nvlinks = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "GPU12" is a GPU; 12 of it.
std::optional<int64_t> gpu_number(std::string_view name) {
  if (!name.starts_with("GPU") || name.size() > 8) return std::nullopt;
  const auto number = parse_uint(name.substr(3));
  return number ? std::optional(static_cast<int64_t>(*number)) : std::nullopt;
}

Result<void> finish(const Matrix& matrix, HostFacts& host, Inventory& out,
                    const ImportOptions& options) {
  if (const size_t cut = matrix.cut_rows(); cut > 0)
    add_note(out.notes, std::to_string(cut) + " of " + std::to_string(matrix.columns().size()) +
                            " rows are missing or cut; what other rows say stands for them");
  sort_numa(host);
  TRY(check_host(host, options));
  out.hosts.push_back(std::move(host));
  return {};
}

// ---- NVIDIA

class NvidiaSmi {
 public:
  explicit NvidiaSmi(const ImportOptions& options) : options_(options) {
    out_.source = "nvidia-smi";
    out_.confidence = api::Confidence::vendor_library;
  }

  Result<Inventory> run(std::string_view text) {
    TRY(read(lines_of(TRY(checked_matrix(text, options_)))));
    if (matrix_.empty()) return fault_at(options_, 0, "has no line with the columns GPU0, GPU1 …");
    TRY(check_cells());
    TRY(add_devices());
    TRY(add_places());
    TRY(add_nvlinks());
    TRY(place());
    TRY(finish(matrix_, host_, out_, options_));
    return std::move(out_);
  }

 private:
  static bool is_attribute(const std::string& column) {
    return column == "CPU Affinity" || column == "NUMA Affinity" || column == "GPU NUMA ID";
  }

  // The head, the rows below it until a legend, and the legend of NICs.
  Result<void> read(const std::vector<std::string>& lines) {
    bool in_matrix = false, in_legend = false;
    for (size_t i = 0; i < lines.size(); ++i) {
      auto cells = cells_of(lines[i]);
      if (cells.empty() || cells[0].starts_with('#')) continue;
      if (lines[i].find("Legend:") != std::string::npos) {
        in_matrix = false;
        in_legend = lines[i].find("NIC Legend:") != std::string::npos;
      } else if (in_legend) {
        TRY(take_legend(i + 1, lines[i]));
      } else if (in_matrix) {
        const std::string name = cells[0];
        cells.erase(cells.begin());
        TRY(matrix_.add_row(name, {i + 1, std::move(cells)}, options_));
      } else if (matrix_.empty() && is_head(cells)) {
        const auto end = std::find_if(cells.begin(), cells.end(), is_attribute);
        attributes_.assign(end, cells.end());
        TRY(matrix_.set_columns(i + 1, {cells.begin(), end}, options_));
        in_matrix = true;
      }
    }
    return {};
  }

  // "  NIC0: mlx5_0"
  Result<void> take_legend(size_t line, const std::string& text) {
    const size_t colon = text.find(':');
    if (colon == text.npos) return {};
    const std::string label(trim(std::string_view(text).substr(0, colon)));
    const std::string name = clean_text(trim(std::string_view(text).substr(colon + 1)), 63);
    if (!matrix_.index_of(label))
      return fault_at(options_, line,
                      "the legend names \"" + clean_text(label, 40) + "\", which has no column");
    if (!name.empty()) names_[label] = name;
    return {};
  }

  // Names alone; a row has a word for a connection after its own name.
  static bool is_head(const std::vector<std::string>& cells) {
    return gpu_number(cells[0]) && cells.size() > 1 && cells[1] != "X" && !is_class(cells[1]) &&
           !nvlinks(cells[1]);
  }

  static bool is_class(const std::string& word) {
    for (const char* known : {"PIX", "PXB", "PHB", "NODE", "SYS", "SOC", "C2C", "N/A"})
      if (word == known) return true;
    return false;
  }
  static std::optional<int64_t> nvlinks(const std::string& word) {
    if (!word.starts_with("NV") || word.size() < 3 || !is_digit(word[2])) return std::nullopt;
    const auto number = parse_uint(word.substr(2));
    if (!number || *number < 1 || *number > limits::vendor_links) return std::nullopt;
    return static_cast<int64_t>(*number);
  }

  Result<void> check_cells() {
    const auto& columns = matrix_.columns();
    for (const auto& [name, row] : matrix_.rows()) {
      const size_t own = *matrix_.index_of(name);
      if (row.cells.size() > columns.size() + attributes_.size())
        return fault_at(options_, row.line, "more cells than columns");
      for (size_t j = 0; j < std::min(row.cells.size(), columns.size()); ++j) {
        const std::string& word = row.cells[j];
        if ((word == "X") != (j == own))
          return fault_at(options_, row.line,
                          "\"" + clean_text(word, 40) + "\" to " + columns[j] +
                              "; X stands for the part itself, and only so");
        if (word != "X" && !is_class(word) && !nvlinks(word))
          return fault_at(
              options_, row.line,
              "\"" + clean_text(word, 40) + "\" to " + columns[j] + " is no kind of connection");
      }
    }
    return {};
  }

  Result<void> add_devices() {
    for (const std::string& column : matrix_.columns()) {
      api::Device device;
      const bool gpu = gpu_number(column).has_value();
      const auto named = names_.find(column);
      device.id = named == names_.end() ? clean_text(to_lower(column), 63) : named->second;
      // The tool lists what the kernel has as RDMA devices.
      device.cls = gpu ? api::DeviceClass::gpu : api::DeviceClass::rdma_nic;
      ids_.push_back(device.id);
      TRY(add_device(host_, std::move(device), {}, options_));
    }
    return {};
  }

  // The columns behind the matrix, of rows that are whole.
  std::string attribute(const MatrixRow& row, const std::string& name) const {
    const auto at = std::find(attributes_.begin(), attributes_.end(), name);
    if (at == attributes_.end()) return "";
    const size_t index = matrix_.columns().size() + static_cast<size_t>(at - attributes_.begin());
    if (index >= row.cells.size() || row.cells[index] == "N/A") return "";
    return row.cells[index];
  }

  Result<void> add_places() {
    std::set<uint32_t> memories;
    for (const auto& [name, row] : matrix_.rows())
      if (const auto id = parse_uint(attribute(row, "GPU NUMA ID")); id && *id <= 65'535)
        memories.insert(static_cast<uint32_t>(*id));
    for (const auto& [name, row] : matrix_.rows()) {
      api::Device& device = *find_device(host_, ids_[*matrix_.index_of(name)]);
      const auto list = [&](const char* column) -> Result<std::vector<uint32_t>> {
        const std::string text = attribute(row, column);
        auto numbers = parse_cpu_list(text);
        if (!numbers || (!numbers->empty() && numbers->back() > 65'535))
          return fault_at(options_, row.line,
                          std::string(column) + " \"" + clean_text(text, 40) +
                              "\" is no list such as 0-47,96-143");
        return *std::move(numbers);
      };
      const auto cpus = TRY(list("CPU Affinity"));
      const auto nodes = TRY(list("NUMA Affinity"));
      const auto memory = TRY(list("GPU NUMA ID"));
      const auto first = std::find_if(nodes.begin(), nodes.end(), [&](uint32_t node) {
        return nodes.size() == 1 || !memories.contains(node);
      });
      if (first != nodes.end()) {
        device.numa = *first;
        TRY(set_cpus(row, *first, format_cpu_list(cpus)));
      }
      if (nodes.size() > 1)
        add_note(out_.notes, device.id + ": near to the memory nodes " + format_cpu_list(nodes) +
                                 "; its CPUs are taken for those of the first, since kernels " +
                                 "number nodes with CPUs first");
      if (memory.size() == 1) TRY(set_memory(row, memory[0], device.id));
      if (!cpus.empty()) near_cpus_[cpus].push_back(*matrix_.index_of(name));
    }
    return host_.profile.numa.empty() ? number_places() : Result<void>();
  }

  // Older drivers name no memory nodes. Parts that are near to different CPUs are at different
  // ones; CPUs that are near to all may be those of several.
  Result<void> number_places() {
    if (near_cpus_.empty()) return {};
    size_t cpus = 0;
    std::set<uint32_t> all;
    bool is_apart = near_cpus_.size() > 1;
    for (const auto& [near, parts] : near_cpus_) {
      cpus += near.size();
      all.insert(near.begin(), near.end());
      for (const size_t a : parts)
        for (const size_t b : parts)
          if (a < b && near_of(TRY(matrix_.between(a, b, options_))) == Near::sys) is_apart = false;
    }
    if (!is_apart || cpus != all.size()) {
      add_note(out_.notes,
               "no memory nodes are named, and the CPU affinities do not tell them apart: these "
               "are left out");
      return {};
    }
    for (const auto& [near, parts] : near_cpus_) {  // ascending by the first CPU
      api::NumaNode& node = numa_node(host_, static_cast<int64_t>(host_.profile.numa.size()));
      node.cpus = format_cpu_list(near);
      for (const size_t part : parts) find_device(host_, ids_[part])->numa = node.id;
    }
    host_.has_counted_nodes = true;
    add_note(out_.notes,
             "no memory nodes are named; each CPU affinity is taken for one, numbered "
             "in the order of their CPUs");
    return {};
  }

  Result<void> set_cpus(const MatrixRow& row, int64_t id, const std::string& cpus) {
    api::NumaNode& node = numa_node(host_, id);
    if (!node.device.empty() || (!node.cpus.empty() && !cpus.empty() && node.cpus != cpus))
      return fault_at(options_, row.line,
                      "memory node " + std::to_string(id) + " has the CPUs " + cpus +
                          " here and others before");
    if (!cpus.empty()) node.cpus = cpus;
    const auto own = parse_cpu_list(node.cpus).value_or(std::vector<uint32_t>{});
    for (const uint32_t cpu : own)
      if (const auto [at, fresh] = node_of_cpu_.try_emplace(cpu, id); !fresh && at->second != id)
        return fault_at(options_, row.line,
                        "CPU " + std::to_string(cpu) + " belongs to memory node " +
                            std::to_string(id) + " here and to " + std::to_string(at->second) +
                            " before");
    return {};
  }

  Result<void> set_memory(const MatrixRow& row, int64_t id, const std::string& device) {
    for (const api::NumaNode& node : host_.profile.numa)
      if (node.id == id)
        return fault_at(options_, row.line,
                        "memory node " + std::to_string(id) + " is the memory of " + device +
                            " and something else, too");
    api::NumaNode& node = numa_node(host_, id);
    node.cls = api::NumaClass::gpu_memory;
    node.device = device;
    return {};
  }

  // "NV18" to each of seven others means 18 links to switches: no GPU has 126. Then one switch
  // stands for all of them.
  Result<void> add_nvlinks() {
    const size_t count = ids_.size();
    std::vector<std::map<size_t, int64_t>> links(count);
    bool switched = false;
    for (size_t i = 0; i < count; ++i) {
      int64_t sum = 0;
      for (size_t j = 0; j < count; ++j)
        if (i != j)
          if (const auto number = nvlinks(TRY(matrix_.between(i, j, options_)))) {
            links[i][j] = *number;
            sum += *number;
          }
      switched = switched || sum > most_nvlinks;
    }
    if (switched) return add_switch(links);
    for (size_t i = 0; i < count; ++i)
      for (const auto& [j, number] : links[i])
        find_device(host_, ids_[i])
            ->links.push_back({ids_[j], api::LinkKind::nvlink, number, Quantity{}});
    return {};
  }

  Result<void> add_switch(const std::vector<std::map<size_t, int64_t>>& links) {
    api::Device device;
    device.id = "nvswitch0";
    device.cls = api::DeviceClass::nvswitch;
    for (size_t i = 0; i < links.size(); ++i) {
      int64_t most = 0;
      for (const auto& [j, number] : links[i]) most = std::max(most, number);
      if (most > 0)
        find_device(host_, ids_[i])
            ->links.push_back({device.id, api::LinkKind::nvlink, most, Quantity{}});
    }
    add_note(out_.notes,
             "the GPUs reach each other by more NVLinks than a GPU has, so there are "
             "switches between them; nvswitch0 stands for all");
    return add_device(host_, std::move(device), {}, options_);
  }

  static Near near_of(const std::string& word) {
    static const std::map<std::string, Near, std::less<>> words{
        {"PIX", Near::pix},   {"PXB", Near::pxb}, {"PHB", Near::phb},
        {"NODE", Near::node}, {"SYS", Near::sys}, {"SOC", Near::sys}};
    const auto at = words.find(word);
    return at == words.end() ? Near::untold : at->second;
  }

  // Addresses that say what the words say, and notes where they cannot.
  Result<void> place() {
    const size_t count = ids_.size();
    MatrixParts parts;
    for (const std::string& id : ids_) parts.numa.push_back(find_device(host_, id)->numa);
    std::map<std::string, std::string> lost;  // pairs by word
    std::string taken;
    for (size_t i = 0; i < count; ++i)
      for (size_t j = 0; j < count; ++j)
        parts.near.push_back(i == j ? Near::untold : near_of(TRY(matrix_.between(i, j, options_))));
    MatrixPlaces places = place_parts(parts);
    for (size_t i = 0; i < count; ++i) {
      api::Device& device = *find_device(host_, ids_[i]);
      device.address = places.addresses[i];
      device.numa = places.numa[i];
      for (size_t j = i + 1; j < count; ++j) {
        const std::string word = TRY(matrix_.between(i, j, options_)),
                          pair = ids_[i] + "-" + ids_[j];
        const Near shown = places.between(i, j);
        if (near_of(word) != Near::untold) {
          host_.distances.push_back({ids_[i], ids_[j], word == "SOC" ? "SYS" : word});
          if (shown != near_of(word)) lost[word] += " " + pair;
        }
        if (word.empty() && shown == Near::node && !is_told_apart(parts, i, j)) taken += " " + pair;
      }
    }
    host_.profile.pci = std::move(places.pci);
    for (const auto& [word, pairs] : lost)
      tell(word + ", for which no place is known or fits:", pairs);
    if (!taken.empty()) tell("not in the matrix, at one memory node, taken for NODE:", taken);
    return {};
  }

  // In as many notes as the pairs need.
  void tell(const std::string& what, const std::string& pairs) {
    std::string line;
    for (const std::string_view pair : split(std::string_view(pairs).substr(1), ' ')) {
      if (what.size() + line.size() + pair.size() + 8 > limits::note_bytes) {
        add_note(out_.notes, what + line);
        line.clear();
      }
      line += " " + std::string(pair);
    }
    add_note(out_.notes, what + line);
  }

  const ImportOptions& options_;
  Inventory out_;
  HostFacts host_;
  Matrix matrix_;
  std::vector<std::string> attributes_;       // columns behind the matrix
  std::map<std::string, std::string> names_;  // "NIC0" to "mlx5_0"
  std::vector<std::string> ids_;              // of the devices, by column
  std::map<uint32_t, int64_t> node_of_cpu_;
  std::map<std::vector<uint32_t>, std::vector<size_t>> near_cpus_;  // the parts near to them
};

// ---- AMD

class RocmSmi {
 public:
  explicit RocmSmi(const ImportOptions& options) : options_(options) {
    out_.source = "rocm-smi";
    out_.confidence = api::Confidence::vendor_library;
  }

  Result<Inventory> run(std::string_view text) {
    TRY(read(lines_of(TRY(checked_matrix(text, options_)))));
    if (types_.empty())
      return fault_at(options_, 0, "has no matrix \"Link Type between two GPUs\"");
    for (const std::string& column : types_.columns()) {
      const auto number = gpu_number(column);
      if (!number) return fault_at(options_, 0, "column \"" + column + "\" is no GPU");
      api::Device device;
      device.id = "gpu" + std::to_string(*number);
      device.cls = api::DeviceClass::gpu;
      TRY(add_device(host_, std::move(device), {}, options_));
    }
    TRY(add_links());
    TRY(add_places());
    TRY(finish(types_, host_, out_, options_));
    return std::move(out_);
  }

 private:
  // "=== Link Type between two GPUs ===" heads a matrix, "=== Numa Nodes ===" lines of their own.
  Result<void> read(const std::vector<std::string>& lines) {
    Matrix* matrix = nullptr;
    for (size_t i = 0; i < lines.size(); ++i) {
      const std::string& line = lines[i];
      if (line.starts_with("===")) {
        matrix = line.find("Link Type between") != line.npos ? &types_
                 : line.find("Hops between") != line.npos    ? &hops_
                                                             : nullptr;
        if (matrix != nullptr && !matrix->empty())
          return fault_at(options_, i + 1, "this matrix is there twice");
        continue;
      }
      if (line.find("Numa Node:") != line.npos) TRY(take_place(i + 1, line));
      auto cells = cells_of(line);
      if (matrix == nullptr || cells.empty() || cells[0].starts_with('#')) continue;
      if (matrix->empty()) {
        TRY(matrix->set_columns(i + 1, std::move(cells), options_));
        continue;
      }
      const std::string name = cells[0];
      cells.erase(cells.begin());
      if (cells.size() > matrix->columns().size())
        return fault_at(options_, i + 1, "more cells than columns");
      TRY(matrix->add_row(name, {i + 1, std::move(cells)}, options_));
    }
    return {};
  }

  // "GPU[3]          : (Topology) Numa Node: 1"
  Result<void> take_place(size_t line, const std::string& text) {
    const size_t open = text.find('['), close = text.find(']');
    const std::string_view rest = std::string_view(text).substr(text.rfind(':') + 1);
    const auto node = parse_int(trim(rest));
    if (!text.starts_with("GPU[") || close == text.npos || close < open || !node || *node > 65'535)
      return fault_at(options_, line, "is not written as GPU[0]: (Topology) Numa Node: 0");
    places_["GPU" + text.substr(open + 1, close - open - 1)] = {line, *node};
    return {};
  }

  Result<void> add_places() {
    for (const auto& [name, place] : places_) {
      const auto index = types_.index_of(name);
      if (!index)
        return fault_at(options_, place.first, "\"" + clean_text(name, 40) + "\" has no column");
      if (place.second < 0) continue;
      host_.profile.devices[*index].numa = place.second;
      numa_node(host_, place.second);
    }
    return {};
  }

  // A way over other GPUs has more than one hop and is no link.
  Result<void> add_links() {
    const size_t count = types_.columns().size();
    std::vector<std::string> others;
    for (size_t i = 0; i < count; ++i)
      for (size_t j = 0; j < count; ++j) {
        const std::string word = TRY(types_.between(i, j, options_));
        const bool known = word.empty() || word == "XGMI" || word == "PCIE" || word == "N/A";
        if ((i == j && !word.empty() && word != "0") || (i != j && !known))
          return fault_at(options_, types_.rows().begin()->second.line,
                          "\"" + clean_text(word, 40) + "\" between " + types_.columns()[i] +
                              " and " + types_.columns()[j] + " is no type of link");
        if (i == j || word.empty() || word == "N/A") continue;
        const int64_t hops = TRY(hops_between(i, j));
        api::Device& device = host_.profile.devices[i];
        const std::string& to = host_.profile.devices[j].id;
        if (word == "XGMI" && hops <= 1)
          device.links.push_back({to, api::LinkKind::xgmi, 1, Quantity{}});
        else if (i < j)
          others.push_back(device.id + "-" + to + " " + word +
                           (hops > 1 ? " in " + std::to_string(hops) + " hops" : ""));
      }
    for (const std::string& other : others) add_note(out_.notes, other);
    return {};
  }

  Result<int64_t> hops_between(size_t i, size_t j) const {
    const auto a = hops_.index_of(types_.columns()[i]), b = hops_.index_of(types_.columns()[j]);
    if (!a || !b) return 1;
    const std::string word = TRY(hops_.between(*a, *b, options_));
    const auto number = parse_int(word);
    if (!word.empty() && word != "N/A" && (!number || *number < 0 || *number > 1'024))
      return fault_at(options_, 0, "\"" + clean_text(word, 40) + "\" is no number of hops");
    return number.value_or(1);
  }

  const ImportOptions& options_;
  Inventory out_;
  HostFacts host_;
  Matrix types_, hops_;
  std::map<std::string, std::pair<size_t, int64_t>> places_;  // "GPU0" to line and memory node
};

}  // namespace

Result<Inventory> import_nvidia_smi(std::string_view text, const ImportOptions& options) {
  return NvidiaSmi(options).run(text);
}

Result<Inventory> import_rocm_smi(std::string_view text, const ImportOptions& options) {
  return RocmSmi(options).run(text);
}

}  // namespace freehold::discover
