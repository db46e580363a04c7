#include "store/memory.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "store/core.h"

namespace freehold::store {

struct MemoryDisk {
  Image image;
  std::map<std::string, std::vector<Bytes>, std::less<>> leaves;
  std::deque<JobPtr> queue;  // accepted, its sync has not ended
  DiskFaults faults;
  // Which store may write: opening and crashing begin a new life, and whoever lived before is cut
  // off.
  uint64_t life = 0;

  // On the disk. The image follows when the store says so, or here when there is no store left.
  void write_leaves(const Job& job) {
    for (const Leaf& leaf : job.leaves) leaves[leaf.log].push_back(leaf.data);
  }
  void write_all(size_t jobs) {
    for (size_t i = 0; i < jobs; ++i) {
      write_leaves(*queue[i]);
      image.apply(queue[i]->commit);
      for (const Leaf& leaf : queue[i]->leaves) image.append(leaf);
    }
    queue.clear();
  }
};

namespace {

class MemoryStore final : public Core {
 public:
  MemoryStore(Runtime& runtime, std::shared_ptr<MemoryDisk> disk)
      : Core(runtime, disk->image), disk_(std::move(disk)), life_(++disk_->life) {}

  Result<std::vector<Leaf>> read_log(std::string_view log, uint64_t from,
                                     size_t limit) const override {
    const size_t count = TRY(log_span(log, from, limit));
    std::vector<Leaf> leaves;
    leaves.reserve(count);
    const std::vector<Bytes>& data = disk_->leaves.find(log)->second;
    for (size_t i = 0; i < count; ++i)
      leaves.push_back({std::string(log), from + i, data[from + i]});
    return leaves;
  }

  Result<void> backup(const std::string&) override {
    return Error{Reason::unavailable, "a store in memory has no file to copy"};
  }

 protected:
  void submit(JobPtr job) override {
    if (life_ != disk_->life) return;
    disk_->queue.push_back(std::move(job));
    if (!syncing_) sync();
  }

 private:
  // Whatever waits when a sync begins shares it; what comes later waits for the next.
  void sync() {
    syncing_ = true;
    auto end = [this, alive = alive(), jobs = disk_->queue.size()] {
      if (!alive.expired()) synced(jobs);
    };
    if (disk_->faults.sync_time == microseconds(0))
      runtime().post(std::move(end));
    else
      runtime().after(disk_->faults.sync_time, std::move(end));
  }

  void synced(size_t jobs) {
    if (life_ != disk_->life) return;
    syncing_ = false;
    if (disk_->faults.full) {
      disk_->queue.clear();
      refused({Reason::unavailable, "the disk is full"});
      return;
    }
    for (size_t i = 0; i < jobs; ++i) disk_->write_leaves(*disk_->queue[i]);
    disk_->queue.erase(disk_->queue.begin(), disk_->queue.begin() + static_cast<ptrdiff_t>(jobs));
    if (!disk_->queue.empty()) sync();
    durable(jobs);
  }

  std::shared_ptr<MemoryDisk> disk_;
  const uint64_t life_;
  bool syncing_ = false;
};

}  // namespace

std::shared_ptr<MemoryDisk> make_disk() { return std::make_shared<MemoryDisk>(); }

void set_faults(MemoryDisk& disk, DiskFaults faults) { disk.faults = faults; }

std::unique_ptr<Store> open_memory(Runtime& runtime, std::shared_ptr<MemoryDisk> disk) {
  disk->write_all(disk->queue.size());
  return std::make_unique<MemoryStore>(runtime, std::move(disk));
}

void crash(MemoryDisk& disk, Random& random) {
  ++disk.life;
  disk.write_all(static_cast<size_t>(random.in(0, static_cast<int64_t>(disk.queue.size()))));
}

}  // namespace freehold::store
