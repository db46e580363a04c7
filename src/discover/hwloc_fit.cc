// What hwloc would read below another root than "/": it opens files by itself, follows links as the
// system does, and waits for pipes. So a tree is looked through before, with our own bounded steps.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

// Of hwloc 2.9 on Linux without devices (topology-linux.c).
constexpr std::string_view read_folders[] = {"/sys/devices/system/cpu",
                                             "/sys/devices/system/node",
                                             "/sys/devices/virtual/dmi/id",
                                             "/sys/class/dmi/id",
                                             "/sys/firmware/dmi/entries",
                                             "/sys/kernel/mm/hugepages",
                                             "/sys/bus/cpu",
                                             "/sys/bus/node",
                                             "/sys/bus/dax",
                                             "/proc/driver/nvidia/gpus",
                                             "/proc/device-tree",
                                             "/run/hwloc"};
constexpr std::string_view read_files[] = {"/proc/cpuinfo",     "/proc/meminfo",
                                           "/proc/mounts",      "/proc/self/cgroup",
                                           "/proc/self/cpuset", "/proc/hwloc-nofile-info"};

// Links from where hwloc reads into the rest of the system, which it does not follow.
bool leads_away(std::string_view name) {
  return name == "subsystem" || name == "driver" || name == "firmware_node" || name == "of_node" ||
         (name.starts_with("memory") && parse_uint(name.substr(6)));
}

class Walk {
 public:
  explicit Walk(const Root& root) : root_(root) {}

  // What is wrong with the first path that is; empty: nothing.
  std::string run() {
    for (const std::string_view path : read_files) look(std::string(path));
    for (const std::string_view path : read_folders) look(std::string(path));
    if (wrong_.empty()) look_at_mounts();
    while (!rest_.empty() && wrong_.empty()) {
      const std::string folder = std::move(rest_.back());
      rest_.pop_back();
      const auto names = root_.list_dir(folder);
      if (!names.ok()) {
        if (names.error().reason == Reason::too_large) return folder + " has too many entries";
        continue;  // hwloc cannot list it, either
      }
      for (const std::string& name : *names)
        if (!leads_away(name)) look(folder + "/" + name);
    }
    return wrong_;
  }

 private:
  void look(std::string path) {
    if (!wrong_.empty()) return;
    if (++looked_ > limits::hwloc_entries) {
      wrong_ = path + " and more than hwloc is given to read";
      return;
    }
    const auto entry = root_.look_at(path);
    if (!entry.ok()) {
      // What is not there, or may not be opened, is so for hwloc, too.
      if (entry.error().reason == Reason::forbidden) wrong_ = path + " leads out of the tree";
      return;
    }
    if (entry->kind == Root::Entry::Kind::other)
      wrong_ = path + " is neither a file nor a folder";
    else if (entry->kind == Root::Entry::Kind::file && entry->bytes > limits::hwloc_file_bytes)
      wrong_ = path + " is larger than the kernel makes it";
    else if (entry->kind == Root::Entry::Kind::folder && seen_.insert(entry->identity).second)
      rest_.push_back(std::move(path));
  }

  // hwloc asks the control groups which CPUs are allowed, wherever they are mounted, and joins the
  // name of its own to that.
  void look_at_mounts() {
    for (const char* path : {"/proc/self/cgroup", "/proc/self/cpuset"})
      if (const auto own = root_.read_start(path); own.ok() && own->find("..") != own->npos)
        wrong_ = std::string(path) + " leads out of the tree";
    const auto mounts = root_.read_start("/proc/mounts", limits::mounts_bytes);
    if (!mounts.ok()) return;
    for (const std::string_view line : split(*mounts, '\n')) {
      std::string blanks(line);
      std::ranges::replace(blanks, '\t', ' ');
      std::vector<std::string_view> words;
      for (const std::string_view word : split(blanks, ' '))
        if (!word.empty()) words.push_back(word);
      if (words.size() < 3) continue;
      if (words[2] != "cgroup" && words[2] != "cgroup2" && words[2] != "cpuset") continue;
      look(std::string(words[1]));
      // "\040" is a blank to whoever reads mounts.
      if (words[1].find('\\') != words[1].npos && wrong_.empty())
        wrong_ = "/proc/mounts has control groups at a place of strange name";
    }
  }

  const Root& root_;
  std::string wrong_;
  std::vector<std::string> rest_;
  std::set<std::pair<uint64_t, uint64_t>> seen_;
  size_t looked_ = 0;
};

}  // namespace

std::string unfit_for_hwloc(const Root& root) { return root.is_system() ? "" : Walk(root).run(); }

}  // namespace freehold::discover
