// Machines as Slurm knows them: NodeName lines of slurm.conf
// (https://slurm.schedmd.com/slurm.conf.html), or what `scontrol show node` prints.
#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/slurm_conf.h"
#include "discover/import/text.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

constexpr int64_t mib = 1 << 20;

// Splits at commas outside of parentheses: "gpu:h100:8(S:0,1),nic:2".
std::vector<std::string_view> split_resources(std::string_view text) {
  std::vector<std::string_view> out;
  size_t depth = 0, begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(') ++depth;
    if (c == ')' && depth > 0) --depth;
    if (c != ',' || (depth > 0 && i < text.size())) continue;
    if (const std::string_view part = trim(text.substr(begin, i - begin)); !part.empty())
      out.push_back(part);
    begin = i + 1;
  }
  return out;
}

// Only `scontrol` tells how many CPUs are taken, and does so before anything with a '#' in it.
bool is_scontrol(std::string_view text) {
  for (const std::string_view line : split(text, '\n'))
    if (line.substr(0, line.find('#')).find("CPUAlloc=") != line.npos) return true;
  return false;
}

// What is read of a machine; everything else may be anything, such as text of people.
constexpr std::string_view read_keys[] = {
    "nodename",       "cpus",           "cputot",     "boards", "sockets", "socketsperboard",
    "corespersocket", "threadspercore", "realmemory", "gres",   "arch",    "state"};

bool is_read(std::string_view key) {
  return std::ranges::find(read_keys, key) != std::end(read_keys);
}

// "DOWN*+DRAIN" takes no jobs: a state or a flag of those that say so, or the sign of a machine
// that does not answer or is maintained (https://slurm.schedmd.com/sinfo.html, NODE STATE CODES).
bool is_out_of_service(std::string_view state) {
  static constexpr std::string_view words[] = {
      "down",           "drain",        "drained",    "draining",     "error",
      "fail",           "failing",      "future",     "inval",        "maint",
      "not_responding", "powered_down", "power_down", "powering_down"};
  const std::string text = to_lower(state);
  if (text.find_first_of("*$") != text.npos) return true;
  return std::ranges::any_of(split(text, '+'), [](std::string_view word) {
    word = trim(word);
    while (!word.empty() && (word.back() < 'a' || word.back() > 'z')) word.remove_suffix(1);
    return std::ranges::find(words, word) != std::end(words);
  });
}

// "8" and "4K", which is 4096 (https://slurm.schedmd.com/gres.conf.html, Count).
std::optional<int64_t> parse_count(std::string_view text) {
  constexpr std::string_view factors = "KMGTP";
  int64_t factor = 1;
  if (!text.empty())
    if (const size_t at = factors.find(static_cast<char>(text.back() & ~0x20));
        at != factors.npos) {
      text.remove_suffix(1);
      factor <<= 10 * (at + 1);
    }
  const auto number = parse_int(text);
  if (!number || text.empty() || (*number != 0 && *number > (int64_t{1} << 62) / factor))
    return std::nullopt;
  return *number * factor;
}

// "nvidia_a100_1g.5gb", "3g.40gb": a slice of a GPU, of which several are one
// (https://docs.nvidia.com/datacenter/tesla/mig-user-guide, profile names).
bool is_partition(std::string_view type) {
  const std::string text = to_lower(type.substr(0, type.find('+')));  // "1g.10gb+me"
  const auto count_digits = [&](size_t end) {
    size_t begin = end;
    while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9') --begin;
    return end - begin;
  };
  if (!text.ends_with("gb")) return false;
  const size_t end = text.size() - 2, size = count_digits(end);
  if (size == 0 || end < size + 3 || text.substr(end - size - 2, 2) != "g.") return false;
  return count_digits(end - size - 2) > 0;
}

class Reader {
 public:
  explicit Reader(const ImportOptions& options) : options_(options) {
    out_.source = "slurm-nodes";
    out_.confidence = api::Confidence::overlay;
  }

  Result<Inventory> read(std::string_view text) {
    SlurmLine record;
    size_t others = 0;
    std::string included;
    kind_ = is_scontrol(text) ? SlurmText::scontrol : SlurmText::configuration;
    TRY(parse_slurm(text, kind_, options_, [&](SlurmLine& line) -> Result<void> {
      const bool begins = line.pairs[0].key == "nodename";
      if (begins || !line.is_indented) TRY(end_record(record));
      if (begins || (line.is_indented && !record.pairs.empty())) {
        std::erase_if(line.pairs, [](const SlurmPair& pair) { return !is_read(pair.key); });
        if (begins)
          record = std::move(line);
        else
          std::ranges::move(line.pairs, std::back_inserter(record.pairs));
      } else if (line.pairs[0].key == "include") {
        if (included.size() < limits::note_bytes)
          included += (included.empty() ? "" : ", ") + clean_text(line.pairs[0].value, 128);
      } else {
        ++others;
      }
      return {};
    }));
    TRY(end_record(record));
    if (!included.empty())
      included = "what it includes is not read, machines stand there perhaps: " + included;
    if (out_.hosts.empty())
      return fault_at(options_, 0, "holds no NodeName" + (included.empty() ? "" : "; " + included));
    if (!included.empty()) add_note(out_.notes, included + "; import these files, too");
    if (others > 0)
      add_note(out_.notes, std::to_string(others) + " lines that describe no machine are not read");
    if (out_of_service_ > 0)
      add_note(out_.notes,
               std::to_string(out_of_service_) +
                   (out_of_service_ == 1 ? " machine is" : " machines are") +
                   " out of service in Slurm; states are not taken over, so what stands "
                   "here is schedulable: " +
                   states_);
    return std::move(out_);
  }

 private:
  Result<void> end_record(SlurmLine& record) {
    if (record.pairs.empty()) return {};
    const SlurmLine done = std::exchange(record, {});
    TRY(check_keys(done));
    if (to_lower(done.pairs[0].value) == "default") {
      add_defaults(done);
      return {};
    }
    auto names = expand_hostlist(done.pairs[0].value);
    if (!names) return fault_at(options_, done.line, names.error().message);
    HostFacts facts = TRY(facts_of(done));
    take_state(done, names->size());
    if (out_.hosts.size() + names->size() > limits::import_hosts)
      return fault_at(options_, done.line, "more machines than any site has");
    devices_ += names->size() * facts.profile.devices.size();
    if (devices_ > limits::import_devices)
      return fault_at(options_, done.line,
                      "with these machines the file has " + std::to_string(devices_) +
                          " devices; at most " + std::to_string(limits::import_devices) +
                          " are read at once, so split it");
    for (const std::string& written : *names) {
      auto name = names_.name_of(written);
      if (!name) return fault_at(options_, done.line, name.error().message);
      if (!seen_.insert(*name).second)
        return fault_at(options_, done.line, "machine \"" + *name + "\" is described twice");
      facts.name = std::move(*name);
      out_.hosts.push_back(facts);
    }
    return {};
  }

  void take_state(const SlurmLine& record, size_t machines) {
    const std::string* state = record.find("state");
    if (state != nullptr) {
      if (!is_out_of_service(*state)) return;
    } else {
      state = defaults_.find("state");
      if (!is_default_out_) is_default_out_ = state != nullptr && is_out_of_service(*state);
      if (!*is_default_out_) return;
    }
    constexpr size_t shown_bytes = 320;
    out_of_service_ += machines;
    if (states_.size() > shown_bytes) return;
    states_ += (states_.empty() ? "" : ", ") + clean_text(record.pairs[0].value, 64) + " is " +
               clean_text(*state, 64);
    if (states_.size() > shown_bytes) states_ += " …";
  }

  // In what `scontrol` prints, the words of people may look like keys.
  Result<void> check_keys(const SlurmLine& record) {
    if (record.pairs[0].value.find(' ') != std::string::npos)
      return fault_at(options_, record.line,
                      "\"" + clean_text(record.pairs[0].value, 64) + "\" is no name of a machine");
    for (const std::string_view key : read_keys) {
      const auto count = std::ranges::count(record.pairs, key, &SlurmPair::key);
      if (count < 2) continue;
      const std::string twice = std::string(key) + " is given " + std::to_string(count) + " times";
      if (kind_ == SlurmText::configuration) return fault_at(options_, record.line, twice);
      add_note(out_.notes,
               "line " + std::to_string(record.line) + ": " + twice + "; the first counts");
    }
    return {};
  }

  // Several lines for DEFAULT add up; of one key the last counts.
  void add_defaults(const SlurmLine& line) {
    default_devices_.reset();
    is_default_out_.reset();
    for (const SlurmPair& pair : line.pairs) {
      const auto known = std::ranges::find(defaults_.pairs, pair.key, &SlurmPair::key);
      if (known == defaults_.pairs.end())
        defaults_.pairs.push_back(pair);
      else
        known->value = pair.value;
    }
  }

  // A number of the record, or of the line for DEFAULT; `none` when neither has it.
  Result<int64_t> number(const SlurmLine& record, std::string_view key, int64_t most,
                         int64_t none) const {
    const std::string* text = record.find(key);
    if (text == nullptr) text = defaults_.find(key);
    if (text == nullptr) return none;
    constexpr size_t most_digits = 20;  // no number is longer, and a default is read for each line
    const auto n = text->size() <= most_digits ? parse_int(*text) : std::nullopt;
    if (!n || *n < 0 || *n > most)
      return fault_at(options_, record.line,
                      std::string(key) + "=" + clean_text(*text, 64) + " is no number from 0 to " +
                          std::to_string(most));
    return *n;
  }

  Result<HostFacts> facts_of(const SlurmLine& record) {
    HostFacts host;
    const auto cpus_most = static_cast<int64_t>(limits::cpus);
    int64_t cpus = TRY(number(record, "cpus", cpus_most, 0));
    if (cpus == 0) cpus = TRY(number(record, "cputot", cpus_most, 0));
    int64_t sockets = TRY(number(record, "sockets", limits::packages, 0));
    if (sockets == 0) {
      const int64_t boards = TRY(number(record, "boards", limits::packages, 1));
      sockets = std::max<int64_t>(boards, 1) *
                TRY(number(record, "socketsperboard", limits::packages, 0));
    }
    const int64_t cores = TRY(number(record, "corespersocket", cpus_most, 0));
    const int64_t threads = TRY(number(record, "threadspercore", 64, 1));
    const int64_t product = sockets * cores * std::max<int64_t>(threads, 1);
    const std::string where = "line " + std::to_string(record.line) + ": ";
    if (sockets > static_cast<int64_t>(limits::packages) || product > cpus_most)
      return fault_at(options_, record.line, "more processors than any machine has");
    if (cpus > 0 && product > 0 && cpus != product && cpus != sockets * cores)
      add_note(out_.notes, where + "CPUs=" + std::to_string(cpus) + ", but sockets, cores and " +
                               "threads make " + std::to_string(product));
    if (cpus == 0) cpus = product;
    // Linux numbers them from 0 without gaps; Slurm's own numbers say nothing about cores.
    if (cpus > 0) host.profile.cpus = "0-" + std::to_string(cpus - 1);
    for (int64_t i = 0; i < sockets; ++i) host.profile.packages.push_back({i, {}});
    if (const std::string* arch = record.find("arch"))
      host.profile.architecture = clean_text(*arch, 16);
    host.memory_bytes = mib * TRY(number(record, "realmemory", int64_t{1} << 34, 0));
    if (const std::string* resources = record.find("gres")) {
      TRY(add_resources(host, *resources, record.line));
    } else {
      TRY(read_default_devices(record.line));
      host.profile.devices = *default_devices_;
    }
    return host;
  }

  Result<void> add_resources(HostFacts& host, std::string_view text, size_t line) {
    if (text == "(null)") return {};
    for (const std::string_view one : split_resources(text)) TRY(add_resource(host, one, line));
    return {};
  }

  // Once for all machines of which the file says nothing else: the text may be long.
  Result<void> read_default_devices(size_t line) {
    if (default_devices_) return {};
    HostFacts host;
    if (const std::string* resources = defaults_.find("gres"))
      TRY(add_resources(host, *resources, line));
    default_devices_ = std::move(host.profile.devices);
    return {};
  }

  // "gpu:h100:8(S:0-1)", "gpu:2", "gpu", "gpu:h100:no_consume:8".
  Result<void> add_resource(HostFacts& host, std::string_view text, size_t line) {
    auto parts = split(text.substr(0, text.find('(')), ':');
    std::erase(parts, "no_consume");
    if (parts.empty()) return fault_at(options_, line, "a resource without a name");
    const std::string kind = to_lower(trim(parts[0]));
    const auto last = parts.size() > 1 ? parse_count(trim(parts.back())) : std::nullopt;
    if (text.find("(S:") != text.npos && is_news("(S:"))
      add_note(out_.notes, "line " + std::to_string(line) +
                               ": which sockets a resource is near to, as in \"" +
                               clean_text(text, 64) + "\", is not read");
    const bool is_gpu = kind == "gpu";
    if (!is_gpu && kind != "nic") {
      if (is_news(kind))
        add_note(out_.notes, "line " + std::to_string(line) + ": the resource \"" + kind +
                                 "\" is no device that is known");
      return {};
    }
    const int64_t count = last.value_or(1);
    const auto room = static_cast<int64_t>(limits::devices - host.profile.devices.size());
    if (count < 0 || count > room || parts.size() > 3 || (parts.size() == 3 && !last))
      return fault_at(
          options_, line,
          "\"" + std::string(text.substr(0, 64)) + "\" is no resource such as gpu:h100:8");
    const bool has_model = parts.size() == 3 || (parts.size() == 2 && !last);
    if (is_gpu && has_model && is_partition(trim(parts[1]))) {
      if (is_news(to_lower(parts[1])))
        add_note(out_.notes, "line " + std::to_string(line) + ": \"" + clean_text(text, 64) +
                                 "\" are slices of GPUs; how many GPUs they are of is not told, "
                                 "so they are left out");
      return {};
    }
    if (count == 0) return {};
    const std::string stem = is_gpu ? "gpu" : "nic";
    const auto before = static_cast<int64_t>(std::ranges::count_if(
        host.profile.devices, [&](const api::Device& d) { return d.id.starts_with(stem); }));
    for (int64_t i = 0; i < count; ++i) {
      api::Device device;
      device.id = stem + std::to_string(before + i);
      device.cls = is_gpu ? api::DeviceClass::gpu : api::DeviceClass::nic;
      if (has_model) device.model = clean_text(parts[1], limits::model_characters);
      host.profile.devices.push_back(std::move(device));
    }
    return {};
  }

  // Of what is not read, as long as there is room to tell it.
  bool is_news(std::string what) {
    return unread_.size() < limits::import_notes && unread_.insert(std::move(what)).second;
  }

  const ImportOptions& options_;
  Inventory out_;
  HostNames names_;
  SlurmText kind_ = SlurmText::configuration;
  SlurmLine defaults_;
  // What follows from them; not set: not read since they changed.
  std::optional<std::vector<api::Device>> default_devices_;
  std::optional<bool> is_default_out_;
  size_t devices_ = 0;  // of all machines
  size_t out_of_service_ = 0;
  std::string states_;  // of machines that are out of service
  std::set<std::string> seen_, unread_;
};

}  // namespace

Result<Inventory> import_slurm_nodes(std::string_view text, const ImportOptions& options) {
  text = TRY(check_text(text, options));
  return Reader(options).read(text);
}

}  // namespace freehold::discover
